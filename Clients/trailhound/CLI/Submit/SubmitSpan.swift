// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// How far apart the batches may be that are on their way: what a slow stream holds, the others must not leave behind,
/// since correlations count what comes more than an hour late no more. A value without I/O.
///
/// Invalid operations: settling what is not on its way is legitimate (a batch may be settled twice) and ignored.
package struct SubmitSpan: Sendable {
    /// A batch's place among those of the submission.
    package struct Place: Sendable, Equatable {
        /// From 0, in the order in which batches are handed out.
        package let number: UInt64
        /// When CloudTrail delivered the file; nil where its name does not tell.
        package let time: Milliseconds?

        package init(number: UInt64, time: Milliseconds?) {
            self.number = number
            self.time = time
        }
    }

    /// Oldest first.
    private var underWay: [Place] = []
    private let batches: UInt64
    private let time: Milliseconds

    /// - Parameters:
    ///   - batches: how many batches the newest may be ahead of the oldest.
    ///   - time: how far ahead its file may have been delivered, where both tell.
    package init(batches: Int = Limits.windowRequests, time: Milliseconds = Limits.submitSpan) {
        self.batches = UInt64(max(1, batches))
        self.time = time
    }

    /// Whether a batch may go now.
    package func admits(_ place: Place) -> Bool {
        guard let oldest = underWay.first else { return true }
        guard place.number - min(oldest.number, place.number) < batches else { return false }
        // Files whose names tell their time go before the others, in its order.
        guard let start = oldest.time, let end = place.time else { return true }
        return end - start <= time
    }

    /// A batch goes.
    package mutating func begin(_ place: Place) { underWay.append(place) }

    /// A batch is acknowledged.
    package mutating func settle(_ number: UInt64) { underWay.removeAll { $0.number == number } }
}
