// SPDX-License-Identifier: Apache-2.0

import AWS
import Respond
import Synchronization

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
