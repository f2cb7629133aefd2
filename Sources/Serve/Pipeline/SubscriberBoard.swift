// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Synchronization

/// Where each subscriber is in the alert log: for the metrics, a few words of memory each.
package final class SubscriberBoard: Sendable {
    /// One subscriber's place.
    final class Place: Sendable {
        private let position: Atomic<Int64>

        /// The accounts of its certificate; nil for all.
        let scope: Set<AccountID>?

        init(_ start: Int64, _ scope: Set<AccountID>?) {
            position = Atomic(start)
            self.scope = scope
        }

        /// It has everything up to this position.
        func moved(to newest: Int64) { position.store(newest, ordering: .relaxed) }

        var current: Int64 { position.load(ordering: .relaxed) }
    }

    private let places = Mutex<[ObjectIdentifier: Place]>([:])

    package init() {}

    /// A subscriber begins after a position.
    func enter(at position: Int64, scope: Set<AccountID>? = nil) -> Place {
        let place = Place(position, scope)
        places.withLock { $0[ObjectIdentifier(place)] = place }
        return place
    }

    /// It is gone.
    func leave(_ place: Place) { places.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(place)) } }

    /// How many there are.
    package var count: Int { places.withLock { $0.count } }

    /// How many there are that see none but some accounts; nil stands for all.
    func count(within scope: Set<AccountID>?) -> Int {
        guard let scope else { return count }
        return places.withLock { places in
            places.values.count { $0.scope?.isSubset(of: scope) ?? false }
        }
    }

    /// How many there are, how many are behind the end of the log, and by how many revisions the last one is.
    func lag(behind last: Int64) -> (subscribers: Int, behind: Int, most: Int64) {
        places.withLock { places in
            var behind = 0
            var most: Int64 = 0
            for place in places.values {
                let lag = last - place.current
                if lag > 0 { behind += 1 }
                most = max(most, lag)
            }
            return (places.count, behind, most)
        }
    }
}
