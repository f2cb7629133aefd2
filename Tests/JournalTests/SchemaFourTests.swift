// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Cryptography
import Foundation
import GRDBSQLite
import Testing

import Journal

/// A store as the program wrote it when the schema had four steps, with content of every kind, opened by today's.
@Suite("A store of schema 4")
struct SchemaFourTests {
    private let directory = TemporaryDirectory()
    private static let account = "111122223333"
    private static let day: Int64 = 20_000

    /// The tables of commit f05a472, word for word.
    private static let schema = """
        PRAGMA page_size = 8192;
        PRAGMA journal_mode = WAL;
        PRAGMA application_id = 1416129134;
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1: archive, accounts, alerts'), ('2: audit log'), ('3: remediations'),
            ('4: state of the stream');
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
        CREATE TABLE audit (
            sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, role TEXT NOT NULL, subject TEXT NOT NULL,
            serial TEXT NOT NULL, fingerprint TEXT NOT NULL, address TEXT NOT NULL, method TEXT NOT NULL,
            account_id TEXT NOT NULL, summary TEXT NOT NULL, outcome TEXT NOT NULL, hash BLOB NOT NULL
        ) STRICT;
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
        CREATE TABLE stream_log (position INTEGER PRIMARY KEY AUTOINCREMENT, bytes BLOB NOT NULL) STRICT;
        CREATE VIRTUAL TABLE token_20000
            USING fts5(words, content='', detail=none, columnsize=0, tokenize='ascii');
        """

    private static func hex(_ bytes: some Sequence<UInt8>) -> String { "x'\(Hexadecimal.encode(Array(bytes)))'" }

    private static func record(_ number: Int) -> [UInt8] {
        Array(
            """
            {"eventID":"\(eventID(number))","eventTime":"2024-10-04T00:00:0\(number % 10)Z","eventName":"Call",\
            "eventSource":"iam.amazonaws.com","awsRegion":"us-east-1","recipientAccountId":"\(account)",\
            "eventVersion":"1.08","eventType":"AwsApiCall","userIdentity":{"type":"Root","accountId":"\(account)"}}
            """.utf8)
    }

    private static func eventID(_ number: Int) -> String {
        "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - String(number).count) + String(number)
    }

    /// Two blocks of five records, found by the tokens "all" and "block-N".
    private static func archive() throws -> [String] {
        let builder = try BlockBuilder()
        var statements: [String] = []
        var (raw, stored) = (0, 0)
        for number in 1...2 {
            var ids: [UInt8] = []
            for record in (number * 5 - 4)...(number * 5) {
                _ = try builder.take(Self.record(record), time: Int64(record) * 1_000)
                let id = EventID(eventID(record))
                withUnsafeBytes(of: (id.high.littleEndian, id.low.littleEndian)) { ids.append(contentsOf: $0) }
            }
            builder.add(LookupToken("all"))
            builder.add(LookupToken("block-\(number)"))
            let block = try #require(try builder.finish())
            statements.append(
                """
                INSERT INTO block VALUES (\(number), \(day), 5, \(block.rawBytes), \(block.firstTime), \(block.lastTime),
                \(hex(ids)), \(hex(block.compressed)))
                """)
            let words = String(decoding: block.words, as: UTF8.self)
            statements.append("INSERT INTO token_20000 (rowid, words) VALUES (\(number), '\(words)')")
            (raw, stored) = (raw + block.rawBytes, stored + block.compressed.count + ids.count)
        }
        return statements + ["INSERT INTO day VALUES (\(day), 1, 2, 10, \(raw), \(stored))"]
    }

    private static func others() -> [String] {
        var statements = [
            "INSERT INTO account VALUES ('\(account)', 'prod', 'ops', 1, 5, NULL, 9000, 10, '{\"externalID\":\"x-1\"}')",
            "INSERT INTO detection_state VALUES ('d-1', 0, 7)",
            "INSERT INTO dead_letter VALUES (3, 8, 'collector', 'malformed_json', 'byte 3', 5, x'68656c6c6f')",
            "INSERT INTO state VALUES ('stream.secret', x'000102030405060708090a0b0c0d0e0f')",
            "INSERT INTO remediation VALUES ('r-1', '\(account)', 'deny_user', 'a-1', 1, 2, NULL, 1, 1, x'7b7d')",
            "INSERT INTO remediation_policy VALUES ('\(account)', 'deny_user', x'7b7d')",
            "INSERT INTO stream_log (bytes) VALUES (x'00')",
        ]
        for revision in 1...3 {
            statements.append(
                """
                INSERT INTO alert_log (alert_id, revision, account_id, detection_id, severity, audience, payload)
                VALUES ('a-1', \(revision), '\(account)', 'd-1', 3, 1, \(hex([1, UInt8(revision)])))
                """)
        }
        statements.append(
            "INSERT INTO alert VALUES ('a-1', 'd-1', '\(account)', 'eve', 3, 1, 1, 5, 6, 7, 3, 3, \(hex([1, 3])))")
        var head = AuditHead.empty
        for number in 1...3 {
            let record = head.next(
                AuditEntry(time: Int64(number), actor: AuditActor(role: "admin"), method: "/m", summary: "s"))
            head = record.head
            statements.append(
                "INSERT INTO audit VALUES (\(number), \(number), 'admin', '', '', '', '', '/m', '', 's', 'OK', "
                    + "\(hex(record.hash)))")
        }
        return statements
    }

    private func build() throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        var connection: OpaquePointer?
        #expect(sqlite3_open(directory.database, &connection) == SQLITE_OK)
        defer { sqlite3_close(connection) }
        for statement in [Self.schema] + (try Self.archive()) + Self.others() {
            let code = sqlite3_exec(connection, statement, nil, nil, nil)
            #expect(code == SQLITE_OK, "\(String(cString: sqlite3_errmsg(connection))): \(statement.prefix(200))")
        }
    }

    @Test func everythingIsThereAndGoesOn() throws {
        try build()
        let journal = try Journal(directory: directory.path)
        let reader = journal.reader
        // Records: by their identity, by a token, and whole.
        #expect(try reader.statistics().records == 10)
        let account = try #require(AccountID(Self.account))
        for number in 1...10 {
            let found = try reader.records(EventID(Self.eventID(number)), of: [account])
            #expect(found?.map(\.bytes) == [Self.record(number)])
        }
        #expect(try reader.blocks(with: [LookupToken("block-2")], limit: 10) == [2])
        #expect(try reader.blocks(with: [LookupToken("all")], limit: 10) == [2, 1])
        // Alerts and their log.
        #expect(try reader.alert("a-1")?.payload == [1, 3])
        #expect(try reader.alertLog(after: 0, limit: 10).entries.map(\.payload) == [[1, 1], [1, 2], [1, 3]])
        // The rest of the registry.
        #expect(try reader.account(Self.account)?.externalID == "x-1")
        #expect(try reader.detectionStates() == [DetectionStateRow(detectionID: "d-1", enabled: false, changedAt: 7)])
        let letter = try #require(try reader.deadLetters(limit: 10).first)
        #expect(letter.id == 3 && letter.form == .singleRecord)
        #expect(try reader.deadLetterContent(letter) == .records([Array("hello".utf8)]))
        #expect(try reader.remediation("r-1")?.isSettled == true)
        #expect(try reader.remediationPolicies().count == 1)
        #expect(try reader.streamLog(bytes: 100).map(\.bytes) == [[0]])
        #expect(try reader.state("stream.secret")?.count == 16)
        // What comes now.
        var writer: Writer? = try journal.makeWriter()
        let builder = try BlockBuilder()
        for number in 10...11 { _ = try builder.take(Self.record(number), time: 0) }
        let block = try #require(try builder.finish())
        let ids = [10, 11].map { EventID(Self.eventID($0)) }
        let admission = try writer?.commit {
            try $0.append(block, ids: ids, accounts: [account, account], receivedAt: Self.day * dayMilliseconds)
        }
        #expect(admission?.fresh == [false, true], "what the old version stored is known")
        var row = try #require(try reader.alert("a-1"))
        (row.revision, row.payload) = (4, [1, 4])
        _ = try writer?.commit { try $0.putAlert(row, storedAt: 10) }
        #expect(try reader.alertLog(after: 2, limit: 10).entries.map(\.payload) == [[1, 3], [1, 4]])
        _ = try writer?.commit {
            try $0.appendAudit(AuditEntry(time: 4, actor: .service, method: "/m", summary: "s"))
        }
        writer = nil
        try journal.close()
        let report = try StoreCheck(path: directory.path).run()
        #expect(report.isClean, "\(report.findings)")
        #expect(report.counts.first { $0.kind == "entries of the audit log" }?.read == 4)
    }

    /// Revisions without a time of their own are kept for as long as those of the migration's time.
    @Test func oldRevisionsAreCompactedInTheirTurn() throws {
        try build()
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let day = dayMilliseconds
        #expect(try writer.commit { try $0.compactAlertLog(storedBefore: now - day) }.dropped == 0)
        #expect(try writer.commit { try $0.compactAlertLog(storedBefore: now + day) }.dropped == 2)
        #expect(try journal.reader.alertLog(after: 0, limit: 10).entries.map(\.payload) == [[1, 3]])
        #expect(try journal.reader.alertLogPruned() == 2)
    }
}
