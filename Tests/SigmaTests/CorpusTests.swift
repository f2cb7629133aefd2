// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import Sigma
import Testing

/// Against the public data beside the repository. Skipped where that is missing.
@Suite("Public rules on public records", .enabled(if: Corpora.arePresent, "the corpora are not beside the repository"))
struct CorpusTests {
    /// JSON is YAML, but for numbers such as 22.0, which only rules would hold.
    private func detection(_ value: JSONValue) -> String {
        "title: t\nlogsource: {product: test}\ndetection: \(value.text)\n"
    }

    @Test("every case of the settled semantics")
    func semantics() throws {
        var count = 0
        for line in try Corpora.text("sigma/semantics-cases.jsonl").split(separator: "\n") {
            let test = try JSONValue(parsing: String(line))
            let number = test["case"]?.integer ?? -1
            let file = SigmaParser().parse(detection(try #require(test["detection"])), file: "case \(number)")
            try #require(file.rules.count == 1, "\(file.diagnostics)")
            let found = try matches(file.rules, try #require(test["event"]).text)
            #expect((found == [0]) == test["expected"]?.bool, "case \(number): \(line)")
            count += 1
        }
        #expect(count == 63)
    }

    private func publicRules() throws -> SigmaRuleSet {
        var set = SigmaRuleSet()
        for file in try Corpora.files("sigma/rules", ending: ".yml") {
            set.add(try String(contentsOf: file, encoding: .utf8), file: file.lastPathComponent)
        }
        return set
    }

    @Test("58 public rules load, and eight are refused by name, line and reason")
    func load() throws {
        let set = try publicRules()
        #expect(set.rules.count == 58)
        #expect(Set(set.errors.map(\.file)).count == 8)
        #expect(set.errors.filter { $0.message.contains("deprecated pipe syntax") }.count == 7)
        #expect(set.errors.filter { $0.message.contains("'%Legitimate_") }.count == 2)
        for error in set.errors { #expect(error.line > 0 && error.ruleID != nil, "\(error)") }
    }

    @Test("exactly the expected matches on 2,900 real records")
    func invictus() throws {
        let set = try publicRules()
        let plan = try Plan(
            set.rules, indexFields: ["eventSource", "eventName"], extraFields: try FieldSet(["eventID"]))
        let extractor = RecordExtractor(plan.fields)
        let evaluator = Evaluator(plan)
        var found: Set<String> = []
        var records = 0
        for file in try Corpora.files("invictus", ending: ".json.gz") {
            try gunzip(file).withUnsafeBytes { bytes in
                try extractor.open(bytes)
                while case .record = try extractor.next() {
                    var matches: [Int] = []
                    evaluator.evaluate(extractor, into: &matches)
                    for rule in matches {
                        found.insert("\(plan.rules[rule].metadata.id ?? "") \(extractor.first(0).string)")
                    }
                    records += 1
                }
            }
        }
        var expected: Set<String> = []
        for line in try Corpora.text("sigma/expected-invictus.jsonl").split(separator: "\n") {
            let match = try JSONValue(parsing: String(line))
            expected.insert("\(match["rule_id"]?.string ?? "") \(match["event_id"]?.string ?? "")")
        }
        #expect(records == 2_900)
        #expect(found == expected)
        #expect(plan.unindexedRuleCount < 5)
    }

    @Test("the public correlations find what a sliding window finds, and no more")
    func correlations() throws {
        var set = SigmaRuleSet()
        for file in try Corpora.files("sigma/correlations", ending: ".yml") {
            set.add(try String(contentsOf: file, encoding: .utf8), file: file.lastPathComponent)
        }
        #expect(set.errors.isEmpty && set.correlations.count == 6)
        for line in try Corpora.text("sigma/correlations/expected.jsonl").split(separator: "\n") {
            let expected = try JSONValue(parsing: String(line))
            let id = expected["translated_id"]?.string
            var correlation = try #require(set.correlations.first { $0.metadata.id == id })
            let group = try #require(expected["groups"]?["None"])
            let events = try observed(correlation, set.rules)
            #expect(events.count == group["selected"]?.integer)
            #expect(fires(correlation, set.rules, events) == group["fires_sliding"]?.bool)
            // The number to reach is where it stops to fire.
            let peak = Double(try #require(group["peak_sliding"]?.integer))
            correlation.bounds = [.init(comparison: .greaterOrEqual, number: peak)]
            #expect(fires(correlation, set.rules, events))
            correlation.bounds = [.init(comparison: .greater, number: peak)]
            #expect(!fires(correlation, set.rules, events))
        }
    }

    /// What the records bring to a correlation, in the order of the files.
    private func observed(_ correlation: SigmaCorrelation, _ rules: [SigmaRule]) throws -> [CorrelationEvent] {
        let correlations = CorrelationPlan([correlation], rules: rules)
        let plan = try Plan(
            rules, indexFields: ["eventSource", "eventName"],
            extraFields: try FieldSet(["eventTime"] + correlations.fields))
        let extractor = RecordExtractor(plan.fields)
        let evaluator = Evaluator(plan)
        var events: [CorrelationEvent] = []
        var number: UInt64 = 0
        for file in try Corpora.files("invictus", ending: ".json.gz") {
            try gunzip(file).withUnsafeBytes { bytes in
                try extractor.open(bytes)
                while case .record = try extractor.next() {
                    number += 1
                    var matches: [Int] = []
                    evaluator.evaluate(extractor, into: &matches)
                    let date = try Date(extractor.first(0).string, strategy: .iso8601)
                    for rule in matches where correlations.concerns(rule: rule) {
                        events.append(
                            CorrelationEvent(
                                id: .init(high: 0, low: number), time: Int64(date.timeIntervalSince1970) * 1_000,
                                observations: correlations.observations(rule: rule, extractor)))
                    }
                }
            }
        }
        return events
    }

    private func fires(_ correlation: SigmaCorrelation, _ rules: [SigmaRule], _ events: [CorrelationEvent]) -> Bool {
        let plan = CorrelationPlan([correlation], rules: rules)
        var correlator = Correlator()
        let found = events.filter { !correlator.observe($0, plan, now: 0).isEmpty }
        return !found.isEmpty || !correlator.settle(plan, now: 0, all: true).isEmpty
    }

    /// The contents of a gzip file, by the gzip program.
    private func gunzip(_ file: URL) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", file.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return [UInt8](data)
    }
}
