// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Detect
import Foundation
import Journal
import Logging
import Messages
import RPC
import Serve
import Synchronization
import Testing

@Suite struct AccountHealthTests {
    private static let minute: Milliseconds = 60_000

    @Test(
        arguments: [
            (59, nil, AccountHealth.healthy), (60, nil, .healthy), (61, nil, .undecided),
            (61, AccountInspector.TrailState.logging, .degraded("no events for 61 minutes, though the trail logs")),
            (61, .stopped, .degraded("no events for 61 minutes: the trail has been stopped")),
            (300, .logging, .degraded("no events for 5 hours, though the trail logs")),
            // Silence alone says nothing.
            (300, .unknown("no role"), .undecided), (5_000, .unknown("no role"), .undecided),
            (10, .stopped, .healthy),
        ] as [(Milliseconds, AccountInspector.TrailState?, AccountHealth)])
    func silence(minutes: Milliseconds, trail: AccountInspector.TrailState?, expected: AccountHealth) {
        #expect(AccountHealth(silence: minutes * Self.minute, trail: trail, minutes: 60) == expected)
    }

    @Test func aSilentAccountIsDegradedOnceAndRecovers() async throws {
        let rig = try await PipelineRig()
        let account = try #require(AccountID("111122223333"))
        try await rig.onboard(account)
        let trail = Mutex(AccountInspector.TrailState.logging)
        let asked = Mutex(0)
        let watch = AccountWatch(pipeline: rig.pipeline, minutes: 60, log: Logger(label: "test")) { _ in
            asked.withLock { $0 += 1 }
            return trail.withLock { $0 }
        }
        let start: Milliseconds = 1_790_000_000_000
        // Pending: nothing has stopped.
        try await watch.look(now: start)
        #expect(try rig.row(account).settings.degradedSince == nil)
        try await rig.record(account, at: start)
        try await watch.look(now: start + 59 * Self.minute)
        #expect(asked.withLock { $0 } == 0)
        for minutes: Milliseconds in [61, 62, 200, 201] { try await watch.look(now: start + minutes * Self.minute) }
        var settings = try rig.row(account).settings
        #expect(settings.degradedSince == start + 61 * Self.minute)
        #expect(settings.degradedReason?.contains("though the trail logs") == true)
        #expect(try rig.alerts().map(\.title) == ["Account degraded: its events have stopped"])
        #expect(Messages.Account(try rig.row(account), now: start).state == .degraded)
        // Events again.
        try await rig.record(account, at: start + 202 * Self.minute)
        try await watch.look(now: start + 203 * Self.minute)
        settings = try rig.row(account).settings
        #expect(settings.degradedSince == nil && settings.degradedReason == nil)
        // The next silence is the next alert.
        trail.withLock { $0 = .stopped }
        try await watch.look(now: start + 500 * Self.minute)
        #expect(try rig.row(account).settings.degradedReason?.contains("has been stopped") == true)
        #expect(try rig.alerts().count == 2)
        try await rig.stop()
    }

    /// An event of the year 9999, which an older version took, keeps no account healthy for ever.
    @Test(arguments: [false, true]) func anAccountWhoseClockRanAheadIsWatchedAgain(hasEvents: Bool) async throws {
        let rig = try await PipelineRig()
        let account = try #require(AccountID("111122223333"))
        try await rig.onboard(account)
        let watch = AccountWatch(pipeline: rig.pipeline, minutes: 60, log: Logger(label: "test")) { _ in .logging }
        let start: Milliseconds = 1_790_000_000_000
        try await rig.record(account, at: try #require(EventTime.parse("9999-12-31T23:59:59Z")))
        // A clock that may have been set just now changes nothing.
        try await watch.look(now: start, isSteady: false)
        #expect(try rig.row(account).lastEventAt ?? 0 > start)
        if hasEvents {
            // An event in time puts it right too.
            try await rig.record(account, at: start - 1, now: start)
        } else {
            try await watch.look(now: start)
        }
        #expect(try rig.row(account).lastEventAt == start)
        try await watch.look(now: start + 60 * Self.minute)
        #expect(try rig.row(account).settings.degradedSince == nil)
        try await watch.look(now: start + 61 * Self.minute)
        #expect(try rig.row(account).settings.degradedSince == start + 61 * Self.minute)
        try await rig.stop()
    }

    @Test func states() {
        var row = AccountRow(accountID: "111122223333", name: "", owner: "", state: 1, onboardedAt: 0)
        let day: Milliseconds = 86_400_000
        let state = { (row: AccountRow, now: Milliseconds) in Messages.Account(row, now: now).state }
        #expect(state(row, day) == .pending)
        row.eventCount = 1
        #expect(state(row, 6 * day) == .learning)
        #expect(state(row, 7 * day) == .active)
        row.settings.degradedSince = 5
        row.settings.degradedReason = "why"
        #expect(state(row, 7 * day) == .degraded)
        #expect(Messages.Account(row, now: day).stateReason == "why")
        row.state = 2
        #expect(state(row, 7 * day) == .offboarded)
    }

    @Test func settingsOfAnOlderVersionAreEmpty() {
        var row = AccountRow(accountID: "111122223333", name: "", owner: "", state: 1, onboardedAt: 0)
        #expect(row.settings == AccountSettings())
        row.extra = #"{"externalID":"x","unknown":1}"#
        #expect(row.externalID == "x")
        #expect(row.settings.roleARN.isEmpty)
    }
}

@Suite struct LogFindingTests {
    private func finding(_ kind: String, key: String = "k", account: String = "111122223333") -> LogFinding {
        LogFinding(accountID: account, region: "us-east-1", kind: kind, bucket: "b", key: key, detail: "d")
    }

    @Test func eachFindingIsAnAlertOnce() async throws {
        let rig = try await PipelineRig()
        try await rig.onboard(try #require(AccountID("111122223333")))
        let findings = [
            finding("log_file_altered", key: "a"), finding("log_file_missing", key: "m"),
            finding("log_file_unsigned", key: "u"), finding("log_file_missing", key: "x", account: "999988887777"),
        ]
        let first = try await rig.report(findings)
        #expect((first.raised, first.known, first.ignored) == (3, 0, 1))
        let again = try await rig.report(findings + [finding("log_file_altered", key: "b")])
        #expect((again.raised, again.known, again.ignored) == (1, 3, 1))
        let alerts = try rig.alerts()
        #expect(
            Set(alerts.map(\.title)) == [
                "CloudTrail log file altered", "CloudTrail log file missing", "Log file that CloudTrail did not sign",
            ])
        let altered = try #require(alerts.first { $0.title == "CloudTrail log file altered" })
        #expect(altered.matchCount == 2)
        #expect(Set(altered.evidence.filter { $0.name == "object" }.map(\.value)) == ["s3://b/a", "s3://b/b"])
        #expect(altered.severity == .critical && !altered.historical)
        try await rig.stop()
    }

    @Test func whatAlertsSayIsSetWell() async throws {
        let rig = try await PipelineRig()
        try await rig.onboard(try #require(AccountID("111122223333")))
        _ = try await rig.report(
            ["log_file_altered", "log_file_missing", "log_file_unsigned", "gap"].map { finding($0) })
        let alerts = try rig.alerts()
        #expect(alerts.count == 4)
        for alert in alerts { #expect(!alert.description.contains("  "), "\(alert.description)") }
        try await rig.stop()
    }

    @Test func whatIsNoFindingIsRefused() async throws {
        let rig = try await PipelineRig()
        for finding in [
            finding("log_file_valid"), finding("nonsense"), finding("gap", account: "1"),
            finding("gap", key: String(repeating: "k", count: 2_000)),
        ] {
            let error = await #expect(throws: RPCError.self) { try await rig.report([finding]) }
            #expect(error?.code == .invalidArgument)
        }
        try await rig.stop()
    }
}

/// A pipeline over a journal of its own.
struct PipelineRig: Sendable {
    let pipeline: Pipeline
    private let folder: URL

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        let rules = folder.appendingPathComponent("rules")
        try FileManager.default.createDirectory(at: rules, withIntermediateDirectories: true)
        pipeline = try await Pipeline(
            dataDirectory: folder.appendingPathComponent("data").path, rules: rules.path, workers: 1,
            log: Logger(label: "test"))
    }

    func onboard(_ account: AccountID) async throws {
        try await pipeline.perform { transaction, _ in
            try transaction.putAccount(
                AccountRow(accountID: account.description, name: "", owner: "", state: 1, onboardedAt: 0))
        }
        pipeline.accounts.insert(account)
    }

    func record(_ account: AccountID, at time: Milliseconds, now: Milliseconds? = nil) async throws {
        try await pipeline.perform { transaction, _ in
            _ = try transaction.recordActivity(
                accountID: account.description, events: 1, lastEventAt: time, now: now)
        }
    }

    func row(_ account: AccountID) throws -> AccountRow {
        try #require(try pipeline.journal.reader.account(account.description))
    }

    func report(_ findings: [LogFinding]) async throws -> ReportLogFindingsResponse {
        try await LogFindings(pipeline: pipeline).report(
            ReportLogFindingsRequest(findings: findings),
            Caller(role: .collector, accounts: nil, actor: AuditActor(role: "collector")),
            audit: AuditEntry(time: 0, actor: AuditActor(role: "collector"), method: "/test", summary: "test"))
    }

    /// The latest revision of every alert.
    func alerts() throws -> [Detect.Alert] {
        let entries = try pipeline.journal.reader.alertLog(after: 0, limit: 1_000).entries
        var latest: [String: Detect.Alert] = [:]
        for entry in entries { latest[entry.alertID] = try AlertCodec.decode(entry.payload) }
        return Array(latest.values)
    }

    func stop() async throws {
        try await pipeline.stop()
        try? FileManager.default.removeItem(at: folder)
    }
}
