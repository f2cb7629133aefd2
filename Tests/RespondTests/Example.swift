// SPDX-License-Identifier: Apache-2.0

import Respond
import Testing

/// What each action does to the account of `FakeAccount`.
struct Example: Sendable, CustomTestStringConvertible {
    let action: RemediationAction
    let subject: RemediationTarget.Subject
    /// All operations of the way to the watch, in order.
    let calls: [String]
    /// What the account sees of it, and of the rollback.
    let effect: String
    let rollbackEffect: String?
    let undo: @Sendable (inout FakeAccount.State) -> Void

    var testDescription: String { action.rawValue }

    var target: RemediationTarget { RemediationTarget(accountID: "123456789012", subject: subject, principal: .user) }

    /// The operation that writes.
    var write: String { calls.first { !$0.hasPrefix("Get") && !$0.hasPrefix("List") } ?? "" }

    /// The kinds of a run without an incident, other keys aside.
    static let calm: [RemediationNotice.Kind] = [.started, .snapshotTaken, .executing, .inEffect, .finished]

    static let key = Example(
        action: .deactivateAccessKey, subject: .accessKey("AKIA1", userName: "alice"),
        calls: ["GetAccessKeyLastUsed", "ListAccessKeys", "UpdateAccessKey", "ListAccessKeys"],
        effect: "AKIA1 Inactive", rollbackEffect: "AKIA1 Active", undo: { $0.force("AKIA1", .active) })

    static let role = Example(
        action: .revokeRoleSessions, subject: .role("Deploy"),
        calls: ["GetRole", "GetRolePolicy", "PutRolePolicy", "GetRolePolicy"],
        effect: "put TrailhoundRevokeSessions", rollbackEffect: "delete TrailhoundRevokeSessions",
        undo: { $0.policies["TrailhoundRevokeSessions"] = nil })

    static let user = Example(
        action: .denyUser, subject: .user("alice"),
        calls: ["GetUser", "ListAccessKeys", "GetUserPolicy", "PutUserPolicy", "GetUserPolicy"],
        effect: "put TrailhoundDenyUser", rollbackEffect: "delete TrailhoundDenyUser",
        undo: { $0.policies["TrailhoundDenyUser"] = #"{"Version":"2012-10-17","Statement":[]}"# })

    static let console = Example(
        action: .disableConsoleLogin, subject: .user("alice"),
        calls: [
            "GetUser", "GetLoginProfile", "ListAccessKeys", "GetUserPolicy", "PutUserPolicy", "GetUserPolicy",
        ],
        effect: "put TrailhoundDenyConsole", rollbackEffect: "delete TrailhoundDenyConsole",
        undo: { $0.policies["TrailhoundDenyConsole"] = nil })

    static let trail = Example(
        action: .restoreLogging, subject: .trail("main", region: "us-east-1"),
        calls: ["GetTrailStatus", "StartLogging", "GetTrailStatus"],
        effect: "start logging", rollbackEffect: nil, undo: { $0.isLogging = false })

    static let all = [key, role, user, console, trail]
    /// Every call of every action.
    static let everyCall = all.flatMap { example in Set(example.calls).sorted().map { (example, $0) } }
}
