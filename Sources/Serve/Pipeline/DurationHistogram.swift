// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How long something took: counts by duration. One thread writes; any reads.
package final class DurationHistogram: Sendable {
    /// The upper bounds of the buckets but the last, in seconds.
    static let bounds: [Double] = [
        0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    private let state = Mutex((counts: [Int](repeating: 0, count: bounds.count + 1), sum: 0.0))

    package init() {}

    /// Takes one duration.
    package func observe(_ duration: Duration) {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        let place = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.counts[place] += 1
            state.sum += seconds
        }
    }

    /// What was taken so far.
    var snapshot: (counts: [Int], sum: Double) { state.withLock { $0 } }
}
