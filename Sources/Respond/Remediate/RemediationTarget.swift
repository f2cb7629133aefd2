// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect

/// What a remediation does. The raw values are names on the command line and in the audit log.
package enum RemediationAction: String, Sendable, Hashable, Codable, CaseIterable {
    case deactivateAccessKey = "deactivate_access_key"
    case revokeRoleSessions = "revoke_role_sessions"
    case denyUser = "deny_user"
    case disableConsoleLogin = "disable_console_login"
    case restoreLogging = "restore_logging"
}

/// What kind of principal an event's identity is, as far as it matters to what can be done against it.
package enum PrincipalKind: String, Sendable, Hashable, Codable {
    case root
    case user
    /// A role's session, whoever took it on.
    case role
    /// GetFederationToken's sessions, which hang on a user.
    case federatedUser
    case unknown
}

/// The access key to act on, and what the event that led to it says of its owner.
package struct KeyTarget: Sendable, Hashable, Codable {
    /// Twelve digits.
    package let accountID: String
    /// AKIA… or ASIA….
    package let accessKeyID: String
    package let principal: PrincipalKind
    /// The user's name in the event, which IAM confirms or corrects.
    package let userName: String?

    package init(accountID: String, accessKeyID: String, principal: PrincipalKind, userName: String? = nil) {
        self.accountID = accountID
        self.accessKeyID = accessKeyID
        self.principal = principal
        self.userName = userName
    }

    /// Why the key can't be deactivated whatever a policy says, or nil where it can.
    package var impossibility: RemediationRefusal? {
        if principal == .root { return .rootKey }
        guard accessKeyID.hasPrefix("ASIA") else { return nil }
        switch principal {
        case .role: return .temporaryKeyOfRole
        case .user, .federatedUser: return .temporaryKeyOfUser
        case .root, .unknown: return .temporaryKey
        }
    }
}

/// Who wants a remediation.
package enum RemediationTrigger: Sendable, Hashable, Codable {
    /// A detection's alert. Historical ones come from a backfill.
    case alert(alertID: String, detectionID: String, severity: Severity, isHistorical: Bool)
    /// A person's command, by the name in the certificate; `isDryRun` where only a rehearsal is wanted.
    case person(name: String, isDryRun: Bool)
}

extension Severity: Codable {}

/// Why a remediation is not carried out. The raw values are stable: history and audit carry them.
package enum RemediationRefusal: String, Sendable, Hashable, Codable, CaseIterable {
    case frozen
    case accountNotOnboarded = "account_not_onboarded"
    case historical
    case ownIdentity = "own_identity"
    case neverListed = "never_listed"
    case off
    case belowSeverity = "below_severity"
    case detectionNotListed = "detection_not_listed"
    case rootKey = "root_key"
    case temporaryKeyOfRole = "temporary_key_of_role"
    case temporaryKeyOfUser = "temporary_key_of_user"
    case temporaryKey = "temporary_key"
    case notApproved = "not_approved"
    case approvalExpired = "approval_expired"
    case exclusionsUnknown = "exclusions_unknown"

    /// What to tell a person, and what they can do instead.
    package var explanation: String {
        switch self {
        case .frozen: "all remediations are frozen"
        case .accountNotOnboarded: "the account is not onboarded"
        case .historical: "the event is from a backfill, and those never remediate"
        case .ownIdentity: "the key or user is Trailhound's own"
        case .neverListed: "the target is on the never-list"
        case .off: "the action is off for this account"
        case .belowSeverity: "the alert is below the policy's severity"
        case .detectionNotListed: "the policy does not let this detection trigger the action"
        case .rootKey:
            "only root can deactivate its own key: sign in as root, open Security credentials, deactivate and delete "
                + "the key, and change root's password and MFA device"
        case .temporaryKeyOfRole:
            "a temporary key of a role can't be deactivated: revoke the role's sessions instead (revoke_role_sessions)"
        case .temporaryKeyOfUser:
            "a temporary key of a user outlives the deactivation of the user's keys: deny the user instead (deny_user)"
        case .temporaryKey: "a temporary key can't be deactivated: find out whose it is, then revoke or deny that"
        case .notApproved: "a person declined"
        case .approvalExpired: "nobody approved in time"
        case .exclusionsUnknown: "the never-list asks for the user's path or tags, and these could not be read"
        }
    }
}
