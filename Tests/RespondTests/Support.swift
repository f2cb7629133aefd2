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

/// One user's keys as IAM keeps them, with an attacker or a fault where a test wants one.
final class FakeIAM: KeyService {
    struct State {
        var owner: String? = "alice"
        var keys: [IAM.AccessKey]
        var path = "/"
        var tags: [String: String] = [:]
        /// Changes of a key's status, which are what counts: the same status again is none.
        var effects: [String] = []
        var calls: [String] = []
        /// Failures to come, by call, in order.
        var failures: [String: [CallFailure]] = [:]
        /// Calls that have their effect and then fail.
        var failAfter: Set<String> = []
        var onList: (@Sendable (inout State, Int) -> Void)?
        var lists = 0
        /// IAM's lag: how many lists still show the state before a change.
        var staleLists = 0
        var stale: [IAM.AccessKey]?
        var ignoresChanges = false
    }

    let state: Mutex<State>
    let fuse: Fuse

    init(_ keys: [IAM.AccessKey] = [FakeIAM.key("AKIA1")], fuse: Fuse = Fuse()) {
        state = Mutex(State(keys: keys))
        self.fuse = fuse
    }

    private init(_ state: State, fuse: Fuse) {
        self.state = Mutex(state)
        self.fuse = fuse
    }

    /// The same account as another process sees it.
    func seen(with fuse: Fuse) -> FakeIAM { FakeIAM(state.withLock { $0 }, fuse: fuse) }

    static func key(_ id: String, _ status: IAM.KeyStatus = .active, made: String = "2026-01-01T00:00:00Z")
        -> IAM.AccessKey
    {
        IAM.AccessKey(accessKeyID: id, status: status, createDate: made)
    }

    var effects: [String] { state.withLock { $0.effects } }
    var calls: [String] { state.withLock { $0.calls } }
    var writes: Int { calls.filter { $0 == "UpdateAccessKey" }.count }
    func status(_ id: String) -> IAM.KeyStatus? { state.withLock { $0.keys.first { $0.accessKeyID == id }?.status } }

    private func begin(_ call: String) throws {
        try fuse.burn()
        try state.withLock { state in
            state.calls.append(call)
            guard !state.failAfter.contains(call), var list = state.failures[call], !list.isEmpty else { return }
            let failure = list.removeFirst()
            state.failures[call] = list
            throw failure
        }
    }

    private func end(_ call: String) throws {
        try state.withLock { state in
            guard state.failAfter.contains(call), var list = state.failures[call], !list.isEmpty else { return }
            let failure = list.removeFirst()
            state.failures[call] = list
            throw failure
        }
        try fuse.burn()
    }

    func owner(of accessKeyID: String) async throws -> String? {
        try begin("GetAccessKeyLastUsed")
        let owner = state.withLock { $0.owner }
        try end("GetAccessKeyLastUsed")
        return owner
    }

    func user(_ userName: String, tags: Bool) async throws -> (path: String, tags: [String: String]?) {
        try begin("GetUser")
        let (path, known) = state.withLock { ($0.path, $0.tags) }
        try end("GetUser")
        return (path, tags ? known : nil)
    }

    func keys(of userName: String) async throws -> [IAM.AccessKey] {
        try begin("ListAccessKeys")
        let keys = state.withLock { state in
            state.lists += 1
            let onList = state.onList
            onList?(&state, state.lists)
            if state.staleLists > 0, let stale = state.stale {
                state.staleLists -= 1
                return stale
            }
            return state.keys
        }
        try end("ListAccessKeys")
        return keys
    }

    func setKey(_ accessKeyID: String, of userName: String, to status: IAM.KeyStatus) async throws {
        try begin("UpdateAccessKey")
        state.withLock { $0.set(accessKeyID, status) }
        try end("UpdateAccessKey")
    }
}

extension FakeIAM.State {
    /// A change by Trailhound.
    mutating func set(_ id: String, _ status: IAM.KeyStatus) {
        guard !ignoresChanges, let index = keys.firstIndex(where: { $0.accessKeyID == id }) else { return }
        if stale == nil { stale = keys }
        guard keys[index].status != status else { return }
        effects.append("\(id) \(status.rawValue)")
        keys[index] = IAM.AccessKey(accessKeyID: id, status: status, createDate: keys[index].createDate)
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

    func save(_ remediation: KeyDeactivation) async throws {
        try fuse.burn()
        let data = try JSONEncoder().encode(remediation)
        saved.withLock { $0[remediation.id] = data }
        try fuse.burn()
    }

    func load(_ id: String) async throws -> KeyDeactivation? {
        try saved.withLock { $0[id] }.map { try JSONDecoder().decode(KeyDeactivation.self, from: $0) }
    }

    func unfinished() async throws -> [KeyDeactivation] {
        try saved.withLock { Array($0.values) }
            .map { try JSONDecoder().decode(KeyDeactivation.self, from: $0) }
            .filter { !$0.isSettled }
    }

    func automaticRuns(accountID: String, since time: Milliseconds) async throws -> [Milliseconds] {
        try saved.withLock { Array($0.values) }
            .map { try JSONDecoder().decode(KeyDeactivation.self, from: $0) }
            .filter { $0.target.accountID == accountID }
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
    let iam: FakeIAM
    let store: MemoryStore
    let rules: FixedRules
    let time: Mutex<Milliseconds>
    let told = Mutex<[RemediationNotice]>([])
    /// Called at each wait, with the time that it leads to.
    let onWait = Mutex<(@Sendable (Milliseconds) async throws -> Void)?>(nil)

    static let target = KeyTarget(
        accountID: "123456789012", accessKeyID: "AKIA1", principal: .user, userName: "alice")
    static let alert = RemediationTrigger.alert(alertID: "al-1", detectionID: "d", severity: .high, isHistorical: false)

    init(
        iam: FakeIAM = FakeIAM(), policy: RemediationPolicy = RemediationPolicy(mode: .auto),
        situation: RemediationSituation = RemediationSituation(), store: MemoryStore = MemoryStore(),
        time: Milliseconds = 1_700_000_000_000
    ) {
        self.iam = iam
        self.store = store
        rules = FixedRules(policy, situation)
        self.time = Mutex(time)
    }

    func remediator(service: (any KeyService)? = nil) -> KeyRemediator {
        let service = service ?? iam
        return KeyRemediator(
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
        _ target: KeyTarget = Scene.target, trigger: RemediationTrigger = Scene.alert, id: String = "r1"
    ) async throws -> KeyDeactivation {
        try await remediator().run(target, trigger: trigger, id: id)
    }

    var alerts: [RemediationNotice.Kind] { told.withLock { $0.filter(\.isAlert).map(\.kind) } }
    func count(_ kind: RemediationNotice.Kind) -> Int { told.withLock { $0.filter { $0.kind == kind }.count } }
}
