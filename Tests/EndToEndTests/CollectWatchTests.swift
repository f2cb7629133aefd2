// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Foundation
import TestKit
import Testing

/// What a user sees of the built collector: refusals, empty addresses, and the accounts that onboarding recorded.
@Suite(.serialized, .enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"), .timeLimit(.minutes(3)))
struct CollectWatchTests {
    private static let records = 5

    /// Runs the collector against moto and the service.
    private func collect(
        _ service: Service, _ aws: MotoServer, _ state: TemporaryFolder, _ arguments: String...
    ) async throws -> Outcome {
        try await run(
            Programs.client,
            ["collect"] + arguments
                + ["--state", state.url.path, "--server", service.server, "--pki", service.pki.path],
            environment: TestCaller.collector.environment(aws.url), seconds: 60)
    }

    private func put(_ trail: SyntheticTrail, files: Int, _ delivery: TrailDelivery, keyPrefix: String = "")
        async throws
    {
        let now = Int64(Date().timeIntervalSince1970) * 1_000
        for index in 0..<files {
            let range = index * Self.records..<(index + 1) * Self.records
            let key = delivery.key(account: trail.account, keyPrefix: keyPrefix, time: now, suffix: "\(index)")
            try await delivery.put(key, trail.logFile(range))
        }
    }

    @Test func recordsOfAnUnknownAccountAreToldAndComeOnceItIsOnboarded() async throws {
        let trail = SyntheticTrail()
        let service = try await Service()
        let aws = try MotoServer()
        let stage = MotoStage(aws.client())
        try await stage.put("trail")
        let delivery = TrailDelivery(stage: stage, bucket: "trail")
        try await put(trail, files: 3, delivery)
        let state = try TemporaryFolder()
        let refused = try await collect(service, aws, state, "--bucket", "trail", "--once", "-o", "jsonl")
        #expect(refused.status == 3, "\(refused.errors)")
        let lines = try refused.text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let refusals = lines.filter { $0["kind"] as? String == "refusal" }
        #expect(Set(refusals.compactMap { $0["file"] as? String }).count == 3)
        #expect(refusals.allSatisfy { $0["reason"] as? String == "account_not_onboarded" })
        let summary = try #require(lines.last)
        #expect(summary["kind"] as? String == "summary" && summary["rejected"] as? Int == 3 * Self.records)
        #expect(summary["refusals"] as? [String: Int] == ["account_not_onboarded": 3 * Self.records])
        #expect(refused.errors.contains("5 records refused: account_not_onboarded"), "\(refused.errors)")

        try await service.client("account", "onboard", trail.account, "--bucket", "trail").check()
        let complete = try await collect(service, aws, state, "--since", "1d")
        #expect(complete.status == 0, "\(complete.errors)")
        #expect(try await service.status().storedRecords == UInt64(3 * Self.records))
        try await service.stop()
    }

    @Test func aWrongPrefixEndsAtOnceWithWhatIsNear() async throws {
        let trail = SyntheticTrail()
        let service = try await Service(accounts: [trail.account])
        let aws = try MotoServer()
        let stage = MotoStage(aws.client())
        try await stage.put("trail")
        try await put(trail, files: 1, TrailDelivery(stage: stage, bucket: "trail"), keyPrefix: "logs/org")
        let state = try TemporaryFolder()
        for way in [["--once"], ["--since", "2d"]] {
            let start = ContinuousClock.now
            let outcome = try await run(
                Programs.client,
                ["collect", "--bucket", "trail", "--prefix", "logs/orgs", "--state", state.url.path] + way
                    + ["--server", service.server, "--pki", service.pki.path],
                environment: TestCaller.collector.environment(aws.url), seconds: 60)
            #expect(outcome.status == 1, "\(outcome.errors)")
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(outcome.errors.contains("s3://trail/logs/orgs/AWSLogs/*/CloudTrail/*/"), "\(outcome.errors)")
            #expect(outcome.errors.contains("--prefix logs/org"), "\(outcome.errors)")
        }
        try await service.stop()
    }

    @Test func withoutArgumentsAllOnboardedAccountsAreCollectedAndNoneStopsTheOthers() async throws {
        let first = SyntheticTrail(account: "111122223333")
        let second = SyntheticTrail(account: "222233334444")
        let service = try await Service()
        let aws = try MotoServer()
        let client = aws.client()
        let stage = MotoStage(client)
        for bucket in ["trail-a", "trail-b"] { try await stage.put(bucket) }
        try await put(first, files: 2, TrailDelivery(stage: stage, bucket: "trail-a"), keyPrefix: "p")
        let delivery = TrailDelivery(stage: stage, bucket: "trail-b")
        let key = delivery.key(
            account: second.account, time: Int64(Date().timeIntervalSince1970) * 1_000, suffix: "x")
        try await delivery.put(key, second.logFile(0..<Self.records))
        _ = try await stage.makeQueue("trail")
        let queue = try await stage.makeQueue("trail")
        try await stage.sendMessage(queue, try delivery.message([key], .storage))
        for options in [
            [first.account, "--bucket", "trail-a", "--prefix", "p"],
            [second.account, "--bucket", "trail-b", "--queue", "trail"],
            ["333344445555", "--bucket", "no-such-bucket"], ["444455556666"],
        ] {
            let outcome = try await run(
                Programs.client,
                ["account", "onboard"] + options + ["--server", service.server, "--pki", service.pki.path])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let state = try TemporaryFolder()
        let outcome = try await collect(service, aws, state, "--once")
        #expect(outcome.status == 3, "\(outcome.errors)")
        #expect(outcome.errors.contains("account 333344445555: s3://no-such-bucket/: s3:ListObjectsV2: NoSuchBucket"))
        #expect(outcome.errors.contains("account 444455556666: neither a bucket nor a queue is recorded"))
        #expect(try await service.status().storedRecords == UInt64(3 * Self.records), "\(outcome.errors)")
        try await service.stop()
    }

    @Test func whatIsNoQueueIsRefusedBeforeAnyCall() async throws {
        let outcome = try await run(
            Programs.client, ["collect", "--queue", "https://s3.us-east-1.amazonaws.com/111122223333/trail"],
            environment: ["AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"])
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("is no host of SQS"), "\(outcome.errors)")
    }
}
