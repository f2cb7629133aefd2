// SPDX-License-Identifier: Apache-2.0

import JSON
import Sigma
import Testing

/// Rules and records made to take too long or to fall over. That these end at all is the test: what they would take
/// without the limits is years.
@Suite("Hostile rules and records")
struct HostileTests {
    /// A record whose field `a` is this text.
    private func record(_ text: String) -> String { JSONValue.object(JSONObject([("a", .string(text))])).text }

    @Test("an expression that backtracks for ever is given up and counted")
    func regex() throws {
        let file = SigmaParser().parse(
            rule("s: {a|re: '^(a+)+$'}\nt: {a|re: '^(a|aa)+$'}\ncondition: s or t"), file: "r")
        let plan = try Plan(file.rules)
        let extractor = RecordExtractor(plan.fields)
        let evaluator = Evaluator(plan)
        var found: [Int] = []
        try Array(record(String(repeating: "a", count: 5_000) + "!").utf8).withUnsafeBytes { bytes in
            try extractor.extract(bytes)
            evaluator.evaluate(extractor, into: &found)
        }
        #expect(found == [])
        #expect(evaluator.regexLimitHits == 2)
        try Array(record("aaa").utf8).withUnsafeBytes { bytes in
            try extractor.extract(bytes)
            evaluator.evaluate(extractor, into: &found)
        }
        #expect(found == [0])
        #expect(evaluator.regexLimitHits == 2)
    }

    @Test("expressions that are too long, too deep or too large are refused")
    func regexSize() {
        let nested = String(repeating: "(", count: 100) + String(repeating: ")", count: 100)
        for pattern in [nested, String(repeating: "a", count: 5_000), "((a{1000}){1000}){10}", #"\C"#] {
            let found = errors(rule("s: {a|re: '\(pattern)'}\ncondition: s"))
            #expect(found.count == 1 && found[0].hasPrefix("6: the regular expression can't be used: "), "\(found)")
        }
    }

    @Test("storms of wildcards never backtrack")
    func wildcards() throws {
        let text = String(repeating: "a", count: 50_000)
        let stars = String(repeating: "*a", count: 2_000)
        #expect(try holds("s: {a: '\(stars)*b'}\ncondition: s", record(text)) == false)
        #expect(try holds("s: {a: '\(stars)*'}\ncondition: s", record(text)) == true)
        #expect(try holds("s: {a: '\(stars)*b'}\ncondition: s", record(text + "b")) == true)
        let marks = String(repeating: "?", count: 100)
        #expect(try holds("s: {a: '*\(marks)b*'}\ncondition: s", record(text)) == false)
    }

    @Test("a list of 10,000 terms is one look-up, and 10,000 parts of texts are still searched")
    func longLists() throws {
        let terms = (0..<10_000).map { "term\($0)" }
        let list = terms.joined(separator: ",")
        let file = SigmaParser().parse(
            rule("s: {a: [\(list)]}\nt: {a|contains: [\(list)]}\ncondition: s or t"), file: "r")
        let plan = try Plan(file.rules, indexFields: ["a"])
        #expect(plan.predicateCount == 10_001)
        #expect(try matches(file.rules, #"{"a":"TERM9999"}"#) == [0])
        #expect(try matches(file.rules, #"{"a":"x term77 y"}"#) == [0])
        #expect(try matches(file.rules, #"{"a":"term"}"#) == [])
    }

    @Test("a threshold over many searches stays small")
    func thresholds() throws {
        let searches = (0..<200).map { "s\($0): {a\($0): x}" }.joined(separator: "\n")
        let file = SigmaParser().parse(rule("\(searches)\ncondition: 100 of s*"), file: "r")
        func fields(_ count: Int) -> String {
            "{" + (0..<count).map { "\"a\($0)\":\"x\"" }.joined(separator: ",") + "}"
        }
        #expect(try matches(file.rules, fields(100)) == [0])
        #expect(try matches(file.rules, fields(99)) == [])
    }

    @Test("a rule that compiles to too many steps is refused by name")
    func tooManySteps() throws {
        let searches = (0..<1_000).map { "s\($0): {a\($0): x}" }.joined(separator: "\n")
        let file = SigmaParser().parse(rule("\(searches)\ncondition: 500 of s*", extra: "name: big"), file: "r")
        try #require(file.rules.count == 1)
        let error = #expect(throws: PlanError.self) { try Plan(file.rules) }
        #expect(error?.rule == "big")
    }

    @Test("a record's size decides nothing but its time: many values, many folds, long texts")
    func records() throws {
        let values = (0..<20_000).map { "\"Ä\($0)\"" }.joined(separator: ",")
        #expect(try holds("s: {a: ä19999}\ncondition: s", #"{"a":[\#(values)]}"#))
        #expect(try holds("s: {a|contains: [q, 'ä19999']}\nt: {b: x}\ncondition: s and not t", #"{"a":[\#(values)]}"#))
        #expect(try holds("s: ['Ä19999']\ncondition: s", #"{"q":[\#(values)]}"#))
        let long = String(repeating: "Ⱥ", count: 300_000)
        #expect(try holds("s: {a|endswith: 'ⱥx'}\ncondition: s", record(long + "X")))
        let object = #"{"a":{"k" : "\#(long)"}}"#
        #expect(try holds("s: {a|contains: 'ⱥ\"}'}\ncondition: s", object))
    }

    @Test("an array of an index field is tried for each value, and a rule at most once")
    func indexedArrays() throws {
        let file = SigmaParser().parse(rule("s: {a: [x, y]}\nt: {a: z}\ncondition: s and t"), file: "r")
        for record in [#"{"a":["x","y","Z"]}"#, #"{"a":["q",null,["z"],"Y"]}"#] {
            #expect(try matches(file.rules, record, indexFields: ["a"]) == [0])
        }
        #expect(try matches(file.rules, #"{"a":["x","y"]}"#, indexFields: ["a"]) == [])
        #expect(try matches(file.rules, #"{"a":[]}"#, indexFields: ["a"]) == [])
    }

    @Test("conditions of many parts, and as deep as they may be")
    func conditions() throws {
        let deep = SigmaLimits.conditionDepth / 2 - 1
        let nested = String(repeating: "not (", count: deep) + "s" + String(repeating: ")", count: deep)
        #expect(try holds("s: {a: x}\ncondition: \(nested)", #"{"a":"x"}"#) == (deep % 2 == 0))
        let tooDeep = String(repeating: "not (", count: 100) + "s" + String(repeating: ")", count: 100)
        #expect(errors(rule("s: {a: x}\ncondition: \(tooDeep)")).contains { $0.contains("nested deeper than") })
        let wide = (0..<2_000).map { $0 % 2 == 0 ? "s" : "not t" }.joined(separator: " or ")
        #expect(try holds("s: {a: x}\nt: {b: y}\ncondition: \(wide)", #"{"b":"y"}"#) == false)
        let long = String(repeating: "s or ", count: 5_000) + "s"
        #expect(errors(rule("s: {a: x}\ncondition: \(long)")).contains { $0.contains("longer than 16384 bytes") })
    }

    @Test("what an alias of YAML multiplies is counted, and so is what placeholders multiply")
    func multiplied() {
        let bomb = """
            a: &a [x, x, x, x, x, x, x, x, x, x]
            b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
            c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
            d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
            e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
            f: [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
            """
        #expect(errors(bomb).contains { $0.contains("YAML nodes") })
        let values = ["v": (0..<300).map { "x\($0)" }]
        let text = rule("s: {a|expand: '%v%%v%'}\ncondition: s")
        #expect(errors(text, placeholders: values).contains { $0.contains("expand to more than") })
    }
}
