// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import GRDB

extension EventIndex {
    /// Reads the index as the last commit left it: the live runs' filters from their pages, the table from the newest
    /// blocks. What an interrupted merge wrote is retired; the merge starts anew.
    func load(_ database: Database, flushedBlock: BlockID, firstBlock: BlockID) throws {
        state.flushedBlock = flushedBlock
        state.firstBlock = firstBlock
        state.nextRun = try Int64.fetchOne(database, sql: "SELECT coalesce(max(run), 0) + 1 FROM event_run") ?? 1
        for row in try RunStore.rows(database, phase: .live) {
            state.runs.append(try loadRun(database, row))
        }
        for row in try RunStore.rows(database, phase: .building) + RunStore.rows(database, phase: .retired) {
            try loadRetired(database, row)
        }
        try loadTable(database)
    }

    private func loadRun(_ database: Database, _ row: RunStore.Row) throws -> Run {
        let index = RunIndex(expected: row.entries)
        let pages = try RawStatement(
            database, "SELECT page, entries FROM event_page WHERE page >= ? AND page < ? ORDER BY page")
        pages.bind(1, RunStore.key(run: row.number, page: 0))
        pages.bind(2, RunStore.key(run: row.number, page: row.pages))
        defer { pages.reset() }
        var entries = 0
        while try pages.step() {
            guard pages.int(0) == RunStore.key(run: row.number, page: index.firsts.count) else { break }
            let bytes = pages.blob(1)
            let count = try JournalError.at("run \(row.number) of the index of events") { try EntryPage.count(bytes) }
            index.append(first: EntryPage.id(bytes, 0))
            for position in 0..<count { index.filter.insert(hasher.hash(EntryPage.id(bytes, position))) }
            entries += count
        }
        guard index.firsts.count == row.pages, entries == row.entries else {
            throw JournalError.damaged(
                "run \(row.number) of the index of events",
                "it has \(entries) entries in \(index.firsts.count) pages; \(row.entries) in \(row.pages) were written")
        }
        return Run(
            number: row.number, level: row.level, entries: entries, firstBlock: row.firstBlock,
            lastBlock: row.lastBlock, index: index)
    }

    private func loadRetired(_ database: Database, _ row: RunStore.Row) throws {
        let range = try Row.fetchOne(
            database, sql: "SELECT min(page), max(page) FROM event_page WHERE page >= ? AND page < ?",
            arguments: [RunStore.key(run: row.number, page: 0), RunStore.key(run: row.number + 1, page: 0)])
        let base = RunStore.key(run: row.number, page: 0)
        let span = range.map { StoredRow($0, "event_page") }
        let first: Int64 = try span?[optional: 0] ?? base
        let last: Int64 = try span?[optional: 1] ?? base - 1
        state.retired.append(
            RetiredRun(number: row.number, nextPage: Int(first - base), pages: Int(last - base) + 1))
    }

    private func loadTable(_ database: Database) throws {
        let blocks = try RawStatement(
            database, "SELECT block, ids FROM block WHERE block > ? AND block >= ? ORDER BY block")
        blocks.bind(1, state.flushedBlock)
        blocks.bind(2, state.firstBlock)
        defer { blocks.reset() }
        while try blocks.step() {
            let block = blocks.int(0)
            let ids = blocks.blob(1)
            guard ids.count % BlockIdentities.bytes == 0,
                ids.count <= JournalLimits.recordsPerBlock * BlockIdentities.bytes
            else { throw JournalError.damaged("block \(block)", "its identities take \(ids.count) bytes") }
            try BlockIdentities.forEach(ids) { index, id in
                let location = EventLocation(block: block, index: index).packed
                _ = state.table.insert(IndexEntry(id: id, location: location), hash: hasher.hash(id))
            }
        }
    }
}

/// The identities of a block's records in their order, 16 bytes each, as its row holds them.
enum BlockIdentities {
    static let bytes = 16

    static func encode(_ ids: [EventID], keeping keep: [Bool]) -> [UInt8] {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(ids.count * bytes)
        for (id, keep) in zip(ids, keep) where keep {
            withUnsafeBytes(of: (id.high.littleEndian, id.low.littleEndian)) { encoded.append(contentsOf: $0) }
        }
        return encoded
    }

    static func forEach(_ encoded: UnsafeRawBufferPointer, _ body: (Int, EventID) throws -> Void) throws {
        guard encoded.count % bytes == 0 else {
            throw JournalError(.damaged, "identities of a block in \(encoded.count) bytes")
        }
        for index in 0..<encoded.count / bytes {
            let high = encoded.loadUnaligned(fromByteOffset: index * bytes, as: UInt64.self)
            let low = encoded.loadUnaligned(fromByteOffset: index * bytes + 8, as: UInt64.self)
            try body(index, EventID(high: UInt64(littleEndian: high), low: UInt64(littleEndian: low)))
        }
    }
}
