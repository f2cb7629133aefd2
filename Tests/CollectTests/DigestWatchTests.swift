// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Collect
import Foundation
import Testing

/// What a running collector validates: the chains of what it collects, over a bucket in moto.
@Suite(
    .enabled(if: MotoServer.isInstalled && DigestForge.isAvailable, "needs moto[server] in .venv, and openssl"),
    .timeLimit(.minutes(2)))
struct DigestWatchTests {
    @Test func whatIsWrongIsHandedOn() async throws {
        let stage = try await DigestAuditTests.Stage("digest-watch")
        try await stage.own.put(stage.bucket)
        let logs = try await stage.deliver(hours: 5)
        // Hours later, as far as the watch knows: the digests of the time have come.
        let clock = ManualClock(Date(timeIntervalSinceNow: 3.6 * 3_600))
        let handed = Locked<[LogFileFinding]>([])
        let watch = DigestWatch(
            audit: DigestAudit(s3: S3(stage.client), trails: Trails(stage.client)), report: CollectReport(),
            clock: clock.clock()
        ) { findings in handed.withLock { $0 += findings } }
        // Nothing was collected, so nothing is looked at.
        try await watch.validate()
        for log in logs { watch.observe(log) }
        watch.observe(ObjectLocation(bucket: stage.bucket, key: "no/log/file"))
        try await watch.validate()
        #expect(handed.withLock { $0 } == [])
        try await stage.put(logs[1], Array("{}".utf8))
        try await watch.validate()
        let findings = handed.withLock { $0 }
        #expect(findings.map(\.finding.kind) == [.logFileAltered])
        #expect(findings.first?.finding.location == logs[1])
        #expect(findings.first?.accountID == "111122223333" && findings.first?.region == "us-east-1")
    }

    @Test func itLooksEveryHourUntilItIsStopped() async throws {
        let stage = try await DigestAuditTests.Stage("digest-watch-hourly")
        try await stage.own.put(stage.bucket)
        let logs = try await stage.deliver(hours: 5)
        let handed = Locked<[[DigestFinding.Kind]]>([])
        let pauses = Locked<[Duration]>([])
        var clock = ManualClock(Date(timeIntervalSinceNow: 3.6 * 3_600)).clock()
        // Each pause is over at once; after the first look a file is altered, and after the third it ends.
        clock.sleep = { pause in
            let count = pauses.withLock { pauses in
                pauses.append(pause)
                return pauses.count
            }
            if count == 2 { try await stage.put(logs[1], Array("{}".utf8)) }
            if count == 4 { throw CancellationError() }
        }
        let troubles = Locked<[String]>([])
        let report = CollectReport { level, text in
            if level == .trouble { troubles.withLock { $0.append(text) } }
        }
        let watch = DigestWatch(
            audit: DigestAudit(s3: S3(stage.client), trails: Trails(stage.client)), report: report, clock: clock
        ) { findings in handed.withLock { $0.append(findings.map(\.finding.kind)) } }
        for log in logs { watch.observe(log) }
        // What can't be read is told, and keeps the rest from nothing.
        watch.observe(ObjectLocation(bucket: "digest-watch-gone", key: logs[0].key))
        await #expect(throws: CancellationError.self) { try await watch.run() }
        #expect(pauses.withLock { $0 } == Array(repeating: .seconds(3_600), count: 4))
        #expect(handed.withLock { $0 } == [[.logFileAltered], [.logFileAltered]])
        #expect(troubles.withLock { $0.count { $0.contains("digest-watch-gone") } } == 3)
    }

    @Test func aNewRegionHasHoursForItsFirstDigest() async throws {
        let stage = try await DigestAuditTests.Stage("digest-watch-new")
        try await stage.own.put(stage.bucket)
        let log = stage.location("CloudTrail", stage.time(0), "x")
        try await stage.put(log, Array("{}".utf8))
        let clock = ManualClock(Date())
        let handed = Locked<[LogFileFinding]>([])
        let watch = DigestWatch(
            audit: DigestAudit(s3: S3(stage.client), trails: Trails(stage.client)), report: CollectReport(),
            clock: clock.clock()
        ) { findings in handed.withLock { $0 += findings } }
        watch.observe(log)
        try await watch.validate()
        #expect(handed.withLock { $0 } == [])
        clock.advance(.seconds(4 * 3_600))
        try await watch.validate()
        #expect(handed.withLock { $0.map(\.finding.kind) } == [.noDigests])
    }
}
