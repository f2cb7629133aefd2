// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import GRDB

/// A page of a search in the order of event time.
package struct NewestPage: Sendable {
    /// The records found, the newest first by event time.
    package let records: [StoredRecord]
    /// Accepted records in all pages together.
    package let total: Int
    /// False where counting ended at its bound: there are `total` or more.
    package let totalIsExact: Bool
    /// True where more blocks are candidates than one search orders: a later page may have newer records.
    package let orderIsPartial: Bool
    /// Asks for the next page; nil at the end. A page may be empty and yet not the last.
    package let next: NewestCursor?
}

extension Reader {
    /// Records whose blocks have all of some tokens and that a predicate accepts, the newest first by event time.
    ///
    /// Blocks are in the order of arrival and overlap in event time, so the candidates are sorted by their latest event
    /// and decoded until no later one can hold a record that is new enough. Up to `JournalLimits.searchBlocks` blocks are
    /// put in order at a time; further ones follow in the next pages.
    ///
    /// - Parameters:
    ///   - tokens: values to look up; 1 to `JournalLimits.searchTokens`.
    ///   - times: event times in milliseconds since 1970; blocks wholly outside are not decoded. Within a block the
    ///     predicate decides.
    ///   - cursor: the previous page's `next`.
    ///   - limit: the most records returned, 1 to `JournalLimits.pageRows`.
    ///   - accept: returns the event time of a record that is looked for, nil for any other.
    package func newest(
        tokens: [LookupToken], times: ClosedRange<Int64> = .min ... .max, cursor: NewestCursor? = nil, limit: Int,
        budget: ReadBudget? = nil, accept: (UnsafeRawBufferPointer) throws -> Int64?
    ) throws -> NewestPage {
        try Self.check(tokens)
        return try read { database in
            var through = cursor?.through ?? .max
            let blocks = try TokenTables.blocks(
                database, tokens, through: through, limit: JournalLimits.orderedBlocks)
            if cursor == nil { through = blocks.first ?? 0 }
            let candidates = try BlockSpan.all(database, blocks, touching: times)
            let window = SearchWindow(candidates, cursor)
            var page = PageBuilder(limit: max(1, min(limit, JournalLimits.pageRows)), after: cursor?.last)
            let isFirst = cursor?.last == nil
            var decoded = 0
            var counted = 0
            // Candidates that were stored before those of the list: they follow once the list is done.
            let rest = blocks.count < JournalLimits.orderedBlocks ? nil : blocks.last.map { $0 - 1 }
            let isPartial = window.next != nil || rest != nil
            var isExact = cursor?.totalIsExact ?? !isPartial
            for span in window.spans {
                let isNeeded = page.wants(span)
                // A page behind the first has the count of the pages before it.
                guard isNeeded || isFirst else { continue }
                if !isNeeded, decoded >= JournalLimits.countedBlocks || budget?.isSpent == true {
                    isExact = false
                    continue
                }
                try budget?.check()
                guard let block = try BlockTable.fetch(database, span.block) else { continue }
                decoded += 1
                budget?.take(block.records.rawBytes)
                for index in (0..<block.records.count).reversed() {
                    guard let time = try block.records.withRecord(index, accept) else { continue }
                    counted += 1
                    page.offer(EventPlace(time: time, block: span.block, index: index), block.records)
                }
            }
            let total = (cursor?.total ?? 0) + (isFirst ? counted : 0)
            let found = page.finish()
            var next: NewestCursor?
            if let last = found.last {
                next = NewestCursor(
                    through: through, start: window.start, end: window.next, last: last, total: total,
                    totalIsExact: isExact)
            } else if let start = window.next {
                next = NewestCursor(through: through, start: start, total: total)
            } else if let rest {
                next = NewestCursor(through: rest, start: BlockKey(time: .max, block: .max), total: total)
            }
            return NewestPage(
                records: found.records, total: total, totalIsExact: isExact, orderIsPartial: isPartial, next: next)
        }
    }
}

/// The event times of a stored block.
private struct BlockSpan {
    let block: BlockID
    let firstTime: Int64
    let lastTime: Int64

    var key: BlockKey { BlockKey(time: lastTime, block: block) }

    /// The blocks that are kept and touch a range of event time, the one with the latest event first.
    static func all(
        _ database: Database, _ blocks: [BlockID], touching times: ClosedRange<Int64>
    ) throws -> [BlockSpan] {
        let oldest = try Mark.firstBlock.read(database, default: 1)
        let statement = try RawStatement(
            cachedBy: database, "SELECT first_time, last_time FROM block WHERE block = ?")
        var spans: [BlockSpan] = []
        for block in blocks where block >= oldest {
            statement.bind(1, block)
            defer { statement.reset() }
            guard try statement.step() else { continue }
            let span = BlockSpan(block: block, firstTime: statement.int(0), lastTime: statement.int(1))
            if span.lastTime >= times.lowerBound, span.firstTime <= times.upperBound { spans.append(span) }
        }
        return spans.sorted { $1.key < $0.key }
    }
}

/// The blocks that one search puts in order: a stretch of all candidates by their latest events.
private struct SearchWindow {
    let spans: ArraySlice<BlockSpan>
    /// The first block's key.
    let start: BlockKey
    /// The key of the first block behind the stretch.
    let next: BlockKey?

    init(_ candidates: [BlockSpan], _ cursor: NewestCursor?) {
        let first = cursor.flatMap { cursor in candidates.firstIndex { $0.key <= cursor.start } }
        let begin = cursor == nil ? 0 : first ?? candidates.count
        // A window ends where its first page said, since retention may have dropped blocks of it in the meantime.
        var end = min(begin + JournalLimits.searchBlocks, candidates.count)
        if let bound = cursor?.end {
            end = candidates[begin...].firstIndex { $0.key <= bound } ?? candidates.count
        } else if cursor?.last != nil {
            end = candidates.count
        }
        end = min(end, begin + JournalLimits.searchBlocks)
        spans = candidates[begin..<end]
        start = spans.first?.key ?? cursor?.start ?? BlockKey(time: .min, block: 0)
        next = end < candidates.count ? candidates[end].key : nil
    }
}

/// Collects the newest records that come after a place.
private struct PageBuilder {
    private let limit: Int
    private let after: EventPlace?
    /// One more than the limit, which tells that there is a further page; the newest first.
    private var found: [(place: EventPlace, bytes: [UInt8])] = []

    init(limit: Int, after: EventPlace?) {
        self.limit = limit
        self.after = after
    }

    /// True where a block may hold a record that belongs on the page.
    func wants(_ span: BlockSpan) -> Bool {
        if let after, span.firstTime > after.time { return false }
        guard found.count > limit, let oldest = found.last else { return true }
        return span.lastTime >= oldest.place.time
    }

    mutating func offer(_ place: EventPlace, _ records: DecodedBlock) {
        if let after, !(place < after) { return }
        if found.count > limit {
            guard let oldest = found.last, oldest.place < place else { return }
            found.removeLast()
        }
        var low = 0
        var high = found.count
        while low < high {
            let middle = (low + high) / 2
            if place < found[middle].place { low = middle + 1 } else { high = middle }
        }
        found.insert((place, records[place.index]), at: low)
    }

    /// The page's records and, where there are more, the place of its last one.
    func finish() -> (records: [StoredRecord], last: EventPlace?) {
        var records: [StoredRecord] = []
        var bytes = 0
        for (place, record) in found.prefix(limit) {
            if !records.isEmpty, bytes + record.count > JournalLimits.newestPageBytes { break }
            bytes += record.count
            records.append(
                StoredRecord(location: EventLocation(block: place.block, index: place.index), bytes: record))
        }
        return (records, records.count < found.count ? found[records.count - 1].place : nil)
    }
}
