// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Testing

/// Folders of rules as people have them: a broken file, another log source or a missing placeholder costs nothing else.
@Suite("Folders of rules")
struct RuleFolderTests {
    /// `../shared/cases` of the repository's root.
    private static let cases = Corpora.root.deletingLastPathComponent().appendingPathComponent("cases")
    private static let hasCases = FileManager.default.fileExists(atPath: cases.path)

    private static func sample(_ name: String) throws -> Catalog {
        try Catalog.load(folder: cases.appendingPathComponent(name).path)
    }

    @Test(.enabled(if: hasCases, "no ../shared/cases"))
    func theCasesLoad() throws {
        #expect(try Self.sample("bom-rule.yml").detections.map(\.title) == ["bom"])
        let merged = try Self.sample("merge-keys.yml")
        #expect(merged.detections.map(\.title) == ["merge key"] && merged.isSound)
        let global = try Self.sample("global-action.yml")
        #expect(global.isSound && global.leftOut == 0, "\(global.problems)")
        #expect(global.detections.map(\.title) == ["global rule", "global rule"])
        #expect(Set(global.detections.map(\.id)).count == 2)
        #expect(global.problems.count == 3, "\(global.problems)")
    }

    private static func read(_ texts: [String], placeholders: [String: [String]] = [:]) -> Catalog {
        Catalog.read(
            texts.enumerated().map { Catalog.RuleFile(path: "\($0.offset).yml", text: $0.element) },
            placeholders: placeholders)
    }

    @Test(arguments: ["webserver", "proxy", "antivirus", "dns", "firewall", "database", "process_creation"])
    func aCategoryOfOtherLogsIsLeftOut(category: String) {
        let source = "    product: aws\n    service: cloudtrail"
        let text = rule()
        for other in ["    category: \(category)", "    product: aws\n    category: \(category)"] {
            let catalog = Self.read([text.replacing(source, with: other)])
            #expect(catalog.all.isEmpty && catalog.foreign == 1 && catalog.leftOut == 0 && catalog.isSound)
            #expect(catalog.problems.map(\.message) == ["'A call' is for another log source than CloudTrail"])
        }
        #expect(Self.read([text.replacing(source, with: source + "\n    category: \(category)")]).all.count == 1)
    }

    @Test func faultsOfRulesForOtherLogsAreNotOurs() {
        let broken = rule().replacing("product: aws\n    service: cloudtrail", with: "category: webserver")
            .replacing("condition: selection", with: "condition: nothing and")
        let catalog = Self.read([broken, rule()])
        #expect(catalog.isSound && catalog.foreign == 1 && catalog.all.count == 1, "\(catalog.problems)")
    }

    @Test func oneBrokenRuleIsLeftOutAndTheOthersRun() {
        let broken = rule(id: "no", event: "X", more: "level: severe")
        let catalog = Self.read([broken, rule(), "title: [\n"])
        #expect(catalog.detections.map(\.title) == ["A call"])
        #expect(catalog.leftOut == 2, "two errors of one rule are one rule: \(catalog.problems)")
        #expect(!catalog.isSound)
    }

    @Test func aMissingPlaceholderIsARemarkAndTheRuleComesWithIt() {
        let text = rule().replacing("eventName: Call", with: "eventName|expand: '%calls%'")
        let without = Self.read([text])
        #expect(without.isSound && without.leftOut == 1 && without.all.isEmpty)
        #expect(without.problems.map(\.message) == ["the placeholder '%calls%' has no value here"])
        #expect(Self.read([text], placeholders: ["calls": ["Call"]]).all.count == 1)
    }

    @Test(.enabled(if: Corpora.has("sigma/rules"), "no ../shared/corpora"))
    func sigmaHQsFolderLoadsBesideForeignRules() throws {
        let foreign = rule().replacing("product: aws\n    service: cloudtrail", with: "category: proxy")
        let own = try Corpora.names(in: "sigma/rules", suffix: ".yml").map {
            String(decoding: try Corpora.bytes($0), as: UTF8.self)
        }
        let alone = Self.read(own)
        let beside = Self.read(own + (0..<50).map { foreign.replacing("A call", with: "Call \($0)") })
        #expect(beside.all.count == alone.all.count && beside.foreign == alone.foreign + 50)
        // Rules that say of themselves that they are unsupported are remarks, and are counted as left out like others.
        #expect(alone.isSound && alone.all.count + alone.leftOut + alone.foreign >= own.count)
        #expect(alone.leftOut >= own.count { $0.contains("status: unsupported") })
    }

    /// A chain of `unless` whose last is missing falls link by link; it was cubic.
    @Test(.timeLimit(.minutes(1))) func aChainOfUnlessFallsInLinearTime() {
        let count = 2_000
        let texts = (0..<count).map { number in
            let id = "00000000-0000-4000-8000-" + String(1_000_000_000_000 + number).dropFirst()
            let next = "00000000-0000-4000-8000-" + String(1_000_000_000_001 + number).dropFirst()
            return rule(
                id: id, title: "Rule \(number)",
                more:
                    "level: low\ntrailhound:\n    unless:\n        rule: \(next)\n        within: 1h\n        by: [userIdentity.arn]"
            )
        }
        let clock = ContinuousClock()
        var catalog = Catalog.read([])
        let time = clock.measure { catalog = Self.read(texts) }
        #expect(catalog.all.isEmpty && catalog.leftOut == count, "\(catalog.problems.prefix(3))")
        #expect(time < .seconds(20))
    }

    @Test func firstSeenOnACountedRuleIsToldToHaveNoEffect() {
        let counted = rule(
            more: "name: one\nlevel: low\ntrailhound: {first_seen: {fields: [userIdentity.arn], days: 30}}")
        let correlation = """
            title: Many
            level: high
            correlation: {type: event_count, rules: [one], group-by: [userIdentity.arn], timespan: 10m, condition: {gte: 3}}
            """
        let silent = Self.read([counted, correlation])
        #expect(silent.all.count == 2, "\(silent.problems)")
        #expect(
            silent.problems.map(\.message)
                == ["'first_seen' has no effect: the correlation 'Many' counts all events of the rule"])
        let speaking = Self.read([counted, correlation.replacing("gte: 3}", with: "gte: 3}, generate: true")])
        #expect(
            speaking.problems.map(\.message) == [
                "'first_seen' decides about the rule's own alerts only: the correlation 'Many' counts all events of the rule"
            ])
        #expect(silent.isSound && speaking.isSound)
    }

    @Test func anExceptionOfUnknownFieldsIsRefused() {
        let text = { (field: String) in
            """
            title: expected
            logsource: {product: aws, service: cloudtrail}
            filter: {rules: any, selection: {\(field): robot}, condition: not selection}
            trailhound: {owner: us, reason: nightly, expires: 2027-01-31}
            """
        }
        let error = #expect(throws: DetectionException.Failure.self) {
            try DetectionException(parsing: text("userIdentity.username"))
        }
        #expect(
            error?.problems.map(\.message)
                == ["CloudTrail has no field 'userIdentity.username'; 'userIdentity.userName' is one"])
        #expect((try? DetectionException(parsing: text("userIdentity.userName"))) != nil)
    }

    @Test func readingStopsWhenNobodyWaits() {
        var asked = 0
        #expect(throws: CancellationError.self) {
            try Catalog.read(
                (0..<100).map { Catalog.RuleFile(path: "\($0).yml", text: rule()) }, placeholders: [:],
                isCancelled: {
                    asked += 1
                    return asked > 3
                })
        }
        #expect(asked == 4)
    }
}
