// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import Synchronization

/// Damage of the store that the service met since it started. Each place is told once in the log, and every meeting is
/// counted.
package final class DamageTally: Sendable {
    /// The count, and the place that was met last.
    package struct Summary: Sendable, Equatable {
        package var met: UInt64 = 0
        package var places = 0
        package var latest = ""
        package var latestAt: Milliseconds = 0
    }

    private struct State {
        var summary = Summary()
        var places: Set<String> = []
    }

    private let state = Mutex(State())

    package init() {}

    package var summary: Summary { state.withLock { $0.summary } }

    /// Counts an error that is damage; true where its place is a new one, to be logged.
    @discardableResult
    package func note(_ error: any Error) -> Bool {
        guard let error = error as? JournalError, error.code == .damaged else { return false }
        let place = error.place ?? error.message
        return state.withLock { state in
            state.summary.met += 1
            (state.summary.latest, state.summary.latestAt) = (place, Clock.milliseconds())
            guard state.places.count < Limits.damagedPlaces, state.places.insert(place).inserted else { return false }
            state.summary.places = state.places.count
            return true
        }
    }
}
