// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal
import Testing

/// Revisions of alerts as they are stored: what each costs, that each is read back, and what compaction takes.
@Suite("Revisions of alerts")
struct RevisionTests {
    private let directory = TemporaryDirectory()

    private static func row(_ id: String, _ revision: Int, _ payload: [UInt8], status: Int = 1) -> AlertRow {
        AlertRow(
            alertID: id, detectionID: "d", accountID: "111122223333", actor: "a", severity: 3, audience: 1,
            status: status,
            firstSeen: 1, lastSeen: 2, createdAt: 1, revision: Int64(revision), payload: payload)
    }

    /// Texts that no compression makes shorter, as long names of buckets and roles are.
    private static func noise(_ count: Int, _ random: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// The bytes that the log's rows take for their payloads.
    private func storedBytes() -> Int {
        let database = RawDatabase(directory.database)
        defer { database.close() }
        return Int(database.text("SELECT sum(length(payload)) FROM alert_log")) ?? 0
    }

    /// An alert of 40 kB of names gains an event at a time: its counts change, and a reference comes in the middle.
    @Test func aRevisionCostsATenthOfItsAlertAtMost() throws {
        var random = SystemRandomNumberGenerator()
        let names = Self.noise(40_000, &random)
        var events: [UInt8] = []
        var revisions: [[UInt8]] = []
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        for revision in 1...200 {
            events += Self.noise(28, &random)
            let payload = [1, UInt8(revision & 0xFF)] + names[..<15_000] + events + names[15_000...]
            revisions.append(payload)
            try writer.commit { _ = try $0.putAlert(Self.row("alert", revision, payload)) }
        }
        let each = storedBytes() / revisions.count
        print("an alert of \(revisions[0].count) to \(revisions[199].count) bytes: \(each) bytes a revision")
        #expect(each * 10 <= 40_000, "\(each) bytes a revision")
        let page = try journal.reader.alertLog(after: 0, limit: 1_000)
        #expect(page.entries.map(\.payload) == revisions)
        // From any place, as a subscriber with a cursor reads.
        for start in [0, 1, 31, 32, 33, 100, 198] {
            let page = try journal.reader.alertLog(after: Int64(start), limit: 1)
            #expect(page.entries.first?.payload == revisions[start])
        }
        #expect(try journal.reader.alert("alert")?.payload == revisions.last)
    }

    /// Alerts that change, compactions and readings in any order, against a model.
    @Test(arguments: 1...6) func compactionKeepsEveryLastRevision(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        var log: [(position: Int64, id: String, payload: [UInt8], time: Int64)] = []
        var revisions: [String: Int] = [:]
        var (pruned, looked): (Int64, Int64) = (0, 0)
        for time in 1...150 as ClosedRange<Int64> {
            if Int.random(in: 0..<10, using: &random) > 0 {
                let id = "alert-\(Int.random(in: 0..<4, using: &random))"
                var payload = log.last { $0.id == id }?.payload ?? Self.noise(500, &random)
                payload.insert(
                    UInt8.random(in: 0...255, using: &random), at: Int.random(in: 0...payload.count, using: &random))
                revisions[id, default: 0] += 1
                let position = try writer.commit {
                    try $0.putAlert(Self.row(id, revisions[id] ?? 0, payload), storedAt: time)
                }
                // A last revision that a compaction has passed goes when another one takes its place.
                if let last = log.last(where: { $0.id == id })?.position, last <= looked {
                    log.removeAll { $0.position == last }
                    pruned = max(pruned, last)
                }
                log.append((position, id, payload, time))
            } else {
                let bound = Int64.random(in: 0...time, using: &random)
                var progress = AlertLogCompaction()
                while !progress.isDone { progress = try writer.commit { try $0.compactAlertLog(storedBefore: bound) } }
                let last = Set(revisions.keys.compactMap { id in log.last { $0.id == id }?.position })
                let gone = log.filter { $0.time < bound && !last.contains($0.position) }.map(\.position)
                pruned = max(pruned, gone.max() ?? 0)
                looked = max(looked, log.last { $0.time < bound }?.position ?? 0)
                log.removeAll { gone.contains($0.position) }
            }
            #expect(try journal.reader.alertLogPruned() == pruned)
            let start = Int64.random(in: 0...(log.last?.position ?? 0), using: &random)
            let page = try journal.reader.alertLog(after: start, limit: 1_000)
            let expected = log.filter { $0.position > start }
            #expect(page.entries.map(\.position) == expected.map(\.position))
            let isSame = page.entries.map(\.payload) == expected.map(\.payload)
            #expect(isSame)
        }
        #expect(RawDatabase.check(directory.database) == "ok")
    }

    @Test func closedAlertsGoWithTheirLastRevision() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        for (number, status) in [1, 3, 3, 2].enumerated() {
            for revision in 1...3 {
                try writer.commit {
                    _ = try $0.putAlert(
                        Self.row("alert-\(number)", revision, [UInt8(revision)], status: status),
                        storedAt: Int64(100 * number + revision))
                }
            }
        }
        #expect(try journal.reader.endedAlerts(statuses: [3], storedBefore: 150) == ["alert-1"])
        #expect(try journal.reader.endedAlerts(statuses: [3], storedBefore: 1_000) == ["alert-1", "alert-2"])
        let removed = try writer.commit {
            try $0.removeAlerts(["alert-0", "alert-1", "alert-2"], statuses: [3], storedBefore: 150)
        }
        #expect(removed == 1, "only the one that is closed for long enough")
        #expect(try journal.reader.alert("alert-1") == nil)
        #expect(try journal.reader.alert("alert-2") != nil)
        #expect(try journal.reader.alertLogPruned() == 6)
        // The revisions before the last one go with the next compaction, and a number is not given again.
        while try !writer.commit({ try $0.compactAlertLog(storedBefore: 1_000) }).isDone {}
        #expect(
            try journal.reader.alertLog(after: 0, limit: 10).entries.map(\.alertID) == [
                "alert-0", "alert-2", "alert-3",
            ])
        #expect(try writer.commit { try $0.putAlert(Self.row("alert-9", 1, [9])) } == 13)
    }

    /// Bits turned in one revision are told of it, and of those that are based on it alone.
    @Test func aDamagedRevisionIsNamedAndTheOthersAreRead() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        for number in 0..<3 {
            for revision in 1...2 {
                let payload = [UInt8](repeating: UInt8(number), count: 300) + [UInt8(revision)]
                try writer.commit { _ = try $0.putAlert(Self.row("alert-\(number)", revision, payload)) }
            }
        }
        let database = RawDatabase(directory.database)
        database.text(
            "UPDATE alert_log SET payload = CAST(substr(payload, 1, length(payload) - 1) || x'00' AS BLOB) WHERE position = 3"
        )
        database.close()
        let page = try journal.reader.alertLog(after: 0, limit: 10)
        #expect(
            page.entries.map { $0.damage?.place } == [
                nil, nil, "entry 3 of the alert log", "entry 4 of the alert log", nil, nil,
            ])
        #expect(try journal.reader.alert("alert-1")?.damage == nil)
    }

    @Test func aDamagedAlertIsNamed() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.commit { _ = try $0.putAlert(Self.row("alert-1", 1, [UInt8](repeating: 7, count: 100))) }
        let database = RawDatabase(directory.database)
        database.text("UPDATE alert SET payload = CAST(substr(payload, 1, length(payload) - 1) || x'00' AS BLOB)")
        database.close()
        #expect(try journal.reader.alert("alert-1")?.damage?.place == "alert alert-1")
        #expect(try journal.reader.alert("alert-1")?.damage?.code == .damaged)
    }
}
