// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

@Suite("Temporal correlations with a condition over rules")
struct RuleConditionTests {
    private func correlation(_ lines: String) throws -> SigmaCorrelation {
        let file = SigmaParser().parse("title: C\ncorrelation: \(lines)", file: "c")
        return try #require(file.correlations.first, "\(file.diagnostics)")
    }

    private func clauses(_ condition: String) throws -> [[[Int]]] {
        try correlation("{type: temporal, rules: [a, b, c], timespan: 1m, condition: '\(condition)'}").clauses
            .map { [$0.present, $0.absent] }
    }

    @Test("the alternatives of a condition")
    func alternatives() throws {
        #expect(try clauses("a and b and c") == [[[0, 1, 2], []]])
        #expect(try clauses("a and not (b or c)") == [[[0], [1, 2]]])
        #expect(try clauses("a and (b or c)") == [[[0, 1], []], [[0, 2], []]])
        #expect(try clauses("c or a and not b") == [[[2], []], [[0], [1]]])
        #expect(try clauses("a and not (b and not c)") == [[[0], [1]], [[0, 2], []]])
    }

    @Test("without a list, the rules are those of the condition")
    func unlisted() throws {
        let correlation = try correlation("{type: temporal, timespan: 2w, condition: 'x1 and not x2'}")
        #expect(correlation.rules == ["x1", "x2"])
        #expect(correlation.timespanSeconds == 1_209_600)
        #expect(correlation.bounds.isEmpty)
    }

    @Test(
        "errors",
        arguments: [
            ("type: temporal, rules: [a, b], timespan: 1m, condition: a", "the condition does not name 'b'"),
            ("type: temporal, rules: [a], timespan: 1m, condition: a or b", "names 'b', which 'rules' does not have"),
            ("type: temporal, rules: [a], timespan: 1m, condition: not a", "needs a rule that has to occur"),
            ("type: event_count, rules: [a], timespan: 1m, condition: a", "only temporal correlations"),
            ("type: temporal, rules: [a, b], timespan: 1m, condition: a b", "unexpected 'b'"),
            ("type: temporal, rules: [a], timespan: 1m, condition: 1 of a*", "and', 'or' and 'not' only"),
        ])
    func errors(correlation: String, message: String) {
        let found = SigmaTests.errors("title: C\ncorrelation: {\(correlation)}")
        #expect(found.contains { $0.contains(message) }, "\(found)")
    }

    @Test("a condition that comes to too many alternatives is refused")
    func explosion() {
        let names = (0..<40).map { "r\($0)" }
        let pairs = stride(from: 0, to: 40, by: 2).map { "(\(names[$0]) or \(names[$0 + 1]))" }
        let found = SigmaTests.errors(
            "title: C\ncorrelation: {type: temporal, timespan: 1m, condition: '\(pairs.joined(separator: " and "))'}")
        #expect(found.contains { $0.contains("more than 256 alternatives") }, "\(found)")
    }

    private func fires(_ type: String, _ condition: String, _ events: [(member: Int, time: Int64)]) throws -> Bool {
        let rules = SigmaParser().parse(
            ["a", "b", "c"].map {
                "title: \($0)\nname: \($0)\nlogsource: {product: p}\ndetection: {s: {f: \($0)}, condition: s}"
            }.joined(separator: "\n---\n"), file: "r"
        ).rules
        let correlation = try correlation(
            "{type: \(type), rules: [a, b, c], timespan: 1m, condition: '\(condition)'}")
        let plan = CorrelationPlan([correlation], rules: rules)
        var correlator = Correlator()
        var fired = false
        for (index, event) in events.enumerated() {
            var observations = CorrelationEvent.Observations()
            observations.direct = [
                CorrelationObservation(correlation: 0, member: event.member, group: CorrelationKey(high: 0, low: 0))
            ]
            let id = CorrelationEvent.ID(high: 0, low: UInt64(index))
            let found = correlator.observe(
                CorrelationEvent(id: id, time: event.time * 1_000, observations: observations), plan, now: 0)
            fired = fired || !found.isEmpty
        }
        return fired || !correlator.settle(plan, now: 0, all: true).isEmpty
    }

    @Test("presence, absence and order in a window")
    func windows() throws {
        #expect(try fires("temporal", "a and b and not c", [(0, 0), (1, 5)]))
        #expect(!(try fires("temporal", "a and b and not c", [(2, 0), (0, 1), (1, 5)])))
        #expect(try fires("temporal", "a and b and not c", [(2, 0), (0, 61), (1, 65)]))
        #expect(!(try fires("temporal", "a and b and not c", [(0, 0), (1, 61)])))
        #expect(try fires("temporal", "b and a or c", [(2, 7)]))
        #expect(try fires("temporal_ordered", "a and b or a and c", [(0, 0), (2, 9)]))
        #expect(!(try fires("temporal_ordered", "a and b or a and c", [(2, 0), (0, 9)])))
    }

    @Test("the median of values")
    func median() throws {
        let correlation = try correlation(
            "{type: value_median, rules: [a], timespan: 1h, condition: {field: n, gte: 5}}")
        #expect(correlation.kind == .valueMedian)
        #expect(correlation.percentile == 50)
    }
}
