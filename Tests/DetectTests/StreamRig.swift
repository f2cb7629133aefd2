// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

/// What the sequencer does with batches, and the alerts that stand at the end.
struct StreamRig {
    let plan: DetectionPlan
    private(set) var state: StreamState
    private let bounds: StreamBounds
    private(set) var merger = AlertMerger()
    private var store: [String: Alert] = [:]
    private var rows: [[UInt8]] = []
    /// The service's clock.
    var now: Milliseconds

    init(
        _ plan: DetectionPlan, now: Milliseconds = 1_900_000_000_000,
        bounds: StreamBounds = StreamBounds()
    ) {
        self.plan = plan
        self.bounds = bounds
        state = StreamState(bounds: bounds)
        self.now = now
    }

    mutating func take(_ records: [String]) throws {
        let (batch, _) = try evaluate(records: records, plan: plan)
        #expect(batch.rejectedCount == 0)
        now += 1
        for (_, issuance) in batch.issuances {
            let known = state.learn(issuance, now: now)
            for session in merger.sessions(watching: known) {
                let found = state.resolve(session)
                merger.reattribute(session.id, to: found.principal, pending: found.pending, now: now) { _, _ in [] }
            }
        }
        for clearing in batch.clearings { state.clear(clearing, now: now) }
        for match in batch.matches { take(match) }
        batch.forEachObservation(where: { _ in true }) { observation in
            for found in state.observe(observation, plan, historical: false, now: now) { merge(found.match) }
        }
        if let latest = batch.latest, plan.waits {
            for account in batch.accounts { state.advance(account, to: latest, now: now) }
        }
        commit()
    }

    /// A look at the clock.
    mutating func tick(at time: Milliseconds) {
        now = time
        commit()
    }

    /// The clock is right again.
    mutating func correctClock(at time: Milliseconds) {
        now = time
        state.correctClock(now: time)
    }

    private mutating func take(_ match: Match) {
        if match.hold != nil {
            state.hold(match, isOnTrial: false, historical: false, now: now)
        } else {
            merge(match)
        }
    }

    private mutating func merge(_ match: Match) { merger.add(state.attribute(match), historical: false, now: now) }

    private mutating func commit() {
        for found in state.release(plan, now: now) { merge(found.match) }
        for alert in merger.takeChanges() {
            if let stored = try? AlertCodec.decode(AlertCodec.encode(alert)) { store[alert.id] = stored }
        }
        merger.commit()
        let row = state.takeRow()
        if !row.isEmpty { rows.append(row) }
    }

    /// A kill: the alerts and the rows are all that is left.
    mutating func restart() {
        state = StreamState(bounds: bounds)
        for row in rows { state.replay(row, now: now) }
        merger = AlertMerger(restoring: Array(store.values))
    }

    /// The alerts at the end of records that come in batches of any size, through kills and a log that is cut short.
    ///
    /// - Parameter last: a record behind all others, for what waits for one.
    static func outcome(
        _ records: [String], _ plan: DetectionPlan, _ random: inout Numbers, kills: Bool, last: String? = nil
    ) throws -> [String] {
        var rig = StreamRig(plan)
        var rest = records[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Int.random(in: 1...15, using: &random))
            try rig.take(Array(batch))
            rest = rest.dropFirst(batch.count)
            guard kills else { continue }
            if Int.random(in: 0..<4, using: &random) == 0 { rig.restart() }
            if Int.random(in: 0..<6, using: &random) == 0 { rig.shorten(Int.random(in: 1...5, using: &random)) }
        }
        if let last { try rig.take([last]) }
        return rig.open
    }

    /// Whether records give the same alerts in order and late by up to half an hour, in any batches and through kills.
    /// Returns those of them in order.
    static func expectSame(
        _ events: [(second: Int, record: String)], _ plan: DetectionPlan, _ random: inout Numbers, last: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        let ordered = try outcome(events.map(\.record), plan, &random, kills: false, last: last)
        #expect(!ordered.isEmpty, sourceLocation: sourceLocation)
        for _ in 0..<3 {
            let late = events.map { ($0.second + Int.random(in: 0...1_800, using: &random), $0.record) }
                .sorted { $0.0 < $1.0 }.map(\.1)
            let found = try outcome(late, plan, &random, kills: true, last: last)
            let difference = Set(found).symmetricDifference(ordered)
            #expect(difference.isEmpty, "\(difference.sorted())", sourceLocation: sourceLocation)
        }
        return ordered
    }

    /// The oldest rows are written anew behind the others, as the service keeps its log short.
    mutating func shorten(_ count: Int) {
        let live = state.rewrite(Array(rows.prefix(count)))
        rows = Array(rows.dropFirst(count)) + (live.isEmpty ? [] : [live])
    }

    /// The alerts, in words.
    var open: [String] {
        store.values.filter { $0.status == .open }
            .map { "\($0.title) \($0.actor.principal) \($0.first.text) \($0.last.text) \($0.matchCount)" }.sorted()
    }

    var alerts: [Alert] { store.values.filter { $0.status == .open }.sorted { $0.first < $1.first } }
}
