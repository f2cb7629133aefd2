// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Collect
import Foundation
import Testing

/// Listing and history over a bucket in moto.
@Suite(.enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"), .timeLimit(.minutes(2)))
struct ListingTests {
    private func collector(
        _ rig: CollectRig, keyPrefix: String = "", endsAfterPass: Bool = false, clock: AWSClock = .system
    ) -> ListingCollector {
        var settings = ListingCollector.Settings()
        settings.endsAfterPass = endsAfterPass
        return ListingCollector(
            bucket: rig.trail.bucket,
            layout: BucketLayout(s3: rig.s3(), bucket: rig.trail.bucket, keyPrefix: keyPrefix), s3: rig.s3(),
            delivery: rig.delivery, aside: rig.aside, report: rig.report, state: rig.folder.path + "/state",
            settings: settings, clock: clock)
    }

    @Test func lateFilesAreFound() async throws {
        let rig = try await CollectRig("listing-late")
        var expected: Set<String> = []
        for name in ["m", "n"] { expected.insert(rig.address(try await rig.put(name))) }
        // For this clock to sleep is to move on, so that the hourly pass over the month comes at once too.
        let clock = ManualClock(Date()).clock()
        let running = Task { try await collector(rig, clock: clock).run() }
        try await eventually { rig.sink.files.count == 2 }
        // A name before those that were listed, one of yesterday, one of a folder ten days old.
        for (name, days) in [("a", 0), ("b", 1), ("c", 10)] {
            expected.insert(rig.address(try await rig.put(name, daysAgo: days)))
            try await eventually { rig.sink.files.count == expected.count }
        }
        running.cancel()
        _ = await running.result
        #expect(Set(rig.sink.sources) == expected)
        #expect(rig.sink.files.count == 5)
        #expect(rig.sink.files.allSatisfy { !$0.isHistorical })
    }

    @Test func aRestartRepeatsNothing() async throws {
        let rig = try await CollectRig("listing-restart")
        for index in 0..<12 { try await rig.put("\(index)", daysAgo: index % 3) }
        try await collector(rig, endsAfterPass: true).run()
        #expect(rig.sink.files.count == 12)
        let added = try await rig.put("after")
        try await collector(rig, endsAfterPass: true).run()
        #expect(rig.sink.files.count == 13)
        #expect(rig.sink.sources.last == rig.address(added))
        // A crash in the middle of a write leaves part of a name behind.
        let seen = rig.folder.path + "/state/seen"
        for name in try FileManager.default.contentsOfDirectory(atPath: seen) {
            let handle = try #require(FileHandle(forWritingAtPath: "\(seen)/\(name)"))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data([1, 2, 3]))
            try handle.close()
        }
        try await rig.put("after the crash")
        try await collector(rig, endsAfterPass: true).run()
        try await collector(rig, endsAfterPass: true).run()
        #expect(rig.sink.files.count == 14)
    }

    @Test func organisationsAndPrefixes() async throws {
        let rig = try await CollectRig("listing-forms")
        var expected: [String] = []
        for (account, region) in [("111122223333", "us-east-1"), ("444455556666", "eu-west-1")] {
            for organization in ["o-abc1234567", nil] {
                for kind in ["CloudTrail", "CloudTrail-Insight", "CloudTrail-Digest"] {
                    let key = rig.trail.key(
                        account: account, region: region, organization: organization, keyPrefix: "a/b", kind: kind,
                        time: rig.now, suffix: "x")
                    try await rig.trail.put(key, Array(#"{"Records":[]}"#.utf8))
                    if kind != "CloudTrail-Digest" { expected.append(rig.address(key)) }
                }
            }
        }
        try await rig.put("elsewhere")
        try await collector(rig, keyPrefix: "a/b", endsAfterPass: true).run()
        #expect(rig.sink.sources.sorted() == expected.sorted())
    }

    /// Puts an hourly file of each of two regions for yesterday and today.
    private func hourly(_ rig: CollectRig) async throws -> [String] {
        let midnight = rig.now / 86_400_000 * 86_400_000
        var addresses: [String] = []
        for hour in stride(from: -24, to: 3, by: 3) {
            for region in ["eu-west-1", "us-east-1"] {
                let key = rig.trail.key(region: region, time: midnight + Milliseconds(hour) * 3_600_000, suffix: "x")
                try await rig.trail.put(key, Array(#"{"Records":[]}"#.utf8))
                addresses.append(rig.address(key))
            }
        }
        return addresses
    }

    /// The places at which files of an hour came, in the order of the hours: those of an hour together.
    private func isInOrder(_ rig: CollectRig, _ expected: [String]) -> Bool {
        let sources = rig.sink.sources
        return sources.count == expected.count
            && stride(from: 0, to: sources.count, by: 2).allSatisfy {
                Set(sources[$0...$0 + 1]) == Set(expected[$0...$0 + 1])
            }
    }

    @Test func regionsAreCollectedTogetherInTheOrderOfDelivery() async throws {
        let rig = try await CollectRig("listing-order")
        let expected = try await hourly(rig)
        try await collector(rig, endsAfterPass: true).run()
        #expect(isInOrder(rig, expected))
    }

    @Test func historyIsReadInItsOrder() async throws {
        let rig = try await CollectRig("backfill-order")
        let expected = try await hourly(rig)
        let days = [0, 1].map { FolderDay.of(rig.now - $0 * 86_400_000) }
        let result = try await backfill(rig).run(days: days)
        #expect((result.done, result.failed) == (4, 0))
        #expect(isInOrder(rig, expected))
    }

    @Test func whatIsOlderThanTheFirstStartIsLeftToABackfill() async throws {
        let rig = try await CollectRig("listing-old")
        try await rig.put("old")
        // The collector starts three days from now, as if the file had been written three days ago.
        let clock = ManualClock(Date(timeIntervalSinceNow: 3 * 86_400)).clock()
        try await collector(rig, endsAfterPass: true, clock: clock).run()
        #expect(rig.sink.files.isEmpty)
    }

    @Test func aFileThatIsRefusedGoesAsideOnce() async throws {
        let rig = try await CollectRig(
            "listing-poison", sink: RecordingSink { _ in Acknowledgement(rejected: 1, refusal: "invalid_gzip") })
        let key = try await rig.put("x")
        for _ in 0..<2 { try await collector(rig, endsAfterPass: true).run() }
        #expect(rig.sink.files.count == 1)
        #expect(try rig.aside.items().map(\.source) == [rig.address(key)])
    }

    @Test func aBucketThatCannotBeListedEndsTheCollector() async throws {
        let rig = try await CollectRig("listing-absent")
        let layout = BucketLayout(s3: rig.s3(), bucket: "no-such-bucket", keyPrefix: "")
        await #expect(throws: AWSError.self) { try await layout.folders() }
    }

    @Test func oneCollectorKeepsItsStateInAFolder() throws {
        let folder = try ScratchFolder()
        let first = try StateLock(folder: folder.path)
        #expect(throws: SinkError.self) { try StateLock(folder: folder.path) }
        withExtendedLifetime(first) {}
    }

    private func backfill(
        _ rig: CollectRig, clock: AWSClock = .system, isCaughtUp: (@Sendable () -> Bool)? = nil
    ) -> Backfill {
        Backfill(
            bucket: rig.trail.bucket, layout: BucketLayout(s3: rig.s3(), bucket: rig.trail.bucket, keyPrefix: ""),
            s3: rig.s3(), delivery: rig.delivery, sink: rig.sink, aside: rig.aside, report: rig.report,
            state: rig.folder.path + "/state", clock: clock, isCaughtUp: isCaughtUp)
    }

    /// What the queue may still hold is live: taken in as history it would never remediate.
    @Test func historyLeavesToTheQueueWhatIsItsOwn() async throws {
        let rig = try await CollectRig("backfill-live")
        let old = try await rig.put("old", daysAgo: 20)
        for days in 0...1 { try await rig.put("recent", daysAgo: days) }
        let days = [20, 1, 0].map { FolderDay.of(rig.now - Milliseconds($0) * 86_400_000) }
        let asleep = Locked(0)
        var clock = AWSClock.system
        clock.sleep = { _ in
            asleep.withLock { $0 += 1 }
            #expect(rig.sink.sources == [rig.address(old)])
        }
        let begin = Date()
        // All of it is written after that beginning.
        clock.now = { begin.addingTimeInterval(-3_600) }
        _ = try await backfill(rig, clock: clock) { true }.run(days: [days[2]])
        #expect(rig.sink.files.isEmpty)
        // And before this one; the queue is caught up with when history has looked for the third time.
        clock.now = { begin.addingTimeInterval(60) }
        let result = try await backfill(rig, clock: clock) { asleep.withLock { $0 } == 3 }.run(days: days)
        #expect((result.done, result.failed) == (3, 0))
        #expect(asleep.withLock { $0 } == 3)
        #expect(rig.sink.files.count == 3 && rig.sink.sources.first == rig.address(old))
    }

    @Test func historyIsBoundedMarkedAndDoneOnce() async throws {
        let rig = try await CollectRig("backfill-days")
        var expected: [String] = []
        for days in 0..<6 {
            for index in 0..<3 {
                let key = try await rig.put("\(index)", daysAgo: days)
                if (2...4).contains(days) { expected.append(rig.address(key)) }
            }
        }
        let day = { (ago: Int) in FolderDay.of(rig.now - Milliseconds(ago) * 86_400_000) }
        let days = [4, 3, 2].map(day)
        let result = try await backfill(rig).run(days: days)
        #expect((result.done, result.skipped, result.failed) == (3, 0, 0))
        #expect(rig.sink.sources.sorted() == expected.sorted())
        #expect(!rig.sink.files.contains { !$0.isHistorical })
        let again = try await backfill(rig).run(days: days + [day(5)])
        #expect((again.done, again.skipped, again.failed) == (1, 3, 0))
        #expect(rig.sink.files.count == 12)
    }

    @Test func historyWaitsWhileTheServiceHasAQueue() async throws {
        let waiting = Locked(CollectLimits.historicalQueue + 1)
        let rig = try await CollectRig("backfill-waits", sink: RecordingSink(waiting: { waiting.withLock { $0 } }))
        try await rig.put("x", daysAgo: 2)
        let asleep = Locked(0)
        let clock = AWSClock(
            now: { Date() }, instant: { .now },
            sleep: { _ in
                // The service catches up while history waits for the third time.
                if asleep.withLock({
                    $0 += 1; return $0
                }) == 3 {
                    waiting.withLock { $0 = 0 }
                }
                #expect(rig.sink.files.isEmpty)
            }, fraction: { 1 })
        _ = try await backfill(rig, clock: clock).run(days: [FolderDay.of(rig.now - 2 * 86_400_000)])
        #expect(asleep.withLock { $0 } == 3)
        #expect(rig.sink.files.count == 1)
    }
}

@Suite struct DayTests {
    @Test func daysOfASpan() {
        let start = EventTime.parse("2026-02-27T23:59:59Z") ?? 0
        let end = EventTime.parse("2026-03-01T00:00:00Z") ?? 0
        #expect(FolderDay.range(from: start, through: end) == ["2026/02/27", "2026/02/28", "2026/03/01"])
        #expect(FolderDay.range(from: end, through: start).isEmpty)
        #expect(FolderDay.range(from: 0, through: .max / 2).count == CollectLimits.backfillDays)
    }

    @Test func aPassListsWhatMayBeMissingInOrderAndLateFilesLast() {
        let now = EventTime.parse("2026-03-10T12:00:00Z") ?? 0
        func days(_ known: String, isDeep: Bool = true) -> [String] {
            ListingCollector.days(now: now, known: known, isDeep: isDeep).map { String($0.suffix(5)) }
        }
        #expect(days("2026/03/10", isDeep: false) == ["03/09", "03/10"])
        #expect(days("2026/03/10").prefix(3) == ["03/09", "03/10", "02/08"])
        // The collector was away since the sixth.
        #expect(days("2026/03/06").prefix(7) == ["03/05", "03/06", "03/07", "03/08", "03/09", "03/10", "02/08"])
        let all = days("2025/01/01")
        #expect(all.count == CollectLimits.lateDays && all.first == "02/08" && all.last == "03/10")
        #expect(Set(days("2026/03/06")) == Set(all))
    }

    @Test func theEarliestOfTooManyFilesComeFirst() {
        let files = (0..<50).map { ListedFile(delivered: Int64($0 * 7 % 50 / 2), key: "k\($0 % 3)-\($0)", folder: $0) }
        var found: [ListedFile] = []
        var rounds = 0
        var isCut = true
        while isCut {
            var earliest = EarliestFiles(after: found.last, limit: 8)
            for file in files { earliest.insert(file) }
            found += earliest.take()
            isCut = earliest.isCut
            rounds += 1
        }
        #expect(found == files.sorted())
        #expect(rounds == 7)
    }

    @Test func theTimeOfDeliveryByTheName() throws {
        func time(_ name: Substring) -> String? { LogFileName.delivered(name: name).map(EventTime.format) }
        let name: Substring = "111122223333_CloudTrail_us-east-2_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz"
        #expect(time(name) == "2015-08-01T02:10:00Z")
        #expect(
            time("111122223333_CloudTrail-NetworkActivity_us-east-2_20150801T0210Z_Mu.json") == "2015-08-01T02:10:00Z")
        let key = "AWSLogs/111122223333/CloudTrail/us-east-2/2015/08/01/\(name)"
        #expect(LogFileName(key: key)?.delivered == EventTime.parse("2015-08-01T02:10:00Z"))
        for other: Substring in [
            "", "x.json.gz", "111122223333_CloudTrail_us-east-2_20150801T0210_Mu.json.gz",
            "111122223333_CloudTrail_us-east-2_20151301T0210Z_Mu.json.gz",
            "111122223333_CloudTrail_us-east-2_20150801 0210Z_Mu.json.gz",
            "111122223333_CloudTrail_us-east-2_２0150801T0210Z_Mu.json.gz",
            "111122223333_CloudTrail-Digest_us-east-2_20150801T0210Z_Mu.json.gz",
            "11112222333_CloudTrail_us-east-2_20150801T0210Z_Mu.json.gz",
        ] { #expect(time(other) == nil, "\(other)") }
    }

    @Test func theFolderOfAKey() throws {
        let key = "a/b/AWSLogs/o-abc1234567/111122223333/CloudTrail/us-east-1/2026/03/01/x.json.gz"
        let folder = try #require(TrailFolder(key: key))
        #expect(folder.keyPrefix == "a/b")
        #expect(key == folder.prefix + "2026/03/01/x.json.gz")
        #expect(TrailFolder(key: "AWSLogs/x.json.gz") == nil)
    }
}
