// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import GRDB

/// A record of the archive.
package struct StoredRecord: Hashable, Sendable {
    /// Its block and its index there.
    package let location: EventLocation
    /// Byte for byte as it came.
    package let bytes: [UInt8]
}

/// A block of the archive, decoded.
package struct StoredBlock: Sendable {
    /// Its number.
    package let block: BlockID
    /// The UTC day it is kept under: that on which the service received it.
    package let day: Day
    /// The earliest event time, in milliseconds since 1970.
    package let firstTime: Int64
    /// The latest event time, in milliseconds since 1970.
    package let lastTime: Int64
    /// The records' identities, in their order.
    package let ids: [EventID]
    /// Its records, byte for byte as they came.
    package let records: DecodedBlock
}

extension Reader {
    /// Where an event is stored.
    package func locate(_ id: EventID) throws -> EventLocation? {
        try read { try EventLookup.locate($0, id) }
    }

    /// An event's record.
    package func record(_ id: EventID) throws -> StoredRecord? {
        try read { database in
            guard let location = try EventLookup.locate(database, id),
                let block = try BlockTable.fetch(database, location.block), location.index < block.records.count
            else { return nil }
            return StoredRecord(location: location, bytes: block.records[location.index])
        }
    }

    /// A block; nil where it was never stored or its day was dropped.
    package func block(_ block: BlockID) throws -> StoredBlock? {
        try read { try BlockTable.fetch($0, block) }
    }

    /// Blocks in the order they were stored, those after one (0 for the first), whose event times touch a range: for
    /// what walks the whole archive.
    package func blocks(
        after block: BlockID, times: ClosedRange<Int64> = .min ... .max, limit: Int
    ) throws -> [BlockID] {
        try read { database in
            let limit = max(1, min(limit, JournalLimits.pageRows))
            let oldest = try Mark.firstBlock.read(database, default: 1)
            let statement = try database.cachedStatement(
                sql: """
                    SELECT block FROM block WHERE block > ? AND block >= ? AND last_time >= ? AND first_time <= ?
                    ORDER BY block LIMIT ?
                    """)
            return try Int64.fetchAll(
                statement, arguments: [block, oldest, times.lowerBound, times.upperBound, limit])
        }
    }

    /// Blocks that may hold records with all of some tokens, newest first, none after `last`. (Each token is in the
    /// block, but not necessarily in one record.)
    package func blocks(
        with tokens: [LookupToken], through last: BlockID = .max, limit: Int
    ) throws -> [BlockID] {
        try read { database in
            try Self.check(tokens)
            let limit = max(1, min(limit, JournalLimits.pageRows))
            return try TokenTables.blocks(database, tokens, through: last, limit: limit)
        }
    }

    static func check(_ tokens: [LookupToken]) throws {
        guard (1...JournalLimits.searchTokens).contains(tokens.count) else {
            throw JournalError(
                .outOfBounds, "a search of \(tokens.count) tokens; 1 to \(JournalLimits.searchTokens) are possible")
        }
    }
}

enum BlockTable {
    static func fetch(_ database: Database, _ block: BlockID) throws -> StoredBlock? {
        guard block >= (try Mark.firstBlock.read(database, default: 1)) else { return nil }
        let statement = try RawStatement(
            cachedBy: database,
            """
            SELECT (SELECT max(day) FROM day WHERE first_block <= block), first_time, last_time, ids, frame
            FROM block WHERE block = ?
            """)
        statement.bind(1, block)
        defer { statement.reset() }
        guard try step(statement, block) else { return nil }
        var ids: [EventID] = []
        let records = try JournalError.at("block \(block)") {
            let encoded = statement.blob(3)
            ids.reserveCapacity(encoded.count / BlockIdentities.bytes)
            try BlockIdentities.forEach(encoded) { ids.append($1) }
            let records = try DecodedBlock(frame: statement.blob(4))
            guard records.count == ids.count else {
                throw JournalError(.damaged, "it has \(records.count) records and \(ids.count) identities")
            }
            return records
        }
        return StoredBlock(
            block: block, day: Day(number: statement.int(0)), firstTime: statement.int(1), lastTime: statement.int(2),
            ids: ids, records: records)
    }

    /// Moves to a block's row. A page of it that SQLite can't read is the block's damage.
    private static func step(_ statement: RawStatement, _ block: BlockID) throws -> Bool {
        do { return try statement.step() } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            throw JournalError.damaged("block \(block)", error.message ?? "a page is malformed")
        }
    }
}

/// Finds an event from its identity without the writer's memory: in the newest blocks' own lists, then in the runs.
enum EventLookup {
    static func locate(_ database: Database, _ id: EventID) throws -> EventLocation? {
        try locate(database, [id]).first
    }

    /// Where those of some identities are that are stored.
    static func locate(_ database: Database, _ ids: [EventID]) throws -> [EventLocation] {
        let oldest = try Mark.firstBlock.read(database, default: 1)
        var wanted = Set(ids)
        var found = try recent(database, &wanted, oldest: oldest)
        let statement = try RawStatement(cachedBy: database, "SELECT entries FROM event_page WHERE page = ?")
        for run in try RunStore.rows(database, phase: .live).reversed() where run.lastBlock >= oldest {
            for id in wanted {
                guard let packed = try search(run, id, statement) else { continue }
                let location = EventLocation(packed: packed)
                guard location.block >= oldest else { continue }
                found.append(location)
                wanted.remove(id)
            }
        }
        return found
    }

    private static func recent(
        _ database: Database, _ wanted: inout Set<EventID>, oldest: BlockID
    ) throws -> [EventLocation] {
        let flushed = try Mark.flushedBlock.read(database, default: 0)
        let blocks = try RawStatement(
            cachedBy: database, "SELECT block, ids FROM block WHERE block > ? AND block >= ? ORDER BY block DESC")
        blocks.bind(1, flushed)
        blocks.bind(2, oldest)
        defer { blocks.reset() }
        var found: [EventLocation] = []
        while try !wanted.isEmpty && blocks.step() {
            let block = blocks.int(0)
            try JournalError.at("block \(block)") {
                try BlockIdentities.forEach(blocks.blob(1)) { index, id in
                    guard wanted.remove(id) != nil else { return }
                    found.append(EventLocation(block: block, index: index))
                }
            }
        }
        return found
    }

    /// Halves a run's pages by their first identities, a read each: the writer's list of them is not here.
    private static func search(_ run: RunStore.Row, _ id: EventID, _ statement: RawStatement) throws -> UInt64? {
        var low = 0
        var high = run.pages
        while high - low > 1 {
            let middle = (low + high) / 2
            let first = try page(run, middle, statement) { EntryPage.id($0, 0) }
            if first <= id { low = middle } else { high = middle }
        }
        guard run.pages > 0 else { return nil }
        return try page(run, low, statement) { try EntryPage.find(id, in: $0) }
    }

    private static func page<T>(
        _ run: RunStore.Row, _ page: Int, _ statement: RawStatement, _ body: (UnsafeRawBufferPointer) throws -> T
    ) throws -> T {
        statement.bind(1, RunStore.key(run: run.number, page: page))
        guard try statement.step() else {
            throw JournalError.damaged("run \(run.number) of the index of events", "page \(page) is missing")
        }
        defer { statement.reset() }
        let bytes = statement.blob(0)
        return try JournalError.at("run \(run.number) of the index of events") {
            _ = try EntryPage.count(bytes)
            return try body(bytes)
        }
    }
}
