// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

/// The production way of Certs/README.md: an outside authority with an intermediate and a revocation list, made by the
/// commands as they stand there, and the service and its client run with the result.
@Suite(.serialized) struct ProductionCertificatesTests {
    @Test(.timeLimit(.minutes(2)))
    func aServiceRunsWithAnOutsideAuthority() async throws {
        let folder = try TemporaryFolder()
        let readme = try String(contentsOf: Programs.root.appendingPathComponent("Certs/README.md"), encoding: .utf8)
        let blocks = readme.components(separatedBy: "```sh\n").dropFirst().map {
            $0.components(separatedBy: "```")[0].replacing("192.0.2.10", with: "127.0.0.1")
        }
        func shell(_ script: String) async throws {
            let done = try await run(
                URL(fileURLWithPath: "/usr/bin/env"), ["sh", "-euc", "cd '\(folder.url.path)'; \(script)"])
            #expect(done.status == 0, "\(done.errors)")
        }
        try await shell(blocks.dropLast().joined())
        // An admin of the same authority, made as the collector is.
        let admin = try #require(blocks.first { $0.contains("collector.cnf") })
        try await shell(
            admin.replacing("collector", with: "admin").replacing("111122223333,444455556666", with: "*"))
        func file(_ name: String) -> String { folder.url.appendingPathComponent(name).path }

        let service = try await Service(options: [
            "--certificate", file("server.pem"), "--key", file("server-key.pem"), "--client-ca", file("clients.pem"),
            "--crl", file("crl.pem"),
        ])
        #expect(!FileManager.default.fileExists(atPath: service.pki.path), "no development authority is made")
        func client(_ name: String, _ arguments: String...) async throws -> Outcome {
            try await run(
                Programs.client,
                arguments + [
                    "--server", service.server, "--ca", file("root.pem"), "--cert", file("\(name).pem"), "--key",
                    file("\(name)-key.pem"),
                ])
        }
        let trail = SyntheticTrail(account: "444455556666")
        let onboarded = try await client("admin", "account", "onboard", trail.account)
        #expect(onboarded.status == 0, "\(onboarded.errors)")
        let log = folder.url.appendingPathComponent("log.json")
        try Data(trail.logFile(0..<10)).write(to: log)
        let submitted = try await client("collector", "submit", log.path)
        #expect(submitted.status == 0, "\(submitted.errors)")
        // The collector is no admin.
        #expect(try await client("collector", "account", "offboard", trail.account, "--yes").status == 1)

        try await shell(blocks[blocks.count - 1])
        kill(service.processIdentifier, SIGHUP)
        while !service.logText.contains("certificates reloaded") { try await Task.sleep(for: .milliseconds(10)) }
        let refused = try await client("collector", "submit", log.path)
        #expect(refused.status == 1 && refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
        #expect(try await client("admin", "status").status == 0)
        let audit = try await client("admin", "audit", "tail", "--until-caught-up", "-o", "jsonl")
        #expect(audit.text.contains("1 certificate(s) revoked, new: "))
    }
}
