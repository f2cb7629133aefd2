// SPDX-License-Identifier: Apache-2.0

/// What a remediation does. The raw values are names in policies, in the journal and in the audit log.
package enum RemediationAction: String, Sendable, Hashable, Codable, CaseIterable {
    /// Sets one long-term access key of a user to Inactive.
    case deactivateAccessKey = "deactivate_access_key"
    /// Denies everything to the sessions of a role that were issued until now.
    case revokeRoleSessions = "revoke_role_sessions"
    /// Denies everything to the temporary credentials of a user.
    case denyUser = "deny_user"
    /// Denies everything to the console sessions of a user who has a password.
    case disableConsoleLogin = "disable_console_login"
    /// Makes a stopped trail log again.
    case restoreLogging = "restore_logging"

    /// The name on the command line: `deactivate-access-key`.
    package var commandName: String { String(rawValue.map { $0 == "_" ? "-" : $0 }) }

    /// Reads either form of the name.
    package init?(name: String) {
        self.init(rawValue: String(name.map { $0 == "-" ? "_" : $0 }))
    }

    /// What it does, in a sentence for people.
    package var summary: String {
        switch self {
        case .deactivateAccessKey: "set one access key of a user to Inactive"
        case .revokeRoleSessions: "deny everything to the sessions of a role that were issued until now"
        case .denyUser: "deny everything to the temporary credentials of a user"
        case .disableConsoleLogin: "deny everything to the console sessions of a user, and keep the password"
        case .restoreLogging: "make a stopped trail log again"
        }
    }

    /// Why it can't be rolled back, or nil where it can.
    package var irreversibility: String? {
        switch self {
        case .restoreLogging: "a trail that logs is how it should be: whoever wants it stopped stops it"
        case .deactivateAccessKey, .revokeRoleSessions, .denyUser, .disableConsoleLogin: nil
        }
    }

    /// The inline policy that the action puts on a user or role, or nil for those that put none.
    package var policyName: String? {
        switch self {
        case .revokeRoleSessions: "TrailhoundRevokeSessions"
        case .denyUser: "TrailhoundDenyUser"
        case .disableConsoleLogin: "TrailhoundDenyConsole"
        case .deactivateAccessKey, .restoreLogging: nil
        }
    }
}

/// One permission that an action needs in an account.
package struct ActionPermission: Sendable, Hashable, Codable {
    /// What the permission is for.
    package enum Resource: String, Sendable, Hashable, Codable {
        case users
        case roles
        case trails
    }

    /// As IAM policies name it: `iam:UpdateAccessKey`.
    package let action: String
    /// What it is called on.
    package let resource: Resource
    /// Whether it is a call that changes something.
    package let isWrite: Bool
    /// Whether it is only needed where a never-list or always-list asks for paths or tags.
    package let isForLists: Bool

    init(_ action: String, on resource: Resource, isWrite: Bool = false, isForLists: Bool = false) {
        self.action = action
        self.resource = resource
        self.isWrite = isWrite
        self.isForLists = isForLists
    }

    /// The ARN pattern of everything that the permission can be for in an account.
    ///
    /// - Parameter partition: `aws`, `aws-cn` or `aws-us-gov`.
    package func resourceARN(accountID: String, partition: String = "aws") -> String {
        switch resource {
        case .users: "arn:\(partition):iam::\(accountID):user/*"
        case .roles: "arn:\(partition):iam::\(accountID):role/*"
        case .trails: "arn:\(partition):cloudtrail:*:\(accountID):trail/*"
        }
    }
}

extension RemediationAction {
    /// Everything that the action may call in an account, reads first. A test holds it against the calls that the
    /// action makes: none is missing, none is unused.
    package var permissions: [ActionPermission] {
        switch self {
        case .deactivateAccessKey:
            [
                ActionPermission("iam:GetAccessKeyLastUsed", on: .users),
                ActionPermission("iam:ListAccessKeys", on: .users),
                ActionPermission("iam:GetUser", on: .users, isForLists: true),
                ActionPermission("iam:ListUserTags", on: .users, isForLists: true),
                ActionPermission("iam:UpdateAccessKey", on: .users, isWrite: true),
            ]
        case .revokeRoleSessions:
            [
                ActionPermission("iam:GetRole", on: .roles),
                ActionPermission("iam:GetRolePolicy", on: .roles),
                ActionPermission("iam:PutRolePolicy", on: .roles, isWrite: true),
                ActionPermission("iam:DeleteRolePolicy", on: .roles, isWrite: true),
            ]
        case .denyUser: Self.userDeny
        case .disableConsoleLogin: [ActionPermission("iam:GetLoginProfile", on: .users)] + Self.userDeny
        case .restoreLogging:
            [
                ActionPermission("cloudtrail:GetTrailStatus", on: .trails),
                ActionPermission("cloudtrail:StartLogging", on: .trails, isWrite: true),
            ]
        }
    }

    private static let userDeny = [
        ActionPermission("iam:GetUser", on: .users),
        ActionPermission("iam:GetUserPolicy", on: .users),
        ActionPermission("iam:ListAccessKeys", on: .users),
        ActionPermission("iam:ListUserTags", on: .users, isForLists: true),
        ActionPermission("iam:PutUserPolicy", on: .users, isWrite: true),
        ActionPermission("iam:DeleteUserPolicy", on: .users, isWrite: true),
    ]
}
