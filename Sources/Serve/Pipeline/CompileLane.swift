// SPDX-License-Identifier: Apache-2.0

import Dispatch
import RPC
import Synchronization

/// A thread for compiling rules, so that neither event loops nor readers of the archive wait for it. It does one thing at
/// a time; what has no place to wait is refused, and what nobody waits for any more is not begun.
package final class CompileLane: Sendable {
    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    private let queue: DispatchQueue
    private let waiting = Atomic(0)
    private let places: Int

    /// - Parameter places: how many may wait or run.
    package init(_ name: String, places: Int) {
        queue = DispatchQueue(label: name, qos: .utility)
        self.places = places
    }

    /// How many run or wait.
    package var count: Int { waiting.load(ordering: .relaxed) }

    /// Runs a body on the lane's thread.
    ///
    /// - Parameter body: is told by its argument that the caller has left.
    package func run<T: Sendable>(
        _ body: @escaping @Sendable (_ isCancelled: @Sendable () -> Bool) throws -> T
    ) async throws -> T {
        guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= places else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            throw RPCError(.resourceExhausted, "\(places) requests that compile rules wait already; try again.")
        }
        defer { waiting.wrappingSubtract(1, ordering: .relaxed) }
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
