// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Detect
import Foundation
import Respond
import Synchronization

/// A process that dies: no code after it runs but what a new process starts.
struct Crash: Error {}

/// Counts operations, and dies at the one it is told to.
final class Fuse: Sendable {
    private let state: Mutex<(left: Int, passed: Int)>

    init(_ operations: Int = .max) { state = Mutex((operations, 0)) }

    var passed: Int { state.withLock { $0.passed } }

    func burn() throws {
        try state.withLock { state in
            guard state.left > 0 else { throw Crash() }
            state.left -= 1
            state.passed += 1
        }
    }
}

/// An account as AWS keeps it: a user, a role and a trail, with an attacker or a fault where a test wants one.
final class FakeAccount: ActionService {
    struct State {
        var owner: String? = "alice"
        var keys: [IAM.AccessKey] = [FakeAccount.key("AKIA1")]
        var path = "/"
        var tags: [String: String] = [:]
        var hasPassword = true
        var rolePath = "/"
        /// Inline policies of the user and of the role, by name.
        var policies: [String: String] = [:]
        var isLogging = false
        /// Changes, which are what counts: the same state again is none.
        var effects: [String] = []
        /// Operations, in order.
        var calls: [String] = []
        /// Failures to come, by operation, in order.
        var failures: [String: [CallFailure]] = [:]
        /// Operations that have their effect and then fail.
        var failAfter: Set<String> = []
        /// Called before a call is answered, with the operation and how many of it there were, from 1.
        var onCall: (@Sendable (inout State, String, Int) -> Void)?
        /// IAM's lag: how many reads still show the state before a change.
        var staleReads = 0
        var ignoresChanges = false
        var stale: Visible?

        /// What lags.
        struct Visible {
            var keys: [IAM.AccessKey]
            var policies: [String: String]
            var isLogging: Bool
        }
    }

    let state: Mutex<State>
    let fuse: Fuse

    init(_ keys: [IAM.AccessKey] = [FakeAccount.key("AKIA1")], fuse: Fuse = Fuse()) {
        var state = State()
        state.keys = keys
        self.state = Mutex(state)
        self.fuse = fuse
    }

    private init(_ state: State, fuse: Fuse) {
        self.state = Mutex(state)
        self.fuse = fuse
    }

    /// The same account as another process sees it.
    func seen(with fuse: Fuse) -> FakeAccount { FakeAccount(state.withLock { $0 }, fuse: fuse) }

    static func key(_ id: String, _ status: IAM.KeyStatus = .active, made: String = "2026-01-01T00:00:00Z")
        -> IAM.AccessKey
    {
        IAM.AccessKey(accessKeyID: id, status: status, createDate: made)
    }

    var effects: [String] { state.withLock { $0.effects } }
    var calls: [String] { state.withLock { $0.calls } }
    /// How many calls that write were made.
    var writes: Int { calls.filter { !$0.hasPrefix("Get") && !$0.hasPrefix("List") }.count }
    func status(_ id: String) -> IAM.KeyStatus? { state.withLock { $0.keys.first { $0.accessKeyID == id }?.status } }

    func perform(_ call: ActionCall) async throws -> ActionResult {
        let operation = call.operation
        try fuse.burn()
        try fail(operation, isAfter: false)
        let result = try state.withLock { state in
            state.calls.append(operation)
            let onCall = state.onCall
            onCall?(&state, operation, state.calls.filter { $0 == operation }.count)
            return try state.answer(call)
        }
        try fail(operation, isAfter: true)
        try fuse.burn()
        return result
    }

    private func fail(_ operation: String, isAfter: Bool) throws {
        try state.withLock { state in
            guard state.failAfter.contains(operation) == isAfter, var list = state.failures[operation], !list.isEmpty
            else { return }
            let failure = list.removeFirst()
            state.failures[operation] = list
            if !isAfter { state.calls.append(operation) }
            throw failure
        }
    }
}

extension ActionCall {
    /// The operation without its service.
    var operation: String { permission.split(separator: ":").last.map(String.init) ?? "" }
}

extension FakeAccount.State {
    mutating func answer(_ call: ActionCall) throws -> ActionResult {
        if let violation = call.violation { throw CallFailure(.permanent, violation) }
        guard !call.isWrite else {
            change(call)
            return .done
        }
        var seen = Visible(keys: keys, policies: policies, isLogging: isLogging)
        if staleReads > 0, let stale {
            staleReads -= 1
            seen = stale
        }
        switch call {
        case .getAccessKeyLastUsed: return .owner(userName: owner)
        case .getUser(let name): return .user(name: name, path: path, id: "AIDA1")
        case .listUserTags: return .tags(tags)
        case .getRole(let name): return .role(name: name, path: rolePath, id: "AROA1", tags: tags)
        case .listAccessKeys: return .accessKeys(seen.keys)
        case .getLoginProfile: return .loginProfile(createDate: hasPassword ? "2026-01-01T00:00:00Z" : nil)
        case .getUserPolicy(_, let name), .getRolePolicy(_, let name): return .policy(document: seen.policies[name])
        default: return .trailStatus(isLogging: seen.isLogging)
        }
    }

    /// A change by Trailhound.
    private mutating func change(_ call: ActionCall) {
        guard !ignoresChanges else { return }
        if stale == nil { stale = Visible(keys: keys, policies: policies, isLogging: isLogging) }
        switch call {
        case .updateAccessKey(_, let id, let status):
            guard let index = keys.firstIndex(where: { $0.accessKeyID == id }), keys[index].status != status else {
                return
            }
            effects.append("\(id) \(status.rawValue)")
            force(id, status)
        case .putUserPolicy(_, let name, let document), .putRolePolicy(_, let name, let document):
            if policies[name] != document { effects.append("put \(name)") }
            policies[name] = document
        case .deleteUserPolicy(_, let name), .deleteRolePolicy(_, let name):
            if policies.removeValue(forKey: name) != nil { effects.append("delete \(name)") }
        default:
            if !isLogging { effects.append("start logging") }
            isLogging = true
        }
    }

    /// A change by somebody else.
    mutating func force(_ id: String, _ status: IAM.KeyStatus) {
        guard let index = keys.firstIndex(where: { $0.accessKeyID == id }) else { return }
        keys[index] = IAM.AccessKey(accessKeyID: id, status: status, createDate: keys[index].createDate)
    }
}

/// A store in memory that keeps remediations as JSON, as a real one would.
final class MemoryStore: RemediationStore {
    private let saved: Mutex<[String: Data]>
    private let fuse: Fuse

    init(fuse: Fuse = Fuse()) {
        saved = Mutex([:])
        self.fuse = fuse
    }

    private init(_ data: [String: Data], fuse: Fuse) {
        saved = Mutex(data)
        self.fuse = fuse
    }

    /// The same store after a restart.
    func reopened(with fuse: Fuse) -> MemoryStore { MemoryStore(saved.withLock { $0 }, fuse: fuse) }

    func save(_ remediation: Remediation) async throws {
        try fuse.burn()
        let data = try JSONEncoder().encode(remediation)
        saved.withLock { $0[remediation.id] = data }
        try fuse.burn()
    }

    func load(_ id: String) async throws -> Remediation? {
        try saved.withLock { $0[id] }.map { try JSONDecoder().decode(Remediation.self, from: $0) }
    }

    func unfinished() async throws -> [Remediation] {
        try saved.withLock { Array($0.values) }
            .map { try JSONDecoder().decode(Remediation.self, from: $0) }
            .filter { !$0.isSettled }
    }

    func automaticRuns(
        accountID: String, action: RemediationAction, since time: Milliseconds
    ) async throws -> [Milliseconds] {
        try saved.withLock { Array($0.values) }
            .map { try JSONDecoder().decode(Remediation.self, from: $0) }
            .filter { $0.accountID == accountID && $0.action == action }
            .compactMap(\.automaticAt).filter { $0 >= time }
    }
}

/// One policy for all accounts.
final class FixedRules: RemediationRules {
    let value: Mutex<(RemediationPolicy, RemediationSituation)>

    init(_ policy: RemediationPolicy, _ situation: RemediationSituation = RemediationSituation()) {
        value = Mutex((policy, situation))
    }

    func rules(
        accountID: String, action: RemediationAction
    ) async throws -> (policy: RemediationPolicy, situation: RemediationSituation) {
        value.withLock { (policy: $0.0, situation: $0.1) }
    }
}

/// Everything that a remediation runs in, with a clock that jumps where it would wait.
final class Scene: Sendable {
    let account: FakeAccount
    let store: MemoryStore
    let rules: FixedRules
    let time: Mutex<Milliseconds>
    let told = Mutex<[RemediationNotice]>([])
    /// Called at each wait, with the time that it leads to.
    let onWait = Mutex<(@Sendable (Milliseconds) async throws -> Void)?>(nil)

    static let alert = RemediationTrigger.alert(alertID: "al-1", detectionID: "d", severity: .high, isHistorical: false)

    init(
        _ account: FakeAccount = FakeAccount(), policy: RemediationPolicy = RemediationPolicy(mode: .auto),
        situation: RemediationSituation = RemediationSituation(), store: MemoryStore = MemoryStore(),
        time: Milliseconds = 1_700_000_000_000
    ) {
        self.account = account
        self.store = store
        rules = FixedRules(policy, situation)
        self.time = Mutex(time)
    }

    func remediator(service: (any ActionService)? = nil) -> Remediator {
        let service = service ?? account
        return Remediator(
            store: store, rules: rules, services: { _ in service },
            progress: { _, notices in self.told.withLock { $0 += notices } },
            now: { self.time.withLock { $0 } },
            sleep: { length in
                try Task.checkCancellation()
                let until = self.time.withLock { time in
                    time += length
                    return time
                }
                try await self.onWait.withLock { $0 }?(until)
            })
    }

    @discardableResult
    func run(
        _ example: Example = .key, trigger: RemediationTrigger = Scene.alert, id: String = "r1"
    ) async throws -> Remediation {
        try await run(example.action, example.target, trigger: trigger, id: id)
    }

    @discardableResult
    func run(
        _ action: RemediationAction, _ target: RemediationTarget, trigger: RemediationTrigger = Scene.alert,
        id: String = "r1"
    ) async throws -> Remediation {
        try await remediator().start(action, target, trigger: trigger, id: id)
    }

    /// The same scene as the next process finds it, a moment later.
    func restarted() -> Scene {
        Scene(
            account.seen(with: Fuse()), store: store.reopened(with: Fuse()), time: time.withLock { $0 } + 3_000)
    }

    var alerts: [RemediationNotice.Kind] { told.withLock { $0.filter(\.isAlert).map(\.kind) } }
    func count(_ kind: RemediationNotice.Kind) -> Int { told.withLock { $0.filter { $0.kind == kind }.count } }
}

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
