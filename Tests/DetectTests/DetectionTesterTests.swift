// SPDX-License-Identifier: Apache-2.0

import Detect
import Foundation
import Testing

@Suite struct DetectionTesterTests {
    private func run(_ tests: String?) throws -> DetectionTester.Report {
        let folder = try TemporaryFolder()
        try folder.write("a/x.yml", rule())
        if let tests { try folder.write("a/x.tests.json", tests) }
        let catalog = try Catalog.load(folder: folder.path)
        return try #require(try DetectionTester(catalog, folder: folder.path).run().first)
    }

    private func entry(_ number: Int, _ record: String? = nil) -> String {
        "{\"name\":\"case \(number)\",\"event\":\(record ?? sample(number))}"
    }

    private var other: String { sample(2).replacing("Call", with: "Other") }

    @Test func goodEventsPass() throws {
        let report = try run("{\"match\":[\(entry(1))],\"no_match\":[\(entry(2, other))]}")
        #expect(report.passed)
        #expect(report.file == "a/x.yml")
        #expect(report.cases.map(\.name) == ["case 1", "case 2"])
    }

    @Test func wrongEventsFail() throws {
        let report = try run("{\"match\":[\(entry(1, other))],\"no_match\":[\(entry(2)),\(entry(3, other))]}")
        #expect(!report.passed)
        #expect(report.cases.map(\.passed) == [false, false, true])
    }

    @Test func anEventThatTheServiceRefusesFails() throws {
        let bad = sample(1).replacing("eventTime", with: "time")
        let report = try run("{\"match\":[\(entry(1))],\"no_match\":[\(entry(2, bad))]}")
        #expect(report.cases.map(\.passed) == [true, false])
        #expect(report.cases[1].refusal == "eventTime is missing")
    }

    @Test(arguments: [
        nil, "", "[]", "{}", "{\"match\":[],\"no_match\":[]}", "{\"match\":[7],\"no_match\":[]}",
        "{\"match\":[{\"name\":\"x\"}],\"no_match\":[]}",
    ])
    func filesThatCannotBeUsed(tests: String?) throws {
        let report = try run(tests)
        #expect(report.problem != nil)
        #expect(!report.passed)
    }

    /// The catalog that comes with the project.
    private static let rules = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Rules").path

    @Test(.enabled(if: FileManager.default.fileExists(atPath: rules), "no Rules folder in this checkout"))
    func ourCatalogPassesItsOwnTests() throws {
        let catalog = try Catalog.load(folder: Self.rules)
        #expect(catalog.problems == [])
        #expect(catalog.detections.count >= 30)
        for report in try DetectionTester(catalog, folder: Self.rules).run() {
            #expect(report.problem == nil, "\(report.file)")
            for test in report.cases { #expect(test.passed, "\(report.file): \(test)") }
        }
    }
}
