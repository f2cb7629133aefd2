// SPDX-License-Identifier: Apache-2.0

import JSON
import Sigma
import Testing

@Suite("Sigma filters")
struct FilterTests {
    private static let id = "6f3e2987-db24-4c78-a860-b4f4095a7095"

    private func rule(name: String = "login", product: String = "aws", service: String = "cloudtrail") throws
        -> SigmaRule
    {
        let file = SigmaParser().parse(
            """
            title: Login
            id: \(Self.id)
            name: \(name)
            logsource: {product: \(product), service: \(service)}
            detection:
                selection: {a: x}
                condition: selection
            """, file: "r.yml")
        return try #require(file.rules.first, "\(file.diagnostics)")
    }

    private func filter(_ rules: String, source: String = "{product: aws}") throws -> SigmaFilter {
        let file = SigmaParser().parse(
            """
            title: Not our scanner
            logsource: \(source)
            filter:
                rules: \(rules)
                selection_one: {b: y}
                selection_two: {c|startswith: z}
                condition: not 1 of selection_*
            """, file: "f.yml")
        return try #require(file.filters.first, "\(file.diagnostics)")
    }

    @Test("a filter's condition has to hold too", arguments: ["any", "[]", "login", "[\(id)]", "[other, login]"])
    func applied(rules: String) throws {
        let filtered = try rule().filtered(by: [try filter(rules)])
        #expect(filtered.filters.count == 1)
        #expect(try matches([filtered], #"{"a":"x"}"#) == [0])
        #expect(try matches([filtered], #"{"a":"x","b":"y"}"#) == [])
        #expect(try matches([filtered], #"{"a":"x","c":"zz"}"#) == [])
        #expect(try matches([filtered], #"{"b":"n"}"#) == [])
        // The index must find the rule by what it needs, filter or not.
        #expect(try matches([filtered], #"{"a":"x","b":"n"}"#, indexFields: ["a", "b"]) == [0])
    }

    @Test("a filter is for the rules that it names, of the log source that it names")
    func meant() throws {
        #expect(!(try filter("[other]").applies(to: try rule())))
        #expect(!(try filter("any", source: "{product: windows}").applies(to: try rule())))
        #expect(!(try filter("any", source: "{product: aws, category: x}").applies(to: try rule())))
        #expect(try filter("any", source: "{service: cloudtrail}").applies(to: try rule()))
        #expect(try filter("[\(Self.id.uppercased())]").applies(to: try rule()))
    }

    @Test("the filters of any file meet the rules of any file")
    func set() throws {
        var set = SigmaRuleSet()
        set.add(
            """
            title: f
            logsource: {product: test}
            filter:
                rules: any
                selection: {b: y}
                condition: not selection
            """, file: "a.yml")
        set.add(SigmaTests.rule("s: {a: x}\ncondition: s"), file: "b.yml")
        #expect(set.errors.isEmpty)
        #expect(try matches(set.filteredRules, #"{"a":"x","b":"y"}"#) == [])
        #expect(try matches(set.rules, #"{"a":"x","b":"y"}"#) == [0])
    }

    @Test(
        "errors",
        arguments: [
            ("{rules: any, condition: not s}", "the detection has no search"),
            ("{rules: any, s: {a: x}}", "'condition' is missing"),
            ("{s: {a: x}, condition: not s}", "'rules' is missing: name the rules, or write 'rules: any'"),
            ("{rules: {a: b}, s: {a: x}, condition: s}", "'rules' must be 'any' or a list of rule ids and names"),
            ("{rules: any, s: {a: x}, condition: [s, s]}", "a filter has one condition"),
            ("[a]", "'filter' must be a mapping"),
            (
                "{rules: any, s: {a: x}, condition: not t}",
                "the condition names 't', which the detection does not have"
            ),
        ])
    func errors(filter: String, message: String) {
        let found = SigmaTests.errors("title: F\nlogsource: {product: aws}\nfilter: \(filter)")
        #expect(found.contains { $0.hasSuffix(message) }, "\(found)")
    }

    @Test("a filter needs a log source and has no detection")
    func shape() {
        let bare = SigmaTests.errors("title: F\nfilter: {rules: any, s: {a: x}, condition: not s}")
        #expect(bare.map { $0.drop { $0 != "'" } } == ["'logsource' is missing"])
        let both = SigmaTests.errors(
            "title: F\nlogsource: {product: a}\ndetection: {}\nfilter: {rules: any, s: {a: x}, condition: not s}")
        #expect(both == ["3: a filter has no 'detection'"])
    }
}

@Suite("Other names of fields")
struct TaxonomyTests {
    private let taxonomy = SigmaTaxonomy(
        paths: ["source.ip": ["ip"], "user.name": ["user", "role"]],
        derived: [
            "outcome": [
                "success": .match(SigmaMatch(field: "error", test: .null)),
                "failure": .not(.match(SigmaMatch(field: "error", test: .null))),
            ]
        ],
        pattern: { $0.hasPrefix("ecs.") ? String($0.dropFirst(4)) : nil })

    private func holds(_ item: String, _ record: String) throws -> Bool {
        let file = SigmaParser(taxonomy: taxonomy).parse(rule("s: \(item)\ncondition: s"), file: "r")
        try #require(file.rules.count == 1, "\(file.diagnostics)")
        return try matches(file.rules, record) == [0]
    }

    @Test(
        "a name stands for its paths",
        arguments: [
            ("{source.ip|cidr: 10.0.0.0/8}", #"{"ip":"10.1.2.3"}"#, true),
            ("{source.ip: '*'}", #"{"source":{"ip":"10.1.2.3"}}"#, false),
            ("{ip: '10*'}", #"{"ip":"10.1.2.3"}"#, true),
            ("{ecs.a.b: x}", #"{"a":{"b":"X"}}"#, true),
            ("{user.name: eve}", #"{"role":"eve"}"#, true),
            ("{user.name: eve}", #"{"user":"adam","role":"eve"}"#, true),
            ("{user.name: null}", #"{"user":"adam"}"#, false),
            ("{user.name: null}", #"{"role":null}"#, true),
            ("{user.name|exists: false}", #"{"role":"eve"}"#, false),
            ("{user.name|neq: eve}", #"{"user":"adam","role":"eve"}"#, false),
            ("{user.name|contains|all: [e, v]}", #"{"user":"eve"}"#, true),
            ("{x|fieldref: user.name}", #"{"x":"eve","role":"eve"}"#, true),
            ("{outcome: SUCCESS}", #"{}"#, true), ("{outcome: fail*}", #"{"error":"x"}"#, true),
            ("{outcome: [success, failure]}", #"{"error":"x"}"#, true), ("{outcome: odd}", #"{}"#, false),
            ("{outcome|cased: Success}", #"{}"#, false), ("{outcome|exists: true}", #"{}"#, true),
            ("{outcome: null}", #"{}"#, false), ("{outcome|neq: success}", #"{"error":"x"}"#, true),
        ])
    func names(item: String, record: String, expected: Bool) throws {
        #expect(try holds(item, record) == expected)
    }

    @Test("what a derived field can't be asked is an error with a reason")
    func underivable() {
        let file = SigmaParser(taxonomy: taxonomy).parse(rule("s: {outcome|re: succ.*}\ncondition: s"), file: "r")
        #expect(file.rules.isEmpty)
        #expect(
            file.diagnostics.map(\.message) == ["'outcome' has a few fixed values and can only be compared with texts"])
    }
}
