// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

/// The audit log as its readers meet it: the CLI's commands against the running service, and against a copied database.
@Suite(.serialized) struct AuditTests {
    private static let accounts = ["111122223333", "444455556666", "777788889999"]

    @Test(.timeLimit(.minutes(2)))
    func tailedAndVerified() async throws {
        let service = try await Service(accounts: Self.accounts)
        let tail = try await service.client("audit", "tail", "--until-caught-up", "-o", "jsonl")
        #expect(tail.status == 0, "\(tail.errors)")
        let entries = try tail.lines.map { try Self.object(Data($0.utf8)) }
        #expect(entries.map { $0["account_id"] as? String } == Self.accounts)
        #expect(entries.allSatisfy { $0["method"] as? String == "/trailhound.v1.AccountService/OnboardAccount" })
        #expect(
            try await service.client("audit", "tail", "-n", "1", "--until-caught-up", "-o", "jsonl").lines.count == 1)
        let table = try await service.client("audit", "tail", "--until-caught-up")
        #expect(table.lines.count == 4 && table.lines[1].contains("admin admin"), "\(table.text)")

        let head = try TemporaryFolder()
        let file = head.url.appendingPathComponent("head").path
        let first = try await service.client("audit", "verify", "--head-file", file, "-o", "json")
        #expect(first.status == 0, "\(first.errors)")
        let verdict = try Self.object(first.output)
        #expect(verdict["intact"] as? Bool == true && verdict["entries"] as? Int == 3)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "\(verdict["head"] as? String ?? "")\n")
        // The service tells the same head in its log.
        try await service.stop()
        #expect(service.logText.contains(verdict["head"] as? String ?? "?"), "\(service.logText)")
    }

    @Test(.timeLimit(.minutes(2)))
    func aCopyIsVerifiedWithoutAService() async throws {
        let service = try await Service(accounts: Self.accounts)
        let whole = try await service.client("audit", "verify", "-o", "json")
        let head = try #require(try Self.object(whole.output)["head"] as? String)
        // Beside the running service, as it lies there.
        let beside = try await run(
            Programs.client, ["audit", "verify", "--data-dir", service.data.path, "--head", head])
        #expect(beside.status == 0, "\(beside.errors)")
        try await service.stop()

        let copy = try TemporaryFolder()
        let database = copy.url.appendingPathComponent("journal.sqlite")
        // The database with its write-ahead log, as a backup takes them.
        for file in try FileManager.default.contentsOfDirectory(atPath: service.data.path)
        where file.hasPrefix("journal.sqlite") {
            try FileManager.default.copyItem(
                at: service.data.appendingPathComponent(file), to: copy.url.appendingPathComponent(file))
        }
        func verify(after sql: String) async throws -> Outcome {
            let program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
            let changed = try await run(
                URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", program, database.path, sql])
            #expect(changed.status == 0, "\(changed.errors)")
            return try await run(Programs.client, ["audit", "verify", "--data-dir", copy.url.path, "--head", head])
        }
        #expect(try await verify(after: "SELECT 1").status == 0)
        let cut = try await verify(after: "DELETE FROM audit WHERE sequence = 3")
        #expect(cut.status == 1 && cut.errors.contains("entry 3 is missing: the end of the log was cut off"))
        let altered = try await verify(after: "UPDATE audit SET summary = 'x' WHERE sequence = 2")
        #expect(altered.status == 1 && altered.errors.contains("entry 2 was altered"), "\(altered.errors)")
        let missing = try await run(Programs.client, ["audit", "verify", "--data-dir", head])
        #expect(missing.status == 1 && missing.errors.split(separator: "\n").count == 1)
    }

    private static func object(_ data: Data) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}
