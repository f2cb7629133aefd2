// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import CloudTrail
import Foundation
import Messages
import Testing

/// The built programs over a chain of digests in moto; key and digests are made here.
@Suite(
    .serialized,
    .enabled(if: MotoServer.isInstalled && DigestForge.isAvailable, "needs moto[server] in .venv, and openssl"),
    .timeLimit(.minutes(3)))
struct ValidationTests {
    private static let account = "123456789012"
    private static let hour: Milliseconds = 3_600_000

    /// A bucket with digests of the last hours, and the keys of the log files that they name.
    private struct Chain {
        let delivery: TrailDelivery
        let stage: MotoStage
        let logFiles: [String]
        let extra: String
        let environment: [String: String]

        init(_ aws: MotoServer) async throws {
            let account = ValidationTests.account
            stage = MotoStage(aws.client())
            try await stage.put("trail")
            delivery = TrailDelivery(stage: stage, bucket: "trail")
            let forge = try DigestForge()
            // The second of four hours is now, since S3 says of every object that it was written now.
            let now = Milliseconds(Date().timeIntervalSince1970) * 1_000
            let origin = now - ValidationTests.hour * 3 / 2
            try await stage.publish(forge, in: aws)
            logFiles = try await delivery.putHours(
                4, from: origin, account: account, trail: "main", signedBy: forge
            ).map(\.logFile)
            extra = delivery.key(account: account, time: now, suffix: "extra")
            environment = TestCaller.collector.environment(aws.url)
        }

        /// Validates, up to the end of the newest digest.
        func validate(_ arguments: [String] = []) async throws -> Outcome {
            let until = EventTime.format(Milliseconds(Date().timeIntervalSince1970 * 1_000) + 3 * ValidationTests.hour)
            return try await run(
                Programs.client,
                ["collect", "validate", "--bucket", "trail", "--since", "6h", "--until", until, "-o", "jsonl"]
                    + arguments, environment: environment)
        }
    }

    @Test func oneAlteredOneMissingAndOneUnsignedFileAreReportedExactlyAndAlerted() async throws {
        let aws = try MotoServer()
        let chain = try await Chain(aws)
        let service = try await Service(accounts: [Self.account])
        let whole = try await chain.validate(["--all"])
        #expect(whole.status == 0, "\(whole.text)\(whole.errors)")
        #expect(whole.lines.count == 8)

        try await chain.delivery.put(chain.logFiles[0], Array("{}".utf8))
        try await chain.stage.delete("trail", chain.logFiles[1])
        try await chain.delivery.put(chain.extra, Array(#"{"Records":[]}"#.utf8))
        for _ in 0..<2 {
            let outcome = try await chain.validate(["--alert", "--server", service.server, "--pki", service.pki.path])
            #expect(outcome.status == 3, "\(outcome.errors)")
            let findings = try outcome.lines.map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
            }
            let told = Set(findings.map { [$0["finding"] ?? "", $0["key"] ?? ""] })
            #expect(
                told == [
                    ["log_file_altered", chain.logFiles[0]], ["log_file_missing", chain.logFiles[1]],
                    ["log_file_unsigned", chain.extra],
                ])
            #expect(findings.count == 3)
        }
        // Reported twice, each is one alert.
        let alerts = try await service.alertLog().compactMap(\.alert)
        #expect(alerts.count == 3)
        let objects = alerts.flatMap(\.evidence).filter { $0.name == "object" }.map(\.value)
        #expect(
            Set(objects) == Set([chain.logFiles[0], chain.logFiles[1], chain.extra].map { "s3://trail/\($0)" }))
        #expect(alerts.allSatisfy { $0.accountID == Self.account && $0.status == .open })
        try await service.stop()
    }
}
