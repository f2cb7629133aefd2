// SPDX-License-Identifier: Apache-2.0

import CloudTrail
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
    /// Objects between the log files that are none.
    package var leftOut = 0
    /// Refused records by the service's reasons.
    package var refusals: [String: Int] = [:]
    /// Log files that were listed and wait for their turn; nil where none is listed.
    package var listed: Int?
    /// The accounts whose log files came.
    package var accounts: Set<String> = []

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
    private let refused: @Sendable (ObjectLocation, Refusal) -> Void

    /// - Parameters:
    ///   - tell: Gets a line for people, from any thread.
    ///   - refused: Gets each log file's refused records, a reason at a time; they are told as trouble too.
    package init(
        _ tell: @escaping @Sendable (Level, String) -> Void = { _, _ in },
        refused: @escaping @Sendable (ObjectLocation, Refusal) -> Void = { _, _ in }
    ) {
        self.tell = tell
        self.refused = refused
    }

    /// The service refused records of a log file.
    func refused(_ object: ObjectLocation, _ refusals: [Refusal]) {
        for refusal in refusals {
            count { $0.refusals[refusal.reason, default: 0] += refusal.count }
            tell(.trouble, "\(object): \(refusal)")
            refused(object, refusal)
        }
    }

    /// So far.
    package var totals: CollectTotals { state.withLock { $0 } }

    /// Counts.
    func count(_ change: (inout CollectTotals) -> Void) { state.withLock { change(&$0) } }

    /// An object lies between the log files and is none: counted, and the first is told.
    func leftOut(_ object: ObjectLocation) {
        let isFirst = state.withLock { totals in
            totals.leftOut += 1
            return totals.leftOut == 1
        }
        if isFirst { tell(.notice, "\(object) is no log file of CloudTrail by its name: such objects are left out") }
    }

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
