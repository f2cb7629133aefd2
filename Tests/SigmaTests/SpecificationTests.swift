// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

/// What Sigma's specification 2.1 says in words, where no other test holds us to it.
@Suite("Sigma's specification 2.1")
struct SpecificationTests {
    @Test("'exists' asks for the field, whatever its value")
    func exists() throws {
        for value in [#""x""#, #""""#, "0", "{}"] {
            #expect(try holds("s: {a|exists: true}\ncondition: s", #"{"a":\#(value)}"#), "\(value)")
        }
        #expect(try holds("s: {a|exists: false}\ncondition: s", #"{"b":1}"#))
        #expect(try !holds("s: {a|exists: true}\ncondition: s", #"{"b":1}"#))
    }

    @Test("'neq' holds where the field is none of the values")
    func neq() throws {
        for (value, isMatch) in [("x", false), ("Y", false), ("z", true)] {
            #expect(try holds("s: {a|neq: [x, y]}\ncondition: s", #"{"a":"\#(value)"}"#) == isMatch)
        }
        #expect(try holds("s: {a|neq: 5}\ncondition: s", #"{"a":6}"#))
        #expect(try !holds("s: {a|neq: 5}\ncondition: s", #"{"a":5}"#))
        #expect(try holds("s: {a|fieldref|neq: b}\ncondition: s", #"{"a":"x","b":"y"}"#))
        #expect(try !holds("s: {a|fieldref|neq: b}\ncondition: s", #"{"a":"x","b":"x"}"#))
    }

    @Test("'not' binds closest, then 'and', then 'or'")
    func precedence() throws {
        let searches = "a: {a: 1}\nb: {b: 1}\nc: {c: 1}\ncondition: "
        func holds(_ condition: String, _ record: String) throws -> Bool {
            try SigmaTests.holds(searches + condition, record)
        }
        #expect(try holds("a or b and c", #"{"a":1}"#))
        #expect(try !holds("(a or b) and c", #"{"a":1}"#))
        #expect(try holds("not a and b", #"{"b":1}"#))
        #expect(try !holds("not a and b", #"{"a":1,"b":1}"#))
        #expect(try holds("not (a and b)", #"{"a":1}"#))
        #expect(try holds("not 1 of b* or a and c", #"{"c":1}"#))
    }

    @Test("a list of conditions holds where one of them does")
    func listOfConditions() throws {
        let detection = "a: {a: 1}\nb: {b: 1}\ncondition: [a and not b, b and not a]"
        #expect(try holds(detection, #"{"b":1}"#))
        #expect(try !holds(detection, #"{"a":1,"b":1}"#))
    }

    @Test("an identifier that begins with an underscore is none of 'them'")
    func underscores() throws {
        #expect(try !holds("a: {a: 1}\n_b: {b: 1}\ncondition: 1 of them", #"{"b":1}"#))
        #expect(try holds("a: {a: 1}\n_b: {b: 1}\ncondition: 1 of _*", #"{"b":1}"#))
        #expect(try holds("a: {a: 1}\n_b: {b: 1}\ncondition: all of them", #"{"a":1}"#))
    }

    @Test("all that metadata may say is read")
    func metadata() throws {
        for related in ["derived", "obsolete", "merged", "renamed", "similar"] {
            let text = """
                title: T
                id: 929a690e-bef0-4204-a928-ef5e620d6fcc
                name: name_of_it
                related: [{id: 08fbc97d-0a2f-491c-ae21-8ffcfd3174e9, type: \(related)}]
                taxonomy: sigma
                status: experimental
                description: D
                license: CC0-1.0
                references: [https://example.com]
                author: A, B
                date: 2026-01-31
                modified: 2026-02-01
                logsource: {category: c, product: p, service: s, definition: how to switch it on}
                detection: {s: {a: x}, condition: s}
                fields: [a]
                falsepositives: [None]
                level: informational
                tags: [attack.t1098.001, cve.2026-1]
                scope: [server]
                ours: {anything: [1, 2]}
                """
            let file = SigmaParser().parse(text, file: "r.yml")
            #expect(file.diagnostics.isEmpty, "\(file.diagnostics)")
            let metadata = try #require(file.rules.first?.metadata)
            #expect(metadata.license == "CC0-1.0" && metadata.taxonomy == "sigma" && metadata.name == "name_of_it")
            #expect(metadata.fields == ["a"] && metadata.scope == ["server"] && metadata.falsePositives == ["None"])
            #expect(metadata.date == "2026-01-31" && metadata.modified == "2026-02-01")
            #expect(metadata.related.count == 1 && metadata.custom["ours"] != nil)
        }
        for status in ["stable", "test", "experimental", "deprecated", "unsupported"] {
            #expect(errors(rule("s: {a: x}\ncondition: s", extra: "status: \(status)")).isEmpty, "\(status)")
        }
        for level in ["informational", "low", "medium", "high", "critical"] {
            #expect(errors(rule("s: {a: x}\ncondition: s", extra: "level: \(level)")).isEmpty, "\(level)")
        }
    }

    @Test("a correlation has its own metadata, and a filter needs no id")
    func otherDocuments() throws {
        let text =
            rule("s: {a: x}\ncondition: s", extra: "name: r") + """

                ---
                title: C
                status: test
                level: high
                description: D
                author: A
                references: [https://example.com]
                date: 2026-01-31
                falsepositives: [None]
                correlation:
                    type: event_count
                    rules: [r]
                    group-by: [a, b]
                    timespan: 90m
                    condition: {gt: 100, lte: 200}
                ---
                title: F
                description: D
                logsource: {category: test}
                filter:
                    rules: [r]
                    selection: {b: y}
                    condition: not selection
                """
        let file = SigmaParser().parse(text, file: "r.yml")
        #expect(file.diagnostics.isEmpty, "\(file.diagnostics)")
        let correlation = try #require(file.correlations.first)
        #expect(correlation.timespanSeconds == 5_400 && correlation.bounds.count == 2 && !correlation.generate)
        #expect(file.filters.count == 1)
    }

    @Test("a percentile that is not said is the median, and that is remarked")
    func percentile() throws {
        let file = SigmaParser().parse(
            "title: C\ncorrelation: {type: value_percentile, rules: [r], timespan: 1d, condition: {field: n, lte: 1}}",
            file: "r.yml")
        #expect(file.correlations.first?.percentile == 50)
        #expect(file.diagnostics.map(\.severity) == [.warning])
        #expect(file.diagnostics.first?.message == "without 'percentile' it is the median that is compared")
    }
}
