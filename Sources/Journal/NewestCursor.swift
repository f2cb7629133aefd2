// SPDX-License-Identifier: Apache-2.0

/// A place between two pages of `Reader.newest`.
package struct NewestCursor: Hashable, Sendable, LosslessStringConvertible {
    /// The newest block of the first page: later ones are left out, so that pages fit together.
    let through: BlockID
    /// The blocks that are put in order together: from this one…
    let start: BlockKey
    /// … up to before this one; nil for a window without a page yet, and for the last one.
    let end: BlockKey?
    /// The last record returned; nil at a window's beginning.
    let last: EventPlace?
    /// Records counted so far.
    let total: Int
    /// True where all were counted.
    let totalIsExact: Bool

    init(through: BlockID, start: BlockKey, end: BlockKey?, last: EventPlace?, total: Int, totalIsExact: Bool) {
        self.through = through
        self.start = start
        self.end = end
        self.last = last
        self.total = total
        self.totalIsExact = totalIsExact
    }

    /// The beginning of a further window.
    init(through: BlockID, start: BlockKey, total: Int) {
        self.init(through: through, start: start, end: nil, last: nil, total: total, totalIsExact: false)
    }

    /// The text form, for page tokens.
    package var description: String {
        let parts: [Int64?] = [
            through, start.time, start.block, end?.time, end?.block, last?.time, last?.block,
            last.map { Int64($0.index) }, Int64(total), totalIsExact ? 1 : 0,
        ]
        return parts.map { $0.map(String.init) ?? "" }.joined(separator: ".")
    }

    /// Reads the text form; nil for any other text.
    package init?(_ description: String) {
        let parts = description.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 10 else { return nil }
        let numbers = parts.map { Int64($0) }
        for (part, number) in zip(parts, numbers) where number == nil && !part.isEmpty { return nil }
        guard let through = numbers[0], let startTime = numbers[1], let startBlock = numbers[2],
            let total = numbers[8], (0...Int64(Int32.max)).contains(total), let exact = numbers[9]
        else { return nil }
        // A place is there whole, or not at all.
        let isWhole = { (part: ArraySlice<Int64?>) in part.allSatisfy { $0 == nil } || part.allSatisfy { $0 != nil } }
        guard isWhole(numbers[3...4]), isWhole(numbers[5...7]) else { return nil }
        self.through = through
        start = BlockKey(time: startTime, block: startBlock)
        end = numbers[3].flatMap { time in numbers[4].map { BlockKey(time: time, block: $0) } }
        if let time = numbers[5], let block = numbers[6], let index = numbers[7] {
            guard (0...Int64(Int32.max)).contains(index) else { return nil }
            last = EventPlace(time: time, block: block, index: Int(index))
        } else {
            last = nil
        }
        self.total = Int(total)
        totalIsExact = exact == 1
    }
}

/// A block's place in the order of the blocks' latest events.
struct BlockKey: Hashable, Comparable, Sendable {
    let time: Int64
    let block: BlockID

    static func < (left: BlockKey, right: BlockKey) -> Bool { (left.time, left.block) < (right.time, right.block) }
}

/// A record's place in the order of event time, and within one instant of arrival.
struct EventPlace: Hashable, Comparable, Sendable {
    let time: Int64
    let block: BlockID
    let index: Int

    static func < (left: EventPlace, right: EventPlace) -> Bool {
        (left.time, left.block, left.index) < (right.time, right.block, right.index)
    }
}
