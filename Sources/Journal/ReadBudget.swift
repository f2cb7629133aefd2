// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The time and the bytes that one query over the archive may take, and the word that nobody waits for it any more.
package final class ReadBudget: Sendable {
    private let end: ContinuousClock.Instant
    private let bytesLeft: Atomic<Int>
    private let isAbandoned = Atomic<Bool>(false)

    /// A budget that begins now.
    package init(time: Duration, bytes: Int) {
        end = .now.advanced(by: time)
        bytesLeft = Atomic(bytes)
    }

    /// Whether time or bytes are used up.
    package var isSpent: Bool { bytesLeft.load(ordering: .relaxed) <= 0 || ContinuousClock.now >= end }

    /// Counts bytes that were decoded.
    func take(_ bytes: Int) { bytesLeft.subtract(bytes, ordering: .relaxed) }

    /// Ends the query at its next block: its caller has left.
    package func abandon() { isAbandoned.store(true, ordering: .relaxed) }

    /// Throws for a query whose caller has left.
    package func check() throws {
        if isAbandoned.load(ordering: .relaxed) { throw CancellationError() }
    }
}
