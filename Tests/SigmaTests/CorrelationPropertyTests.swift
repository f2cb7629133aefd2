// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

/// Correlations against a reference that keeps every event and looks at every window from scratch.
@Suite("Correlations beside a naive reference")
struct CorrelationPropertyTests {
    private struct Sample: Hashable {
        var id: UInt64
        var time: Int64
        var member: Int
        var group: UInt64
        var number: Double?
    }

    /// Keeps everything and looks at every window from scratch: of a condition that more events can't undo, after each
    /// event at those that the event stands in; of any other at those that are over.
    private struct Reference {
        let correlation: SigmaCorrelation
        let lateness: Int64
        var events: [UInt64: [Sample]] = [:]
        var hits: Set<Sample> = []
        /// The events whose windows were judged for good.
        var settled: Set<Sample> = []

        private var span: Int64 { Int64(correlation.timespanSeconds) * 1_000 }
        /// Time goes by the minute where windows wait.
        private let minute: Int64 = 60_000

        mutating func observe(_ sample: Sample) {
            if correlation.kind.needsField, sample.number == nil { return }
            var events = events[sample.group] ?? []
            let latest = events.map(\.time).max() ?? .min / 2
            let slack = correlation.isMonotone ? 0 : minute
            guard sample.time >= latest - lateness - slack, !events.contains(sample) else { return }
            events.append(sample)
            self.events[sample.group] = events
            guard correlation.isMonotone else {
                return settle(sample.group, before: max(latest, sample.time) / minute * minute - lateness)
            }
            for end in Set(events.map(\.time)) where end >= sample.time && end - span <= sample.time {
                judge(end, events)
            }
        }

        private mutating func settle(_ group: UInt64, before: Int64) {
            let events = events[group] ?? []
            let over = events.filter { $0.time < before && !settled.contains($0) }
            for end in Set(over.map(\.time)) { judge(end, events) }
            settled.formUnion(over)
        }

        mutating func settleAll() {
            guard !correlation.isMonotone else { return }
            for group in events.keys { settle(group, before: .max) }
        }

        private mutating func judge(_ end: Int64, _ events: [Sample]) {
            let window = events.filter { $0.time <= end && $0.time >= end - span }
            if holds(window) { hits.formUnion(window) }
        }

        private func holds(_ window: [Sample]) -> Bool {
            let members = Set(window.map(\.member))
            let ordered = window.sorted { ($0.time, $0.member, $0.id) < ($1.time, $1.member, $1.id) }
            if !correlation.clauses.isEmpty {
                return correlation.clauses.contains { clause in
                    guard members.isSuperset(of: clause.present), members.isDisjoint(with: clause.absent) else {
                        return false
                    }
                    return correlation.kind == .temporal || follows(clause.present, ordered)
                }
            }
            guard let number = number(window, ordered) else { return false }
            return correlation.bounds.allSatisfy { $0.comparison.holds(number, $0.number) }
        }

        private func follows(_ members: [Int], _ ordered: [Sample]) -> Bool {
            var rest = members[...]
            for event in ordered where event.member == rest.first { rest.removeFirst() }
            return rest.isEmpty
        }

        private func number(_ window: [Sample], _ ordered: [Sample]) -> Double? {
            var numbers = window.compactMap(\.number).sorted()
            if correlation.kind == .valueSum, correlation.isMonotone { numbers.removeAll { $0 < 0 } }
            if numbers.isEmpty, correlation.kind.needsField { return nil }
            switch correlation.kind {
            case .eventCount: return Double(Set(window.map(\.id)).count)
            case .valueCount: return Double(Set(numbers).count)
            case .temporal: return Double(Set(window.map(\.member)).count)
            case .temporalOrdered:
                // Every subset of the members, in their order.
                let subsets = (0..<(1 << correlation.rules.count)).map { bits in
                    correlation.rules.indices.filter { bits & 1 << $0 != 0 }
                }
                return Double(subsets.filter { follows($0, ordered) }.map(\.count).max() ?? 0)
            case .valueSum: return numbers.reduce(0, +)
            case .valueAverage: return numbers.reduce(0, +) / Double(numbers.count)
            case .valuePercentile, .valueMedian:
                let rank = correlation.percentile / 100 * Double(numbers.count - 1)
                let (below, above) = (Int(rank), min(Int(rank) + 1, numbers.count - 1))
                return numbers[below] + (numbers[above] - numbers[below]) * (rank - Double(below))
            }
        }
    }

    /// Every type with every comparison, and more than one; whether more events can't undo what holds.
    static let conditions: [(body: String, isMonotone: Bool)] =
        [
            ("type: event_count\nrules: [a]", "", 3.0), ("type: event_count\nrules: [a, b]", "", 4),
            ("type: value_count\nrules: [a, b]", "field: n, ", 3), ("type: temporal\nrules: [a, b, c]", "", 2),
            ("type: temporal_ordered\nrules: [c, a, b]", "", 2), ("type: value_sum\nrules: [a, b]", "field: n, ", 12),
            ("type: value_avg\nrules: [a]", "field: n, ", 5),
            ("type: value_percentile\nrules: [a]", "field: n, percentile: 90, ", 6),
            ("type: value_median\nrules: [a, b]", "field: n, ", 5),
        ].flatMap { kind, field, number in
            ["gte", "gt", "lte", "lt", "eq", "neq"].map { comparison in
                let isCount = !["avg", "percentile", "median"].contains { kind.contains("value_\($0)") }
                return (
                    "\(kind)\ncondition: {\(field)\(comparison): \(number)}", isCount && comparison.hasPrefix("g")
                )
            }
        } + [
            ("type: temporal\nrules: [a, b, c]", true),
            ("type: temporal\nrules: [a, b, c]\ncondition: (a or b) and c", true),
            ("type: temporal\nrules: [a, b, c]\ncondition: a and b and not c", false),
            ("type: temporal_ordered\nrules: [a, b, c]", true),
            ("type: temporal_ordered\nrules: [a, b, c]\ncondition: a and b and not c", false),
            ("type: event_count\nrules: [a]\ncondition: {gte: 2, lt: 4}", false),
            ("type: value_sum\nrules: [a]\ncondition: {field: n, gt: 5, lt: 15}", false),
            ("type: value_sum\nrules: [a]\ncondition: {field: n, gt: -3}", false),
        ]

    private func plan(_ body: String) throws -> CorrelationPlan {
        let rules = ["a", "b", "c"].map { rule("s: {r: \($0)}\ncondition: s", extra: "name: \($0)") }
        let lines = body.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        let text = rules + ["title: C\nname: top\ncorrelation:\n\(lines)\n    timespan: 10s"]
        let file = SigmaParser().parse(text.joined(separator: "\n---\n"), file: "r.yml")
        try #require(file.diagnostics.isEmpty, "\(file.diagnostics)")
        return CorrelationPlan(file.correlations, rules: file.rules)
    }

    private func samples(_ random: inout Numbers, members: Int) -> [Sample] {
        let spread = Int64.random(in: 20...120, using: &random)
        var samples: [Sample] = []
        for index in 0..<Int.random(in: 1...70, using: &random) {
            let half = Double(Int.random(in: -2...10, using: &random)) / 2
            var sample = Sample(
                id: UInt64(index), time: Int64.random(in: 0...spread, using: &random) * 500,
                member: Int.random(in: 0..<members, using: &random), group: UInt64.random(in: 1...2, using: &random),
                number: index % 9 == 0 ? nil : index % 5 == 2 ? half - 3 : half + 3)
            if index % 7 == 3, let last = samples.last {
                // Now and then two rules hold on one event.
                (sample.id, sample.time, sample.group) = (last.id, last.time, last.group)
            }
            samples.append(sample)
        }
        return samples
    }

    /// Runs samples through a correlator that is stored and read back now and then.
    private func hits(
        _ samples: [Sample], _ plan: CorrelationPlan, lateness: Int, clock: UInt32, _ random: inout Numbers
    ) -> [Sample] {
        var correlator = Correlator(latenessSeconds: lateness)
        var stored: [[UInt8]] = []
        var hits: [Sample] = []
        func take(_ found: [CorrelationHit]) {
            for hit in found {
                let found = samples.first { other in
                    other.id == hit.id.low && other.time == hit.time && other.group == hit.group.high
                        && hit.context == [UInt8(other.id), UInt8(other.member)]
                }
                if let found { hits.append(found) } else { Issue.record("a hit of no event") }
            }
        }
        let kind = plan.correlations[0].kind
        for sample in samples {
            var observations = CorrelationEvent.Observations()
            observations.direct = [
                CorrelationObservation(
                    correlation: 0, member: sample.member, group: CorrelationKey(high: sample.group, low: 7),
                    value: kind.needsField ? sample.number?.bitPattern : nil)
            ]
            let event = CorrelationEvent(
                id: .init(high: 0, low: sample.id), time: sample.time, tenant: sample.group, observations: observations,
                context: [UInt8(sample.id), UInt8(sample.member)])
            take(correlator.observe(event, plan, now: clock))
            if Int.random(in: 0..<4, using: &random) == 0 { stored.append(correlator.takeLog()) }
            if Int.random(in: 0..<12, using: &random) == 0 {
                stored.append(correlator.takeLog())
                if Bool.random(using: &random) { stored.append(correlator.live(stored.removeFirst())) }
                correlator = Correlator(latenessSeconds: lateness)
                for bytes in stored { correlator.replay(bytes, now: 0) }
            }
        }
        take(correlator.settle(plan, now: clock, all: true))
        #expect(correlator.waitingCount == 0)
        return hits
    }

    @Test("every type in every order, late, doubled, stored and read back", arguments: conditions.indices)
    func everyType(index: Int) throws {
        let (body, isMonotone) = Self.conditions[index]
        let plan = try plan(body)
        let correlation = try #require(plan.correlations.first)
        #expect(correlation.isMonotone == isMonotone)
        var random = Numbers(seed: UInt64(index))
        var found = 0
        for _ in 0..<25 {
            var seen: Set<[UInt64]> = []
            var samples = samples(&random, members: correlation.rules.count)
            samples = samples.filter { seen.insert([$0.id, UInt64($0.member)]).inserted }
            samples.sort { ($0.time, $0.id, $0.member) < ($1.time, $1.id, $1.member) }
            var settled: Set<Sample>?
            for order in 0..<4 {
                if order > 0 { samples.shuffle(using: &random) }
                let doubled = order == 3 ? samples + samples.shuffled(using: &random) : samples
                let lateness = order == 2 ? 5 : 1_000
                var reference = Reference(correlation: correlation, lateness: Int64(lateness) * 1_000)
                for sample in doubled { reference.observe(sample) }
                reference.settleAll()
                // Late beyond the bound, groups go by their own clocks alone.
                let hits = hits(doubled, plan, lateness: lateness, clock: order == 2 ? 0 : 1 << 31, &random)
                #expect(Set(hits) == reference.hits)
                #expect(hits.count == Set(hits).count, "an event was hit twice")
                found += hits.count
                // Within the lateness the order of arrival decides nothing.
                if order != 2 {
                    #expect(settled ?? Set(hits) == Set(hits))
                    settled = Set(hits)
                }
            }
        }
        #expect(found > 40, "the condition holds too seldom to prove much")
    }
}

/// SplitMix64: the same numbers in every run.
struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
