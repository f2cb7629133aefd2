// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// One revision of an alert, as the alert log keeps it.
package struct AlertLogEntry: Hashable, Sendable {
    /// Its place in the log: 1 and up. Places of superseded revisions stay empty once they were dropped.
    package let position: Int64
    /// The alert it is a revision of.
    package let alertID: String
    /// The revision of the alert.
    package let revision: Int64
    /// The alert's account at this revision.
    package let accountID: String
    /// The alert's detection.
    package let detectionID: String
    /// The severity at this revision; higher is worse.
    package let severity: Int
    /// Whom this revision is for, as the caller's number.
    package let audience: Int
    /// The caller's bytes; empty where they are damaged.
    package let payload: [UInt8]
    /// Why the bytes can't be read; nil where they can.
    package let damage: JournalError?
}

/// A page of the alert log.
package struct AlertLogPage: Sendable {
    /// What the filter lets through, ascending.
    package let entries: [AlertLogEntry]
    /// Where the next page begins: everything up to here was looked at, whether it passed the filter or not.
    package let next: Int64
    /// Whether nothing stood beyond `next` when the page was read.
    package let isCaughtUp: Bool
}

enum AlertLogTable {
    /// Gives the table of the first version what differences and retention need. Its rows stay as they are.
    static func extend(_ database: Database) throws {
        try database.execute(
            sql: """
                ALTER TABLE alert_log ADD COLUMN base INTEGER;
                ALTER TABLE alert_log ADD COLUMN stored_at INTEGER;
                CREATE INDEX alert_log_base ON alert_log (base) WHERE base IS NOT NULL;
                """)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        try Mark.alertLogDated.write(database, Int64(now.tv_sec) * 1_000)
    }

    /// An entry's payload as it is stored.
    static func stored(_ database: Database, _ position: Int64) throws -> (payload: [UInt8], base: Int64?)? {
        let statement = try database.cachedStatement(sql: "SELECT payload, base FROM alert_log WHERE position = ?")
        guard let row = try Row.fetchOne(statement, arguments: [position]).map({ StoredRow($0, "alert_log") }) else {
            return nil
        }
        return (try row.bytes(0), try row[optional: 1])
    }

    /// The entry that is the difference from another.
    static func based(_ database: Database, on position: Int64) throws -> (position: Int64, payload: [UInt8])? {
        let statement = try database.cachedStatement(sql: "SELECT position, payload FROM alert_log WHERE base = ?")
        guard let row = try Row.fetchOne(statement, arguments: [position]).map({ StoredRow($0, "alert_log") }) else {
            return nil
        }
        return (try row[0], try row.bytes(1))
    }

    /// Stores an entry's payload whole.
    static func rewrite(_ database: Database, _ position: Int64, _ payload: [UInt8]) throws {
        try database.cachedStatement(sql: "UPDATE alert_log SET payload = ?, base = NULL WHERE position = ?")
            .execute(arguments: [Data(payload), position])
    }

    static func remove(_ database: Database, _ position: Int64) throws {
        try database.cachedStatement(sql: "DELETE FROM alert_log WHERE position = ?").execute(arguments: [position])
    }

    /// The last entry of an alert that has ended so long ago; nil for any other.
    static func ended(
        _ database: Database, _ alertID: String, statuses: [Int], before time: Int64
    ) throws -> Int64? {
        let undated = try Mark.alertLogDated.read(database, default: 0)
        let query: SQL = """
            SELECT a.position FROM alert a JOIN alert_log l ON l.position = a.position
            WHERE a.alert_id = \(alertID) AND a.status IN \(statuses) AND coalesce(l.stored_at, \(undated)) < \(time)
            """
        return try SQLRequest<Int64>(literal: query).fetchOne(database)
    }

    static func page(
        _ database: Database, after position: Int64, _ filter: AlertFilter, limit: Int
    ) throws -> AlertLogPage {
        let limit = max(1, min(limit, JournalLimits.pageRows))
        let head = try head(database)
        let position = max(position, 0)
        // A filter that lets nothing through must not read the whole log in one go.
        let end = position > head ? head : min(head, position + JournalLimits.alertLogScan)
        guard position < end else {
            return AlertLogPage(entries: [], next: position, isCaughtUp: true)
        }
        var query: SQL = """
            SELECT position, alert_id, revision, account_id, detection_id, severity, audience, payload, base
            FROM alert_log WHERE position > \(position) AND position <= \(end)
            """
        query += try filter.conditions(withStatus: false)
        query += " ORDER BY position LIMIT \(limit)"
        var reader = RevisionReader(database)
        let entries = try SQLRequest<Row>(literal: query).fetchAll(database).map { try decode($0, &reader) }
        let next = entries.count == limit ? entries.last?.position ?? end : end
        return AlertLogPage(entries: entries, next: next, isCaughtUp: next == head)
    }

    static func head(_ database: Database) throws -> Int64 {
        // The last entry may have been dropped with its alert; its number is never given again.
        let statement = try database.cachedStatement(
            sql: """
                SELECT max(coalesce((SELECT max(position) FROM alert_log), 0),
                    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'alert_log'), 0))
                """)
        return try Int64.fetchOne(statement) ?? 0
    }

    /// An entry. Damage of its payload is the entry's own: the others of a page are read all the same.
    private static func decode(_ row: Row, _ reader: inout RevisionReader) throws -> AlertLogEntry {
        let row = StoredRow(row, "alert_log")
        let (position, alertID): (Int64, String) = (try row[0], try row[1])
        var (payload, damage): ([UInt8], JournalError?) = ([], nil)
        do {
            payload = try reader.read(position, of: alertID, stored: try row.bytes(7), base: try row[optional: 8])
        } catch let error as JournalError where error.code == .damaged { damage = error }
        return try AlertLogEntry(
            position: position, alertID: alertID, revision: row[2], accountID: row[3], detectionID: row[4],
            severity: row[5], audience: row[6], payload: payload, damage: damage)
    }
}

extension Reader {
    /// The alert log after a position (0 for its beginning), as far as a filter lets it through.
    ///
    /// - Parameter limit: the most entries returned, 1 to `JournalLimits.pageRows`.
    package func alertLog(
        after position: Int64, _ filter: AlertFilter = AlertFilter(), limit: Int
    ) throws -> AlertLogPage {
        try read { try AlertLogTable.page($0, after: position, filter, limit: limit) }
    }

    /// The position of the newest entry of the alert log; 0 where there is none.
    package func alertLogHead() throws -> Int64 { try read { try AlertLogTable.head($0) } }
}
