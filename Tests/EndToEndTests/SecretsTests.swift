// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import TestKit
import Testing

/// The log of a whole life of the service, at its most talkative, holds no secret: no key of a certificate, and nothing
/// of what came in that could be one.
@Suite(.serialized) struct SecretsTests {
    @Test(.timeLimit(.minutes(2)), arguments: ["text", "json"])
    func theLogHoldsNone(format: String) async throws {
        let trail = SyntheticTrail(attackEvery: 20)
        let service = try await Service(
            options: ["--log-level", "trace", "--log-format", format, "--metrics", "127.0.0.1:0"],
            accounts: [trail.account])
        _ = try await service.submit([.logFile(Bytes(trail.logFile(0..<200)))])
        // A record with credentials in it, as an API call that made a key has them, and one that is refused whole.
        let token = "FwoGZXIvYXdzEXAMPLESESSIONTOKEN"
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
        let leaky = String(decoding: trail.record(1_000), as: UTF8.self).replacing(
            "\"responseElements\":null",
            with: "\"responseElements\":{\"accessKey\":{\"secretAccessKey\":\"\(secret)\"},\"token\":\"\(token)\"}")
        #expect(leaky.contains(secret))
        let broken = String(leaky.dropLast(20))
        let answers = try await service.submit([
            .records(RecordBatch(records: [Bytes(Array(leaky.utf8)), Bytes(Array(broken.utf8))])),
            .logFile(Bytes(Array("\(secret) \(token)".utf8))),
        ])
        #expect(answers.map(\.rejected) == [1, 1])
        let alert = try #require(try await service.alertLog().first?.alert)
        #expect(
            try await service.client("alerts", "close", alert.alertID, "--note", "password hunter2secret").status == 0)
        #expect(try await Self.certs(service, "issue", "guest", "--role", "subscriber") == 0)
        #expect(try await Self.certs(service, "revoke", "guest") == 0)
        kill(service.processIdentifier, SIGHUP)
        while !service.logText.contains("certificates reloaded") { try await Task.sleep(for: .milliseconds(10)) }
        let audit = try await service.client("audit", "tail", "--from-start", "--until-caught-up", "-o", "jsonl")
        // Bytes that are no TLS, and a client without a certificate.
        _ = try await run(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["bash", "-c", "echo \(secret) > /dev/tcp/127.0.0.1/\(service.port)"])
        _ = try await service.client("status", "--cert", "/nonexistent")
        try await service.stop()

        var secrets = [secret, token, "hunter2secret"]
        let keys = try FileManager.default.contentsOfDirectory(atPath: service.pki.path).filter {
            $0.hasSuffix("-key.pem")
        }
        #expect(keys.count == 4)
        for key in keys {
            let pem = try String(contentsOf: service.pki.appendingPathComponent(key), encoding: .utf8)
            secrets += pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.map(String.init)
        }
        let log = service.logText
        #expect(log.split(separator: "\n").count >= 5)
        for text in [log, audit.text] {
            for secret in secrets { #expect(!text.contains(secret)) }
            #expect(!text.contains("PRIVATE KEY"))
        }
    }

    private static func certs(_ service: Service, _ arguments: String...) async throws -> Int32 {
        try await run(Programs.client, ["certs"] + arguments + ["--pki", service.pki.path]).status
    }
}
