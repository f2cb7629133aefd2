// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// An alert as it stands after its latest revision: what lists and filters need, and the payload, which the journal
/// does not read. Times are milliseconds since 1970; severity, audience and status are the caller's numbers.
package struct AlertRow: Hashable, Sendable {
    /// Its identifier.
    package var alertID: String
    /// The detection that raised it.
    package var detectionID: String
    /// The account it is about.
    package var accountID: String
    /// Who did it.
    package var actor: String
    /// Higher is worse.
    package var severity: Int
    /// Whom it is for.
    package var audience: Int
    /// Where it is in its life.
    package var status: Int
    /// The earliest event time.
    package var firstSeen: Int64
    /// The latest event time.
    package var lastSeen: Int64
    /// When it was first stored; never changed.
    package var createdAt: Int64
    /// Rises with each change.
    package var revision: Int64
    /// The caller's bytes; empty where they are damaged.
    package var payload: [UInt8]
    /// Why the stored bytes can't be read; nil where they can.
    package internal(set) var damage: JournalError?

    /// A row or filter, as it is to be used.
    package init(
        alertID: String, detectionID: String, accountID: String, actor: String, severity: Int, audience: Int,
        status: Int, firstSeen: Int64, lastSeen: Int64, createdAt: Int64, revision: Int64, payload: [UInt8]
    ) {
        self.alertID = alertID
        self.detectionID = detectionID
        self.accountID = accountID
        self.actor = actor
        self.severity = severity
        self.audience = audience
        self.status = status
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.createdAt = createdAt
        self.revision = revision
        self.payload = payload
    }
}

/// Which alerts are asked for. An empty list and nil stand for all.
package struct AlertFilter: Hashable, Sendable {
    /// The account it is about.
    package var accountIDs: [String]
    /// The detection that raised it.
    package var detectionIDs: [String]
    /// The least severity.
    package var minimumSeverity: Int?
    /// One audience.
    package var audience: Int?
    /// Not used by the alert log, where an alert has the status of each revision in its payload.
    package var statuses: [Int]

    /// A row or filter, as it is to be used.
    package init(
        accountIDs: [String] = [], detectionIDs: [String] = [], minimumSeverity: Int? = nil, audience: Int? = nil,
        statuses: [Int] = []
    ) {
        self.accountIDs = accountIDs
        self.detectionIDs = detectionIDs
        self.minimumSeverity = minimumSeverity
        self.audience = audience
        self.statuses = statuses
    }

    /// The conditions, each beginning with AND.
    func conditions(withStatus: Bool) throws -> SQL {
        for count in [accountIDs.count, detectionIDs.count, statuses.count] where count > JournalLimits.pageRows {
            throw JournalError(.outOfBounds, "a filter names \(count) values; the limit is \(JournalLimits.pageRows)")
        }
        var conditions: SQL = ""
        if !accountIDs.isEmpty { conditions += " AND account_id IN \(accountIDs)" }
        if !detectionIDs.isEmpty { conditions += " AND detection_id IN \(detectionIDs)" }
        if let minimumSeverity { conditions += " AND severity >= \(minimumSeverity)" }
        if let audience { conditions += " AND audience = \(audience)" }
        if withStatus, !statuses.isEmpty { conditions += " AND status IN \(statuses)" }
        return conditions
    }
}

/// The times that a list of alerts may be ordered by, the latest first.
package enum AlertListOrder: String, Hashable, Sendable {
    /// When it was first stored, which never changes.
    case created = "created_at"
    /// The latest event time.
    case lastSeen = "last_seen"
}

/// A page of the list of alerts.
package struct AlertPage: Sendable {
    /// The newest first.
    package let alerts: [AlertRow]
    /// Asks for the next page; nil at the end.
    package let nextPageToken: String?
}

enum AlertTable {
    static let columns = """
        alert_id, detection_id, account_id, actor, severity, audience, status, first_seen, last_seen, created_at,
        revision, payload
        """

    static func fetch(_ database: Database, _ id: String) throws -> AlertRow? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM alert WHERE alert_id = ?")
        return try Row.fetchOne(statement, arguments: [id]).map(decode)
    }

    static func list(
        _ database: Database, _ filter: AlertFilter, order: AlertListOrder, pageToken: String?, limit: Int
    ) throws -> AlertPage {
        let limit = max(1, min(limit, JournalLimits.pageRows))
        var query: SQL = "SELECT \(sql: columns) FROM alert WHERE 1"
        if let pageToken {
            let token = try PageToken(pageToken, order)
            query += " AND (\(sql: order.rawValue), alert_id) < (\(token.time), \(token.alertID))"
        }
        query += try filter.conditions(withStatus: true)
        query += " ORDER BY \(sql: order.rawValue) DESC, alert_id DESC LIMIT \(limit + 1)"
        var alerts = try SQLRequest<Row>(literal: query).fetchAll(database).map(decode)
        guard alerts.count > limit else { return AlertPage(alerts: alerts, nextPageToken: nil) }
        alerts.removeLast()
        return AlertPage(alerts: alerts, nextPageToken: alerts.last.map { PageToken($0, order).text })
    }

    static func decode(_ row: Row) throws -> AlertRow {
        let row = StoredRow(row, "alert")
        let id: String = try row[0]
        var (payload, damage): ([UInt8], JournalError?) = ([], nil)
        do { payload = try JournalError.at("alert \(id)") { try RevisionCodec.read(try row.bytes(11)) } } catch let
            error as JournalError where error.code == .damaged
        { damage = error }
        var alert = try AlertRow(
            alertID: id, detectionID: row[1], accountID: row[2], actor: row[3], severity: row[4],
            audience: row[5], status: row[6], firstSeen: row[7], lastSeen: row[8], createdAt: row[9],
            revision: row[10], payload: payload)
        alert.damage = damage
        return alert
    }

    /// The place after an alert in the list: its time and its identifier.
    private struct PageToken {
        private static let seenPrefix = "seen:"

        let order: AlertListOrder
        let time: Int64
        let alertID: String

        init(_ alert: AlertRow, _ order: AlertListOrder) {
            self.order = order
            time = order == .created ? alert.createdAt : alert.lastSeen
            alertID = alert.alertID
        }

        init(_ text: String, _ order: AlertListOrder) throws {
            let failure = JournalError(.badPageToken, "not a page token of this list of alerts")
            guard text.hasPrefix(Self.seenPrefix) == (order == .lastSeen) else { throw failure }
            let place = order == .lastSeen ? text.dropFirst(Self.seenPrefix.count) : text[...]
            guard let colon = place.firstIndex(of: ":"), let time = Int64(place[..<colon]) else { throw failure }
            self.order = order
            self.time = time
            alertID = String(place[place.index(after: colon)...])
        }

        var text: String { (order == .lastSeen ? Self.seenPrefix : "") + "\(time):\(alertID)" }
    }
}

extension Transaction {
    /// An alert by its identifier; nil where there is none.
    package func alert(_ id: String) throws -> AlertRow? { try AlertTable.fetch(database, id) }

    /// Stores an alert's new revision, in the table of alerts and at the end of the alert log. Returns its position
    /// there: positions ascend, and readers see them in that order, since nobody else writes.
    ///
    /// - Parameter time: the service's clock in milliseconds since 1970, for the retention; nil for the time of the
    ///   store's migration.
    @discardableResult
    package func putAlert(_ alert: AlertRow, storedAt time: Int64? = nil) throws -> Int64 {
        guard alert.payload.count <= JournalLimits.valueBytes else {
            throw JournalError(.outOfBounds, "an alert of \(alert.payload.count) bytes")
        }
        let whole = Data(try writer.revisions.whole(alert.payload))
        let last = try lastRevision(of: alert.alertID)
        let (payload, base) = try last.flatMap { try difference(alert, from: $0) } ?? (whole, nil)
        try database.cachedStatement(
            sql: """
                INSERT INTO alert_log (alert_id, revision, account_id, detection_id, severity, audience, payload, base,
                    stored_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                alert.alertID, alert.revision, alert.accountID, alert.detectionID, alert.severity, alert.audience,
                payload, base, time,
            ])
        let position = database.lastInsertedRowID
        try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO alert (alert_id, detection_id, account_id, actor, severity, audience, status,
                    first_seen, last_seen, created_at, revision, position, payload)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                alert.alertID, alert.detectionID, alert.accountID, alert.actor, alert.severity, alert.audience,
                alert.status, alert.firstSeen, alert.lastSeen, alert.createdAt, alert.revision, position, whole,
            ])
        if let last, last.position <= writer.state.compacted {
            // It was kept for being the last one, and no compaction comes by again.
            try AlertLogTable.remove(database, last.position)
            try Mark.alertLogPruned.raise(database, to: last.position)
        }
        return position
    }

    /// The last revision of an alert as it is stored; nil where there is none.
    private func lastRevision(of alertID: String) throws -> (stored: [UInt8], position: Int64)? {
        let statement = try database.cachedStatement(sql: "SELECT payload, position FROM alert WHERE alert_id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [alertID]).map({ StoredRow($0, "alert") }) else {
            return nil
        }
        return (try row.bytes(0), try row[1])
    }

    /// A revision as the difference from the last one; nil for one to be stored whole.
    private func difference(
        _ alert: AlertRow, from last: (stored: [UInt8], position: Int64)
    ) throws -> (payload: Data, base: Int64?)? {
        // What is based on an entry that goes would have to be stored anew.
        guard alert.revision % JournalLimits.revisionDifferences != 0, last.position > writer.state.compacted else {
            return nil
        }
        do {
            let before = try RevisionCodec.read(last.stored)
            return (Data(try writer.revisions.difference(alert.payload, from: before)), last.position)
        } catch let error as JournalError where error.code == .damaged { return nil }
    }
}

extension Reader {
    /// An alert by its identifier; nil where there is none.
    package func alert(_ id: String) throws -> AlertRow? { try read { try AlertTable.fetch($0, id) } }

    /// Alerts, the newest first by a time of theirs.
    package func alerts(
        _ filter: AlertFilter = AlertFilter(), order: AlertListOrder = .created, pageToken: String? = nil, limit: Int
    ) throws -> AlertPage {
        try read { try AlertTable.list($0, filter, order: order, pageToken: pageToken, limit: limit) }
    }

    /// How many alerts a filter lets through.
    package func alertCount(_ filter: AlertFilter) throws -> Int64 {
        try read { database in
            let query: SQL = "SELECT count(*) FROM alert WHERE 1"
            return try SQLRequest<Int64>(literal: query + filter.conditions(withStatus: true)).fetchOne(database) ?? 0
        }
    }
}
