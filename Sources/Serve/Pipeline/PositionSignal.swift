// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The newest position of a log, and the signal that it moved: for those who follow a log that they read elsewhere.
package final class PositionSignal: Sendable {
    private struct State {
        var last: Int64
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0
        var isClosed = false
    }

    private let state: Mutex<State>

    /// - Parameter last: the log's newest position.
    package init(last: Int64) { state = Mutex(State(last: last)) }

    /// The newest position.
    package var last: Int64 { state.withLock { $0.last } }

    /// Whether the service is stopping.
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Moves the position and wakes who waits for it.
    package func publish(_ position: Int64) {
        let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard position > state.last else { return [] }
            state.last = position
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Returns once the log is longer than the position, or at cancellation, or when the service stops.
    package func wait(beyond position: Int64) async {
        let waiter = state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.last <= position, !state.isClosed, !Task.isCancelled else { return false }
                    state.waiters[waiter] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
        }
    }

    /// Wakes everybody for good.
    package func close() {
        let woken = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for continuation in woken.values { continuation.resume() }
    }
}
