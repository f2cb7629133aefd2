// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// One revision of an alert, as the alert log keeps it.
package struct AlertLogEntry: Hashable, Sendable {
    /// Its place in the log: 1 and up, without gaps.
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
    /// The caller's bytes.
    package let payload: [UInt8]
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
            SELECT position, alert_id, revision, account_id, detection_id, severity, audience, payload
            FROM alert_log WHERE position > \(position) AND position <= \(end)
            """
        query += try filter.conditions(withStatus: false)
        query += " ORDER BY position LIMIT \(limit)"
        let entries = try SQLRequest<Row>(literal: query).fetchAll(database).map(decode)
        let next = entries.count == limit ? entries.last?.position ?? end : end
        return AlertLogPage(entries: entries, next: next, isCaughtUp: next == head)
    }

    static func head(_ database: Database) throws -> Int64 {
        let statement = try database.cachedStatement(sql: "SELECT coalesce(max(position), 0) FROM alert_log")
        return try Int64.fetchOne(statement) ?? 0
    }

    private static func decode(_ row: Row) -> AlertLogEntry {
        AlertLogEntry(
            position: row[0], alertID: row[1], revision: row[2], accountID: row[3], detectionID: row[4],
            severity: row[5], audience: row[6], payload: [UInt8](row[7] as Data))
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
