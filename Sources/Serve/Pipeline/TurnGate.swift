// SPDX-License-Identifier: Apache-2.0

import RPC
import Synchronization

/// Lets callers' work of one kind begin in turns, by `QueryTurns`. What waits is a suspended task and holds no thread;
/// whoever leaves gives up the place.
package final class TurnGate: Sendable {
    package typealias Party = QueryTurns.Party

    private struct State {
        var turns: QueryTurns
        var waiters: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var next: UInt64 = 0
    }

    private let state: Mutex<State>
    private let noun: String

    /// - Parameter noun: of the work, for the refusal of what is too much.
    package init(_ turns: QueryTurns, of noun: String) {
        state = Mutex(State(turns: turns))
        self.noun = noun
    }

    /// Runs work once it is its turn.
    package func run<T: Sendable>(_ party: Party, _ body: () async throws -> T) async throws -> T {
        try await enter(party)
        defer { leave(party) }
        return try await body()
    }

    /// Work that runs now, and that waits.
    package var load: (running: Int, waiting: Int) { state.withLock { ($0.turns.runningCount, $0.turns.waitingCount) } }

    private func enter(_ party: Party) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    switch state.turns.enter(party, number) {
                    case .run: return .success(())
                    case .wait:
                        state.waiters[number] = continuation
                        return nil
                    case .refuse(let waiting):
                        return .failure(
                            RPCError(
                                .resourceExhausted, "\(waiting) \(noun) of this certificate's accounts wait already."))
                    }
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.turns.abandon(party, number) ? state.waiters.removeValue(forKey: number) : nil
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    private func leave(_ party: Party) {
        let next = state.withLock { state in
            state.turns.leave(party).flatMap { state.waiters.removeValue(forKey: $0) }
        }
        next?.resume()
    }
}
