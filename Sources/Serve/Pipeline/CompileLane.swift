// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// A thread for compiling rules, so that neither event loops nor readers of the archive wait for it. It does one thing at
/// a time and callers take turns; what has no place to wait is refused, and what nobody waits for any more is not begun.
package final class CompileLane: Sendable {
    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    private let queue: DispatchQueue
    private let gate: TurnGate

    /// - Parameter places: how many of one party may wait.
    package init(_ name: String, places: Int) {
        queue = DispatchQueue(label: name, qos: .utility)
        gate = TurnGate(QueryTurns(limit: 1, perParty: 1, waiting: places), of: "requests that compile rules")
    }

    /// How many run or wait.
    package var count: Int { gate.load.running + gate.load.waiting }

    /// Runs a body on the lane's thread.
    ///
    /// - Parameters:
    ///   - party: who shares a turn.
    ///   - body: is told by its argument that the caller has left.
    package func run<T: Sendable>(
        _ party: TurnGate.Party, _ body: @escaping @Sendable (_ isCancelled: @Sendable () -> Bool) throws -> T
    ) async throws -> T {
        try await gate.run(party) {
            let flag = Flag()
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    queue.async {
                        continuation.resume(
                            with: Result {
                                let isCancelled: @Sendable () -> Bool = { flag.isSet.load(ordering: .relaxed) }
                                if isCancelled() { throw CancellationError() }
                                return try body(isCancelled)
                            })
                    }
                }
            } onCancel: {
                flag.isSet.store(true, ordering: .relaxed)
            }
        }
    }
}
