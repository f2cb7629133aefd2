// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The database's schema and how it came about. A migration that was released is never edited: the next change is a
/// further one.
enum Schema {
    /// Marks the file as a Trailhound journal: "Thjn".
    static let applicationID: Int32 = 0x5468_6A6E

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: archive, accounts, alerts", migrate: first)
        migrator.registerMigration("2: audit log", migrate: AuditTable.create)
        migrator.registerMigration("3: remediations", migrate: RemediationTable.create)
        migrator.registerMigration("4: state of the stream", migrate: streamLog)
        migrator.registerMigration("5: alerts by last seen") {
            try $0.execute(sql: "CREATE INDEX alert_seen ON alert (last_seen DESC, alert_id DESC)")
        }
        migrator.registerMigration("6: dead letters kept whole", migrate: DeadLetterTable.extend)
        migrator.registerMigration("7: identities by account", migrate: EventIdentities.create)
        migrator.registerMigration("8: revisions of alerts as differences", migrate: AlertLogTable.extend)
        migrator.registerMigration("9: a beginning of the audit log", migrate: AuditTable.addAnchor)
        return migrator
    }

    private static func streamLog(_ database: Database) throws {
        try database.execute(
            sql: "CREATE TABLE stream_log (position INTEGER PRIMARY KEY AUTOINCREMENT, bytes BLOB NOT NULL) STRICT")
    }

    /// Refuses a database that this program can't or must not write, before anything is changed.
    static func check(_ database: Database) throws {
        let id = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard id == applicationID || (id == 0 && tables == 0) else {
            throw JournalError(.notAJournal, "the database belongs to another program (application_id \(id))")
        }
        guard try !migrator.hasBeenSuperseded(database) else {
            throw JournalError(
                .newerVersion,
                "the data directory was written by a newer version of Trailhound; this one knows only: "
                    + migrator.migrations.joined(separator: "; "))
        }
    }

    private static func first(_ database: Database) throws {
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try archive(database)
        try alerts(database)
        try database.execute(
            sql: """
                CREATE TABLE account (
                    account_id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL, state INTEGER NOT NULL,
                    onboarded_at INTEGER NOT NULL, offboarded_at INTEGER, last_event_at INTEGER,
                    event_count INTEGER NOT NULL DEFAULT 0, extra TEXT NOT NULL DEFAULT ''
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE detection_state (
                    detection_id TEXT PRIMARY KEY, enabled INTEGER NOT NULL, changed_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE dead_letter (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, received_at INTEGER NOT NULL, source TEXT NOT NULL,
                    reason TEXT NOT NULL, detail TEXT NOT NULL, record_bytes INTEGER NOT NULL, record BLOB NOT NULL
                ) STRICT;
                CREATE TABLE state (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
                """)
    }

    /// Blocks and what they are found by. A further table `token_D` of each received day D is made when its first block
    /// comes (`TokenTables`).
    private static func archive(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
                CREATE TABLE day (
                    day INTEGER PRIMARY KEY, first_block INTEGER NOT NULL, blocks INTEGER NOT NULL,
                    records INTEGER NOT NULL, raw_bytes INTEGER NOT NULL, stored_bytes INTEGER NOT NULL
                ) STRICT;
                CREATE TABLE block (
                    block INTEGER PRIMARY KEY, day INTEGER NOT NULL, records INTEGER NOT NULL,
                    raw_bytes INTEGER NOT NULL, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL,
                    ids BLOB NOT NULL, frame BLOB NOT NULL
                ) STRICT;
                CREATE TABLE event_run (
                    run INTEGER PRIMARY KEY, level INTEGER NOT NULL, entries INTEGER NOT NULL,
                    pages INTEGER NOT NULL, first_block INTEGER NOT NULL, last_block INTEGER NOT NULL,
                    phase INTEGER NOT NULL
                ) STRICT;
                CREATE TABLE event_page (page INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT;
                """)
    }

    private static func alerts(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE alert (
                    alert_id TEXT PRIMARY KEY, detection_id TEXT NOT NULL, account_id TEXT NOT NULL,
                    actor TEXT NOT NULL, severity INTEGER NOT NULL, audience INTEGER NOT NULL,
                    status INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
                    created_at INTEGER NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL,
                    payload BLOB NOT NULL
                ) STRICT;
                CREATE INDEX alert_created ON alert (created_at DESC, alert_id DESC);
                CREATE INDEX alert_key ON alert (detection_id, account_id, actor);
                CREATE TABLE alert_log (
                    position INTEGER PRIMARY KEY AUTOINCREMENT, alert_id TEXT NOT NULL, revision INTEGER NOT NULL,
                    account_id TEXT NOT NULL, detection_id TEXT NOT NULL, severity INTEGER NOT NULL,
                    audience INTEGER NOT NULL, payload BLOB NOT NULL
                ) STRICT;
                """)
    }
}

/// Numbers that the archive goes by, one row each.
enum Mark: String {
    /// The oldest block that is kept.
    case firstBlock = "first_block"
    /// The oldest block whose row may still be there.
    case reclaimedBlock = "reclaimed_block"
    /// The newest block whose identities are in a run.
    case flushedBlock = "flushed_block"
    /// Records of dead letters that were dropped for room, or that an older version did not keep.
    case deadLettersDropped = "dead_letters_uncollected"
    /// Records of dead letters that were dropped for their age.
    case deadLettersExpired = "dead_letters_expired"
    /// The newest block whose identities are eventIDs without their accounts.
    case plainIdentities = "plain_identities"
    /// The secret that makes identities of accounts and eventIDs.
    case identityKeyFirst = "identity_key_first"
    case identityKeySecond = "identity_key_second"
    /// The newest entry of the alert log that a compaction looked at.
    case alertLogCompacted = "alert_log_compacted"
    /// The newest entry of the alert log that was dropped.
    case alertLogPruned = "alert_log_pruned"
    /// The time for which entries count that an earlier version stored without one.
    case alertLogDated = "alert_log_dated"

    func read(_ database: Database, default value: Int64) throws -> Int64 {
        guard let stored = try find(database) else { return value }
        guard StoredBounds.number.contains(stored) else {
            throw JournalError.damaged("table mark", "\(rawValue) is \(stored)")
        }
        return stored
    }

    func find(_ database: Database) throws -> Int64? {
        try Int64.fetchOne(database, sql: "SELECT value FROM mark WHERE name = ?", arguments: [rawValue])
    }

    /// Writes a value that is greater than the stored one.
    func raise(_ database: Database, to value: Int64) throws {
        if value > (try read(database, default: 0)) { try write(database, value) }
    }

    func write(_ database: Database, _ value: Int64) throws {
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO mark (name, value) VALUES (?, ?)")
            .execute(arguments: [rawValue, value])
    }
}
