// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Reads the journal, from any thread. Each call sees one commit's state, whole; it waits for one of a few connections,
/// never for the writer. Calls block their thread: on an event loop or in a task, go through `detached`.
package struct Reader: Sendable {
    let pool: DatabasePool

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        try JournalError.converting { try pool.read(body) }
    }

    /// Runs reads on a thread of a lane, which may block.
    package func detached<T: Sendable>(
        _ lane: ReadLane, _ body: @escaping @Sendable (Reader) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            lane.async { continuation.resume(with: Result { try body(self) }) }
        }
    }

    /// What the archive holds.
    package func statistics() throws -> Statistics {
        try read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT count(*), coalesce(sum(blocks), 0), coalesce(sum(records), 0),
                    coalesce(sum(raw_bytes), 0), coalesce(sum(stored_bytes), 0), min(day) FROM day
                    """)
            let pages = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            let size = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0
            guard let row = row.map({ StoredRow($0, "day") }) else {
                throw JournalError.damaged("table day", "it can't be summed")
            }
            return try Statistics(
                days: row[0], blocks: row[1], records: row[2], rawBytes: row[3], storedBytes: row[4],
                oldestDay: (row[optional: 5] as Int64?).map(Day.init(number:)), databaseBytes: pages * size)
        }
    }
}

/// What the archive holds.
package struct Statistics: Hashable, Sendable {
    /// Received days that are kept.
    package let days: Int
    /// Blocks that are kept.
    package let blocks: Int64
    /// Records that are kept.
    package let records: Int64
    /// Of the records before compression.
    package let rawBytes: Int64
    /// Of the blocks after compression.
    package let storedBytes: Int64
    /// The oldest received day that is kept.
    package let oldestDay: Day?
    /// Of the database's file, free pages included.
    package let databaseBytes: Int64

    /// What is told of a store whose days can't be read.
    package static let unknown = Statistics(
        days: 0, blocks: 0, records: 0, rawBytes: 0, storedBytes: 0, oldestDay: nil, databaseBytes: 0)
}
