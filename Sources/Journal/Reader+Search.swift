// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import GRDB

/// A page of a search over the archive.
package struct SearchPage: Sendable {
    /// The records found, the newest stored first.
    package let records: [StoredRecord]
    /// Asks for the next page; nil at the end. A page may be empty and yet not the last: it decodes a bounded number of
    /// blocks.
    package let next: EventLocation?
}

extension Reader {
    /// Records whose blocks have all of some tokens and that a predicate accepts, the newest stored first.
    ///
    /// - Parameters:
    ///   - tokens: what to look up; 1 to `JournalLimits.searchTokens`.
    ///   - times: event times in milliseconds since 1970; blocks wholly outside are not decoded. Within a block the
    ///     predicate decides.
    ///   - before: the previous page's `next`.
    ///   - limit: the most records returned, 1 to `JournalLimits.pageRows`.
    ///   - budget: ends the page before its limit once it is spent; at least one block is read.
    ///   - accepts: tells whether a record's bytes are what is looked for, since a token is only a hash and is in the
    /// block
    ///     somewhere.
    package func search(
        tokens: [LookupToken], times: ClosedRange<Int64> = .min ... .max, before: EventLocation? = nil, limit: Int,
        budget: ReadBudget? = nil, accepts: (UnsafeRawBufferPointer) throws -> Bool
    ) throws -> SearchPage {
        try Self.check(tokens)
        let limit = max(1, min(limit, JournalLimits.pageRows))
        return try read { database in
            let last = before?.block ?? .max
            let candidates = try TokenTables.blocks(
                database, tokens, through: last, limit: JournalLimits.searchBlocks + 1)
            var records: [StoredRecord] = []
            var decoded = 0
            for number in candidates.prefix(JournalLimits.searchBlocks) {
                guard try BlockTable.touches(database, number, times) else { continue }
                try budget?.check()
                // Before its first record, the block is the next page's. One block is read in any case, so that pages
                // come to an end.
                if decoded > 0, budget?.isSpent == true {
                    return SearchPage(
                        records: records,
                        next: EventLocation(block: number, index: JournalLimits.recordsPerBlock))
                }
                guard let block = try BlockTable.fetch(database, number) else { continue }
                budget?.take(block.records.rawBytes)
                decoded += 1
                let end = before.map { $0.block == number ? min($0.index, block.records.count) : nil } ?? nil
                for index in (0..<max(end ?? block.records.count, 0)).reversed()
                where try block.records.withRecord(index, accepts) {
                    let location = EventLocation(block: number, index: index)
                    records.append(StoredRecord(location: location, bytes: block.records[index]))
                    if records.count == limit { return SearchPage(records: records, next: location) }
                }
            }
            guard candidates.count > JournalLimits.searchBlocks else { return SearchPage(records: records, next: nil) }
            let next = EventLocation(block: candidates[JournalLimits.searchBlocks - 1], index: 0)
            return SearchPage(records: records, next: next)
        }
    }
}

extension BlockTable {
    /// Whether a block's event times touch a range.
    static func touches(_ database: Database, _ block: BlockID, _ times: ClosedRange<Int64>) throws -> Bool {
        if times == .min ... .max { return true }
        let statement = try database.cachedStatement(
            sql: "SELECT 1 FROM block WHERE block = ? AND last_time >= ? AND first_time <= ?")
        return try Int64.fetchOne(statement, arguments: [block, times.lowerBound, times.upperBound]) != nil
    }
}
