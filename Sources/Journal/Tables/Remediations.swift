// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// A remediation as it stands: what lists and counts need, and the payload, which the journal does not read. Times are
/// milliseconds since 1970.
package struct RemediationRow: Hashable, Sendable {
    /// Its identifier.
    package var remediationID: String
    /// The account it acts on.
    package var accountID: String
    /// What it does, by the caller's name.
    package var action: String
    /// The alert that led to it; empty where a person did.
    package var alertID: String
    /// When it was started; never changed.
    package var createdAt: Int64
    /// When it was stored last.
    package var updatedAt: Int64
    /// When it began to act without a person's word; nil where it did not.
    package var automaticAt: Int64?
    /// Whether nothing more happens by itself.
    package var isFinished: Bool
    /// Whether it is finished and everything of it was told: a restart leaves it alone.
    package var isSettled: Bool
    /// The caller's bytes.
    package var payload: [UInt8]

    /// A row, as it is to be stored.
    package init(
        remediationID: String, accountID: String, action: String, alertID: String = "", createdAt: Int64,
        updatedAt: Int64, automaticAt: Int64? = nil, isFinished: Bool, isSettled: Bool, payload: [UInt8]
    ) {
        self.remediationID = remediationID
        self.accountID = accountID
        self.action = action
        self.alertID = alertID
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.automaticAt = automaticAt
        self.isFinished = isFinished
        self.isSettled = isSettled
        self.payload = payload
    }
}

/// Which remediations are asked for. An empty list and nil stand for all.
package struct RemediationFilter: Hashable, Sendable {
    /// The accounts they act on.
    package var accountIDs: [String]
    /// What they do.
    package var action: String?
    /// Only those that are not finished.
    package var unfinished: Bool

    /// A filter, as it is to be used.
    package init(accountIDs: [String] = [], action: String? = nil, unfinished: Bool = false) {
        self.accountIDs = accountIDs
        self.action = action
        self.unfinished = unfinished
    }
}

/// A page of the list of remediations.
package struct RemediationPage: Sendable {
    /// The newest first.
    package let remediations: [RemediationRow]
    /// Asks for the next page; nil at the end.
    package let nextPageToken: String?
}

/// The policies of an account, one for each name that the caller uses.
package struct RemediationPolicyRow: Hashable, Sendable {
    /// The account.
    package var accountID: String
    /// What the policy is for, by the caller's name.
    package var name: String
    /// The caller's bytes.
    package var payload: [UInt8]

    /// A row, as it is to be stored.
    package init(accountID: String, name: String, payload: [UInt8]) {
        self.accountID = accountID
        self.name = name
        self.payload = payload
    }
}

enum RemediationTable {
    static let columns = """
        remediation_id, account_id, action, alert_id, created_at, updated_at, automatic_at, finished, settled, payload
        """

    static func create(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE remediation (
                    remediation_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, action TEXT NOT NULL,
                    alert_id TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
                    automatic_at INTEGER, finished INTEGER NOT NULL, settled INTEGER NOT NULL, payload BLOB NOT NULL
                ) STRICT;
                CREATE INDEX remediation_created ON remediation (created_at DESC, remediation_id DESC);
                CREATE INDEX remediation_unsettled ON remediation (created_at) WHERE settled = 0;
                CREATE INDEX remediation_automatic ON remediation (account_id, automatic_at)
                    WHERE automatic_at IS NOT NULL;
                CREATE TABLE remediation_policy (
                    account_id TEXT NOT NULL, name TEXT NOT NULL, payload BLOB NOT NULL,
                    PRIMARY KEY (account_id, name)
                ) STRICT, WITHOUT ROWID;
                """)
    }

    static func fetch(_ database: Database, _ id: String) throws -> RemediationRow? {
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM remediation WHERE remediation_id = ?")
        return try Row.fetchOne(statement, arguments: [id]).map(decode)
    }

    static func list(
        _ database: Database, _ filter: RemediationFilter, pageToken: String?, limit: Int
    ) throws -> RemediationPage {
        guard filter.accountIDs.count <= JournalLimits.pageRows else {
            throw JournalError(.outOfBounds, "a filter names \(filter.accountIDs.count) accounts")
        }
        let limit = max(1, min(limit, JournalLimits.pageRows))
        var query: SQL = "SELECT \(sql: columns) FROM remediation WHERE 1"
        if let pageToken {
            let place = try place(pageToken)
            query += " AND (created_at, remediation_id) < (\(place.createdAt), \(place.id))"
        }
        if !filter.accountIDs.isEmpty { query += " AND account_id IN \(filter.accountIDs)" }
        if let action = filter.action { query += " AND action = \(action)" }
        if filter.unfinished { query += " AND finished = 0" }
        query += " ORDER BY created_at DESC, remediation_id DESC LIMIT \(limit + 1)"
        var rows = try SQLRequest<Row>(literal: query).fetchAll(database).map(decode)
        guard rows.count > limit else { return RemediationPage(remediations: rows, nextPageToken: nil) }
        rows.removeLast()
        let token = rows.last.map { "\($0.createdAt):\($0.remediationID)" }
        return RemediationPage(remediations: rows, nextPageToken: token)
    }

    /// The place after a remediation in the list: its time of creation, which never changes, and its identifier.
    private static func place(_ token: String) throws -> (createdAt: Int64, id: String) {
        guard let colon = token.firstIndex(of: ":"), let createdAt = Int64(token[..<colon]) else {
            throw JournalError(.badPageToken, "not a page token of the list of remediations")
        }
        return (createdAt, String(token[token.index(after: colon)...]))
    }

    static func decode(_ row: Row) throws -> RemediationRow {
        let row = StoredRow(row, "remediation")
        return try RemediationRow(
            remediationID: row[0], accountID: row[1], action: row[2], alertID: row[3], createdAt: row[4],
            updatedAt: row[5], automaticAt: row[optional: 6], isFinished: row[7], isSettled: row[8],
            payload: row.bytes(9))
    }

    static func policies(_ database: Database) throws -> [RemediationPolicyRow] {
        try Row.fetchAll(
            database, sql: "SELECT account_id, name, payload FROM remediation_policy ORDER BY account_id, name"
        ).map { row in
            let row = StoredRow(row, "remediation_policy")
            return try RemediationPolicyRow(accountID: row[0], name: row[1], payload: row.bytes(2))
        }
    }
}

extension Transaction {
    /// A remediation by its identifier; nil where there is none.
    package func remediation(_ id: String) throws -> RemediationRow? { try RemediationTable.fetch(database, id) }

    /// Stores a remediation, or replaces all of it but the time it was started.
    package func putRemediation(_ row: RemediationRow) throws {
        guard row.payload.count <= JournalLimits.valueBytes else {
            throw JournalError(.outOfBounds, "a remediation of \(row.payload.count) bytes")
        }
        try database.cachedStatement(
            sql: """
                INSERT INTO remediation (\(RemediationTable.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (remediation_id) DO UPDATE SET account_id = excluded.account_id,
                    action = excluded.action, alert_id = excluded.alert_id, updated_at = excluded.updated_at,
                    automatic_at = excluded.automatic_at, finished = excluded.finished, settled = excluded.settled,
                    payload = excluded.payload
                """
        ).execute(
            arguments: [
                row.remediationID, row.accountID, row.action, row.alertID, row.createdAt, row.updatedAt,
                row.automaticAt, row.isFinished, row.isSettled, Data(row.payload),
            ])
    }

    /// Sets an account's policy under a name.
    package func putRemediationPolicy(_ row: RemediationPolicyRow) throws {
        guard row.payload.count <= JournalLimits.valueBytes else {
            throw JournalError(.outOfBounds, "a policy of \(row.payload.count) bytes")
        }
        try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO remediation_policy (account_id, name, payload) VALUES (?, ?, ?)"
        ).execute(arguments: [row.accountID, row.name, Data(row.payload)])
    }
}

extension Reader {
    /// A remediation by its identifier; nil where there is none.
    package func remediation(_ id: String) throws -> RemediationRow? {
        try read { try RemediationTable.fetch($0, id) }
    }

    /// Remediations, the newest first.
    ///
    /// - Parameter limit: the most rows returned, 1 to `JournalLimits.pageRows`.
    package func remediations(
        _ filter: RemediationFilter = RemediationFilter(), pageToken: String? = nil, limit: Int
    ) throws -> RemediationPage {
        try read { try RemediationTable.list($0, filter, pageToken: pageToken, limit: limit) }
    }

    /// Everything that a restart has to take up again, the oldest first.
    package func unsettledRemediations() throws -> [RemediationRow] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(RemediationTable.columns) FROM remediation WHERE settled = 0
                    ORDER BY created_at, remediation_id
                    """
            ).map(RemediationTable.decode)
        }
    }

    /// The times from `time` through another at which remediations of an account began to act by themselves, ascending; of one action
    /// where it is named.
    package func automaticRemediations(
        accountID: String, action: String? = nil, since time: Int64, through end: Int64 = .max
    ) throws -> [Int64] {
        try read { database in
            try Int64.fetchAll(
                database,
                sql: """
                    SELECT automatic_at FROM remediation
                    WHERE account_id = ?1 AND automatic_at BETWEEN ?2 AND ?4 AND (?3 IS NULL OR action = ?3)
                    ORDER BY automatic_at
                    """, arguments: [accountID, time, action, end])
        }
    }

    /// Every policy of every account.
    package func remediationPolicies() throws -> [RemediationPolicyRow] { try read(RemediationTable.policies) }
}
