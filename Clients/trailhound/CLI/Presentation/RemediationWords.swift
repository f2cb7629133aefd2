// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

/// An action on the command line.
package enum ActionChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    case deactivateAccessKey = "deactivate-access-key"
    case revokeRoleSessions = "revoke-role-sessions"
    case denyUser = "deny-user"
    case disableConsoleLogin = "disable-console-login"
    case restoreLogging = "restore-logging"

    /// Takes underscores for dashes, as policies and metrics write them.
    package init?(argument: String) { self.init(rawValue: argument.replacing("_", with: "-")) }

    package var value: RemediationAction {
        switch self {
        case .deactivateAccessKey: .deactivateAccessKey
        case .revokeRoleSessions: .revokeRoleSessions
        case .denyUser: .denyUser
        case .disableConsoleLogin: .disableConsoleLogin
        case .restoreLogging: .restoreLogging
        }
    }

    /// The target of the action, from what stands on the command line.
    func target(_ text: String, region: String?) -> RemediationTarget {
        switch self {
        case .deactivateAccessKey: RemediationTarget(accessKeyID: text)
        case .revokeRoleSessions: RemediationTarget(roleName: text)
        case .denyUser, .disableConsoleLogin: RemediationTarget(userName: text)
        case .restoreLogging: RemediationTarget(trail: text, region: region ?? "")
        }
    }

    /// What it does to a target, as a question names it.
    func deed(_ target: String) -> String {
        switch self {
        case .deactivateAccessKey: "set access key \(target) to Inactive"
        case .revokeRoleSessions: "deny everything to the sessions that role \(target) has handed out so far"
        case .denyUser: "deny everything to the temporary credentials of user \(target)"
        case .disableConsoleLogin: "keep user \(target) out of the console"
        case .restoreLogging: "start the logging of trail \(target)"
        }
    }
}

/// A mode on the command line.
package enum ModeChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    case off
    case dryRun = "dry-run"
    case approve
    case auto

    package var value: RemediationMode {
        switch self {
        case .off: .off
        case .dryRun: .dryRun
        case .approve: .approve
        case .auto: .auto
        }
    }
}

extension RemediationAction {
    /// As on the command line: `deactivate-access-key`.
    package var word: String { Words.short(protoName, "REMEDIATION_ACTION_").replacing("_", with: "-") }
}

extension RemediationMode {
    /// As on the command line: `dry-run`.
    package var word: String { Words.short(protoName, "REMEDIATION_MODE_").replacing("_", with: "-") }
}

extension RemediationWay {
    /// In lower case, without the contract's prefix.
    package var word: String { Words.short(protoName, "REMEDIATION_WAY_") }
}

extension RemediationState {
    /// In lower case, without the contract's prefix.
    package var word: String { Words.short(protoName, "REMEDIATION_STATE_") }

    /// How a state looks on a terminal.
    var style: Style {
        switch self {
        case .running, .watching: .cyan
        case .awaitingApproval: .yellow
        default: .plain
        }
    }
}
