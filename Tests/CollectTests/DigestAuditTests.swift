// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Collect
import Foundation
import Synchronization
import Testing

/// The audit over a bucket in moto.
@Suite(.enabled(if: MotoServer.isInstalled && DigestForge.isAvailable, "needs moto[server] in .venv, and openssl"))
struct DigestAuditTests {
    static let hour: Milliseconds = 3_600_000

    /// A bucket with digests of the last hours: S3 sets the time of writing, so the chain has to be of now.
    final class Stage: Sendable {
        /// The collector's.
        let client: AWSClient
        let own: MotoStage
        let forge: DigestForge
        let bucket: String
        let origin: Milliseconds

        init(_ bucket: String) async throws {
            forge = try DigestForge()
            let moto = try MotoServer.shared.get()
            own = MotoStage(moto.client())
            try await own.publish(forge, in: moto)
            client = moto.client(as: .collector)
            self.bucket = bucket
            // The second of five hours is now, so the objects written now belong to it.
            origin = Milliseconds(Date().timeIntervalSince1970 * 1_000) - 90 * 60_000
        }

        func time(_ hours: Int) -> Milliseconds { origin + Milliseconds(hours) * DigestAuditTests.hour }

        func location(_ kind: String, _ time: Milliseconds, _ suffix: String) -> ObjectLocation {
            let text = EventTime.format(time - time % 1_000)
            let day = text.prefix(10).replacingOccurrences(of: "-", with: "/")
            let compact = text.filter { $0 != "-" && $0 != ":" }
            return ObjectLocation(
                bucket: bucket,
                key:
                    "p/AWSLogs/111122223333/\(kind)/us-east-1/\(day)/111122223333_\(kind)_us-east-1_\(suffix)\(compact).json.gz"
            )
        }

        func put(_ location: ObjectLocation, _ content: [UInt8], metadata: [String: String] = [:]) async throws {
            try await own.put(bucket, location.key, TrailDelivery.gzip(content), metadata: metadata)
        }

        /// Writes a log file and its digest for each hour, and returns the log files.
        func deliver(hours: Int) async throws -> [ObjectLocation] {
            var previous: DigestForge.Signed?
            var logs: [ObjectLocation] = []
            for index in 0..<hours {
                let log = location("CloudTrail", time(index), "\(index)x")
                let content = Array(#"{"Records":[{"n":\#(index)}]}"#.utf8)
                try await put(log, content)
                logs.append(log)
                let digest = try forge.digest(
                    at: location("CloudTrail-Digest", time(index + 1), "trail_us-east-1_"),
                    start: time(index) - time(index) % 1_000, end: time(index + 1) - time(index + 1) % 1_000,
                    accountID: "111122223333", logFiles: [(log, hash: DigestForge.hash(content))], previous: previous)
                try await put(
                    digest.location, digest.content,
                    metadata: ["signature": digest.signature, "signature-algorithm": "SHA256withRSA"])
                previous = digest
            }
            return logs
        }

        func audit() async throws -> [DigestFinding] {
            let audit = DigestAudit(s3: S3(client), trails: Trails(client))
            let scope = DigestAudit.Scope(
                bucket: bucket, keyPrefix: "p", accountID: "111122223333", region: "us-east-1", trail: "trail",
                since: origin - DigestAuditTests.hour, until: time(5) + 1)
            let findings = Mutex<[DigestFinding]>([])
            try await audit.run(scope) { finding in findings.withLock { $0.append(finding) } }
            return findings.withLock { $0 }
        }
    }

    @Test func oneAlteredOneMissingAndOneUnsignedFileAreReportedExactly() async throws {
        let stage = try await Stage("digest-audit")
        try await stage.own.put(stage.bucket)
        let logs = try await stage.deliver(hours: 5)
        var findings = try await stage.audit()
        #expect(findings.filter { $0.verdict != .good } == [])
        #expect(findings.count == 10)

        try await stage.put(logs[1], Array("{}".utf8))
        try await stage.own.delete(stage.bucket, logs[2].key)
        let extra = stage.location("CloudTrail", stage.time(1), "extra")
        try await stage.put(extra, Array("{}".utf8))
        try await stage.own.put(stage.bucket, logs[3].key, Array("no gzip".utf8))
        findings = try await stage.audit().filter { $0.verdict != .good }
        #expect(findings.map(\.kind) == [.logFileAltered, .logFileMissing, .logFileAltered, .logFileUnsigned])
        #expect(findings.map(\.location) == [logs[3], logs[2], logs[1], extra])
    }

    @Test func anEmptyBucketHasNoDigests() async throws {
        let stage = try await Stage("digest-none")
        try await stage.own.put(stage.bucket)
        #expect(try await stage.audit().map(\.kind) == [.noDigests])
    }

    @Test func aBucketThatCannotBeListedIsAnError() async throws {
        let stage = try await Stage("digest-absent")
        let error = try await #require(throws: AWSError.self) { try await stage.audit() }
        #expect(error.code == "NoSuchBucket")
    }
}
