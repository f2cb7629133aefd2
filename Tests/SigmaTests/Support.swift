// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import Sigma
import Testing

/// The public data that stands beside the repository, where it does.
enum Corpora {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("shared/corpora")

    /// Tests that read the corpora are skipped without them.
    static let arePresent = FileManager.default.fileExists(atPath: folder.appendingPathComponent("README.md").path)

    static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
    }

    static func files(_ path: String, ending: String) throws -> [URL] {
        try FileManager.default
            .contentsOfDirectory(at: folder.appendingPathComponent(path), includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasSuffix(ending) }
            .sorted { $0.path < $1.path }
    }
}

/// A rule around a detection of YAML lines.
func rule(_ detection: String, extra: String = "") -> String {
    let indented = detection.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    return """
        title: Test
        logsource:
            product: test
        \(extra)
        detection:
        \(indented)
        """
}

/// The messages of a file's errors, with their lines.
func errors(_ text: String, placeholders: [String: [String]] = [:]) -> [String] {
    SigmaParser(placeholders: placeholders).parse(text, file: "r.yml").diagnostics
        .filter { $0.severity == .error }
        .map { "\($0.line): \($0.message)" }
}

/// Which rules hold on a record.
func matches(_ rules: [SigmaRule], _ record: String, indexFields: [String] = []) throws -> [Int] {
    let plan = try Plan(rules, indexFields: indexFields)
    let extractor = RecordExtractor(plan.fields)
    let evaluator = Evaluator(plan)
    var found: [Int] = []
    try Array(record.utf8).withUnsafeBytes { bytes in
        try extractor.extract(bytes)
        evaluator.evaluate(extractor, into: &found)
    }
    return found
}

/// Whether a detection holds on a record.
func holds(_ detection: String, _ record: String, placeholders: [String: [String]] = [:]) throws -> Bool {
    let file = SigmaParser(placeholders: placeholders).parse(rule(detection), file: "r.yml")
    try #require(file.rules.count == 1, "\(file.diagnostics)")
    let found = try matches(file.rules, record)
    // An index must never change what is found.
    #expect(try matches(file.rules, record, indexFields: ["a", "b"]) == found)
    return found == [0]
}
