// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

/// The programs on real CloudTrail. The corpora lie beside the repository; where they don't, these tests skip.
@Suite(.serialized, .enabled(if: Programs.corpus("invictus") != nil, "skipped: ../shared/corpora is not here"))
struct CorporaTests {
    private static let account = "123837392027"
    private static let records = 2_900

    @Test(.timeLimit(.minutes(5)))
    func submittedTwiceAndReadBack() async throws {
        let corpus = try #require(Programs.corpus("invictus"))
        let service = try await Service(accounts: [Self.account])
        let first = try await service.client("submit", corpus.path, "-o", "json")
        #expect(first.status == 0, "\(first.errors)")
        #expect(try count("accepted", first) == Self.records)
        #expect(try count("rejected", first) == 0)
        let alerts = try await service.alertLog()
        #expect(!alerts.isEmpty)

        let second = try await service.client("submit", corpus.path, "-o", "json")
        #expect(try count("accepted", second) == 0)
        #expect(try count("duplicate", second) == Self.records)
        #expect(try await service.alertLog().count == alerts.count)
        #expect(try await service.status().storedRecords == UInt64(Self.records))

        // Byte for byte: each stored record stands, as it is, in the file that it came from.
        let documents = try await self.documents(corpus)
        let stored = try await service.timeline(Self.principal)
        #expect(stored.count > 2_000)
        for entry in stored {
            let record = Data(entry.record.array)
            #expect(documents.contains { $0.range(of: record) != nil }, "\(entry.eventID) was altered")
        }
        // And by eventID, after a restart.
        try await service.killNow()
        try await service.start()
        for entry in stored.prefix(20) {
            #expect(try await service.timeline(entry.eventID).map(\.record) == [entry.record])
        }
        try await service.stop()
        try await expectIntegrity(of: service)
    }

    /// Who stands behind most of the corpus.
    private static let principal = "arn:aws:iam::123837392027:user/bert-jan"

    @Test(.timeLimit(.minutes(5)))
    func scanFindsExactlyTheExpectedMatches() async throws {
        let corpus = try #require(Programs.corpus("invictus"))
        let sigma = try #require(Programs.corpus("sigma"))
        let outcome = try await run(
            Programs.client,
            ["scan", corpus.path, "--rules", sigma.appendingPathComponent("rules").path, "-o", "jsonl"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let found = try pairs(outcome.output)
        let expected = try pairs(Data(contentsOf: sigma.appendingPathComponent("expected-invictus.jsonl")))
        #expect(Set(found) == Set(expected))
        #expect(found.count == expected.count, "a match was printed twice")
        // The rules that can't be evaluated are named, with file, line and reason: as an error the one that wants values
        // for its placeholders, and as a warning those that call themselves unsupported.
        let named = outcome.errors.split(separator: "\n").filter {
            $0.contains("%Legitimate_") || $0.contains("the deprecated pipe syntax")
        }
        #expect(named.allSatisfy { $0.firstMatch(of: #/\.yml:\d+: (error|warning): /#) != nil }, "\(named)")
        #expect(Set(named.compactMap { $0.split(separator: ":").first }).count == 8, "\(outcome.errors)")
    }

    private func count(_ name: String, _ outcome: Outcome) throws -> Int {
        let object = try JSONSerialization.jsonObject(with: outcome.output) as? [String: Any]
        return try #require(object?[name] as? Int, "\(outcome.text) \(outcome.errors)")
    }

    private func pairs(_ lines: Data) throws -> [String] {
        try String(decoding: lines, as: UTF8.self).split(separator: "\n").map { line in
            let match = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let rule = try #require(match?["rule_id"] as? String)
            return rule + " " + (try #require(match?["event_id"] as? String))
        }
    }

    /// The corpus's documents, decompressed.
    private func documents(_ folder: URL) async throws -> [Data] {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        var documents: [Data] = []
        for file in files where file.pathExtension == "gz" {
            documents.append(try await run(URL(fileURLWithPath: "/usr/bin/env"), ["gzip", "-dc", file.path]).output)
        }
        return documents
    }
}
