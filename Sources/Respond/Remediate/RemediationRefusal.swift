// SPDX-License-Identifier: Apache-2.0

/// Why a remediation is not carried out. The raw values are stable: history and audit carry them.
package enum RemediationRefusal: String, Sendable, Hashable, Codable, CaseIterable {
    case frozen
    case accountNotOnboarded = "account_not_onboarded"
    case historical
    case tooOld = "too_old"
    case ownerMismatch = "owner_mismatch"
    case ownIdentity = "own_identity"
    case neverListed = "never_listed"
    case off
    case belowSeverity = "below_severity"
    case detectionNotListed = "detection_not_listed"
    case rootKey = "root_key"
    case root
    case temporaryKeyOfRole = "temporary_key_of_role"
    case temporaryKeyOfUser = "temporary_key_of_user"
    case temporaryKey = "temporary_key"
    case wrongTarget = "wrong_target"
    case serviceLinkedRole = "service_linked_role"
    case identityCenterRole = "identity_center_role"
    case policyNameTaken = "policy_name_taken"
    case notApproved = "not_approved"
    case approvalExpired = "approval_expired"
    case exclusionsUnknown = "exclusions_unknown"

    /// What to tell a person, and what they can do instead.
    package var explanation: String {
        switch self {
        case .frozen: "all remediations are frozen"
        case .accountNotOnboarded: "the account is not onboarded"
        case .historical: "the event is from a backfill, and those never remediate"
        case .tooOld:
            "the alert's newest record is older, or further ahead of the service's clock, than the policy acts on: run it by "
                + "hand where it is still wanted"
        case .ownerMismatch:
            "IAM says that the key is another user's than the record says: find out which of them is right, then run it by hand"
        case .ownIdentity: "the key, user or role is Trailhound's own"
        case .neverListed: "the target is on the never-list"
        case .off: "the action is off for this account"
        case .belowSeverity: "the alert is below the policy's severity"
        case .detectionNotListed: "the policy does not let this detection trigger the action"
        case .rootKey:
            "only root can deactivate its own key: sign in as root, open Security credentials, deactivate and delete "
                + "the key, and change root's password and MFA device"
        case .root:
            "no policy of the account binds root: sign in as root, change its password and MFA device, and delete its "
                + "access keys; in a member account, an organisation's policy or centralised root access can do it"
        case .temporaryKeyOfRole:
            "a temporary key of a role can't be deactivated: revoke the role's sessions instead (revoke_role_sessions)"
        case .temporaryKeyOfUser:
            "a temporary key of a user outlives the deactivation of the user's keys: deny the user instead (deny_user)"
        case .temporaryKey: "a temporary key can't be deactivated: find out whose it is, then revoke or deny that"
        case .wrongTarget: "the action is not for such a target"
        case .serviceLinkedRole:
            "a service-linked role belongs to its AWS service, and its policies can't be changed: stop it in that service"
        case .identityCenterRole:
            "Identity Center writes this role's policies anew: disable the user there, and delete the active sessions"
        case .policyNameTaken: "a policy of the name that the action uses stands there and is not Trailhound's"
        case .notApproved: "a person declined"
        case .approvalExpired: "nobody approved in time"
        case .exclusionsUnknown: "the never-list asks for the user's path or tags, and these could not be read"
        }
    }
}
