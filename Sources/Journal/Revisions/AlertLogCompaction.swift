// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// Progress of a compaction of the alert log.
package struct AlertLogCompaction: Hashable, Sendable {
    /// Superseded revisions that went.
    package var dropped = 0
    /// There is nothing more to look at.
    package var isDone = false

    package init() {}
}

extension Transaction {
    /// Drops revisions of the alert log that were stored before a time and that a later one of their alert supersedes; a
    /// page of the log at a time. The last revision of an alert stays for as long as the alert does.
    package func compactAlertLog(storedBefore time: Int64) throws -> AlertLogCompaction {
        let start = writer.state.compacted
        let undated = try Mark.alertLogDated.read(database, default: 0)
        let rows = try Row.fetchAll(
            database.cachedStatement(
                sql: """
                    SELECT l.position, l.alert_id, coalesce(l.stored_at, ?), a.position IS l.position
                    FROM alert_log l LEFT JOIN alert a ON a.alert_id = l.alert_id
                    WHERE l.position > ? ORDER BY l.position LIMIT \(JournalLimits.pageRows)
                    """), arguments: [undated, start]
        ).map { StoredRow($0, "alert_log") }
        var progress = AlertLogCompaction()
        var looked = start
        var doomed: [Int64] = []
        var alerts: [Int64: String] = [:]
        progress.isDone = rows.count < JournalLimits.pageRows
        for row in rows {
            let position = try row.number(0, in: StoredBounds.number)
            guard try row.number(2, in: StoredBounds.time) < time else {
                progress.isDone = true
                break
            }
            looked = position
            if try row[3] == false {
                doomed.append(position)
                alerts[position] = try row[1]
            }
        }
        guard looked > start else { return progress }
        try makeWhole(basedOn: doomed, alerts)
        for position in doomed { try AlertLogTable.remove(database, position) }
        if let last = doomed.last { try Mark.alertLogPruned.raise(database, to: last) }
        try Mark.alertLogCompacted.write(database, looked)
        writer.state.compacted = looked
        progress.dropped = doomed.count
        return progress
    }

    /// Stores revisions whole that stay and are based on ones that go.
    private func makeWhole(basedOn doomed: [Int64], _ alerts: [Int64: String]) throws {
        let going = Set(doomed)
        var reader = RevisionReader(database)
        for position in doomed {
            guard let next = try AlertLogTable.based(database, on: position), !going.contains(next.position) else {
                continue
            }
            do {
                let bytes = try reader.read(
                    next.position, of: alerts[position] ?? "", stored: next.payload, base: position)
                try AlertLogTable.rewrite(database, next.position, try writer.revisions.whole(bytes))
            } catch let error as JournalError where error.code == .damaged {
                // It is lost already, and its reading says so.
                continue
            }
        }
    }

    /// Drops alerts of some states whose last revision was stored before a time, with that revision. Others stay.
    ///
    /// - Parameter statuses: the caller's numbers of the states in which nothing more happens to an alert.
    package func removeAlerts(_ ids: [String], statuses: [Int], storedBefore time: Int64) throws -> Int {
        var removed = 0
        for id in ids {
            guard let position = try AlertLogTable.ended(database, id, statuses: statuses, before: time) else {
                continue
            }
            try database.cachedStatement(sql: "DELETE FROM alert WHERE alert_id = ?").execute(arguments: [id])
            try AlertLogTable.remove(database, position)
            try Mark.alertLogPruned.raise(database, to: position)
            removed += 1
        }
        return removed
    }
}

extension Reader {
    /// Alerts of some states whose last revision was stored before a time, up to a page of them.
    package func endedAlerts(statuses: [Int], storedBefore time: Int64) throws -> [String] {
        try read { database in
            let undated = try Mark.alertLogDated.read(database, default: 0)
            // None was stored before it was created, which an index knows.
            let query: SQL = """
                SELECT a.alert_id FROM alert a JOIN alert_log l ON l.position = a.position
                WHERE a.created_at < \(time) AND a.status IN \(statuses) AND coalesce(l.stored_at, \(undated)) < \(time)
                ORDER BY a.created_at, a.alert_id LIMIT \(JournalLimits.pageRows)
                """
            return try SQLRequest<String>(literal: query).fetchAll(database)
        }
    }

    /// The newest entry of the alert log that was dropped; 0 where all are there. Cursors before it have missed revisions.
    package func alertLogPruned() throws -> Int64 { try read { try Mark.alertLogPruned.read($0, default: 0) } }
}
