// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

/// Rules of older versions and of other tools' habits: taken as pySigma takes them, with a remark.
@Suite("Rules as people write them")
struct RulesAsWrittenTests {
    private static func rule(_ head: String = "title: t", _ detection: String = "s: {a: x}") -> String {
        "\(head)\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n    \(detection)\n    condition: s\n"
    }

    private static func parse(_ text: String) -> SigmaParser.File { SigmaParser().parse(text, file: "r.yml") }

    private static func messages(_ file: SigmaParser.File, _ severity: SigmaDiagnostic.Severity) -> [String] {
        file.diagnostics.filter { $0.severity == severity }.map { "\($0.line): \($0.message)" }
    }

    @Test(
        "metadata in other letters and forms",
        arguments: [
            ("level: Informational", "'level' is read in lower case: 'informational'"),
            ("status: Test", "'status' is read in lower case: 'test'"),
            ("date: 2021/1/2", "'date' is read as 2021-01-02"),
            ("modified: 2021-1-12", "'modified' is read as 2021-01-12"),
            ("tags: [attack.T1078]", "the tag 'attack.T1078' is not of the form namespace.name in lower case"),
            (
                "tags: [attack.Credential Access]",
                "the tag 'attack.Credential Access' is not of the form namespace.name in lower case"
            ),
            (
                "id: '{0C4CBE9E2F1A4A0E9D1F3E0B6A2F0231}'",
                "'id' is read as 0c4cbe9e-2f1a-4a0e-9d1f-3e0b6a2f0231"
            ),
        ])
    func metadata(line: String, remark: String) throws {
        let file = Self.parse(Self.rule("title: t\n\(line)"))
        #expect(Self.messages(file, .error) == [])
        #expect(Self.messages(file, .warning) == ["2: \(remark)"])
        #expect(file.rules.count == 1)
    }

    @Test func whatIsNoValueStaysAnError() {
        for line in ["level: severe", "date: 2021/13/2", "date: 21/1/2", "tags: [plain]", "status: [test]", "id: 7"] {
            let file = Self.parse(Self.rule("title: t\n\(line)"))
            #expect(Self.messages(file, .error).count == 1 && file.rules.isEmpty, "\(line)")
        }
    }

    @Test func emptyMetadataIsNone() {
        let file = Self.parse(Self.rule("title: t\nid:\nlevel:\nstatus:\ndate:\ntags:"))
        #expect(file.diagnostics.isEmpty && file.rules.count == 1, "\(file.diagnostics)")
    }

    @Test func aLogSourceIsReadInLowerCase() {
        let file = Self.parse(Self.rule().replacing("aws", with: "AWS").replacing("cloudtrail", with: "CloudTrail"))
        #expect(file.rules.first?.logSource.product == "aws" && file.rules.first?.logSource.service == "cloudtrail")
        #expect(Self.messages(file, .warning).count == 2)
    }

    @Test func aByteOrderMarkIsSkipped() {
        #expect(Self.parse("\u{FEFF}" + Self.rule()).diagnostics.isEmpty)
        #expect((try? YAMLNode(parsing: "\u{FEFF}a: b"))?["a"]?.string == "b")
    }

    @Test func mergeKeysMergeAndTheMappingsOwnKeysWin() throws {
        let detection = """
            one: &one {a: x, b: y}
                two: &two {b: z, c: w}
                s: {<<: [*one, *two], c: own}
            """
        let file = Self.parse(Self.rule("title: t", detection))
        #expect(Self.messages(file, .error) == [])
        let search = try #require(file.rules.first?.searches.last)
        let plain = Self.parse(Self.rule("title: t", "s: {c: own, a: x, b: y}"))
        #expect(search.expression == plain.rules.first?.searches.first?.expression)
        let wrong = Self.parse(Self.rule("title: t", "s: {<<: text, a: x}"))
        #expect(Self.messages(wrong, .error) == ["4: '<<' merges a mapping or a list of mappings, not a string"])
        #expect(Self.parse(Self.rule("title: t", "s: {'<<': text}")).rules.count == 1, "in quotes it is a field")
    }

    @Test func aGlobalDocumentIsMergedIntoThoseAfterIt() {
        let body = { (value: String) in "detection: {s: {a: \(value)}, condition: s}\n" }
        let id = "0c4cbe9e-2f1a-4a0e-9d1f-3e0b6a2f0231"
        let text = """
            action: global
            title: g
            id: \(id)
            name: g
            logsource: {product: aws}
            level: low
            ---
            \(body("x"))---
            \(body("y"))---
            action: repeat
            detection: {s: {a: z}}
            ---
            action: reset
            ---
            \(Self.rule("title: own"))
            """
        let file = Self.parse(text)
        #expect(Self.messages(file, .error) == [])
        #expect(file.rules.map(\.metadata.title) == ["g", "g", "g", "own"])
        #expect(file.rules.map(\.metadata.level) == [.low, .low, .low, nil])
        #expect(file.rules[0].metadata.id == id && file.rules[0].metadata.name == "g")
        #expect(Set(file.rules.prefix(3).map(\.metadata.id)).count == 3 && file.rules[1].metadata.name == nil)
        #expect(file.rules.map(\.metadata.id) == Self.parse(text).rules.map(\.metadata.id), "the same at each reading")
        #expect(Set(file.rules.map(\.expression)).count == 3, "the last one asks what the first one does")
        #expect(Self.messages(file, .warning).count == 5)
    }

    @Test func actionsThatMakeNoSenseAreErrors() {
        #expect(
            Self.messages(Self.parse("action: repeat\ntitle: t"), .error)
                == ["1: 'action: repeat' has no rule before it"])
        #expect(
            Self.messages(Self.parse("action: other\ntitle: t"), .error)
                == ["1: 'action' must be global, reset or repeat"])
        #expect(Self.messages(Self.parse("action: global\ntitle: t"), .error) == ["1: the file holds no rule"])
    }

    @Test(.timeLimit(.minutes(1))) func mergedDocumentsAreBoundedInSum() {
        let large = (0..<2_000).map { "k\($0): v" }.joined(separator: "\n")
        let documents = String(repeating: "---\ndetection: {s: {a: x}, condition: s}\n", count: 2_000)
        let file = Self.parse("action: global\ntitle: g\nlogsource: {product: aws}\n\(large)\n\(documents)")
        #expect(file.rules.count < 100)
        #expect(Self.messages(file, .error).contains { $0.hasSuffix("merge to more than 200000 YAML nodes") })
    }

    @Test func otherYAMLIsNoRuleAndNoError() {
        let file = Self.parse("validators: [all]\nexclusions: {a: b}\n")
        #expect(
            file.diagnostics.map(\.description)
                == ["r.yml:1:1: warning: the document is no Sigma rule: it has none of a rule's keys"])
    }
}

/// Chains of correlations, and what compiling them costs.
@Suite("Bounds on correlations")
struct CorrelationBoundTests {
    private static func correlation(_ name: String, of rules: [String]) -> String {
        """
        title: \(name)
        name: \(name)
        correlation:
            type: event_count
            rules: [\(rules.joined(separator: ", "))]
            group-by: [a]
            timespan: 1h
            condition: {gte: 1}

        """
    }

    private static func plan(_ correlations: [String]) -> CorrelationPlan {
        let rule = "title: r\nname: r\nlogsource: {product: aws}\ndetection: {s: {a: x}, condition: s}\n"
        let file = SigmaParser().parse(([rule] + correlations).joined(separator: "---\n"), file: "r.yml")
        #expect(file.diagnostics.isEmpty, "\(file.diagnostics)")
        return CorrelationPlan(file.correlations, rules: file.rules)
    }

    private static func chain(_ length: Int) -> [String] {
        (0..<length).map { correlation("c\($0)", of: [$0 == 0 ? "r" : "c\($0 - 1)"]) }
    }

    @Test func aChainThatWouldNeverFireIsRefusedByItsBound() {
        #expect(Self.plan(Self.chain(17)).correlations.count == 17)
        let plan = Self.plan(Self.chain(20))
        #expect(plan.correlations.map(\.metadata.title).last == "c16")
        #expect(
            plan.diagnostics.first?.message == "the correlation stands on a chain of more than 16 correlations")
        #expect(plan.diagnostics.count == 3)
    }

    @Test(.timeLimit(.minutes(1))) func aLongChainIsRefusedInLinearTime() {
        let clock = ContinuousClock()
        let text = Self.chain(3_000).reversed().map { $0 }
        let plan = Self.plan(Array(text))
        #expect(plan.correlations.count == 17)
        // It took 153 s; reading the YAML is most of what is left.
        let again = clock.measure { _ = CorrelationPlan(plan.correlations, rules: []) }
        #expect(again < .seconds(1))
    }

    @Test(.timeLimit(.minutes(1))) func latticesAreReadOnce() {
        // Every level counts both of the level below: two to the sixteenth ways lead down.
        var texts = [Self.correlation("a0", of: ["r"]), Self.correlation("b0", of: ["r"])]
        for level in 1..<16 {
            for name in ["a", "b"] {
                texts.append(Self.correlation("\(name)\(level)", of: ["a\(level - 1)", "b\(level - 1)"]))
            }
        }
        #expect(Self.plan(texts).correlations.count == 32)
    }

    @Test(.timeLimit(.minutes(1))) func whatAllCorrelationsCountIsBoundedInSum() {
        let rules = (0..<1_000).map {
            "title: r\nname: r\($0)\nlogsource: {product: aws}\ndetection: {s: {a: x}, condition: s}\n"
        }
        let file = SigmaParser().parse(rules.joined(separator: "---\n"), file: "r.yml")
        let all = (0..<1_000).map { "r\($0)" }
        let one = SigmaParser().parse(Self.correlation("one", of: all), file: "c.yml").correlations
        let many = (0..<300).flatMap { number in
            one.map { correlation in
                var copy = correlation
                copy.metadata.name = "c\(number)"
                return copy
            }
        }
        let plan = CorrelationPlan(many, rules: file.rules)
        #expect(plan.correlations.count == 200)
        #expect(plan.diagnostics.first?.message.hasPrefix("the correlations count more than 200000 rules") == true)
    }
}
