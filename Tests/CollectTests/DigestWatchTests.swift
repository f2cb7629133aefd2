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
        let stage = try DigestAuditTests.Stage("digest-watch")
        try await MotoStage(stage.client).put(stage.bucket)
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

    @Test func aNewRegionHasHoursForItsFirstDigest() async throws {
        let stage = try DigestAuditTests.Stage("digest-watch-new")
        try await MotoStage(stage.client).put(stage.bucket)
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
