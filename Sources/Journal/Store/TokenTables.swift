// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import GRDB

/// The index of tokens: one contentless FTS5 table for each received day, with one row for each block. A day's table
/// goes as a whole when the day does.
enum TokenTables {
    static func name(_ day: Day) -> String { "token_\(day.number)" }

    static func create(_ database: Database, _ day: Day) throws {
        try database.execute(
            sql: """
                CREATE VIRTUAL TABLE IF NOT EXISTS \(name(day))
                USING fts5(words, content='', detail=none, columnsize=0, tokenize='ascii')
                """)
    }

    static func drop(_ database: Database, _ day: Day) throws {
        try database.execute(sql: "DROP TABLE IF EXISTS \(name(day))")
    }

    static func rename(_ database: Database, _ day: Day, to other: Day) throws {
        try database.execute(sql: "ALTER TABLE \(name(day)) RENAME TO \(name(other))")
    }

    static func insertion(_ database: Database, _ day: Day) throws -> RawStatement {
        try RawStatement(database, "INSERT INTO \(name(day)) (rowid, words) VALUES (?, ?)")
    }

    /// Blocks that have all of some tokens, newest first, none after `last`.
    static func blocks(
        _ database: Database, _ tokens: [LookupToken], through last: BlockID, limit: Int
    ) throws -> [BlockID] {
        let query = TokenWords.query(tokens)
        var blocks: [BlockID] = []
        let days = try Int64.fetchAll(
            database, sql: "SELECT day FROM day WHERE first_block <= ? ORDER BY day DESC", arguments: [last])
        for day in days where blocks.count < limit {
            let table = name(Day(number: day))
            let statement = try database.cachedStatement(
                sql: """
                    SELECT rowid FROM \(table) WHERE \(table) MATCH ? AND rowid <= ?
                    ORDER BY rowid DESC LIMIT ?
                    """)
            blocks += try Int64.fetchAll(statement, arguments: [query, last, limit - blocks.count])
        }
        return blocks
    }
}

/// A day of UTC, by its number since 1970-01-01.
package struct Day: Hashable, Comparable, Sendable {
    /// Days since 1970-01-01.
    package let number: Int64

    /// A day by its number.
    package init(number: Int64) {
        self.number = number
    }

    /// The day of a time in milliseconds since 1970; times before that count as its first day.
    package init(milliseconds: Int64) {
        number = max(milliseconds, 0) / 86_400_000
    }

    /// By time.
    package static func < (left: Day, right: Day) -> Bool { left.number < right.number }
}
