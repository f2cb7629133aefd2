// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import JSON
import Testing

/// The project's own detections on recorded attacks.
@Suite struct CorpusTests {
    private static let rules = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Rules").path
    private static let hasRules = FileManager.default.fileExists(atPath: rules)

    /// Every recorded technique is noticed by one of the events that its label names, or by any where it names none.
    @Test(
        .enabled(if: Corpora.has("stratus/labels.json"), "the corpora are not on this machine"),
        .enabled(if: hasRules, "no Rules folder in this checkout"))
    func recordedTechniquesAreNoticed() throws {
        let plan = try DetectionPlan(try Catalog.load(folder: Self.rules)) { _ in true }
        let scanner = FileScanner(plan)
        let labels = try #require(try JSONValue(parsing: try Corpora.bytes("stratus/labels.json")).object)
        #expect(labels.members.count == 17)
        for label in labels.members {
            let file = try #require(label.value["file"]?.string)
            let events = try #require(label.value["events"]?.integer)
            let named = (label.value["detection_event_indices"]?.array ?? []).compactMap(\.integer)
            let indices = named.isEmpty ? Array(0..<events) : named
            var noticed: Set<Int> = []
            let summary = scanner.scan(
                path: Corpora.path("stratus/" + file), onMatch: { noticed.insert($0.index) },
                onProblem: { Issue.record("\($0)") })
            #expect(summary.events == events)
            #expect(!noticed.isDisjoint(with: indices), "\(label.key)")
        }
    }

    @Test(.enabled(if: Corpora.has("stratus/labels.json"), "the corpora are not on this machine"))
    func recordedAttacksAreAccepted() throws {
        let evaluator = BatchEvaluator()
        var events = 0
        for name in try Corpora.names(in: "stratus", suffix: ".json") where name.hasPrefix("stratus/aws.") {
            let records = try #require(try JSONValue(parsing: try Corpora.bytes(name)).array).map { value in
                var writer = JSONWriter()
                writer.value(value)
                return writer.text
            }
            let (batch, _) = try evaluate(records: records, with: evaluator)
            #expect(batch.rejections.map(\.rejection) == [])
            events += batch.events.count
        }
        #expect(events == 117)
    }

    /// Samples that people shortened: what lacks what CloudTrail always writes is refused by name, the rest is taken.
    @Test(.enabled(if: Corpora.has("panther/tests-open.jsonl"), "the corpora are not on this machine"))
    func shortenedSamplesAreRefusedByName() throws {
        let lines = String(decoding: try Corpora.bytes("panther/tests-open.jsonl"), as: UTF8.self)
        let records = try lines.split(separator: "\n").map { line in
            var writer = JSONWriter()
            writer.value(try #require(try JSONValue(parsing: String(line))["event"]))
            return writer.text
        }
        let (batch, _) = try evaluate(records: records)
        #expect(batch.events.count + batch.rejectedCount == 142)
        #expect(batch.rejections.count { $0.rejection.detail == "eventID is missing" } == 21)
        let reasons = Set(batch.rejections.map(\.rejection.reason))
        #expect(reasons.isSubset(of: [.missingField, .invalidValue]))
        #expect(batch.events.count >= 100)
    }
}
