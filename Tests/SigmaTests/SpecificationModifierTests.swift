// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

/// The modifiers of Sigma's specification 2.1, each beside the others. Where pySigma (2.0.1) and its SQLite backend have
/// it otherwise, that is said.
@Suite("The modifiers of Sigma's specification 2.1 together")
struct SpecificationModifierTests {
    private func holds(_ item: String, _ record: String, placeholders: [String: [String]] = [:]) throws -> Bool {
        try SigmaTests.holds("s: \(item)\ncondition: s", record, placeholders: placeholders)
    }

    /// `all` of a single value is no error: pySigma takes it, and other tools write it. It is remarked.
    @Test("'all' of one value, and with every way of comparing")
    func all() throws {
        let file = SigmaParser().parse(rule("s: {a|contains|all: [x]}\ncondition: s"), file: "r.yml")
        #expect(file.rules.count == 1)
        #expect(file.diagnostics.map(\.message) == ["'all' has no meaning for a single value"])
        #expect(try holds("{a|all|contains: [x, y]}", #"{"a":"yx"}"#))
        #expect(try holds("{a|all|cidr: [10.0.0.0/8, 10.1.0.0/16]}", #"{"a":"10.1.2.3"}"#))
        #expect(try !holds("{a|all|cidr: [10.0.0.0/8, 10.1.0.0/16]}", #"{"a":"10.2.2.3"}"#))
        #expect(try holds("{a|fieldref|all: [b, c]}", #"{"a":"x","b":"X","c":"x"}"#))
        #expect(try !holds("{a|fieldref|all: [b, c]}", #"{"a":"x","b":"X","c":"y"}"#))
        #expect(try holds("{a|re|all: ['^x', 'y$']}", #"{"a":"xy"}"#))
        #expect(try !holds("{a|re|all: ['^x', 'y$']}", #"{"a":"xyz"}"#))
    }

    /// "The field is different from the specified values": of a list it is none, of one that `all` joins not all.
    @Test("'neq' negates what the other modifiers make, 'all' too")
    func negation() throws {
        for item in ["{a|contains|all|neq: [x, y]}", "{a|neq|contains|all: [x, y]}"] {
            #expect(try holds(item, #"{"a":"x"}"#))
            #expect(try !holds(item, #"{"a":"yx"}"#))
            #expect(try holds(item, #"{}"#))
        }
        #expect(try !holds("{a|contains|neq: [x, y]}", #"{"a":"x"}"#))
        #expect(try !holds("{a|cidr|neq: 10.0.0.0/8}", #"{"a":["9.9.9.9","10.0.0.1"]}"#))
        #expect(try holds("{a|re|i|neq: '^X'}", #"{"a":"yx"}"#))
        #expect(try !holds("{a|cased|neq: x}", #"{"a":"x"}"#))
        #expect(try holds("{a|cased|neq: x}", #"{"a":"X"}"#))
        #expect(try !holds("{a|windash|contains|neq: ' -x'}", #"{"a":"q /x"}"#))
        #expect(try holds("{a|hour|neq: [22, 23]}", #"{"a":"2026-11-22T21:00:00Z"}"#))
    }

    @Test(
        "'cased' with every modifier that takes texts",
        arguments: [
            ("{a|cased: Foo}", "Foo", "foo"), ("{a|cased: 'F?o*'}", "Fxobar", "fxobar"),
            ("{a|cased|contains: Foo}", "xFoox", "xfoox"), ("{a|contains|cased: Foo}", "xFoox", "xFOOx"),
            ("{a|cased|startswith: Foo}", "Foox", "foox"), ("{a|endswith|cased: Foo}", "xFoo", "xfOO"),
            ("{a|contains|all|cased: [A, b]}", "bA", "BA"), ("{a|cased|contains|all: [A, b]}", "bA", "ba"),
            ("{a|base64|cased: ab}", "YWI=", "ywi="), ("{a|base64offset|contains|cased: Foo}", "Rm9v", "rM9V"),
            ("{a|cased|base64offset|contains: Foo}", "RkZvbw==", "rkzvbw=="),
            ("{a|wide|base64|cased: a}", "YQA=", "yqa="),
            ("{a|windash|contains|cased: ' -Foo'}", "x /Foo", "x /foo"), ("{a|expand|cased: '%v%'}", "Foo", "FOO"),
            ("{a|fieldref|cased: b}", "Ref", "rEF"), ("{a|fieldref|startswith|cased: b}", "Refx", "refx"),
            ("{a|fieldref|endswith|cased: b}", "xRef", "xref"), ("{a|fieldref|cased|contains: b}", "xRefx", "xrefx"),
            ("{'|cased': Foo}", "xFoox", "xfoox"), ("{'|cased|all': [Foo, Bar]}", "Foo Bar", "foo Bar"),
            ("{a|cased: ÄÖ}", "ÄÖ", "Äö"), ("{a|cased: [Foo, bar]}", "bar", "Bar"),
        ])
    func cased(item: String, good: String, bad: String) throws {
        let placeholders = ["v": ["Foo"]]
        #expect(try holds(item, #"{"a":"\#(good)","b":"Ref"}"#, placeholders: placeholders))
        #expect(try !holds(item, #"{"a":"\#(bad)","b":"Ref"}"#, placeholders: placeholders))
        #expect(try holds(item, #"{"a":["\#(bad)","\#(good)"],"b":"Ref"}"#, placeholders: placeholders))
    }

    @Test(
        "a regular expression's flags, one by one and together, by their letters or pySigma's words",
        arguments: [
            ("", false, false, false), ("|i", true, false, false), ("|m", false, true, false),
            ("|s", false, false, true), ("|i|m", true, true, false), ("|s|i", true, false, true),
            ("|m|s", false, true, true), ("|s|m|i", true, true, true), ("|ignorecase", true, false, false),
            ("|multiline|dotall", false, true, true),
        ])
    func flags(flags: String, ignoresCase: Bool, multiline: Bool, dotAll: Bool) throws {
        #expect(try holds("{a|re\(flags): 'XY'}", #"{"a":"axyb"}"#) == ignoresCase)
        #expect(try holds("{a|re\(flags): '^b$'}", #"{"a":"a\nb\nc"}"#) == multiline)
        #expect(try holds("{a|re\(flags): 'a.b'}", #"{"a":"a\nb"}"#) == dotAll)
        #expect(try holds("{a|re\(flags)|all: [a, b]}", #"{"a":"ba"}"#))
        #expect(try holds("{'|re\(flags)': 'a+b'}", #"{"q":["caab"]}"#))
    }

    /// pySigma takes these behind `re` and writes `.*` around the expression; as its backends search anywhere, that ties
    /// nothing to the start or the end. The words do.
    @Test("a regular expression at the start, at the end, anywhere")
    func anchoredExpressions() throws {
        #expect(try holds("{a|re|contains: 'b+|x'}", #"{"a":"abbc"}"#))
        #expect(try holds("{a|re|startswith: 'b|a+'}", #"{"a":"aab"}"#))
        #expect(try !holds("{a|re|startswith: 'b|c'}", #"{"a":"abc"}"#))
        #expect(try !holds("{a|re|m|startswith: 'b'}", #"{"a":"a\nb"}"#))
        #expect(try holds("{a|re|i|endswith: 'X|C'}", #"{"a":"abc"}"#))
        #expect(try !holds("{a|re|endswith: 'a|b'}", #"{"a":"abc"}"#))
        #expect(try !holds("{a|re|endswith: 'c'}", #"{"a":"c\n"}"#))
    }

    /// pySigma puts a placeholder's values into an expression as they are. With us they mean everywhere what they mean in
    /// a value: a dot is a dot, and `*` is any text.
    @Test("placeholders in regular expressions, networks, keywords and beside plain percent signs")
    func placeholders() throws {
        let values = ["v": ["a.b", "c*d", "e?"], "n": ["10.0.0.0/8", "2001:db8::/32"], "w": ["x"]]
        func holds(_ item: String, _ record: String) throws -> Bool {
            try self.holds(item, record, placeholders: values)
        }
        #expect(try holds("{a|re|expand: '^%v%$'}", #"{"a":"a.b"}"#))
        #expect(try !holds("{a|re|expand: '^%v%$'}", #"{"a":"axb"}"#))
        #expect(try holds("{a|re|expand: '^(%v%)+$'}", #"{"a":"c\nddcd"}"#))
        #expect(try holds("{a|re|i|expand|startswith: '%v%-[0-9]'}", #"{"a":"CXD-7z"}"#))
        #expect(try holds(#"{a|re|expand: '^\%v%w%$'}"#, #"{"a":"%vx"}"#))
        #expect(try holds("{a|re|expand: '^50%$'}", #"{"a":"50%"}"#))
        #expect(try holds("{a|re: '^%v%$'}", #"{"a":"%v%"}"#))
        #expect(try holds("{a|cidr|expand: '%n%'}", #"{"a":"2001:DB8::1"}"#))
        #expect(try !holds("{a|cidr|expand|neq: '%n%'}", #"{"a":"10.1.1.1"}"#))
        #expect(try holds("{a|cidr|expand|all: ['%n%', 10.1.0.0/16]}", #"{"a":"10.1.1.1"}"#))
        #expect(try holds("{'|expand': '%w%-%v%'}", #"{"q":"..X-cod.."}"#))
        #expect(try holds("{a|expand|contains|all: ['%v%', '%w%']}", #"{"a":"xa.b"}"#))
        #expect(try holds(#"{a|expand: '\%plain%w%'}"#, #"{"a":"%plainx"}"#))
        #expect(try holds("{a: '%w%'}", #"{"a":"%W%"}"#))
        for item in ["{a|expand: '%z%'}", "{a|re|expand: 'x%z%'}", "{a|cidr|expand: '%z%'}", "{'|expand': '%z%'}"] {
            let found = errors(rule("s: \(item)\ncondition: s"), placeholders: values)
            #expect(found == ["6: the placeholder '%z%' has no value here"])
        }
    }

    /// By the specification a byte order mark is FF FE. The specification has `utf16le` beside `wide`; pySigma has not.
    @Test(
        "encodings one after the other, in the order in which they stand",
        arguments: [
            ("{a|base64offset|contains: foobar}", "eGZvb2JhcnkA", true), ("{a|base64offset: foobar}", "Zm9vYmFy", true),
            ("{a|base64offset|startswith: foobar}", "Zm9vYmFyIQ==", true),
            ("{a|utf16le|base64offset|contains: cmd}", "ACBjAG0AZAA=", true),
            ("{a|wide|base64offset|contains: cmd}", "Y2MAbQBkAA==", true),
            ("{a|utf16be|base64offset|contains: cmd}", "QQAAYwBtAGQ=", true),
            ("{a|utf16|base64: cmd}", "//5jAG0AZAA=", true),
            ("{a|base64|wide: a}", #"Y\u0000Q\u0000=\u0000=\u0000"#, true),
            ("{a|base64|base64: a}", "WVE9PQ==", false), ("{a|windash|base64: '-a'}", "L2E=", true),
            ("{a|windash|wide|base64: '-a'}", "EyBhAA==", true),
            ("{a|windash|wide|base64offset|contains: ' -a'}", "ICAALwBhAA==", true),
            ("{a|wide|base64: é€😀}", "6QCsID3YAN4=", true), ("{a|wide: 'a*b'}", #"a\u0000xyzb\u0000"#, true),
            ("{a|contains|wide: 'a?'}", #"--a\u0000x\u0000--"#, true),
            ("{a|contains|wide: 'a?'}", #"--a\u0000x"#, false),
            ("{a|utf16be|contains: a}", #"-\u0000a-"#, true),
        ])
    func encodings(item: String, value: String, expected: Bool) throws {
        guard item != "{a|base64|base64: a}" else {
            let found = errors(rule("s: \(item)\ncondition: s"))
            #expect(found == ["6: the modifier 'base64' stands twice"])
            return
        }
        #expect(try holds(item, #"{"a":"\#(value)"}"#) == expected)
    }

    /// pySigma starts variants from `-` and `/` alone; the specification makes all five characters one another.
    @Test("'windash' changes the dashes that begin a flag, and those alone")
    func windash() throws {
        let dashes = ["-", "/", "–", "—", "―"]
        for written in dashes {
            for there in dashes {
                #expect(try holds("{a|windash|contains: ' \(written)foo'}", #"{"a":"x \#(there)FOO"}"#))
                #expect(try holds("{a|windash|startswith: '\(written)foo'}", #"{"a":"\#(there)foo-bar"}"#))
                #expect(try holds("{a|windash|endswith: ' \(written)a \(there)b'}", #"{"a":"x /a –b"}"#))
            }
        }
        #expect(try holds("{a|windash: '-foo-bar'}", #"{"a":"/foo-bar"}"#))
        #expect(try !holds("{a|windash: '-foo-bar'}", #"{"a":"/foo/bar"}"#))
        #expect(try !holds("{a|windash|contains: 'a - b'}", #"{"a":"a / b"}"#))
        #expect(try holds("{a|windash|contains|all: ['-x', '-y']}", #"{"a":"/x –y"}"#))
        #expect(try holds("{'|windash': ' -enc'}", #"{"q":"p /EnC"}"#))
    }

    @Test(
        "networks of both versions in all their notations",
        arguments: [
            ("2001:db8::/32", "2001:0DB8:0:0::1", true), ("2001:db8::/33", "2001:db8:8000::", false),
            ("::/0", "fe80::1", true), ("::/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false),
            ("fe80::/10", "febf::1", true), ("fe80::/10", "fec0::1", false), ("::1/128", "::1", true),
            ("::1", "::2", false), ("2001:db8::7/128", "2001:db8::7", true),
            ("64:ff9b::/96", "64:ff9b::192.0.2.1", true),
            ("::ffff:10.0.0.0/104", "10.9.9.9", true), ("10.0.0.0/8", "::FFFF:10.9.9.9", true),
            ("192.0.2.7/32", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.0/25", "192.0.2.128", false),
            ("10.0.0.0/8", "010.1.1.1", false), ("10.0.0.0/8", " 10.1.1.1", false),
            ("10.0.0.0/8", "10.1.1.1/32", false),
            ("fe80::/10", "fe80::1%eth0", false), ("10.0.0.0/8", "ec2.amazonaws.com", false),
        ])
    func networks(network: String, address: String, expected: Bool) throws {
        #expect(try holds("{a|cidr: '\(network)'}", #"{"a":"\#(address)"}"#) == expected)
        #expect(try holds("{a|cidr: [203.0.113.0/24, '\(network)']}", #"{"a":["x","\#(address)"]}"#) == expected)
        #expect(try holds("{a|cidr|neq: '\(network)'}", #"{"a":"\#(address)"}"#) != expected)
    }

    @Test(
        "fields against fields",
        arguments: [
            ("{a|fieldref: b}", #"{"a":"xyz","b":"XYZ"}"#, true),
            ("{a|fieldref|startswith: b}", #"{"a":"xyz","b":"XY"}"#, true),
            ("{a|fieldref|startswith: b}", #"{"a":"xyz","b":"yz"}"#, false),
            ("{a|fieldref|endswith: b}", #"{"a":"xyz","b":"YZ"}"#, true),
            ("{a|fieldref|endswith: b}", #"{"a":"xyz","b":"xy"}"#, false),
            ("{a|fieldref|contains: b}", #"{"a":"xyz","b":"Y"}"#, true),
            ("{a|contains|fieldref: b}", #"{"a":"y","b":"xyz"}"#, false),
            ("{a|fieldref|startswith|neq: b}", #"{"a":"xyz","b":"xy"}"#, false),
            ("{a|fieldref|contains|neq: b}", #"{"a":"xyz"}"#, true),
            // What stands in the other field is a text: its stars are stars.
            ("{a|fieldref|startswith: b}", #"{"a":"xyz","b":"x*"}"#, false),
            ("{a|fieldref|contains: b}", #"{"a":"5*","b":"*"}"#, true),
            ("{a|fieldref|contains: b}", #"{"a":153,"b":5}"#, true),
            ("{a|fieldref: b}", #"{"a":true,"b":"TRUE"}"#, true),
            ("{a|fieldref|contains: b}", #"{"a":"x","b":""}"#, true),
            ("{a|fieldref|contains: b}", #"{"a":"x","b":null}"#, false),
            ("{a|fieldref: [b, c]}", #"{"a":"x","b":"y","c":"x"}"#, true),
            ("{a|fieldref|endswith: [b, c]}", #"{"a":"xy","b":"z","c":["q","y"]}"#, true),
        ])
    func references(item: String, record: String, expected: Bool) throws {
        #expect(try holds(item, record) == expected)
    }

    /// A week is that of ISO 8601, which begins on a Monday and of which a year has 52 or 53; SQLite's `%W` counts from
    /// the year's first Monday on. Time zones are not converted, as the specification says.
    @Test(
        "parts of dates",
        arguments: [
            ("{a|hour: [22, 23, 0]}", true), ("{a|hour: [21, 22]}", false), ("{a|hour|gte: 22}", true),
            ("{a|hour|neq: 23}", false), ("{a|minute|lt: 8}", true), ("{a|minute: 7}", true), ("{a|day: 22}", true),
            ("{a|day|lte: 21}", false), ("{a|week: 47}", true), ("{a|month: [11, 12]}", true),
            ("{a|year|gt: 2025}", true),
            ("{a|year: 2027}", false), ("{b|hour: 23}", false), ("{b|hour|neq: 23}", true), ("{c|hour: 23}", false),
        ])
    func dates(item: String, expected: Bool) throws {
        let record = #"{"a":"2026-11-22T23:07:08+05:00","c":"23:07"}"#
        #expect(try holds(item, record) == expected)
    }
}
