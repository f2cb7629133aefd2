// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

/// A detection stage with a store of its changes in memory, and the alerts that stand at the end.
struct StreamRig {
    let plan: DetectionPlan
    private(set) var stage: DetectionStage
    private let bounds: StreamBounds
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
        stage = DetectionStage(state: StreamState(bounds: bounds))
        self.now = now
    }

    var state: StreamState { stage.state }

    mutating func take(_ records: [String]) throws {
        let (batch, _) = try evaluate(records: records, plan: plan)
        #expect(batch.rejectedCount == 0)
        now += 1
        _ = stage.apply(batch, now: now)
        commit()
    }

    /// A look at the clock.
    mutating func tick(at time: Milliseconds) {
        now = time
        _ = stage.release(plan, now: now)
        commit()
    }

    /// The clock is right again.
    mutating func correctClock(at time: Milliseconds) {
        now = time
        stage.correctClock(now: time)
    }

    private mutating func commit() {
        let changes = stage.takeChanges()
        for alert in changes.alerts {
            if let stored = try? AlertCodec.decode(AlertCodec.encode(alert)) { store[alert.id] = stored }
        }
        if !changes.row.isEmpty { rows.append(changes.row) }
        stage.commit()
    }

    /// A kill: the alerts and the rows are all that is left.
    mutating func restart() {
        var state = StreamState(bounds: bounds)
        for row in rows { state.replay(row, now: now) }
        stage = DetectionStage(state: state, merger: AlertMerger(restoring: Array(store.values)))
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
