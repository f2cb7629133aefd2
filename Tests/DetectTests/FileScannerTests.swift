// SPDX-License-Identifier: Apache-2.0

import Detect
import Foundation
import JSON
import Testing

@Suite struct FileScannerTests {
    private func scan(_ path: String, _ plan: DetectionPlan) -> (
        FileScanner.Summary, [FileScanner.Match], [FileScanner.Problem]
    ) {
        var matches: [FileScanner.Match] = []
        var problems: [FileScanner.Problem] = []
        let summary = FileScanner(plan).scan(
            path: path, onMatch: { matches.append($0) }, onProblem: { problems.append($0) })
        return (summary, matches, problems)
    }

    @Test func everyFormOfFile() throws {
        let folder = try TemporaryFolder()
        let plan = try DetectionPlan(catalog(rule()))
        try folder.write("a/array.json", "[\(sample(1)), \(sample(2))]")
        try folder.write("a/file.json", "{\"Records\":[\(sample(3))]}")
        try folder.write("b/lines.jsonl", "\(sample(4))\n\n\(sample(5))\r\n")
        try folder.write("b/lines.json", "\(sample(6))\n\(sample(7))\n")
        try folder.write("b/one.json", " \(sample(8).replacing(",", with: ",\n")) ")
        try folder.write("b/noid.json", "{\"eventName\":\"Call\"}")
        try folder.write("c.txt", "no events")
        let (summary, matches, problems) = scan(folder.path, plan)
        #expect(problems.map(\.message) == [])
        #expect(matches.map(\.eventID) == [1, 2, 3, 6, 7, 4, 5].map(eventID) + ["", eventID(8)])
        #expect(summary == FileScanner.Summary(files: 6, events: 9, matches: 9, problems: 0, leftOut: 1))
        let line = try JSONValue(parsing: matches[0].json)
        #expect(line["rule_id"]?.string == "53d40d92-f4ac-4b82-bdab-b2b26c8c42fb")
        #expect(line["rule_title"]?.string == "A call")
        #expect(line["event_id"]?.string == eventID(1))
        #expect(line["event_time"]?.string == "2023-07-10T11:42:31Z")
        #expect(line["severity"]?.string == "high")
        #expect(line["account"]?.string == "111122223333")
        #expect(line["file"]?.string == folder.path + "/a/array.json")
    }

    @Test func whatIsBrokenIsTold() throws {
        let folder = try TemporaryFolder()
        let plan = try DetectionPlan(catalog(rule()))
        try folder.write("1.json", "[\(sample(1)), nul, \(sample(2))]")
        try folder.write("2.json", "garbage")
        try folder.write("3.json", [0x1F, 0x8B, 8, 0])
        try folder.write("4.jsonl", "\(sample(3))\n{\n\(sample(4))")
        try folder.write("5.json", "")
        let (summary, matches, problems) = scan(folder.path, plan)
        #expect(matches.map(\.eventID) == (1...4).map(eventID))
        #expect(problems.map { $0.file.suffix(6) } == ["1.json", "2.json", "3.json", ".jsonl", "5.json"])
        #expect(problems.map(\.index) == [1, nil, nil, 1, nil])
        #expect(summary.problems == 5)
        #expect(scan(folder.path + "/nowhere", plan).0.problems == 1)
    }

    @Test(.enabled(if: Corpora.has("sigma/expected-invictus.jsonl"), "the corpora are not on this machine"))
    func thePublicRulesMatchOnInvictusAsExpected() throws {
        struct Pair: Hashable {
            let rule: String
            let event: String
        }
        var expected: Set<Pair> = []
        for line in String(decoding: try Corpora.bytes("sigma/expected-invictus.jsonl"), as: UTF8.self).split(
            separator: "\n")
        {
            let value = try JSONValue(parsing: String(line))
            expected.insert(
                Pair(
                    rule: try #require(value["rule_id"]?.string), event: try #require(value["event_id"]?.string)))
        }
        let plan = try DetectionPlan(try Catalog.load(folder: Corpora.path("sigma/rules")))
        let (summary, matches, _) = scan(Corpora.path("invictus"), plan)
        #expect(summary.events == 2_900)
        #expect(summary.problems == 0)
        #expect(matches.count == expected.count)
        #expect(Set(matches.map { Pair(rule: $0.detection.id, event: $0.eventID) }) == expected)
    }
}
