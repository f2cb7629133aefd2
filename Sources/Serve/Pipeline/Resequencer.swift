// SPDX-License-Identifier: Apache-2.0

/// Brings what several workers finish back into the order in which they took it, so that the sequencer sees a stream's
/// requests as the collector sent them. A value without I/O.
///
/// A worker that is slow, or that the kernel lets wait, would otherwise be passed by the others, in a sparse trail by hours
/// of event time: correlations would take its events for late ones. What was passed is waited for while no more than
/// `limit` wait behind it; beyond that the order is given up, and nothing else.
///
/// Invalid operations: none. A number that comes again, or after those behind it went on, is passed on as it comes.
package struct Resequencer<Element> {
    private var next: UInt64 = 0
    /// What came before its turn; nil for a number of which nothing comes.
    private var early: [UInt64: Element?] = [:]
    private let limit: Int

    package init(limit: Int = Limits.reorderedBatches) { self.limit = limit }

    /// Takes what has a number, counted from 0; nil where nothing came of it. Appends what has its turn now.
    package mutating func admit(_ element: Element?, number: UInt64, to ready: inout [Element]) {
        guard number != next else {
            if let element { ready.append(element) }
            next += 1
            return proceed(&ready)
        }
        guard number > next else {
            if let element { ready.append(element) }
            return
        }
        early[number] = .some(element)
        if early.count > limit, let first = early.keys.min() {
            next = first
            proceed(&ready)
        }
    }

    /// What waits, in order: nothing more comes.
    package mutating func finish() -> [Element] {
        defer { early = [:] }
        return early.sorted { $0.key < $1.key }.compactMap(\.value)
    }

    private mutating func proceed(_ ready: inout [Element]) {
        while let held = early.removeValue(forKey: next) {
            if let held { ready.append(held) }
            next += 1
        }
    }
}
