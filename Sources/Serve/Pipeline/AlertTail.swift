// SPDX-License-Identifier: Apache-2.0

import Detect
import Synchronization

/// The newest revisions of the alert log, for live subscribers, and the signal that there are more.
///
/// A subscriber that keeps up reads from here; one that is behind reads the journal until it has caught up. Nobody
/// owns a queue: what is kept is the same for one subscriber and for ten thousand.
package final class AlertTail: Sendable {
    /// A revision and its place in the alert log. One object for all subscribers: an alert has dozens of references, and
    /// ten thousand copies of it would count each of them.
    package final class Entry: Sendable {
        package let position: Int64
        package let alert: Alert
        /// What is sent of it, once somebody has.
        package let encoded = EncodedAlert()

        package init(position: Int64, alert: Alert) {
            self.position = position
            self.alert = alert
        }
    }

    private struct State {
        var entries: [Entry] = []
        /// The position of the newest revision of the log, 0 where there is none.
        var last: Int64
        /// `entries` holds every revision after this position.
        var start: Int64
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0
        var isClosed = false
    }

    private let state: Mutex<State>

    /// - Parameter last: the journal's newest position.
    package init(last: Int64) {
        state = Mutex(State(last: last, start: last))
    }

    /// The position of the newest revision.
    package var last: Int64 { state.withLock { $0.last } }

    /// How many subscribers wait.
    package var waiting: Int { state.withLock { $0.waiters.count } }

    /// Adds revisions that are durable, in the order of the log, and wakes who waits.
    package func publish(_ entries: [Entry]) {
        guard let newest = entries.last else { return }
        let woken = state.withLock { state in
            // Who is further behind than these encodes for itself.
            let newlyOld = state.entries.count + entries.count - Limits.encodedAlerts
            let alreadyOld = max(0, state.entries.count - Limits.encodedAlerts)
            state.entries += entries
            if newlyOld > alreadyOld { for entry in state.entries[alreadyOld..<newlyOld] { entry.encoded.retire() } }
            state.last = newest.position
            let surplus = state.entries.count - Limits.alertTail
            if surplus > 0 {
                state.start = state.entries[surplus - 1].position
                state.entries.removeFirst(surplus)
            }
            defer { state.waiters = [:] }
            return state.waiters
        }
        for continuation in woken.values { continuation.resume() }
    }

    /// The revisions after a position, oldest first, or nil where they reach further back than what is kept.
    package func entries(after position: Int64) -> [Entry]? {
        state.withLock { state in
            guard position >= state.start else { return nil }
            // Ten thousand ask at once: the first entry after the position is found by halves.
            var (low, high) = (0, state.entries.count)
            while low < high {
                let middle = (low + high) / 2
                if state.entries[middle].position > position { high = middle } else { low = middle + 1 }
            }
            return Array(state.entries[low...])
        }
    }

    /// Returns once there is a revision after the position, or at cancellation, or when the service stops.
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

    /// Whether the service is stopping.
    package var isClosed: Bool { state.withLock { $0.isClosed } }

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
