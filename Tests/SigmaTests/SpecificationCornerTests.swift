// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

/// The corners of Sigma's specification 2.1: values, keywords and conditions. Where pySigma (2.0.1) and its
/// SQLite backend have it otherwise, that is said.
@Suite("Corners of Sigma's specification 2.1")
struct SpecificationCornerTests {
    private func holds(_ item: String, _ record: String, placeholders: [String: [String]] = [:]) throws -> Bool {
        try SigmaTests.holds("s: \(item)\ncondition: s", record, placeholders: placeholders)
    }

    /// A backend of columns can't tell a null from what is absent: SQLite says `IS NOT NULL`. The specification asks for
    /// the presence of the field alone, "be it empty or null".
    @Test(
        "presence, null, empty and absent are four things",
        arguments: [
            (#"{"a":null}"#, [true, true, false, false]), (#"{}"#, [false, true, false, false]),
            (#"{"a":""}"#, [true, false, true, true]), (#"{"a":[]}"#, [true, false, false, false]),
            (#"{"a":{}}"#, [true, false, false, true]), (#"{"a":[null]}"#, [true, true, false, false]),
            (#"{"a":[null,""]}"#, [true, true, true, true]), (#"{"a":0}"#, [true, false, false, true]),
            (#"{"a":false}"#, [true, false, false, true]), (#"{"a":" "}"#, [true, false, false, true]),
            (#"{"A":"x"}"#, [false, true, false, false]),
        ])
    func presence(record: String, expected: [Bool]) throws {
        let found = try ["{a|exists: true}", "{a: null}", "{a: ''}", "{a: '*'}"].map { try holds($0, record) }
        #expect(found == expected)
        let negated = try ["{a|exists: false}", "{a|neq: null}", "{a|neq: ''}", "{a|neq: '*'}"].map {
            try holds($0, record)
        }
        #expect(negated == expected.map { !$0 })
    }

    @Test("presence below a path that goes through lists, nulls and texts")
    func nestedPresence() throws {
        for (record, exists) in [
            (#"{"a":{"b":null}}"#, true), (#"{"a":{"b":{}}}"#, true), (#"{"a":[{"b":[]}]}"#, true),
            (#"{"a":null}"#, false), (#"{"a":[]}"#, false), (#"{"a":"b"}"#, false), (#"{"a":[null,{"c":1}]}"#, false),
        ] {
            #expect(try holds("{a.b|exists: true}", record) == exists, "\(record)")
            #expect(try holds("{a.b|exists: false}", record) != exists, "\(record)")
        }
        let both = "s: {a|exists: true, b|exists: false}\ncondition: s"
        #expect(try SigmaTests.holds(both, #"{"a":1}"#))
        #expect(try !SigmaTests.holds(both, #"{"a":1,"b":null}"#))
        let either = "s: [{a|exists: false}, {b|exists: false}]\ncondition: s"
        #expect(try SigmaTests.holds(either, #"{"b":1}"#))
        #expect(try !SigmaTests.holds(either, #"{"a":1,"b":1}"#))
    }

    /// The specification wants `null` in a search of its own; pySigma takes it in a list, and so do we.
    @Test("null in a list of values is one of the values")
    func nullInList() throws {
        for (record, expected) in [
            (#"{}"#, true), (#"{"a":""}"#, true), (#"{"a":"x"}"#, false), (#"{"a":null}"#, true), (#"{"a":[]}"#, false),
        ] {
            #expect(try holds("{a: ['', null]}", record) == expected, "\(record)")
            #expect(try holds("{a|neq: ['', null]}", record) != expected, "\(record)")
        }
        #expect(try holds("{a|cased: [X, null]}", #"{"a":null}"#))
    }

    @Test(
        "numbers and booleans against texts, and the reverse",
        arguments: [
            ("{a: [true, 5]}", #"{"a":"TRUE"}"#, true), ("{a: [true, 5]}", #"{"a":true}"#, true),
            ("{a: [true, 5]}", #"{"a":"5"}"#, true), ("{a: [true, 5]}", #"{"a":5}"#, true),
            // SQLite has no booleans, so its `true` is 1 too.
            ("{a: [true, 5]}", #"{"a":1}"#, false), ("{a: ['true', '5']}", #"{"a":true}"#, true),
            ("{a: ['true', '5']}", #"{"a":[false,5]}"#, true), ("{a: ['true', '5']}", #"{"a":"05"}"#, false),
            ("{a: yes}", #"{"a":"yes"}"#, false), ("{a: yes}", #"{"a":true}"#, true),
            ("{a: 'yes'}", #"{"a":"Yes"}"#, true), ("{a: [1, x]}", #"{"a":1.0}"#, true),
            ("{a: -0}", #"{"a":0}"#, true), ("{a: 1.0}", #"{"a":1}"#, true), ("{a: 5}", #"{"a":"5.0"}"#, false),
            ("{a|contains: 5}", #"{"a":153}"#, true), ("{a|startswith: false}", #"{"a":"FALSEhood"}"#, true),
            ("{a|neq: [true, 5]}", #"{"a":"5"}"#, false), ("{a|neq: [true, 5]}", #"{"a":6}"#, true),
            ("{a|all: [5, '6']}", #"{"a":["5",6]}"#, true), ("{a|re: 5}", #"{"a":"x5"}"#, true),
            ("{a: 0x1F}", #"{"a":31}"#, true), ("{a: '0x1F'}", #"{"a":"0X1f"}"#, true),
            // PyYAML makes it a date, which pySigma can't compare.
            ("{a: 2026-01-31}", #"{"a":"2026-01-31"}"#, true),
            ("{a|lt: [1, 9]}", #"{"a":5}"#, true), ("{a|gt|all: [1, 4]}", #"{"a":5}"#, true),
            ("{a|gt|all: [1, 9]}", #"{"a":5}"#, false), ("{a|gte: 5}", #"{"a":"x"}"#, false),
        ])
    func types(item: String, record: String, expected: Bool) throws {
        #expect(try holds(item, record) == expected)
    }

    @Test(
        "backslashes escape wildcards and themselves",
        arguments: [
            (#"{a: 'x\y'}"#, #"{"a":"x\\y"}"#, true), (#"{a: 'x\\y'}"#, #"{"a":"x\\y"}"#, true),
            (#"{a: 'x\\\y'}"#, #"{"a":"x\\\\y"}"#, true), (#"{a: 'x\\\\y'}"#, #"{"a":"x\\\\y"}"#, true),
            (#"{a: 'x\\*'}"#, #"{"a":"x\\yz"}"#, true), (#"{a: 'x\\*'}"#, #"{"a":"x*"}"#, false),
            (#"{a: 'x\\\*'}"#, #"{"a":"x\\*"}"#, true), (#"{a: 'x\\\\*'}"#, #"{"a":"x\\\\z"}"#, true),
            (#"{a: '\*'}"#, #"{"a":"*"}"#, true), (#"{a: '\*'}"#, #"{"a":"x"}"#, false),
            (#"{a|contains: '\?'}"#, #"{"a":"a?b"}"#, true), (#"{a|endswith: '\'}"#, #"{"a":"C:\\"}"#, true),
            (#"{a|startswith: '\\*x'}"#, #"{"a":"\\\\srv\\xy"}"#, true),
        ])
    func escapes(item: String, record: String, expected: Bool) throws {
        #expect(try holds(item, record) == expected)
    }

    /// SQLite's backend has no keywords. Every value of the record is looked at by itself, names of members are not.
    @Test(
        "keywords",
        arguments: [
            ("[foo, 5, true]", #"{"q":"a foo b"}"#, true), ("[foo, 5, true]", #"{"q":[{"r":153}]}"#, true),
            ("[foo, 5, true]", #"{"q":true}"#, true), ("[foo, 5, true]", #"{"q":"untrue"}"#, true),
            ("[foo, 5, true]", #"{"foo":null}"#, false), ("{'|all': [foo, 5]}", #"{"q":"xfoo5"}"#, true),
            ("{'|all': [foo, 5]}", #"{"q":"foo","r":{"s":[15]}}"#, true),
            ("{'|all': [foo, 5]}", #"{"q":"foo"}"#, false),
            ("{'|contains|all': [foo, bar]}", #"{"q":["foo","bar"]}"#, true),
            ("{'|re': ['^fo+$', 'b[ae]r']}", #"{"q":{"r":"xber"}}"#, true),
            ("{'|re': '^fo+$'}", #"{"q":"xfoo"}"#, false),
            ("{'|re|all': ['^f', 'r$']}", #"{"q":"for"}"#, true), ("{'|re|i': 'FOO'}", #"{"q":"foo"}"#, true),
            ("{'|startswith': foo}", #"{"q":"FOOx"}"#, true), ("{'|endswith': foo}", #"{"q":"foox"}"#, false),
            ("{'|base64offset|contains': foobar}", #"{"q":"xxZm9vYmFyxx"}"#, true),
            ("{'|neq': foo}", #"{"q":"bar"}"#, true), ("{'|neq': foo}", #"{"q":["bar","xfoox"]}"#, false),
            ("{'|all': [foo, bar], a: x}", #"{"a":"x","q":"foobar"}"#, true),
            ("{'|all': [foo, bar], a: x}", #"{"a":"y","q":"foobar"}"#, false),
            ("[foo, {a: x, b: y}]", #"{"a":"x","b":"y"}"#, true), ("['f?o*r']", #"{"q":"xfaobarx"}"#, true),
            (#"['\*']"#, #"{"q":"x"}"#, false), ("'5'", #"{"q":5}"#, true),
        ])
    func keywords(search: String, record: String, expected: Bool) throws {
        #expect(try holds(search, record) == expected)
    }

    @Test(
        "what a search can't say is refused with its reason",
        arguments: [
            ("{a|frob: x}", "unknown modifier 'frob'"), ("{a|Contains: x}", "unknown modifier 'Contains'"),
            ("{a|contains|: x}", "unknown modifier ''"), ("{'|frob': x}", "unknown modifier 'frob'"),
            ("{a|exists|neq: true}", "the modifiers 'exists' and 'neq' exclude each other"),
            ("{a|exists|all: true}", "the modifiers 'exists' and 'all' exclude each other"),
            ("{a|exists|cased: true}", "the modifiers 'exists' and 'cased' exclude each other"),
            ("{a|exists: [true, false]}", "'exists' takes one boolean"),
            ("{a|exists: null}", "'exists' takes true or false"),
            ("{'|exists': true}", "keywords can't have this modifier"),
            ("{'|cidr': 10.0.0.0/8}", "keywords can't have this modifier"),
            ("{'|fieldref': b}", "keywords can't have this modifier"),
            ("{'|hour': 5}", "keywords can't have this modifier"),
            ("{a|contains|re: x}", "the modifier 're' must stand before what changes its value"),
            ("{a|expand|re: x}", "the modifier 're' must stand before what changes its value"),
            ("{a|re|windash: x}", "the modifiers 're' and 'windash' exclude each other"),
            (
                "{a|re|contains: '('}",
                "the regular expression can't be used: missing closing parenthesis, at character 2"
            ),
            (
                "{a|re|startswith: 'a)(b'}",
                "the regular expression can't be used: unmatched closing parenthesis, at character 2"
            ),
            ("{a|fieldref: 'b*'}", "'fieldref' takes a field's name"),
            ("{a|fieldref: null}", "'fieldref' takes a field's name"),
            ("{a|cidr|contains: x}", "the modifiers 'cidr' and 'contains' exclude each other"),
            ("{a|lt|contains: 5}", "the modifiers 'lt' and 'contains' exclude each other"),
            ("{a|lt: '5'}", "a comparison takes a number"),
            ("{a|lt|neq: 5}", "the modifiers 'lt' and 'neq' exclude each other"),
            ("{a|cidr: 10.0.0.0/255.0.0.0}", "'10.0.0.0/255.0.0.0' is no network (or has bits set behind its prefix)"),
            ("{a|utf16: 'a*'}", "the modifier 'utf16' needs a value without wildcards"),
            ("{a|base64offset: 'a*'}", "the modifier 'base64offset' needs a value without wildcards"),
            ("{a|windash: 5}", "this modifier needs a string"), ("{a|day: 32}", "'day' takes a number from 1 to 31"),
        ])
    func refused(search: String, message: String) {
        #expect(errors(rule("s: \(search)\ncondition: s")) == ["6: \(message)"])
    }

    @Test(
        "what quantifiers stand for: a search with an underscore is meant by a pattern with one only",
        arguments: [
            ("1 of them", "_c", false), ("1 of them", "b_1", true), ("all of them", "a b_1 b_2", true),
            ("all of them", "a b_1 _c", false), ("1 of *", "_c", false), ("all of *", "a b_1 b_2", true),
            ("1 of *c", "_c _c_2", nil), ("1 of _*", "_c", true), ("all of _c*", "_c", false),
            ("all of _c*", "_c _c_2", true),
            ("1 of *_2", "_c_2", false), ("1 of *_2", "b_2", true), ("any of b_*", "b_2", true),
            ("1 of b_1", "b_1", true),
            ("all of b_* and not 1 of _*", "b_1 b_2", true), ("all of b_* and not 1 of _*", "b_1 b_2 _c", false),
            ("not all of b_*", "b_1", true), ("not 1 of b_* and a", "a b_1", false), ("not a or b_1", "a b_1", true),
            ("not (a or b_1)", "b_2", true), ("_c", "_c", true), ("a and not _c", "a _c", false),
            ("[a and b_1, _c]", "_c", true), ("[a and b_1, _c]", "a", false), ("[1 of b_*, all of _*]", "b_2", true),
        ] as [(String, String, Bool?)])
    func quantifiers(condition: String, fields: String, expected: Bool?) throws {
        let searches = ["a", "b_1", "b_2", "_c", "_c_2"].map { "\($0): {\($0): x}" }.joined(separator: "\n")
        let detection = "\(searches)\ncondition: \(condition)"
        guard let expected else {
            #expect(errors(rule(detection)) == ["11: no search is named like '*c'"])
            return
        }
        let record = fields.split(separator: " ").map { #""\#($0)":"x""# }.joined(separator: ",")
        #expect(try SigmaTests.holds(detection, "{\(record)}") == expected)
    }

    @Test("a rule of a taxonomy that is not known is loaded as it stands, which is remarked")
    func taxonomy() throws {
        let detection = "s: {a: x}\ncondition: s"
        for (name, isKnown) in [("sigma", true), ("Sigma", true), ("ocsf", false)] {
            let file = SigmaParser().parse(rule(detection, extra: "taxonomy: \(name)"), file: "r.yml")
            #expect(file.rules.count == 1)
            let remark = "the taxonomy 'ocsf' is not known: the names of fields are read as they stand"
            #expect(file.diagnostics.map(\.message) == (isKnown ? [] : [remark]))
            #expect(file.diagnostics.allSatisfy { $0.severity == .warning })
        }
        let ecs = SigmaParser(taxonomy: SigmaTaxonomy(names: ["sigma", "ecs"]))
        #expect(ecs.parse(rule(detection, extra: "taxonomy: ECS"), file: "r.yml").diagnostics.isEmpty)
    }
}
