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

/// Feeds records (seconds, JSON) to a correlation and returns the hits, as `name: the seconds of the events hit`, for
/// each record that brings about any, as `@seconds of the record`; what waits comes `@end`.
private func run(
    _ correlation: String, _ records: [(Int64, String)], more: String = "", latenessSeconds: Int = 3_600
) throws -> [String] {
    let (rules, plan) = try plan(correlation, more: more)
    #expect(plan.diagnostics.isEmpty, "\(plan.diagnostics)")
    let rulePlan = try Plan(rules, extraFields: try FieldSet(plan.fields))
    let extractor = RecordExtractor(rulePlan.fields)
    let evaluator = Evaluator(rulePlan)
    var correlator = Correlator(latenessSeconds: latenessSeconds)
    var found: [String] = []
    func tell(_ hits: [CorrelationHit], at instant: String) {
        #expect(hits.allSatisfy { $0.context == Array("\($0.id.low)".utf8) })
        for (correlation, hits) in Dictionary(grouping: hits, by: \.correlation).sorted(by: { $0.key < $1.key }) {
            let times = hits.map(\.time).sorted().map { "\($0 / 1_000)" }.joined(separator: " ")
            found.append("\(plan.correlations[correlation].metadata.name ?? "")@\(instant): \(times)")
        }
    }
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
            let event = CorrelationEvent(
                id: id, time: seconds * 1_000, observations: observation, context: Array("\(index)".utf8))
            tell(correlator.observe(event, plan, now: 0), at: "\(seconds)")
        }
    }
    tell(correlator.settle(plan, now: 0, all: true), at: "end")
    return found
}

@Suite("Correlations")
struct CorrelationTests {
    private let count = "type: event_count\nrules: [a]\ngroup-by: [u]\ntimespan: 10s\ncondition: {gte: 3}"

    private func a(_ user: String) -> String { #"{"r":"a","u":"\#(user)"}"# }

    @Test("events are counted in each group, in windows that hold both ends; each event is a hit once")
    func eventCount() throws {
        let records: [(Int64, String)] = [
            (0, a("x")), (5, a("x")), (6, a("y")), (10, a("x")), (11, a("y")), (12, a("x")), (30, a("x")),
            (40, a("x")), (40, a("x")),
        ]
        #expect(try run(count, records) == ["top@10: 0 5 10", "top@12: 12", "top@40: 30 40 40"])
    }

    @Test("late events count, in every window they complete, up to the lateness")
    func late() throws {
        let records: [(Int64, String)] = [(10, a("x")), (14, a("x")), (40, a("x")), (5, a("x"))]
        #expect(try run(count, records) == ["top@5: 5 10 14"])
        #expect(try run(count, records, latenessSeconds: 20) == [])
    }

    @Test("values, sums, averages, percentiles and medians")
    func values() throws {
        let records: [(Int64, String)] = [(0, "1"), (1, "5"), (2, "5"), (3, "10"), (4, "x")].map { seconds, number in
            (seconds, #"{"r":"a","n":"\#(number)"}"#)
        }
        func run(_ kind: String, _ condition: String) throws -> [String] {
            try SigmaTests.run("type: \(kind)\nrules: [a]\ntimespan: 1m\ncondition: {field: n, \(condition)}", records)
        }
        #expect(try run("value_count", "gte: 3") == ["top@3: 0 1 2 3", "top@4: 4"])
        #expect(try run("value_sum", "gt: 11") == ["top@3: 0 1 2 3", "top@4: 4"])
        #expect(try run("value_sum", "gt: 10, lt: 12") == ["top@end: 0 1 2"])
        #expect(try run("value_avg", "eq: 3") == ["top@end: 0 1"])
        #expect(try run("value_percentile", "percentile: 50, gte: 5") == ["top@end: 0 1 2 3 4"])
        #expect(try run("value_percentile", "percentile: 100, gte: 11") == [])
        #expect(try run("value_median", "lt: 5") == ["top@end: 0 1"])
    }

    @Test("different rules within a span, in any order or in the one given")
    func temporal() throws {
        func records(_ rules: String) -> [(Int64, String)] {
            rules.enumerated().map { (Int64($0) * 4, #"{"r":"\#($1)","u":"x"}"#) }
        }
        let temporal = "rules: [a, b, c]\ngroup-by: u\ntimespan: 10s"
        #expect(try run("type: temporal\n\(temporal)", records("cab")) == ["top@8: 0 4 8"])
        #expect(try run("type: temporal\n\(temporal)", records("aabbc")) == [])
        #expect(try run("type: temporal_ordered\n\(temporal)", records("cab")) == [])
        #expect(try run("type: temporal_ordered\n\(temporal)", records("abc")) == ["top@8: 0 4 8"])
        #expect(try run("type: temporal\n\(temporal)\ncondition: {gte: 2}", records("ab")) == ["top@4: 0 4"])
        let sameInstant: [(Int64, String)] = [(0, #"{"r":"c"}"#), (0, #"{"r":"b"}"#), (0, #"{"r":"a"}"#)]
        #expect(try run("type: temporal_ordered\nrules: [a, b, c]\ntimespan: 1s", sameInstant) == ["top@0: 0 0 0"])
    }

    @Test("a condition over rules: some there, others not")
    func clauses() throws {
        func records(_ rules: String) -> [(Int64, String)] {
            rules.enumerated().map { (Int64($0), #"{"r":"\#($1)"}"#) }
        }
        let unordered = "type: temporal\nrules: [a, b, c]\ntimespan: 10s\ncondition: a and b and not c"
        #expect(try run(unordered, records("ab")) == ["top@end: 0 1"])
        #expect(try run(unordered, records("cab")) == [])
        let ordered = "type: temporal_ordered\nrules: [a, b]\ntimespan: 10s\ncondition: a and b"
        #expect(try run(ordered, records("ba")) == [])
        #expect(try run(ordered, records("bacb")) == ["top@3: 0 1 3"])
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
        #expect(try run(correlation, records) == ["top@2: 0 2"])
    }

    @Test("a correlation of a correlation counts the events at which the one below holds, late ones too")
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
        #expect(try run(correlation, records("1"), more: above) == ["top@1: 0 1", "above@5: 1 5"])
        #expect(try run(correlation, records("2"), more: above) == ["top@1: 0 1"])
        let late = [records("1")[2], records("1")[1], records("1")[0]]
        #expect(try run(correlation, late, more: above) == ["top@0: 0 1", "above@0: 1 5"])
    }

    /// An event of the only group, that rule `a` holds on.
    private func event(_ id: UInt64, _ seconds: Int64, group: UInt64 = 0) -> CorrelationEvent {
        var observations = CorrelationEvent.Observations()
        observations.direct = [
            CorrelationObservation(correlation: 0, member: 0, group: CorrelationKey(high: group, low: group))
        ]
        return CorrelationEvent(id: .init(high: 0, low: id), time: seconds * 1_000, observations: observations)
    }

    @Test("an event counts once, however often it is seen, also after the state was read back")
    func repeats() throws {
        let (_, plan) = try plan(count)
        var correlator = Correlator()
        func hits(_ event: CorrelationEvent) -> [UInt64] {
            correlator.observe(event, plan, now: 0).map(\.id.low)
        }
        #expect(hits(event(1, 0)).isEmpty)
        #expect(hits(event(2, 1)).isEmpty)
        #expect(hits(event(2, 1)).isEmpty)
        let first = correlator.takeLog()
        var restarted = Correlator()
        restarted.replay(first, now: 0)
        correlator = restarted
        #expect(hits(event(3, 2)) == [1, 2, 3])
        let second = correlator.takeLog()
        restarted.replay(second, now: 0)
        correlator = restarted
        #expect(hits(event(3, 2)).isEmpty)
        #expect(hits(event(4, 3)) == [4])
        // What still counts of the old bytes says it all.
        var rewritten = Correlator()
        rewritten.replay(correlator.live(first + second + correlator.takeLog()), now: 0)
        #expect(rewritten.groupCount == 1 && rewritten.bytes == correlator.bytes)
        correlator = rewritten
        #expect(hits(event(4, 3)).isEmpty)
        #expect(hits(event(5, 4)) == [5])
        correlator.expire(now: 3_600)
        #expect(correlator.groupCount == 1)
        correlator.expire(now: 3_700)
        #expect(correlator.groupCount == 0 && correlator.bytes == 0)
        #expect(correlator.live(first + second).isEmpty)
    }

    @Test("bytes that events in a row are kept with are logged once, and read back with each")
    func sharedContexts() throws {
        let (_, plan) = try plan(count)
        func log(_ context: (UInt64) -> [UInt8]) -> [UInt8] {
            var correlator = Correlator()
            for number in 0..<10 as Range<UInt64> {
                var event = event(number, 0, group: number)
                event.context = context(number)
                _ = correlator.observe(event, plan, now: 0)
            }
            return correlator.takeLog()
        }
        let long = [UInt8](repeating: 7, count: 1_000)
        let (alike, apart) = (log { _ in long }, log { long + [UInt8($0)] })
        #expect(alike.count < 2_500 && apart.count > 10_000)
        for (log, tail) in [(alike, []), (apart, [4] as [UInt8])] {
            var restarted = Correlator()
            restarted.replay(log, now: 0)
            _ = restarted.observe(event(20, 0, group: 4), plan, now: 0)
            let hits = restarted.observe(event(21, 0, group: 4), plan, now: 0)
            #expect(hits.first { $0.id.low == 4 }?.context == long + tail)
        }
    }

    @Test("bytes of any other origin are taken in as far as they go")
    func foreignBytes() throws {
        let (_, plan) = try plan(count)
        var correlator = Correlator()
        for number in 0..<20 { _ = correlator.observe(event(UInt64(number), Int64(number)), plan, now: 0) }
        let log = correlator.takeLog()
        for length in stride(from: 0, to: log.count, by: 7) {
            var other = Correlator()
            other.replay(Array(log.prefix(length)) + [9, 9, 9], now: 0)
            #expect(other.groupCount <= 1)
        }
    }

    @Test("a group remembers no more events than the limit, and there are no more groups than the limit")
    func bounded() throws {
        let (_, plan) = try plan("type: event_count\nrules: [a]\ntimespan: 30d\ncondition: {gt: 1000000}")
        var correlator = Correlator()
        for index in 0..<(SigmaLimits.correlationEventsPerGroup + 5) {
            #expect(correlator.observe(event(UInt64(index), Int64(index)), plan, now: 0).isEmpty)
        }
        #expect(correlator.forgottenEvents == SigmaLimits.correlationEventsPerGroup / 16 + 1)
        var small = Correlator(capacity: 100)
        for index in 0..<1_000 {
            _ = small.observe(event(UInt64(index), 0, group: UInt64(index)), plan, now: UInt32(index))
            #expect(small.groupCount <= 100)
        }
        #expect(small.evictedGroups >= 900)
        // The groups with the newest events are those that stay.
        let left = small.groupCount
        for index in 1_000 - left..<1_000 {
            _ = small.observe(event(UInt64(index) + 5_000, 1, group: UInt64(index)), plan, now: 2_000)
        }
        #expect(small.groupCount == left)
    }

    @Test("the limits hold over a restart, and what was forgotten does not come back")
    func boundedAfterARestart() throws {
        let (_, plan) = try plan(count)
        var correlator = Correlator(capacity: 100)
        var log: [UInt8] = []
        for index in 0..<2_000 {
            _ = correlator.observe(event(UInt64(index), 0, group: UInt64(index)), plan, now: UInt32(index))
            log += correlator.takeLog()
        }
        var restarted = Correlator(capacity: 100)
        restarted.replay(log, now: 2_000)
        #expect(restarted.groupCount == correlator.groupCount && restarted.bytes == correlator.bytes)
        #expect(restarted.evictedGroups == 0)
        // With less room than before, the log alone does not make it larger.
        var smaller = Correlator(capacity: 30)
        smaller.replay(log, now: 2_000)
        #expect(smaller.groupCount <= 30)
        var lighter = Correlator(byteCapacity: 5_000)
        lighter.replay(log, now: 2_000)
        #expect(lighter.bytes <= 5_500 && lighter.groupCount > 0)
        // What is over is over after a restart too.
        correlator.expire(now: 1_000_000)
        #expect(correlator.groupCount == 0)
        var late = Correlator(capacity: 100)
        late.replay(log + correlator.takeLog(), now: 1_000_000)
        #expect(late.groupCount == 0 && late.bytes == 0)
    }

    @Test("one tenant's flood makes the groups of no other be forgotten")
    func fairEviction() throws {
        let (_, plan) = try plan("type: event_count\nrules: [a]\ntimespan: 10s\ncondition: {gte: 2}")
        var correlator = Correlator(capacity: 100)
        func observe(_ id: UInt64, tenant: UInt64, _ group: UInt64) -> Int {
            var one = event(id, 0, group: group)
            one.tenant = tenant
            return correlator.observe(one, plan, now: UInt32(id)).count
        }
        for id in 0..<20 { #expect(observe(UInt64(id), tenant: 1, UInt64(id)) == 0) }
        for id in 1_000..<5_000 { #expect(observe(UInt64(id), tenant: 2, UInt64(id)) == 0) }
        for id in 0..<20 { #expect(observe(UInt64(id) + 10_000, tenant: 1, UInt64(id)) == 2) }
    }

    @Test("live groups are counted in bytes, and the bytes are bounded too")
    func boundedBytes() throws {
        let (_, plan) = try plan(count)
        var correlator = Correlator(byteCapacity: 100_000)
        for index in 0..<10_000 {
            _ = correlator.observe(event(UInt64(index), 0, group: UInt64(index)), plan, now: UInt32(index))
            #expect(correlator.bytes <= 100_300)
        }
        #expect(correlator.evictedGroups > 9_000)
    }

    @Test("a late event in a group as full as it gets takes time in proportion to the group")
    func lateInAFullGroup() throws {
        let kinds = [
            ("value_count", ""), ("value_sum", ""), ("value_percentile", "percentile: 90, "), ("value_avg", ""),
        ]
        for (kind, more) in kinds {
            let condition = "condition: {\(more)field: n, gte: 1000000}"
            let (_, plan) = try plan("type: \(kind)\nrules: [a]\ntimespan: 1d\n\(condition)")
            var correlator = Correlator()
            func add(_ index: Int, _ seconds: Int64) {
                var event = event(UInt64(index), seconds)
                event.observations.direct[0].value = Double(index).bitPattern
                _ = correlator.observe(event, plan, now: 0)
            }
            for index in 0..<5_000 { add(index, Int64(index) + 10) }
            // Each of these stands in 5,000 windows of up to 5,000 events.
            for index in 5_000..<5_020 { add(index, 1) }
            #expect(correlator.groupCount == 1)
        }
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
                "{type: value_sum, rules: [a], timespan: 1m, condition: {field: [x, y], gte: 1}}",
                "the condition of value_sum takes one 'field'"
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
