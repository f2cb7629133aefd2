// SPDX-License-Identifier: Apache-2.0

import AWS
import Synchronization

/// Permission for a write, asked immediately before each attempt of it.
package protocol WritePermit: Sendable {
    /// Begins an attempt; false where it must not go out. Each begun attempt is ended.
    func begin() async -> Bool
    /// Ends an attempt: an answer came, or none will.
    func end() async
}

/// Says which permit governs the writes of a task.
package enum Writing {
    /// The permit of the task's writes; nil for those that nothing holds back, as a rollback's.
    @TaskLocal package static var permit: (any WritePermit)?
}

/// The gate that every write of a remediation passes, rollbacks aside. Once it is shut and drained none is under way and none
/// begins, so that a freeze can be acknowledged for good.
package final class WriteGate: WritePermit {
    private struct State {
        var isShut = false
        var underWay = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var isShut: Bool { state.withLock { $0.isShut } }

    /// Lets no write begin from here on. Those under way go on: `drained` waits for them.
    package func shut() { state.withLock { $0.isShut = true } }

    /// Lets writes begin again.
    package func open() { state.withLock { $0.isShut = false } }

    /// Begins a write; false where the gate is shut.
    package func enter() -> Bool {
        state.withLock { state in
            guard !state.isShut else { return false }
            state.underWay += 1
            return true
        }
    }

    /// Ends a write that has begun.
    package func leave() {
        let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.underWay -= 1
            guard state.underWay == 0 else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in woken { waiter.resume() }
    }

    /// Waits until no write is under way. It ends once the gate is shut: an attempt has a time limit, and no other follows.
    package func drained() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state -> Bool in
                if state.underWay > 0 { state.waiters.append(continuation) }
                return state.underWay == 0
            }
            if isIdle { continuation.resume() }
        }
    }

    package func begin() async -> Bool { enter() }
    package func end() async { leave() }
}

/// Asks the task's permit before each attempt of a write: a client's own retries must not pass a gate that was shut since
/// the first one.
struct GatedTransport: HTTPTransport {
    let base: any HTTPTransport

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard let permit = Writing.permit else { return try await base.send(request) }
        guard await permit.begin() else {
            throw CallFailure(.transient, "the write was held back: it is frozen, or no longer this executor's")
        }
        do {
            let response = try await base.send(request)
            await permit.end()
            return response
        } catch {
            await permit.end()
            throw error
        }
    }
}
