// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// A record that was refused, kept for whoever looks into it.
package struct DeadLetter: Hashable, Sendable {
    /// Its number, ascending; 0 before it is stored.
    package let id: Int64
    /// Milliseconds since 1970.
    package let receivedAt: Int64
    /// The collector's label.
    package let source: String
    /// Why, of a fixed vocabulary.
    package let reason: String
    /// What exactly, for a person.
    package let detail: String
    /// The record's whole length.
    package let recordBytes: Int
    /// Its first bytes, up to `JournalLimits.deadLetterBytes`.
    package let record: [UInt8]

    /// A letter to store; the record is cut to the limit.
    package init(receivedAt: Int64, source: String, reason: String, detail: String, record: UnsafeRawBufferPointer) {
        id = 0
        self.receivedAt = receivedAt
        self.source = source
        self.reason = reason
        self.detail = detail
        recordBytes = record.count
        self.record = Array(record.prefix(JournalLimits.deadLetterBytes))
    }

    fileprivate init(_ row: Row) {
        id = row[0]
        receivedAt = row[1]
        source = row[2]
        reason = row[3]
        detail = row[4]
        recordBytes = row[5]
        record = [UInt8](row[6] as Data)
    }
}

/// How many dead letters there are and were.
package struct DeadLetterCounts: Hashable, Sendable {
    /// All that were ever put.
    package let total: Int64
    /// Those that can be read.
    package let kept: Int64

    /// Counts, as they were read.
    package init(total: Int64, kept: Int64) {
        self.total = total
        self.kept = kept
    }
}

enum DeadLetterTable {
    /// Numbers have no gaps and only the oldest go, so the ends of the table count it.
    static func counts(_ database: Database) throws -> DeadLetterCounts {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT (SELECT min(id) FROM dead_letter), (SELECT max(id) FROM dead_letter)")
        let uncollected = try Mark.deadLettersUncollected.read(database, default: 0)
        guard let first = row?[0] as Int64?, let last = row?[1] as Int64? else {
            return DeadLetterCounts(total: uncollected, kept: 0)
        }
        return DeadLetterCounts(total: last + uncollected, kept: last - first + 1)
    }

    static func list(_ database: Database, before id: Int64, limit: Int) throws -> [DeadLetter] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT id, received_at, source, reason, detail, record_bytes, record FROM dead_letter
                WHERE id < ? ORDER BY id DESC LIMIT ?
                """)
        let limit = max(1, min(limit, JournalLimits.pageRows))
        return try Row.fetchAll(statement, arguments: [id, limit]).map(DeadLetter.init)
    }
}

extension Transaction {
    /// Keeps a refused record. Of one transaction only `JournalLimits.deadLettersPerCommit` are kept and the rest
    /// counted, so that a flood of rubbish does not displace the archive's room and time.
    package func putDeadLetter(_ letter: DeadLetter) throws {
        guard writer.state.deadLetters < JournalLimits.deadLettersPerCommit else {
            writer.state.uncollectedDeadLetters += 1
            return
        }
        writer.state.deadLetters += 1
        try database.cachedStatement(
            sql: """
                INSERT INTO dead_letter (received_at, source, reason, detail, record_bytes, record)
                VALUES (?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                letter.receivedAt, letter.source, letter.reason, letter.detail, letter.recordBytes,
                Data(letter.record),
            ])
    }

    /// Drops the oldest letters beyond the limit, and notes how many were counted only.
    func finishDeadLetters() throws {
        if writer.state.deadLetters > 0 {
            try database.cachedStatement(
                sql: "DELETE FROM dead_letter WHERE id <= (SELECT max(id) FROM dead_letter) - ?"
            ).execute(arguments: [JournalLimits.deadLetters])
        }
        if writer.state.uncollectedDeadLetters > 0 {
            let before = try Mark.deadLettersUncollected.read(database, default: 0)
            try Mark.deadLettersUncollected.write(database, before + writer.state.uncollectedDeadLetters)
            writer.state.uncollectedDeadLetters = 0
        }
    }
}

extension Reader {
    /// How many there are and were.
    package func deadLetterCounts() throws -> DeadLetterCounts { try read { try DeadLetterTable.counts($0) } }

    /// Dead letters, newest first, those before a number.
    package func deadLetters(before id: Int64 = .max, limit: Int) throws -> [DeadLetter] {
        try read { try DeadLetterTable.list($0, before: id, limit: limit) }
    }
}
