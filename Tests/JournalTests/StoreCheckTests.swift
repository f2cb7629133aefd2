// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import Journal
import Testing

/// Damage of a store, as a check tells it and as readers meet it: by name, never with a trap.
@Suite("Damaged stores")
struct StoreCheckTests {
    private static let accounts = ["111122223333", "444455556666", "777788889999"]

    /// A store of three accounts with content of every kind, closed.
    private static func build(_ folder: String) throws {
        let journal = try Journal(directory: folder)
        var writer: Writer? = try journal.makeWriter()
        let (builder, letters) = (try BlockBuilder(), try DeadLetterBuilder())
        for batch in 0..<12 {
            var (ids, owners): ([EventID], [AccountID]) = ([], [])
            for number in 0..<200 {
                let (account, id) = (accounts[number % 3], "event-\(batch)-\(number)")
                let record = Array(
                    """
                    {"eventID":"\(id)","eventTime":"2026-11-22T00:00:00Z","eventName":"Call","eventVersion":"1.08",\
                    "eventSource":"iam.amazonaws.com","awsRegion":"us-east-1","recipientAccountId":"\(account)",\
                    "eventType":"AwsApiCall","userIdentity":{"type":"Root","accountId":"\(account)"},"n":"\(number &* 7919)"}
                    """.utf8)
                _ = try builder.take(record, time: 1_795_305_600_000)
                builder.add(LookupToken(account))
                ids.append(EventID(id))
                owners.append(try #require(AccountID(account)))
            }
            let block = try #require(try builder.finish())
            let refused = Array("not json".utf8)
            try refused.withUnsafeBytes { try letters.add($0, index: 0, reason: "malformed_json", detail: "") }
            let drafts = try letters.finish()
            try writer?.commit { transaction in
                _ = try transaction.append(
                    block, ids: ids, accounts: owners,
                    receivedAt: 1_795_305_600_000 + Int64(batch / 6) * dayMilliseconds)
                for account in accounts {
                    if batch == 0 {
                        try transaction.putAccount(
                            AccountRow(accountID: account, name: "n", owner: "o", state: 1, onboardedAt: 1))
                    }
                    let count = owners.count { $0.description == account }
                    _ = try transaction.recordActivity(accountID: account, events: count, lastEventAt: 1)
                    let payload = [UInt8](repeating: UInt8(batch), count: 700) + Array(account.utf8)
                    try transaction.putAlert(
                        AlertRow(
                            alertID: "alert-\(account)-\(batch / 4)", detectionID: "d", accountID: account, actor: "a",
                            severity: 3, audience: 1, status: 1, firstSeen: 1, lastSeen: 2, createdAt: 1,
                            revision: Int64(batch % 4 + 1), payload: payload))
                }
                try transaction.putDeadLetters(drafts, from: DeadLetterOrigin(source: "s"), receivedAt: 5)
                try transaction.putState("state-\(batch)", [1, 2, 3])
                try transaction.putRemediation(
                    RemediationRow(
                        remediationID: "r-\(batch)", accountID: accounts[0], action: "a", createdAt: 1, updatedAt: 2,
                        isFinished: true, isSettled: true, payload: Array("{}".utf8)))
                try transaction.putRemediationPolicy(
                    RemediationPolicyRow(accountID: accounts[batch % 3], name: "p", payload: Array("{}".utf8)))
                try transaction.appendStreamLog([UInt8](repeating: 0, count: 900))
                try transaction.appendAudit(AuditEntry(time: 1, actor: .service, method: "m", summary: "s"))
            }
        }
        writer = nil
        try journal.close()
    }

    /// Reads everything as a service does; whatever fails has to be of the journal, by name.
    private static func readAll(_ folder: String) -> [JournalError] {
        var errors: [JournalError] = []
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch let error as JournalError { errors.append(error) } catch {
                Issue.record("an error without a name: \(error)")
            }
        }
        attempt {
            let journal = try Journal(directory: folder)
            let reader = journal.reader
            attempt { _ = try reader.statistics() }
            attempt {
                for row in try reader.alerts(limit: 1_000).alerts { if let damage = row.damage { throw damage } }
            }
            attempt {
                for row in try reader.alertLog(after: 0, limit: 1_000).entries {
                    if let damage = row.damage { throw damage }
                }
            }
            attempt { for letter in try reader.deadLetters(limit: 100) { _ = try reader.deadLetterContent(letter) } }
            attempt { _ = try reader.deadLetterTotals() }
            attempt { _ = try reader.accounts(limit: 100) }
            attempt { _ = try reader.auditRecords(after: 0, limit: 100) }
            attempt { _ = try reader.remediations(limit: 100) }
            attempt { _ = try reader.remediationPolicies() }
            attempt { _ = try reader.streamLog(bytes: 1 << 20) }
            attempt { _ = try reader.states(prefix: "", limit: 100) }
            for block in 1...12 as ClosedRange<Int64> { attempt { _ = try reader.block(block) } }
            for account in accounts {
                attempt { _ = try reader.search(tokens: [LookupToken(account)], limit: 1_000) { _ in true } }
                attempt { _ = try reader.newest(tokens: [LookupToken(account)], limit: 1_000) { _ in 1 } }
                guard let id = AccountID(account) else { continue }
                attempt { _ = try reader.records(EventID("event-3-0"), of: [id]) }
            }
            var writer: Writer?
            attempt { writer = try journal.makeWriter() }
            attempt {
                _ = try writer?.commit { transaction in
                    _ = try transaction.knownEvents([EventID("event-1-1")])
                    _ = try transaction.compactAlertLog(storedBefore: .max)
                    _ = try transaction.cutAudit(before: .max, now: 1)
                    try transaction.appendAudit(AuditEntry(time: 2, actor: .service, method: "m", summary: "s"))
                }
            }
            writer = nil
            attempt { _ = try journal.close() }
        }
        return errors
    }

    @Test func aWholeStoreIsClean() throws {
        let folder = TemporaryDirectory()
        try Self.build(folder.path)
        let report = try StoreCheck(path: folder.path).run()
        #expect(report.isClean, "\(report.findings)")
        #expect(report.losses.isEmpty && report.shortfalls.isEmpty)
        let read = Dictionary(uniqueKeysWithValues: report.counts.map { ($0.kind, $0.read) })
        #expect(read["blocks"] == 12 && read["alerts"] == 9 && read["revisions of alerts"] == 36)
        #expect(read["dead letters"] == 12 && read["accounts"] == 3 && read["entries of the audit log"] == 12)
        #expect(Self.readAll(folder.path).isEmpty)
    }

    @Test func aDamagedBlockTellsItsDayAndRecords() throws {
        let folder = TemporaryDirectory()
        try Self.build(folder.path)
        let database = RawDatabase(folder.database)
        database.text(
            "UPDATE block SET frame = CAST(substr(frame, 1, 100) || x'00' || substr(frame, 102) AS BLOB) WHERE block = 7"
        )
        database.text("DELETE FROM block WHERE block = 3")
        database.close()
        let report = try StoreCheck(path: folder.path).run()
        #expect(report.findings.map(\.place) == ["block 7", "day 2026-11-22"])
        #expect(report.lostRecords == 400)
        #expect(report.losses.map(\.block) == [7, nil])
        #expect(report.losses[0].accounts == Self.accounts)
        #expect(report.shortfalls.map(\.account) == Self.accounts)
        #expect(report.shortfalls.reduce(0) { $0 + $1.missing } == 400)
        #expect(Self.readAll(folder.path).allSatisfy { $0.place == "block 7" })
    }

    @Test(arguments: [
        ("UPDATE block SET ids = zeroblob(length(ids)) WHERE block = 5", "block 5"),
        (
            "UPDATE alert SET payload = CAST(substr(payload, 1, length(payload) - 1) || x'00' AS BLOB) "
                + "WHERE alert_id = 'alert-111122223333-0'",
            "alert alert-"
        ),
        ("UPDATE dead_letter SET kept_bytes = 1 << 62 WHERE id = 4", "table dead_letter"),
        ("DELETE FROM dead_letter_body WHERE id = 4", "dead letter 4"),
        ("UPDATE account SET extra = '{' WHERE account_id = '444455556666'", "account 444455556666"),
        ("UPDATE audit SET summary = 'x' WHERE sequence = 4", "the audit log"),
        ("UPDATE day SET records = records + 5 WHERE first_block = 1", "day 2026-11-22"),
    ])
    func damageIsNamed(_ sql: String, _ place: String) throws {
        let folder = TemporaryDirectory()
        try Self.build(folder.path)
        let database = RawDatabase(folder.database)
        #expect(database.text(sql) == "")
        database.close()
        let report = try StoreCheck(path: folder.path).run()
        #expect(
            report.findings.count == 1 && report.findings.first?.place.hasPrefix(place) == true, "\(report.findings)")
    }

    /// Random bytes in random pages: the check finds them unless nothing reads them, and no reader traps.
    @Test(arguments: 1...40) func noDamagedPageIsATrap(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let folder = TemporaryDirectory()
        try Self.build(folder.path)
        let file = try #require(FileHandle(forUpdatingAtPath: folder.database))
        let pages = Int(try file.seekToEnd()) / 8_192
        for _ in 0..<Int.random(in: 1...20, using: &random) {
            let page = Int.random(in: 1..<pages, using: &random)
            let count = [1, 8, 512, 4_096].randomElement(using: &random) ?? 8
            try file.seek(toOffset: UInt64(page * 8_192 + Int.random(in: 0..<(8_192 - count), using: &random)))
            try file.write(contentsOf: Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }))
        }
        try file.close()
        let clean: Bool
        do { clean = try StoreCheck(path: folder.path).run().isClean } catch is JournalError { clean = false }
        let errors = Self.readAll(folder.path)
        // What readers meet, the check has found.
        if clean { #expect(errors.isEmpty, "\(errors)") }
    }

    @Test func whatIsNoStoreCanNotBeChecked() throws {
        let folder = TemporaryDirectory()
        #expect(throws: JournalError.self) { _ = try StoreCheck(path: folder.path) }
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try "no database at all, but long enough to be looked at".write(
            toFile: folder.database, atomically: true, encoding: .utf8)
        #expect(throws: JournalError.self) { _ = try StoreCheck(path: folder.path) }
    }
}
