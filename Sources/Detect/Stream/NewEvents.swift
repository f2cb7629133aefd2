// SPDX-License-Identifier: Apache-2.0

/// The events of a batch that one step takes, and which of them were not seen before.
package struct NewEvents: Sendable {
    private let first: Int
    private var flags: [Bool] = []

    /// - Parameters:
    ///   - first: the place of the first event in the batch.
    ///   - count: how many there will be.
    package init(from first: Int, count: Int) {
        self.first = first
        flags.reserveCapacity(count)
    }

    /// All events of a batch, none of them seen before.
    package init(all batch: EvaluatedBatch) {
        first = 0
        flags = [Bool](repeating: true, count: batch.events.count)
    }

    /// Adds the next events: true for each that was not seen before.
    package mutating func append(_ more: [Bool]) { flags += more }

    /// The places of the events in the batch.
    package var places: Range<Int> { first..<first + flags.count }

    /// Tells whether the step takes the event at a place and it was not seen before.
    package subscript(place: Int) -> Bool { place >= first && place - first < flags.count && flags[place - first] }
}
