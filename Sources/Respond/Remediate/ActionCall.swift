// SPDX-License-Identifier: Apache-2.0

import AWS

/// One call to AWS that a remediation makes, as a value that can be carried to whoever makes it.
package enum ActionCall: Sendable, Hashable, Codable {
    /// Whose key it is. Answered by `owner`.
    case getAccessKeyLastUsed(accessKeyID: String)
    /// Answered by `user`.
    case getUser(userName: String)
    /// Answered by `tags`.
    case listUserTags(userName: String)
    /// Answered by `role`.
    case getRole(roleName: String)
    /// Answered by `accessKeys`.
    case listAccessKeys(userName: String)
    /// Answered by `loginProfile`.
    case getLoginProfile(userName: String)
    /// An inline policy; answered by `policy`.
    case getUserPolicy(userName: String, policyName: String)
    /// An inline policy; answered by `policy`.
    case getRolePolicy(roleName: String, policyName: String)
    /// Answered by `trailStatus`.
    case getTrailStatus(trail: String, region: String)

    /// Answered by `done`, as all that follow.
    case updateAccessKey(userName: String, accessKeyID: String, status: IAM.KeyStatus)
    case putUserPolicy(userName: String, policyName: String, document: String)
    case deleteUserPolicy(userName: String, policyName: String)
    case putRolePolicy(roleName: String, policyName: String, document: String)
    case deleteRolePolicy(roleName: String, policyName: String)
    case startLogging(trail: String, region: String)

    /// The service and operation, as IAM policies name them.
    package var permission: String {
        switch self {
        case .getAccessKeyLastUsed: "iam:GetAccessKeyLastUsed"
        case .getUser: "iam:GetUser"
        case .listUserTags: "iam:ListUserTags"
        case .getRole: "iam:GetRole"
        case .listAccessKeys: "iam:ListAccessKeys"
        case .getLoginProfile: "iam:GetLoginProfile"
        case .getUserPolicy: "iam:GetUserPolicy"
        case .getRolePolicy: "iam:GetRolePolicy"
        case .getTrailStatus: "cloudtrail:GetTrailStatus"
        case .updateAccessKey: "iam:UpdateAccessKey"
        case .putUserPolicy: "iam:PutUserPolicy"
        case .deleteUserPolicy: "iam:DeleteUserPolicy"
        case .putRolePolicy: "iam:PutRolePolicy"
        case .deleteRolePolicy: "iam:DeleteRolePolicy"
        case .startLogging: "cloudtrail:StartLogging"
        }
    }

    /// Whether it changes something. Each that does sets a state, so that making it twice is the same as once.
    package var isWrite: Bool {
        switch self {
        case .getAccessKeyLastUsed, .getUser, .listUserTags, .getRole, .listAccessKeys, .getLoginProfile,
            .getUserPolicy, .getRolePolicy, .getTrailStatus:
            false
        case .updateAccessKey, .putUserPolicy, .deleteUserPolicy, .putRolePolicy, .deleteRolePolicy, .startLogging:
            true
        }
    }

    /// What is wrong with the call, or nil. Whoever makes calls for somebody else asks this first: no call goes out
    /// that writes a policy other than Trailhound's own denies, or that touches a policy of another name. So a service
    /// that was taken over can lock out and undo what was locked, and can't grant itself anything. A policy has to be
    /// ours byte for byte: of a text with a key twice, IAM might read the other one.
    package var violation: String? {
        switch self {
        case .putUserPolicy(_, let name, let document), .putRolePolicy(_, let name, let document):
            guard let policy = DenyPolicy(document), policy.name == name, policy.document == document else {
                return "\(permission): the policy is none of Trailhound's denies"
            }
            return nil
        case .deleteUserPolicy(_, let name), .deleteRolePolicy(_, let name):
            return DenyPolicy.names.contains(name) ? nil : "\(permission): the policy '\(name)' is not Trailhound's"
        default: return nil
        }
    }
}

/// What a call showed.
package enum ActionResult: Sendable, Hashable, Codable {
    /// A change was made.
    case done
    /// Whose key it is; nil where no user is named, which is root's.
    case owner(userName: String?)
    case user(name: String, path: String, id: String)
    case tags([String: String])
    case role(name: String, path: String, id: String, tags: [String: String])
    /// All keys of a user.
    case accessKeys([IAM.AccessKey])
    /// When the password was made, as IAM writes it; nil where the user has none.
    case loginProfile(createDate: String?)
    /// The document as JSON; nil where there is no policy of that name.
    case policy(document: String?)
    case trailStatus(isLogging: Bool)
}

/// Whoever makes calls in an account: the service itself with a role there, or an executor that runs inside the account
/// and is told each call over the wire. It is the seam between the machines, which live in the service and keep what
/// they did in its journal, and the credentials, which may not leave the account.
///
/// For whoever implements it:
/// - One call of this protocol is one AWS operation, with its pages and with the AWS module's own retries.
/// - It keeps no state. What was done, and what is to be done, is the machine's alone; the machine saves itself before
///   each call that writes, looks at what is there before it repeats one, and repeats none that had its effect.
/// - The same write may be asked for again, after a lost answer and a look. Each sets a state, so making it twice does
///   no harm; an executor that remembers the ids of its commands can answer from memory instead.
/// - It throws `CallFailure`: `missing` where AWS says that what the call names does not exist, `transient` where the
///   same call may succeed later and where no answer came (the call may have had its effect then), `permanent` for
///   everything else. `CancellationError` passes through. Any other error counts as permanent.
/// - It refuses what `ActionCall.violation` names before anything goes out.
/// - A failure's message names the operation, AWS's code and the request's id, and never a credential.
package protocol ActionService: Sendable {
    /// Makes a call in the account that the service is for.
    func perform(_ call: ActionCall) async throws -> ActionResult
}

/// Why a call failed, as far as a machine tells it apart.
package struct CallFailure: Error, Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable {
        /// The next try may succeed; the call may have had its effect.
        case transient
        /// What the call names does not exist.
        case missing
        /// It will fail again: denied, wrong, over a limit.
        case permanent
    }

    package let kind: Kind
    /// The call, the code and the request's id, for people.
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// What an error of the AWS module means here.
    package init(_ error: AWSError) {
        if error.isMissing {
            self.init(.missing, error.description)
        } else if error.isTransient || error.isExpiredCredentials || error.kind == .response {
            // Who can't read an answer does not know whether the call had its effect.
            self.init(.transient, error.description)
        } else {
            self.init(.permanent, error.description)
        }
    }
}
