// SPDX-License-Identifier: Apache-2.0

import JSON
import Sigma
import Testing

/// What Sigma's specification of correlations 2.1 says, where no other test holds us to it, and what we settled where it
/// is silent.
@Suite("Sigma's specification of correlations 2.1")
struct CorrelationSpecificationTests {
    private static let id = "929a690e-bef0-4204-a928-ef5e620d6fcc"

    /// What a file's correlations find in records a second apart: `name: numbers of the records`, in the order of names.
    private func found(_ text: String, _ records: [String]) throws -> [String] {
        let file = SigmaParser().parse(text, file: "r.yml")
        try #require(file.diagnostics.isEmpty, "\(file.diagnostics)")
        let plan = CorrelationPlan(file.correlations, rules: file.rules)
        try #require(plan.diagnostics.isEmpty, "\(plan.diagnostics)")
        let rules = try Plan(file.rules, extraFields: try FieldSet(plan.fields))
        let extractor = RecordExtractor(rules.fields)
        let evaluator = Evaluator(rules)
        var correlator = Correlator()
        var hits: [CorrelationHit] = []
        for (number, record) in records.enumerated() {
            try Array(record.utf8).withUnsafeBytes { bytes in
                var matches: [Int] = []
                try extractor.extract(bytes)
                evaluator.evaluate(extractor, into: &matches)
                for rule in matches {
                    let event = CorrelationEvent(
                        id: .init(high: 0, low: UInt64(number)), time: Int64(number) * 1_000,
                        observations: plan.observations(rule: rule, extractor))
                    hits += correlator.observe(event, plan, now: 0)
                }
            }
        }
        hits += correlator.settle(plan, now: 0, all: true)
        return Dictionary(grouping: hits) { plan.correlations[$0.correlation].metadata.name ?? "top" }
            .map { name, hits in "\(name): \(hits.map { "\($0.id.low)" }.sorted().joined(separator: " "))" }.sorted()
    }

    /// A rule that holds where the field `r` is its name.
    private func ruled(_ name: String, extra: String = "") -> String {
        rule("s: {r: \(name)}\ncondition: s", extra: "name: \(name)" + extra)
    }

    private func correlated(_ lines: String, name: String = "top") -> String {
        "title: C\nname: \(name)\ncorrelation:\n"
            + lines.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    }

    private func joined(_ documents: String...) -> String { documents.joined(separator: "\n---\n") }

    /// The specification's own example: the outermost correlation stands first and the rules last.
    @Test("a file in any order: a chain above what it counts")
    func order() throws {
        let text = joined(
            correlated("type: temporal_ordered\nrules: [many, success]\ngroup-by: [User]\ntimespan: 10m"),
            correlated(
                "type: event_count\nrules: [failed]\ngroup-by: [User]\ntimespan: 10m\ncondition: {gte: 3}", name: "many"
            ),
            rule("selection: {EventID: [529, 4625]}\ncondition: selection", extra: "name: failed"),
            rule("selection: {EventID: [528, 4624]}\ncondition: selection", extra: "name: success"))
        func events(_ pairs: [(Int, String)]) -> [String] { pairs.map { #"{"EventID":\#($0.0),"User":"\#($0.1)"}"# } }
        let attack = events([(4625, "x"), (529, "x"), (4624, "y"), (4625, "x"), (4624, "x")])
        #expect(try found(text, attack) == ["many: 0 1 3", "top: 3 4"])
        #expect(try found(text, events([(4624, "x"), (529, "x"), (4625, "x"), (4625, "x")])) == ["many: 1 2 3"])
    }

    @Test("rules by id in letters of either case, by name, and one alone without a list")
    func references() throws {
        let text = { (rules: String) in
            joined(
                ruled("a", extra: "\nid: \(Self.id)"), ruled("b"),
                correlated("type: event_count\nrules: \(rules)\ntimespan: 1m\ncondition: {gte: 2}"))
        }
        let records = [#"{"r":"a"}"#, #"{"r":"b"}"#, #"{"r":"a"}"#]
        #expect(try found(text(Self.id), records) == ["top: 0 2"])
        #expect(try found(text("[\(Self.id.uppercased())]"), records) == ["top: 0 2"])
        #expect(try found(text("a"), records) == ["top: 0 2"])
        #expect(try found(text("[\(Self.id), b]"), records) == ["top: 0 1 2"])
    }

    /// The specification says nothing of it. SQL groups nulls together, and so do we: what is absent, null or an empty
    /// list is one value, which is not the empty text.
    @Test("events that lack a field of group-by are a group of their own")
    func absentGroups() throws {
        let text = joined(
            ruled("a"), correlated("type: event_count\nrules: [a]\ngroup-by: [u, v]\ntimespan: 1m\ncondition: {gte: 2}")
        )
        let records = [
            #"{"r":"a","u":"x"}"#, #"{"r":"a","u":"x","v":"x"}"#, #"{"r":"a","v":"x"}"#, #"{"r":"a","u":"x","v":null}"#,
            #"{"r":"a","u":"x","v":""}"#, #"{"r":"a","u":["x"],"v":[]}"#,
        ]
        #expect(try found(text, records) == ["top: 0 3 5"])
    }

    @Test("values of groups are compared as they are written; numbers and texts alike are one")
    func groupValues() throws {
        let text = joined(
            ruled("a"), correlated("type: event_count\nrules: [a]\ngroup-by: u\ntimespan: 1m\ncondition: {gte: 2}"))
        #expect(try found(text, [#"{"r":"a","u":"X"}"#, #"{"r":"a","u":"x"}"#]) == [])
        #expect(try found(text, [#"{"r":"a","u":5}"#, #"{"r":"a","u":"5"}"#]) == ["top: 0 1"])
        let every = joined(
            ruled("a"), correlated("type: event_count\nrules: [a]\ngroup-by: []\ntimespan: 1m\ncondition: {gte: 2}"))
        #expect(try found(every, [#"{"r":"a","u":"X"}"#, #"{"r":"a","u":"x"}"#]) == ["top: 0 1"])
    }

    @Test("an alias stands in group-by and in the condition's field, by name or id, through chains")
    func aliases() throws {
        let text = joined(
            ruled("a", extra: "\nid: \(Self.id)"), ruled("b"),
            correlated(
                """
                type: value_count
                rules: [a, b]
                group-by: [who]
                timespan: 1m
                aliases:
                    who: {\(Self.id): source.user, b: target}
                    what: {a: item, b: thing.name}
                condition: {field: what, gte: 2}
                """),
            correlated(
                "type: event_count\nrules: [top]\ngroup-by: [who]\ntimespan: 1m\n"
                    + "aliases: {who: {a: source.user, b: target}}\ncondition: {gte: 3}", name: "above"))
        let records = [
            #"{"r":"a","source":{"user":"x"},"item":"1"}"#, #"{"r":"b","target":"x","thing":{"name":"1"}}"#,
            #"{"r":"b","target":"y","thing":{"name":"2"}}"#, #"{"r":"b","target":"x","thing":{"name":"2"}}"#,
        ]
        #expect(try found(text, records) == ["top: 0 1 3"])
        // One window of the lower correlation is one event of the upper one, at its end.
        let more = records + [#"{"r":"b","target":"x","thing":{"name":"3"}}"#, #"{"r":"a","source":{"user":"x"}}"#]
        #expect(try found(text, more) == ["top: 0 1 3 4"])
    }

    @Test(
        "every comparison, and ranges of two",
        arguments: [
            ("gt: 2", 3...9), ("gte: 3", 3...9), ("lt: 2", 1...1), ("lte: 2", 1...2), ("eq: 3", 3...3),
            ("gte: 2, lt: 4", 2...3),
        ])
    func comparisons(condition: String, counts: ClosedRange<Int>) throws {
        let text = joined(
            ruled("a"), correlated("type: event_count\nrules: [a]\ntimespan: 5s\ncondition: {\(condition)}"))
        for count in 1...4 {
            let records = Array(repeating: #"{"r":"a"}"#, count: count)
            // Of n events in a row the window that ends with the first holds one event, and so on up to n.
            let holds = (1...count).filter(counts.contains)
            let hits = holds.last.map { last in (0..<last).filter { $0 < last } } ?? []
            let expected = hits.isEmpty ? [] : ["top: \(hits.map(String.init).joined(separator: " "))"]
            #expect(try found(text, records) == expected, "\(count)")
        }
    }

    @Test(
        "units of time, in small letters",
        arguments: [
            ("90s", 90), ("90m", 5_400), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600), ("1M", 2_629_746),
            ("1y", 31_556_952), ("1H", nil), ("1D", nil), ("1S", nil), ("90", nil), ("m", nil), ("0m", nil),
            ("-1m", nil),
            ("1.5h", nil), ("1h30m", nil), ("'1 h'", nil), ("''", nil), ("[1h]", nil),
        ] as [(String, Int?)])
    func timespans(timespan: String, seconds: Int?) {
        let text = correlated("type: event_count\nrules: [a]\ntimespan: \(timespan)\ncondition: {gte: 2}")
        let file = SigmaParser().parse(text, file: "r.yml")
        #expect(file.correlations.first?.timespanSeconds == seconds)
        let message = "'timespan' must be a number with s, m, h, d, w, M or y behind it, of at most 400 days"
        #expect(file.diagnostics.map(\.message) == (seconds == nil ? [message] : []))
    }

    /// The specification has it with the document's keys, pySigma with the correlation's.
    @Test("'generate' lets the rules and correlations below stand for themselves too")
    func generate() throws {
        let count = "type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {gte: 2}"
        let top = "type: temporal\nrules: [below, b]\ntimespan: 1m"
        func plan(_ first: String, _ second: String) throws -> CorrelationPlan {
            let file = SigmaParser().parse(joined(ruled("a"), ruled("b"), first, second), file: "r.yml")
            try #require(file.diagnostics.isEmpty, "\(file.diagnostics)")
            return CorrelationPlan(file.correlations, rules: file.rules)
        }
        let silent = try plan(correlated(count, name: "below"), correlated(top))
        #expect(silent.silentRules == [0, 1] && silent.silentCorrelations.count == 1)
        for loud in [correlated(top + "\ngenerate: true"), correlated(top) + "\ngenerate: true"] {
            let plan = try plan(correlated(count, name: "below"), loud)
            #expect(plan.silentRules == [0] && plan.silentCorrelations.isEmpty)
        }
        let odd = SigmaParser().parse(correlated(count + "\ngenerate: maybe"), file: "r.yml")
        #expect(odd.correlations.isEmpty && odd.diagnostics.map(\.message) == ["'generate' must be true or false"])
    }

    @Test("a temporal correlation may ask for fewer rules than it names, and takes each once")
    func temporal() throws {
        let text = { (type: String, condition: String) in
            joined(
                ruled("a"), ruled("b"), ruled("c"),
                correlated("type: \(type)\nrules: [a, b, c]\ntimespan: 1m\n\(condition)"))
        }
        let records = ["a", "a", "b", "a"].map { #"{"r":"\#($0)"}"# }
        #expect(try found(text("temporal", ""), records) == [])
        #expect(try found(text("temporal", "condition: {gte: 2}"), records) == ["top: 0 1 2 3"])
        #expect(try found(text("temporal", "condition: {eq: 1}"), records) == ["top: 0 1"])
        #expect(try found(text("temporal_ordered", "condition: {gte: 2}"), records) == ["top: 0 1 2 3"])
        let backwards = Array(records.reversed().suffix(3))
        #expect(try found(text("temporal_ordered", "condition: {gte: 2}"), backwards) == [])
    }

    /// A number is what JSON calls one, be it written as a text; anything else counts for nothing.
    @Test("sums, averages and percentiles of what is no number, and of numbers below zero")
    func numbers() throws {
        let values = [#""0x10""#, #""inf""#, #""nan""#, "true", #""""#, "null", "[7]", #""1e1""#, "-2", "-20"]
        func found(_ type: String, _ condition: String) throws -> [String] {
            let text = joined(
                ruled("a"), correlated("type: \(type)\nrules: [a]\ntimespan: 1m\ncondition: {field: n, \(condition)}"))
            return try self.found(text, values.map { #"{"r":"a","n":\#($0)}"# })
        }
        // 7 and 10; a sum that is to reach something leaves out what is below zero, so that nothing undoes it.
        #expect(try found("value_sum", "gte: 17") == ["top: 0 1 2 3 4 6 7 8 9"])
        #expect(try found("value_sum", "gt: 17") == [])
        // With an upper bound it waits, and counts all of them.
        #expect(try found("value_sum", "gte: 17, lte: 1.0e15") == ["top: 0 1 2 3 4 6 7"])
        #expect(try found("value_sum", "lt: 0") == ["top: 0 1 2 3 4 6 7 8 9"])
        #expect(try found("value_avg", "eq: 8.5") == ["top: 0 1 2 3 4 6 7"])
        #expect(try found("value_percentile", "percentile: 0, lt: -2") == ["top: 0 1 2 3 4 6 7 8 9"])
        #expect(try found("value_count", "gte: 9") == ["top: 0 1 2 3 4 6 7 8 9"])
    }

    @Test(
        "what a correlation can't say",
        arguments: [
            ("type: event_count\nrules: []\ntimespan: 1m\ncondition: {gte: 1}", "'rules' must be a list of texts"),
            (
                "type: event_count\nrules: [a]\ngroup-by: {u: v}\ntimespan: 1m\ncondition: {gte: 1}",
                "'group-by' must be a list of texts"
            ),
            ("type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {gte: '5'}", "'gte' takes a number"),
            (
                "type: event_count\nrules: [a]\ntimespan: 1m\ncondition: a",
                "only temporal correlations have a condition over rules"
            ),
            (
                "type: temporal\nrules: [a]\ntimespan: 1m\ncondition: {field: x, gte: 1}",
                "the condition of temporal takes no 'field'"
            ),
            ("type: Event_Count\nrules: [a]\ntimespan: 1m\ncondition: {gte: 1}", nil),
            (
                "type: event_count\nrules: [a]\ntimespan: 1m\naliases: {u: a}\ncondition: {gte: 1}",
                "an alias must be a mapping from rules to fields"
            ),
        ] as [(String, String?)])
    func refused(lines: String, message: String?) {
        let found = errors(correlated(lines))
        #expect(found.count == 1)
        if let message { #expect(found.first?.hasSuffix(": \(message)") == true, "\(found)") }
    }

    @Test("a key that no correlation has is remarked, an alias of a rule that is not there is an error")
    func strangers() throws {
        let lines = "type: event_count\nrules: [a]\ngroupby: [u]\ntimespan: 1m\ncondition: {gte: 1}"
        let file = SigmaParser().parse(joined(ruled("a"), correlated(lines)), file: "r.yml")
        #expect(file.diagnostics.map(\.message) == ["unknown key 'groupby' in a correlation"])
        #expect(file.correlations.count == 1)
        let aliased = SigmaParser().parse(
            joined(
                ruled("a"),
                correlated(
                    "type: event_count\nrules: [a]\ngroup-by: [u]\ntimespan: 1m\naliases: {u: {aa: x}}\ncondition: {gte: 1}"
                )),
            file: "r.yml")
        let plan = CorrelationPlan(aliased.correlations, rules: aliased.rules)
        #expect(plan.correlations.isEmpty)
        #expect(plan.diagnostics.map(\.message) == ["the alias 'u' names 'aa', which is not loaded"])
    }
}
