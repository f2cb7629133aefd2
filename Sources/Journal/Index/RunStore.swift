// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The tables of the sorted runs, as the writer uses them: `event_run` names the runs, `event_page` holds their pages
/// under the number of the run and the number of the page in it.
struct RunStore {
    /// Where a run is in its life.
    enum Phase: Int64 {
        /// A merge is writing it. One found at start was cut off and is retired.
        case building = 0
        /// It answers look-ups.
        case live = 1
        /// Its pages are being deleted.
        case retired = 2
    }

    /// A row of `event_run`.
    struct Row {
        let number: Int64
        let level: Int
        let entries: Int
        let pages: Int
        let firstBlock: BlockID
        let lastBlock: BlockID
    }

    private let insertRun: RawStatement
    private let setPhase: RawStatement
    private let deleteRun: RawStatement
    private let insertPage: RawStatement
    private let selectPage: RawStatement
    private let deletePages: RawStatement

    init(_ database: Database) throws {
        insertRun = try RawStatement(
            database,
            """
            INSERT OR REPLACE INTO event_run (run, level, entries, pages, first_block, last_block, phase)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """)
        setPhase = try RawStatement(database, "UPDATE event_run SET phase = ? WHERE run = ?")
        deleteRun = try RawStatement(database, "DELETE FROM event_run WHERE run = ?")
        insertPage = try RawStatement(database, "INSERT INTO event_page (page, entries) VALUES (?, ?)")
        selectPage = try RawStatement(database, "SELECT entries FROM event_page WHERE page = ?")
        deletePages = try RawStatement(database, "DELETE FROM event_page WHERE page >= ? AND page < ?")
    }

    /// The key of a page: 24 bits number it in its run.
    static func key(run: Int64, page: Int) -> Int64 { run << 24 | Int64(page) }

    /// Writes a run's row, or replaces it.
    func put(_ row: Row, phase: Phase) throws {
        insertRun.bind(1, row.number)
        insertRun.bind(2, Int64(row.level))
        insertRun.bind(3, Int64(row.entries))
        insertRun.bind(4, Int64(row.pages))
        insertRun.bind(5, row.firstBlock)
        insertRun.bind(6, row.lastBlock)
        insertRun.bind(7, phase.rawValue)
        try insertRun.run()
    }

    func retire(run: Int64) throws {
        setPhase.bind(1, Phase.retired.rawValue)
        setPhase.bind(2, run)
        try setPhase.run()
    }

    func remove(run: Int64) throws {
        deleteRun.bind(1, run)
        try deleteRun.run()
    }

    func putPage(run: Int64, page: Int, _ bytes: [UInt8]) throws {
        insertPage.bind(1, Self.key(run: run, page: page))
        try bytes.withUnsafeBytes { bytes in
            insertPage.bind(2, blob: bytes)
            try insertPage.run()
        }
    }

    /// Lends the bytes of a page.
    func withPage<T>(run: Int64, page: Int, _ body: (UnsafeRawBufferPointer) throws -> T) throws -> T {
        selectPage.bind(1, Self.key(run: run, page: page))
        guard try selectPage.step() else {
            throw JournalError.damaged("run \(run) of the index of events", "page \(page) is missing")
        }
        defer { selectPage.reset() }
        return try JournalError.at("run \(run) of the index of events") { try body(selectPage.blob(0)) }
    }

    func deletePages(run: Int64, _ pages: Range<Int>) throws {
        deletePages.bind(1, Self.key(run: run, page: pages.lowerBound))
        deletePages.bind(2, Self.key(run: run, page: pages.upperBound))
        try deletePages.run()
    }

    /// All runs of a phase, oldest first.
    static func rows(_ database: Database, phase: Phase) throws -> [Row] {
        try GRDB.Row.fetchAll(
            database,
            sql: """
                SELECT run, level, entries, pages, first_block, last_block FROM event_run
                WHERE phase = ? ORDER BY first_block, run
                """,
            arguments: [phase.rawValue]
        ).map {
            let row = StoredRow($0, "event_run")
            let (first, last): (Int64, Int64) = try (
                row.number(4, in: StoredBounds.number), row.number(5, in: StoredBounds.number)
            )
            let pages = try row.number(3, in: 0...(1 << 24))
            let entries = try row.number(2, in: 0...(pages * JournalLimits.entriesPerPage))
            guard first <= last else { throw JournalError.damaged("table event_run", "a run of no blocks") }
            return Row(
                number: try row.number(0, in: 1...(1 << 38)),
                level: try row.number(1, in: 0...JournalLimits.runLevels), entries: entries, pages: pages,
                firstBlock: first, lastBlock: last)
        }
    }
}
