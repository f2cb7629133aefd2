// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Foundation
import Messages
import TestKit
import Testing

/// The whole way, with the built programs: log files in S3, messages in SQS, collector, service, alert, IAM, and back.
@Suite(.serialized, .enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"))
struct CollectedRemediationTests {
    private static let files = 200
    private static let recordsPerFile = 10
    /// The file that shows the stolen key at work.
    private static let theft = 137
    /// Files that come after the first collection.
    private static let late = 20

    @Test(.timeLimit(.minutes(4)))
    func fromTheBucketToTheDeactivatedKey() async throws {
        let stage = try await RemediationStage()
        try await stage.enable("auto", "--never", "user/break-glass")
        let trail = SyntheticTrail(account: stage.account)
        let aws = MotoStage(try MotoServer.shared.get().client())
        let bucket = "trail-\(stage.account)"
        try await aws.put(bucket)
        let queue = try await aws.makeQueue(bucket)
        let delivery = TrailDelivery(stage: aws, bucket: bucket)
        let now = Int64(Date().timeIntervalSince1970) * 1_000
        let keys = (0..<Self.files).map { delivery.key(account: stage.account, time: now, suffix: "\($0)") }
        let order = (0..<Self.files - Self.late).shuffled()
        for index in order { try await delivery.put(keys[index], Self.file(index, trail, stage)) }
        try await Self.tell(order, keys, delivery, aws, queue)

        let state = try TemporaryFolder()
        func collect() async throws {
            try await run(
                Programs.client,
                [
                    "collect", "--queue", queue, "--bucket", bucket, "--once", "--no-validation", "--state",
                    state.url.path, "--server", stage.service.server, "--pki", stage.service.pki.path,
                ], environment: RemediationStage.environment(try MotoServer.shared.get().url)
            ).check()
        }
        try await collect()
        let done = try await stage.remediation("in effect") { $0.outcome == "succeeded" }
        let rest = (Self.files - Self.late)..<Self.files
        for index in rest { try await delivery.put(keys[index], Self.file(index, trail, stage)) }
        // The late ones, and once more what was told before.
        try await Self.tell(Array(rest) + order.prefix(30), keys, delivery, aws, queue)
        try await collect()

        #expect(try await stage.service.status().storedRecords == UInt64(Self.files * Self.recordsPerFile + 1))
        #expect(try await stage.statuses() == [.inactive, .active])
        #expect(try await stage.remediations().count == 1)
        #expect(try await stage.passed("UpdateAccessKey") == 1)
        #expect(done.target?.accessKeyID == stage.keys[0] && !done.alertID.isEmpty)
        #expect(done.before.contains(Evidence(name: "key/\(stage.keys[0])", value: "Active")))
        #expect(done.after.contains(Evidence(name: "key/\(stage.keys[0])", value: "Inactive")))
        try await stage.succeed("remediation", "rollback", done.remediationID, "--yes")
        #expect(try await stage.statuses() == [.active, .active])
        try await stage.service.stop()
    }

    private static func file(_ index: Int, _ trail: SyntheticTrail, _ stage: RemediationStage) -> [UInt8] {
        let records = index * recordsPerFile..<(index + 1) * recordsPerFile
        guard index == theft else { return trail.logFile(records) }
        var file = Array(trail.logFile(records).dropLast(2))
        file.append(UInt8(ascii: ","))
        file += stage.record()
        return file + Array("]}".utf8)
    }

    /// Sends a message for each file in an order of its own, some twice.
    private static func tell(
        _ indices: [Int], _ keys: [String], _ delivery: TrailDelivery, _ aws: MotoStage, _ queue: String
    ) async throws {
        let forms = TrailDelivery.Envelope.allCases
        for index in indices.shuffled() {
            let message = try delivery.message([keys[index]], forms[index % forms.count])
            try await aws.sendMessage(queue, message)
            if index % 10 == 0 { try await aws.sendMessage(queue, message) }
        }
    }
}
