// SPDX-License-Identifier: Apache-2.0

import JSON
import Sigma
import Testing

/// Rules a, b and c that hold where the field `r` is their name, and a correlation over them.
private func plan(_ correlation: String, more: String = "") throws -> (rules: [SigmaRule], plan: CorrelationPlan) {
    let rules = ["a", "b", "c"].map { rule("s: {r: \($0)}\ncondition: s", extra: "name: \($0)") }
    let lines = correlation.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    let text = (rules + ["title: C\nname: top\ncorrelation:\n\(lines)"] + (more.isEmpty ? [] : [more]))
        .joined(separator: "\n---\n")
    let file = SigmaParser().parse(text, file: "r.yml")
    try #require(file.diagnostics.isEmpty, "\(file.diagnostics)")
    return (file.rules, CorrelationPlan(file.correlations, rules: file.rules))
}

/// Feeds records (seconds, JSON) to a correlation and returns what holds, as `seconds of the trigger: count`.
private func run(
    _ correlation: String, _ records: [(Int64, String)], more: String = "", latenessSeconds: Int = 3_600
) throws -> [String] {
    let (rules, plan) = try plan(correlation, more: more)
    #expect(plan.diagnostics.isEmpty, "\(plan.diagnostics)")
    let rulePlan = try Plan(rules, extraFields: try FieldSet(plan.fields))
    let extractor = RecordExtractor(rulePlan.fields)
    let evaluator = Evaluator(rulePlan)
    var correlator = Correlator(plan, latenessSeconds: latenessSeconds)
    var found: [String] = []
    for (index, (seconds, record)) in records.enumerated() {
        var matches: [Int] = []
        var observations: [CorrelationEvent.Observations] = []
        try Array(record.utf8).withUnsafeBytes { bytes in
            try extractor.extract(bytes)
            evaluator.evaluate(extractor, into: &matches)
            observations = matches.map { plan.observations(rule: $0, extractor) }
        }
        for observation in observations {
            let id = CorrelationEvent.ID(high: 0, low: UInt64(index))
            let event = CorrelationEvent(id: id, time: seconds * 1_000, observations: observation)
            for match in correlator.observe(event) {
                let name = plan.correlations[match.correlation].metadata.name ?? ""
                let group = match.group.map { $0 ?? "-" }.joined(separator: "/")
                found.append("\(name) \(group)@\(seconds): \(match.count)".replacing(" @", with: " @"))
            }
        }
    }
    return found
}

@Suite("Correlations")
struct CorrelationTests {
    private let count = "type: event_count\nrules: [a]\ngroup-by: [u]\ntimespan: 10s\ncondition: {gte: 3}"

    private func a(_ user: String) -> String { #"{"r":"a","u":"\#(user)"}"# }

    @Test("events are counted in each group, in windows that hold both ends")
    func eventCount() throws {
        let records: [(Int64, String)] = [
            (0, a("x")), (5, a("x")), (6, a("y")), (10, a("x")), (11, a("y")), (21, a("x")), (30, a("x")), (31, a("x")),
        ]
        #expect(try run(count, records) == ["top x@10: 3", "top x@31: 3"])
    }

    @Test("late events count, in every window they complete, up to the lateness")
    func late() throws {
        let records: [(Int64, String)] = [(10, a("x")), (14, a("x")), (40, a("y")), (5, a("x"))]
        #expect(try run(count, records) == ["top x@5: 3"])
        #expect(try run(count, records, latenessSeconds: 10) == [])
    }

    @Test("the order of arrival does not decide which events are found together")
    func anyOrder() throws {
        let times: [Int64] = [0, 3, 8, 9, 20, 29, 33, 34, 60, 61, 62, 75]
        let (_, plan) = try plan(count)
        func found(_ times: [Int64]) -> Set<UInt64> {
            var correlator = Correlator(plan)
            var found: Set<UInt64> = []
            for time in times {
                var observations = CorrelationEvent.Observations()
                observations.direct = [CorrelationObservation(correlation: 0, member: 0, group: ["x"], value: nil)]
                let id = CorrelationEvent.ID(high: 0, low: UInt64(time))
                let event = CorrelationEvent(id: id, time: time * 1_000, observations: observations)
                for match in correlator.observe(event) { found.formUnion(match.events.map(\.low)) }
            }
            return found
        }
        let expected: Set<UInt64> = [0, 3, 8, 9, 29, 33, 34, 60, 61, 62]
        #expect(found(times) == expected)
        for step in [5, 7, 11] {
            for shift in times.indices {
                #expect(found(times.indices.map { times[($0 * step + shift) % times.count] }) == expected)
            }
        }
    }

    @Test("values, sums, averages and percentiles")
    func values() throws {
        let records: [(Int64, String)] = [(0, "1"), (1, "5"), (2, "5"), (3, "10"), (4, "x")].map { seconds, number in
            (seconds, #"{"r":"a","n":"\#(number)"}"#)
        }
        func run(_ kind: String, _ condition: String) throws -> [String] {
            try SigmaTests.run("type: \(kind)\nrules: [a]\ntimespan: 1m\ncondition: {field: n, \(condition)}", records)
        }
        #expect(try run("value_count", "gte: 3") == ["top @3: 4", "top @4: 5"])
        #expect(try run("value_sum", "gt: 11") == ["top @3: 4", "top @4: 5"])
        #expect(try run("value_sum", "gt: 10, lt: 12") == ["top @2: 3"])
        #expect(try run("value_avg", "eq: 3") == ["top @1: 2"])
        #expect(try run("value_percentile", "percentile: 50, gte: 5") == ["top @2: 3", "top @3: 4", "top @4: 5"])
        #expect(try run("value_percentile", "percentile: 100, gte: 10") == ["top @3: 4", "top @4: 5"])
    }

    @Test("different rules within a span, in any order or in the one given")
    func temporal() throws {
        func records(_ rules: String) -> [(Int64, String)] {
            rules.enumerated().map { (Int64($0) * 4, #"{"r":"\#($1)","u":"x"}"#) }
        }
        let temporal = "rules: [a, b, c]\ngroup-by: u\ntimespan: 10s"
        #expect(try run("type: temporal\n\(temporal)", records("cab")) == ["top x@8: 3"])
        #expect(try run("type: temporal\n\(temporal)", records("aabbc")) == [])
        #expect(try run("type: temporal_ordered\n\(temporal)", records("cab")) == [])
        #expect(try run("type: temporal_ordered\n\(temporal)", records("abc")) == ["top x@8: 3"])
        #expect(try run("type: temporal\n\(temporal)\ncondition: {gte: 2}", records("ab")) == ["top x@4: 2"])
        let sameInstant: [(Int64, String)] = [(0, #"{"r":"c"}"#), (0, #"{"r":"b"}"#), (0, #"{"r":"a"}"#)]
        #expect(try run("type: temporal_ordered\nrules: [a, b, c]\ntimespan: 1s", sameInstant) == ["top @0: 3"])
    }

    @Test("an alias names a field that each rule's events have under another name")
    func aliases() throws {
        let correlation = """
            type: temporal
            rules: [a, b]
            group-by: [who]
            aliases: {who: {a: source.user, b: target}}
            timespan: 10s
            """
        let records: [(Int64, String)] = [
            (0, #"{"r":"a","source":{"user":"x"}}"#), (1, #"{"r":"b","target":"y"}"#), (2, #"{"r":"b","target":"x"}"#),
        ]
        #expect(try run(correlation, records) == ["top x@2: 2"])
    }

    @Test("a correlation of a correlation")
    func chain() throws {
        let correlation = "type: event_count\nrules: [a]\ngroup-by: [u]\ntimespan: 10s\ncondition: {gte: 2}"
        let above = """
            title: D
            name: above
            correlation:
                type: temporal_ordered
                rules: [top, b]
                group-by: [h]
                timespan: 1m
            """
        func records(_ host: String) -> [(Int64, String)] {
            [
                (0, #"{"r":"a","u":"x","h":"1"}"#), (1, #"{"r":"a","u":"x","h":"1"}"#),
                (5, #"{"r":"b","h":"\#(host)"}"#),
            ]
        }
        #expect(try run(correlation, records("1"), more: above) == ["top x@1: 2", "above 1@5: 2"])
        #expect(try run(correlation, records("2"), more: above) == ["top x@1: 2"])
    }

    @Test("an event counts once, however often it is seen; a copy of the state is a draft")
    func repeats() throws {
        let (_, plan) = try plan(count)
        var correlator = Correlator(plan)
        func event(_ id: UInt64, _ seconds: Int64) -> CorrelationEvent {
            var observations = CorrelationEvent.Observations()
            observations.direct = [CorrelationObservation(correlation: 0, member: 0, group: ["x"], value: nil)]
            return CorrelationEvent(id: .init(high: 0, low: id), time: seconds * 1_000, observations: observations)
        }
        #expect(correlator.observe(event(1, 0)).isEmpty)
        #expect(correlator.observe(event(2, 1)).isEmpty)
        #expect(correlator.observe(event(2, 1)).isEmpty)
        var draft = correlator
        #expect(draft.observe(event(3, 2)).first?.events.map(\.low) == [1, 2, 3])
        #expect(correlator.observe(event(4, 3)).first?.events.map(\.low) == [1, 2, 4])
        var restarted = Correlator(plan, state: correlator.state)
        #expect(restarted.observe(event(5, 4)).first?.count == 4)
        #expect(restarted.observe(event(6, 100_000)).isEmpty)
        restarted.expire()
        #expect(restarted.observe(event(7, 5)).isEmpty)
        #expect(restarted.state.lateEvents == 1)
    }

    @Test("a group remembers no more events than the limit")
    func bounded() throws {
        let (_, plan) = try plan(
            "type: event_count\nrules: [a]\ntimespan: 30d\ncondition: {gt: \(SigmaLimits.correlationEventsPerGroup)}")
        var correlator = Correlator(plan)
        for index in 0..<(SigmaLimits.correlationEventsPerGroup + 5) {
            var observations = CorrelationEvent.Observations()
            observations.direct = [CorrelationObservation(correlation: 0, member: 0, group: [], value: nil)]
            let id = CorrelationEvent.ID(high: 0, low: UInt64(index))
            let event = CorrelationEvent(id: id, time: Int64(index), observations: observations)
            #expect(correlator.observe(event).isEmpty)
        }
        #expect(correlator.state.forgotten == 5)
    }

    @Test("rules that only correlations refer to are silent, unless the correlation says generate")
    func silent() throws {
        #expect(try plan(count).plan.silentRules == [0])
        #expect(try plan(count + "\ngenerate: true").plan.silentRules == [])
    }

    @Test("what a correlation refers to must be there")
    func unresolved() throws {
        let missing = try plan("type: event_count\nrules: [nowhere]\ntimespan: 1m\ncondition: {gte: 1}").plan
        #expect(missing.correlations.isEmpty)
        #expect(
            missing.diagnostics.map(\.message) == ["the correlation refers to 'nowhere', which is not loaded"])
        let itself = try plan("type: event_count\nrules: [top]\ntimespan: 1m\ncondition: {gte: 1}").plan
        #expect(
            itself.diagnostics.map(\.message) == [
                "the correlation refers to one that can't be loaded, or to itself"
            ])
    }

    @Test(
        "errors",
        arguments: [
            (
                "type: sum",
                "'type' must be one of: event_count, value_count, temporal, temporal_ordered, "
                    + "value_sum, value_avg, value_percentile, value_median"
            ),
            ("rules: [a]", "'type' is missing"),
            ("{type: event_count, timespan: 1m, condition: {gte: 1}}", "'rules' is missing"),
            ("{type: event_count, rules: [a], condition: {gte: 1}}", "'timespan' is missing"),
            (
                "{type: event_count, rules: [a], timespan: 1x, condition: {gte: 1}}",
                "'timespan' must be a number with s, m, h, d, w, M or y behind it, of at most 400 days"
            ),
            (
                "{type: event_count, rules: [a], timespan: 999999999999999d, condition: {gte: 1}}",
                "'timespan' must be a number with s, m, h, d, w, M or y behind it, of at most 400 days"
            ),
            ("{type: event_count, rules: [a], timespan: 1m}", "'condition' is missing"),
            (
                "{type: event_count, rules: [a], timespan: 1m, condition: {}}",
                "the condition has no bound such as 'gte: 5'"
            ),
            (
                "{type: event_count, rules: [a], timespan: 1m, condition: {gte: 1, field: x}}",
                "the condition of event_count takes no 'field'"
            ),
            (
                "{type: value_count, rules: [a], timespan: 1m, condition: {gte: 1}}",
                "the condition of value_count needs a 'field'"
            ),
            (
                "{type: event_count, rules: [a], timespan: 1m, condition: {most: 1}}",
                "unknown key 'most' in a correlation's condition"
            ),
            ("{type: event_count, rules: [a, a], timespan: 1m, condition: {gte: 1}}", "a rule stands twice in 'rules'"),
        ])
    func errors(correlation: String, message: String) {
        let found = SigmaTests.errors("title: C\ncorrelation:\n    \(correlation)")
        #expect(found.map { $0.split(separator: ": ", maxSplits: 1).last.map(String.init) } == [message])
    }
}
