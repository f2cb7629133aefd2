// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a collector has done so far.
package struct CollectTotals: Sendable, Hashable {
    /// Log files that the service has acknowledged.
    package var files = 0
    /// Bytes of these, as they are stored.
    package var bytes = 0
    /// Records that were stored now, that were known, and that were refused.
    package var accepted = 0
    package var duplicate = 0
    package var rejected = 0
    /// Messages that were received and that were deleted.
    package var received = 0
    package var deleted = 0
    /// Messages and log files that were set aside.
    package var aside = 0
    /// Log files that could not be read or handed over for now.
    package var retried = 0

    package init() {}
}

/// What happens in a collector, to be counted and told.
package final class CollectReport: Sendable {
    /// How much a line matters.
    package enum Level: Sendable, Hashable {
        case notice
        case trouble
    }

    private let state = Mutex(CollectTotals())
    private let tell: @Sendable (Level, String) -> Void

    /// - Parameter tell: Gets a line for people, from any thread.
    package init(_ tell: @escaping @Sendable (Level, String) -> Void = { _, _ in }) { self.tell = tell }

    /// So far.
    package var totals: CollectTotals { state.withLock { $0 } }

    /// Counts.
    func count(_ change: (inout CollectTotals) -> Void) { state.withLock { change(&$0) } }

    /// Tells that things go as they should.
    package func notice(_ text: String) { tell(.notice, text) }

    /// Tells that something has to be looked at.
    package func trouble(_ text: String) { tell(.trouble, text) }
}

/// Pauses that double, after failures that follow each other.
struct Pauses: Sendable {
    private var next = CollectLimits.firstPause

    mutating func pause() -> Duration {
        defer { next = min(next * 2, CollectLimits.longestPause) }
        return next
    }

    mutating func reset() { next = CollectLimits.firstPause }
}
