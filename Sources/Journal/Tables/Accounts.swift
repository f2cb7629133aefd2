// SPDX-License-Identifier: Apache-2.0

import GRDB

/// An AWS account as the service knows it. Times are milliseconds since 1970.
package struct AccountRow: Hashable, Sendable {
    /// The twelve digits.
    package var accountID: String
    /// What people call it.
    package var name: String
    /// Whom to ask about it.
    package var owner: String
    /// The caller's code for onboarding, active, offboarded and so on.
    package var state: Int
    /// When it was onboarded.
    package var onboardedAt: Int64
    /// When it was offboarded; nil while it is not.
    package var offboardedAt: Int64?
    /// The latest event time seen.
    package var lastEventAt: Int64?
    /// Events stored.
    package var eventCount: Int64
    /// Whatever else the caller keeps, as JSON.
    package var extra: String

    /// A row, as it is to be stored.
    package init(
        accountID: String, name: String, owner: String, state: Int, onboardedAt: Int64, offboardedAt: Int64? = nil,
        lastEventAt: Int64? = nil, eventCount: Int64 = 0, extra: String = ""
    ) {
        self.accountID = accountID
        self.name = name
        self.owner = owner
        self.state = state
        self.onboardedAt = onboardedAt
        self.offboardedAt = offboardedAt
        self.lastEventAt = lastEventAt
        self.eventCount = eventCount
        self.extra = extra
    }
}

enum AccountTable {
    private static let columns = """
        account_id, name, owner, state, onboarded_at, offboarded_at, last_event_at, event_count, extra
        """

    static func fetch(_ database: Database, _ id: String) throws -> AccountRow? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM account WHERE account_id = ?")
        return try Row.fetchOne(statement, arguments: [id]).map(decode)
    }

    static func list(_ database: Database, after id: String, limit: Int) throws -> [AccountRow] {
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM account WHERE account_id > ? ORDER BY account_id LIMIT ?")
        let limit = max(1, min(limit, JournalLimits.pageRows))
        return try Row.fetchAll(statement, arguments: [id, limit]).map(decode)
    }

    private static func decode(_ row: Row) throws -> AccountRow {
        let row = StoredRow(row, "account")
        return try AccountRow(
            accountID: row[0], name: row[1], owner: row[2], state: row[3],
            onboardedAt: row.number(4, in: StoredBounds.time), offboardedAt: row[optional: 5],
            lastEventAt: row[optional: 6], eventCount: row[7], extra: row[8])
    }
}

extension Transaction {
    /// An account by its identifier; nil where it is not known.
    package func account(_ id: String) throws -> AccountRow? { try AccountTable.fetch(database, id) }

    /// Adds an account, or replaces all of it but its counters (`eventCount`, `lastEventAt`), which only
    /// `recordActivity` moves.
    package func putAccount(_ account: AccountRow) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO account (account_id, name, owner, state, onboarded_at, offboarded_at, last_event_at,
                    event_count, extra)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (account_id) DO UPDATE SET name = excluded.name, owner = excluded.owner,
                    state = excluded.state, onboarded_at = excluded.onboarded_at,
                    offboarded_at = excluded.offboarded_at, extra = excluded.extra
                """
        ).execute(
            arguments: [
                account.accountID, account.name, account.owner, account.state, account.onboardedAt,
                account.offboardedAt, account.lastEventAt, account.eventCount, account.extra,
            ])
    }

    /// Counts stored events of an account. Returns false where the account is not known.
    ///
    /// - Parameter now: the clock, later than which no event counts as the latest: neither this one nor one that was stored
    ///   while the clock ran ahead. Nil to believe every event.
    package func recordActivity(
        accountID: String, events: Int, lastEventAt: Int64, now: Int64? = nil
    ) throws -> Bool {
        let latest = now.map { min(lastEventAt, $0) } ?? lastEventAt
        try database.cachedStatement(
            sql: """
                UPDATE account SET event_count = event_count + ?,
                    last_event_at = max(min(coalesce(last_event_at, ?2), ?4), ?2)
                WHERE account_id = ?3
                """
        ).execute(arguments: [events, latest, accountID, now ?? Int64.max])
        return database.changesCount > 0
    }

    /// Has no account's latest event lie later than the clock.
    package func limitActivity(to now: Int64) throws {
        try database.cachedStatement(sql: "UPDATE account SET last_event_at = ?1 WHERE last_event_at > ?1")
            .execute(arguments: [now])
    }
}

extension Reader {
    /// An account by its identifier; nil where it is not known.
    package func account(_ id: String) throws -> AccountRow? { try read { try AccountTable.fetch($0, id) } }

    /// Accounts by ascending identifier, those after one ("" for the first page).
    package func accounts(after id: String = "", limit: Int) throws -> [AccountRow] {
        try read { try AccountTable.list($0, after: id, limit: limit) }
    }
}
