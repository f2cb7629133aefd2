// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

@Suite("Errors and warnings of rule files")
struct ErrorTests {
    @Test(
        "items",
        arguments: [
            ("{a|frob: x}", "unknown modifier 'frob'"), ("{a|: x}", "unknown modifier ''"),
            ("{a|contains|contains: x}", "the modifier 'contains' stands twice"),
            ("{a|contains|startswith: x}", "the modifiers 'contains' and 'startswith' exclude each other"),
            ("{a|re|cidr: x}", "the modifiers 're' and 'cidr' exclude each other"),
            ("{a|re|base64: x}", "the modifiers 're' and 'base64' exclude each other"),
            ("{a|re|cased: x}", "the modifiers 're' and 'cased' exclude each other"),
            ("{a|i|re: x}", "the modifier 'i' must follow 're'"),
            ("{a|re: '('}", "the regular expression can't be used: missing closing parenthesis, at character 2"),
            ("{a|re: [x]}", nil), ("{a|re: null}", "'re' takes a string"),
            ("{a|cidr: 10.0.0.1/8}", "'10.0.0.1/8' is no network (or has bits set behind its prefix)"),
            ("{a|cidr: 10.0.0.0/33}", "'10.0.0.0/33' is no network (or has bits set behind its prefix)"),
            ("{a|cidr: 1.5}", "'cidr' takes a network such as 10.0.0.0/8"),
            ("{a|exists: x}", "'exists' takes true or false"), ("{a|exists: [true]}", "'exists' takes one boolean"),
            ("{a|exists|contains: true}", "the modifiers 'exists' and 'contains' exclude each other"),
            ("{a|gt: x}", "a comparison takes a number"), ("{a|gt|lt: 1}", "two comparisons in one item"),
            ("{a|lt|hour: 1}", "the modifier 'hour' must stand before the comparison"),
            ("{a|hour: 24}", "'hour' takes a number from 0 to 23"),
            ("{a|hour: x}", "'hour' takes a number from 0 to 23"),
            ("{a|hour|minute: 1}", "the modifiers 'hour' and 'minute' exclude each other"),
            ("{a|fieldref: 1}", "'fieldref' takes a field's name"),
            ("{a|base64: 'a*'}", "the modifier 'base64' needs a value without wildcards"),
            ("{a|contains|base64: a}", "the modifier 'base64' needs a value without wildcards"),
            ("{a|wide: ä}", "a UTF-16 encoding that is no text: 'base64' or 'base64offset' must follow"),
            ("{a|base64: 1}", "this modifier needs a string"), ("{a|contains: null}", "null can't have a modifier"),
            ("{a|expand: '%x%'}", "the placeholder '%x%' has no value here"),
            ("{a|windash: '-a -a -a -a -a -a'}", "'windash' makes more than 3125 variants of this"),
            ("{a: []}", "an empty list of values matches nothing"), ("{a: {b: c}}", "a mapping can't be a value"),
            ("{a: [[b]]}", "a list can't be a value"), ("{}", "an empty mapping matches everything"),
            ("[]", "an empty list matches nothing"), ("[[a]]", "a list in a list"),
            ("null", "a search without any field or keyword"), ("{'|gt': 1}", "keywords can't have this modifier"),
            ("[null]", "null can't have a modifier"),
            ("{\(String(repeating: "a", count: 600)): x}", "a field's path is longer than 512 bytes"),
        ] as [(String, String?)])
    func items(search: String, message: String?) {
        let expected = message.map { ["6: \($0)"] } ?? []
        #expect(errors(rule("s: \(search)\ncondition: s")) == expected)
    }

    @Test("metadata: every error of a document is told")
    func metadata() {
        let text = """
            title: ''
            id: 12
            status: great
            level: severe
            date: 2026-13-01
            modified: yesterday
            tags: [attack.t1059, Attack.T1059, plain]
            related: [{id: x, type: derived}]
            references: {a: b}
            author: [x]
            logsource: {}
            detection:
                s: {a|x: 1}
                condition: t
            """
        #expect(
            errors(text) == [
                "1: 'title' must be a text of 1 to 256 characters", "2: 'id' must be a UUID",
                "3: 'status' must be one of: stable, test, experimental, deprecated, unsupported",
                "4: 'level' must be one of: informational, low, medium, high, critical",
                "10: 'author' must be a text of at most 65535 characters",
                "5: 'date' must be a date such as 2026-01-31", "6: 'modified' must be a date such as 2026-01-31",
                "9: 'references' must be a list of texts",
                "7: the tag 'plain' is not of the form namespace.name in lower case",
                "8: 'related' must be a list of rule ids, each with a known type",
                "11: 'logsource' needs a category, a product or a service", "13: unknown modifier 'x'",
                "14: the condition names 't', which the detection does not have",
            ])
    }

    @Test(
        "documents",
        arguments: [
            ("", "1: the file holds no rule"), ("# nothing\n", "1: the file holds no rule"),
            ("- a", "1: a rule must be a mapping, not a list"), ("x", "1: a rule must be a mapping, not a string"),
            ("title: t\nlogsource: {product: x}", "1: 'detection' is missing"),
            ("title: t\nlogsource: {product: x}\ndetection: {s: {a: b}}", "3: 'condition' is missing"),
            ("title: t\nlogsource: {product: x}\ndetection: {condition: s}", "3: the detection has no search"),
            ("title: t\ndetection: {s: {a: b}, condition: s}", "1: 'logsource' is missing"),
            ("action: global\ntitle: t", "1: the file holds no rule"),
            ("title: t\ntitle: u", "1: the key 'title' stands twice in one mapping"),
            ("title: [", "2: not valid YAML: did not find expected node content"),
            ("title: \"x", "1: not valid YAML: found unexpected end of stream"),
        ])
    func documents(text: String, message: String) {
        #expect(errors(text) == [message])
    }

    @Test("a broken document leaves its neighbours alone, and their lines are those of the file")
    func neighbours() {
        let good = rule("s: {a: x}\ncondition: s")
        let bad = rule("s: {a|nope: x}\ncondition: s")
        let file = SigmaParser().parse("\(good)\n---\n\(bad)\n---\n\(good)", file: "r.yml")
        #expect(file.rules.count == 2)
        #expect(file.diagnostics.map(\.description) == ["r.yml:14:9: error: unknown modifier 'nope'"])
        #expect(file.diagnostics.first?.ruleTitle == "Test")
    }

    @Test("hostile YAML is refused")
    func hostileYAML() {
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1..<12 {
            let reference = "*a\(level - 1)"
            bomb += "a\(level): &a\(level) [\(Array(repeating: reference, count: 10).joined(separator: ","))]\n"
        }
        #expect(errors(bomb).first?.hasSuffix("more than 200000 YAML nodes (aliases counted)") == true)
        for text in ["[", "- ", "{a: ", "? "] {
            #expect(errors(String(repeating: text, count: 20_000)).count == 1)
        }
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        #expect(errors("title: \(deep)") == ["1: YAML nested deeper than 128 levels"])
        #expect(
            errors(String(repeating: "#", count: SigmaLimits.fileBytes + 1)) == [
                "0: the file is larger than 1048576 bytes"
            ])
    }

    @Test("what is odd but no error is a warning")
    func warnings() {
        let file = SigmaParser().parse(rule("s: {a|all: x}\nt: {b: c}\n_u: {b: c}\ncondition: s"), file: "r.yml")
        #expect(file.rules.count == 1)
        #expect(
            file.diagnostics.map(\.description) == [
                "r.yml:6:9: warning: 'all' has no meaning for a single value",
                "r.yml:7:5: warning: the condition does not use 't'",
            ])
    }

    @Test("an id or a name belongs to one document")
    func duplicates() {
        var set = SigmaRuleSet()
        let id = "id: 929a690e-bef0-4204-a928-ef5e620d6fcc"
        set.add(rule("s: {a: x}\ncondition: s", extra: id), file: "a.yml")
        set.add(rule("s: {a: x}\ncondition: s", extra: id.uppercased().replacing("ID:", with: "id:")), file: "b.yml")
        set.add(rule("s: {a: x}\ncondition: s", extra: "name: n"), file: "c.yml")
        set.add(rule("s: {a: x}\ncondition: s", extra: "name: n"), file: "d.yml")
        #expect(set.rules.count == 2)
        #expect(
            set.errors.map(\.description) == [
                "b.yml:1: error: the id '929a690e-bef0-4204-a928-ef5e620d6fcc' is already used in a.yml:1",
                "d.yml:1: error: the name 'n' is already used in c.yml:1",
            ])
    }

    @Test("metadata is kept, and so are keys that the specification does not have")
    func kept() throws {
        let extra = """
            id: 929A690E-bef0-4204-a928-ef5e620d6fcc
            name: n
            status: test
            level: high
            date: 2026-01-31
            modified: 2026/02/01
            description: |
                two
                lines
            references: https://example.com
            tags: [attack.t1059.001]
            falsepositives: [none]
            fields: [a.b]
            scope: [server]
            related: [{id: 929a690e-bef0-4204-a928-ef5e620d6fcd, type: similar}]
            trailhound:
                audience: owner
                evidence: [a, 7, true]
            """
        let text = rule("s: {a: x}\ncondition: s").replacing(
            "detection:",
            with: extra.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n")
                + "\ndetection:")
        let rule = try #require(SigmaParser().parse(text, file: "r.yml").rules.first)
        #expect(rule.metadata.id == "929a690e-bef0-4204-a928-ef5e620d6fcc")
        #expect(rule.metadata.level == .high && rule.metadata.status == .test && rule.metadata.name == "n")
        #expect(rule.metadata.description == "two\nlines\n")
        #expect(rule.metadata.references == ["https://example.com"])
        #expect(rule.metadata.related.map(\.kind) == [.similar])
        #expect(rule.logSource.product == "test")
        let custom = try #require(rule.metadata.custom["trailhound"])
        #expect(custom["audience"]?.string == "owner")
        #expect(custom["evidence"]?.sequence?.map(\.text) == ["a", "7", "true"])
        #expect(custom["evidence"]?.line == 22)
    }
}
