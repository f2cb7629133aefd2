// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// Dead letters in two tables: what lists need, and the bytes, so that a list does not read the bytes.
enum DeadLetterTable {
    /// Adds to the table of the first version what makes letters whole. Its rows stay, with the bytes that they have.
    static func extend(_ database: Database) throws {
        try database.execute(
            sql: """
                ALTER TABLE dead_letter ADD COLUMN submitter TEXT NOT NULL DEFAULT '';
                ALTER TABLE dead_letter ADD COLUMN scope TEXT;
                ALTER TABLE dead_letter ADD COLUMN account_id TEXT NOT NULL DEFAULT '';
                ALTER TABLE dead_letter ADD COLUMN is_covered INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE dead_letter ADD COLUMN form INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE dead_letter ADD COLUMN first_index INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE dead_letter ADD COLUMN records INTEGER NOT NULL DEFAULT 1;
                ALTER TABLE dead_letter ADD COLUMN kept_bytes INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE dead_letter ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE dead_letter ADD COLUMN is_compressed INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE dead_letter ADD COLUMN is_historical INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE dead_letter ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;
                CREATE TABLE dead_letter_body (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
                INSERT INTO dead_letter_body (id, body) SELECT id, record FROM dead_letter;
                UPDATE dead_letter SET kept_bytes = length(record), stored_bytes = length(record), record = x'';
                CREATE INDEX dead_letter_submitter ON dead_letter (submitter, id, stored_bytes);
                CREATE INDEX dead_letter_account
                    ON dead_letter (account_id, is_covered, received_at, records, stored_bytes);
                CREATE INDEX dead_letter_received ON dead_letter (received_at);
                """)
    }

    private static let columns = """
        id, received_at, source, submitter, scope, account_id, is_covered, reason, detail, form, first_index, records, \
        record_bytes, kept_bytes, stored_bytes, is_historical, attempts
        """

    private static func decode(_ row: Row) throws -> DeadLetterRow {
        let row = StoredRow(row, "dead_letter")
        let id: Int64 = try row[0]
        guard let form = DeadLetterRow.Form(rawValue: try row[9]) else {
            throw JournalError.damaged("dead letter \(id)", "its form is unknown")
        }
        let scope: String? = try row[optional: 4]
        return try DeadLetterRow(
            id: id, receivedAt: row[1], source: row[2], submitter: row[3],
            scope: scope.map { $0.split(separator: ",").map(String.init) }, accountID: row[5], isCovered: row[6],
            reason: row[7], detail: row[8], form: form, firstIndex: row.number(10, in: StoredBounds.size),
            records: row.number(11, in: StoredBounds.size), totalBytes: row.number(12, in: StoredBounds.size),
            keptBytes: row.number(13, in: StoredBounds.size), storedBytes: row.number(14, in: StoredBounds.size),
            isHistorical: row[15], attempts: row.number(16, in: StoredBounds.size))
    }

    /// The conditions of a filter, to stand behind WHERE.
    static func conditions(_ filter: DeadLetterQuery) -> SQL {
        var conditions: [SQL] = ["TRUE"]
        if !filter.reason.isEmpty { conditions.append("reason = \(filter.reason)") }
        if !filter.source.isEmpty { conditions.append("instr(source, \(filter.source)) > 0") }
        if !filter.accountID.isEmpty {
            conditions.append("account_id = \(filter.accountID) AND is_covered = 1")
        }
        if let since = filter.since { conditions.append("received_at >= \(since)") }
        if let until = filter.until { conditions.append("received_at < \(until)") }
        if let accounts = filter.visibleAccounts {
            conditions.append("account_id IN \(accounts) AND is_covered = 1")
        }
        if let ids = filter.ids { conditions.append("id IN \(ids)") }
        return conditions.joined(separator: " AND ")
    }

    static func list(
        _ database: Database, _ filter: DeadLetterQuery, before: Int64, after: Int64, newestFirst: Bool, limit: Int
    ) throws -> [DeadLetterRow] {
        let limit = max(1, min(limit, JournalLimits.pageRows))
        let order = SQL(sql: newestFirst ? "DESC" : "ASC")
        let query: SQL = """
            SELECT \(sql: columns) FROM dead_letter
            WHERE id < \(before) AND id > \(after) AND \(conditions(filter)) ORDER BY id \(order) LIMIT \(limit)
            """
        return try SQLRequest<Row>(literal: query).fetchAll(database).map(decode)
    }

    static func totals(_ database: Database, _ filter: DeadLetterQuery) throws -> DeadLetterTotals {
        let query: SQL = """
            SELECT count(*), coalesce(sum(records), 0), coalesce(sum(stored_bytes), 0), min(received_at)
            FROM dead_letter WHERE \(conditions(filter))
            """
        var totals = DeadLetterTotals()
        if let row = try SQLRequest<Row>(literal: query).fetchOne(database).map({ StoredRow($0, "dead_letter") }) {
            (totals.letters, totals.records, totals.storedBytes) = (try row[0], try row[1], try row[2])
            totals.oldestAt = try row[optional: 3]
        }
        guard filter == DeadLetterQuery() else { return totals }
        totals.droppedForRoom = try Mark.deadLettersDropped.read(database, default: 0)
        totals.droppedForAge = try Mark.deadLettersExpired.read(database, default: 0)
        return totals
    }

    static func content(_ database: Database, _ letter: DeadLetterRow) throws -> DeadLetterContent {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT body, is_compressed FROM dead_letter_body JOIN dead_letter USING (id) WHERE id = ?",
            arguments: [letter.id])
        return try JournalError.at("dead letter \(letter.id)") {
            guard let row = row.map({ StoredRow($0, "dead_letter") }) else {
                throw JournalError(.damaged, "it has no bytes")
            }
            return try DeadLetterDraft.Body(bytes: row.bytes(0), isCompressed: row[1])
                .content(letter.form, keptBytes: letter.keptBytes, records: letter.records)
        }
    }
}

extension Reader {
    /// Dead letters by number, the newest first.
    package func deadLetters(
        _ filter: DeadLetterQuery = DeadLetterQuery(), before id: Int64 = .max, limit: Int
    ) throws -> [DeadLetterRow] {
        try read { try DeadLetterTable.list($0, filter, before: id, after: 0, newestFirst: true, limit: limit) }
    }

    /// Dead letters by number, the oldest first: the order to submit them again.
    package func deadLetters(
        _ filter: DeadLetterQuery = DeadLetterQuery(), after id: Int64, limit: Int
    ) throws -> [DeadLetterRow] {
        try read { try DeadLetterTable.list($0, filter, before: .max, after: id, newestFirst: false, limit: limit) }
    }

    /// Number and size of the letters of a filter; what was dropped only where the filter is empty.
    package func deadLetterTotals(_ filter: DeadLetterQuery = DeadLetterQuery()) throws -> DeadLetterTotals {
        try read { try DeadLetterTable.totals($0, filter) }
    }

    /// The bytes of a letter; throws where it is gone.
    package func deadLetterContent(_ letter: DeadLetterRow) throws -> DeadLetterContent {
        try read { try DeadLetterTable.content($0, letter) }
    }
}
