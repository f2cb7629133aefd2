// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

/// Windows whose condition a later event can undo wait until none can come any more.
@Suite("Correlations that wait")
struct CorrelationWaitTests {
    private static let hour: Int64 = 3_600
    /// A clock that is later than all events.
    private static let late: UInt32 = 1 << 31

    /// Rules a and b that hold on nothing by themselves, and correlations over them.
    private func plan(_ correlations: [(name: String, body: String)]) throws -> CorrelationPlan {
        let rules = ["a", "b"].map { rule("s: {r: \($0)}\ncondition: s", extra: "name: \($0)") }
        let text = correlations.map { "title: \($0.name)\nname: \($0.name)\ncorrelation: {\($0.body)}" }
        let file = SigmaParser().parse((rules + text).joined(separator: "\n---\n"), file: "r.yml")
        try #require(file.diagnostics.isEmpty, "\(file.diagnostics)")
        let plan = CorrelationPlan(file.correlations, rules: file.rules)
        try #require(plan.diagnostics.isEmpty)
        return plan
    }

    private func seldom() throws -> CorrelationPlan {
        try plan([("seldom", "type: event_count, rules: [a], timespan: 10m, condition: {lt: 3}")])
    }

    private func event(_ id: UInt64, _ seconds: Int64, tenant: UInt64 = 1) -> CorrelationEvent {
        var observations = CorrelationEvent.Observations()
        observations.direct = [
            CorrelationObservation(correlation: 0, member: 0, group: CorrelationKey(high: tenant, low: 0))
        ]
        return CorrelationEvent(
            id: .init(high: 0, low: id), time: seconds * 1_000, tenant: tenant, observations: observations)
    }

    @Test("a window is told once its tenant's events are later than it by the lateness, and not before")
    func byTheTenant() throws {
        let plan = try seldom()
        var correlator = Correlator()
        func advance(_ tenant: UInt64, _ seconds: Int64) -> [UInt64] {
            correlator.advance(tenant, to: seconds * 1_000, plan, now: Self.late).map(\.id.low)
        }
        #expect(correlator.observe(event(1, 30), plan, now: Self.late).isEmpty)
        #expect(correlator.waitingCount == 1)
        #expect(advance(2, 9 * Self.hour).isEmpty, "another tenant's events say nothing")
        #expect(advance(1, 30 + Self.hour).isEmpty)
        #expect(advance(1, 60 + Self.hour) == [1])
        #expect(advance(1, 90 * Self.hour).isEmpty && correlator.waitingCount == 0)
    }

    @Test("its group's own events move it on too, and what they complete is no match")
    func byTheGroup() throws {
        let plan = try seldom()
        var correlator = Correlator()
        func observe(_ id: UInt64, _ seconds: Int64) -> [UInt64] {
            // The clock stands still, so that the tenant's mark does.
            correlator.observe(event(id, seconds), plan, now: 0).map(\.id.low)
        }
        for (id, second) in [(1, 0), (2, 1), (3, 2), (4, 3)] { #expect(observe(UInt64(id), Int64(second)).isEmpty) }
        // Of the first burst the windows of one event and of two hold.
        #expect(observe(5, 2 * Self.hour) == [1, 2])
    }

    @Test("where nothing moves on the caller's clock does, but no event from the future")
    func byTheClock() throws {
        let plan = try seldom()
        var correlator = Correlator()
        #expect(correlator.observe(event(1, 100), plan, now: 200).isEmpty)
        #expect(correlator.advance(1, to: 1 << 50, plan, now: 260).isEmpty)
        #expect(correlator.settle(plan, now: 200 + 3_600).isEmpty)
        #expect(correlator.settle(plan, now: 200 + 3_601).isEmpty, "it is looked at once a minute")
        #expect(correlator.settle(plan, now: 200 + 3_660).map(\.id.low) == [1])
        #expect(correlator.settle(plan, now: Self.late).isEmpty)
    }

    @Test("history that is read behind the present waits for its own events")
    func behind() throws {
        let plan = try seldom()
        var correlator = Correlator()
        let now: UInt32 = 1_000_000
        #expect(correlator.advance(1, to: Int64(now) * 1_000, plan, now: now).isEmpty)
        for id in 0..<4 { #expect(correlator.observe(event(UInt64(id), 60 + Int64(id)), plan, now: now).isEmpty) }
        let log = correlator.takeLog()
        var restarted = Correlator()
        restarted.replay(log, now: now)
        for var correlator in [correlator, restarted] {
            #expect(correlator.advance(1, to: Int64(now + 600) * 1_000, plan, now: now + 600).isEmpty)
            #expect(correlator.settle(plan, now: now + 3_700).map(\.id.low) == [0, 1])
        }
    }

    @Test("a correlation that is gone waits no more")
    func gone() throws {
        let plan = try seldom()
        let other = try self.plan([("other", "type: event_count, rules: [a], timespan: 10m, condition: {lt: 3}")])
        var correlator = Correlator()
        #expect(correlator.observe(event(1, 30), plan, now: Self.late).isEmpty)
        #expect(correlator.settle(other, now: Self.late, all: true).isEmpty)
        var restarted = Correlator()
        restarted.replay(correlator.takeLog(), now: 0)
        #expect(restarted.settle(plan, now: Self.late).isEmpty)
        #expect(correlator.waitingCount == 0 && restarted.waitingCount == 0)
    }

    @Test("a group that waits is not forgotten, and one that was evicted waits for nothing")
    func bounded() throws {
        let plan = try seldom()
        var correlator = Correlator(capacity: 10)
        for id in 0..<100 { _ = correlator.observe(event(UInt64(id), 60, tenant: UInt64(id)), plan, now: 100) }
        #expect(correlator.groupCount <= 10 && correlator.waitingCount == correlator.groupCount)
        correlator.expire(now: Self.late)
        #expect(correlator.groupCount > 0)
        #expect(correlator.settle(plan, now: Self.late).count == correlator.groupCount)
        correlator.expire(now: Self.late)
        #expect(correlator.groupCount == 0 && correlator.bytes == 0)
    }

    @Test("a flood into one group costs time in proportion to it")
    func flood() throws {
        for body in [
            "type: event_count, rules: [a, b], timespan: 1d, condition: {neq: 7}",
            "type: value_percentile, rules: [a], timespan: 1d, condition: {field: n, percentile: 99, lt: 0}",
        ] {
            let plan = try plan([("flood", body)])
            var correlator = Correlator()
            for index in 0..<12_000 {
                var event = event(UInt64(index), Int64(index))
                event.observations.direct[0].value = Double(index).bitPattern
                _ = correlator.observe(event, plan, now: Self.late)
            }
            #expect(correlator.groupCount == 1)
            #expect(correlator.forgottenEvents > 500)
        }
    }

    /// One correlation upon another, those that wait and those that don't, over events late by up to the lateness, with
    /// the state stored, read back and rewritten at any time: the same hits as in order.
    @Test("in chains the order of arrival decides nothing", arguments: 0..<20)
    func chains(seed: Int) throws {
        var random = Numbers(seed: UInt64(seed))
        let plan = try plan([
            ("few", "type: event_count, rules: [a], timespan: 10m, condition: {lte: 2}"),
            ("many", "type: event_count, rules: [a], timespan: 10m, condition: {gte: 3}"),
            ("mixed", "type: temporal, rules: [few, b], timespan: 40m"),
            ("without", "type: temporal, timespan: 20m, condition: many and not b"),
            ("twice", "type: event_count, rules: [without], timespan: 2h, condition: {gte: 2}"),
            ("exactly", "type: event_count, rules: [few, without], timespan: 1h, condition: {eq: 3}"),
        ])
        let events = (0..<150).map { index in
            var event = CorrelationEvent(
                id: .init(high: 0, low: UInt64(index)), time: Int64.random(in: 0...43_200, using: &random) * 1_000,
                tenant: UInt64.random(in: 1...2, using: &random), observations: .init(), context: [UInt8(index)])
            let isA = Int.random(in: 0..<3, using: &random) > 0
            func observation(_ name: String, _ member: Int) -> CorrelationObservation {
                let place = plan.correlations.firstIndex { $0.metadata.name == name } ?? 0
                return CorrelationObservation(
                    correlation: place, member: member,
                    group: CorrelationKey(high: UInt64(place), low: event.tenant))
            }
            event.observations.direct =
                isA
                ? [observation("few", 0), observation("many", 0)]
                : [observation("mixed", 1), observation("without", 1)]
            event.observations.indirect = ["mixed", "without", "twice", "exactly"].map { observation($0, 0) }
            return event
        }
        let ordered = try hits(events.sorted { $0.time < $1.time }, plan, &random, kills: false)
        for correlation in plan.correlations.indices {
            #expect(seed > 0 || ordered.contains { $0.hasPrefix("\(correlation) ") }, "none of \(correlation)")
        }
        for round in 0..<2 {
            let late = events.map { ($0.time + Int64.random(in: 0...3_500_000, using: &random), $0) }
                .sorted { $0.0 < $1.0 }.map(\.1)
            let difference = try hits(late, plan, &random, kills: round > 0).symmetricDifference(ordered)
            #expect(difference.isEmpty, "\(difference.sorted())")
        }
    }

    private func hits(
        _ events: [CorrelationEvent], _ plan: CorrelationPlan, _ random: inout Numbers, kills: Bool
    ) throws -> Set<String> {
        var correlator = Correlator()
        var found: [CorrelationHit] = []
        var rows: [[UInt8]] = []
        for event in events {
            found += correlator.observe(event, plan, now: Self.late)
            if Int.random(in: 0..<4, using: &random) == 0 {
                found += correlator.advance(event.tenant, to: event.time, plan, now: Self.late)
            }
            guard kills else { continue }
            rows.append(correlator.takeLog())
            if Int.random(in: 0..<6, using: &random) == 0 {
                let old = rows.prefix(Int.random(in: 1...4, using: &random))
                rows = rows.dropFirst(old.count) + [correlator.live(old.flatMap { $0 })]
            }
            if Int.random(in: 0..<8, using: &random) == 0 {
                correlator = Correlator()
                for row in rows { correlator.replay(row, now: Self.late) }
            }
        }
        found += correlator.settle(plan, now: Self.late, all: true)
        let texts = found.map { "\($0.correlation) \($0.group.low) \($0.id.low)" }
        #expect(Set(texts).count == texts.count, "told twice")
        return Set(texts)
    }
}
