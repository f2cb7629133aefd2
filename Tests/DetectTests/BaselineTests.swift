// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Sigma
import Testing

/// What was never, or seldom, seen before.
@Suite struct BaselineTests {
    private static let hour: Milliseconds = 3_600_000

    private func observation(
        _ number: Int, at time: Milliseconds, _ baseline: Baseline, value: UInt64 = 1, actor: String = "a"
    ) -> BaselineObservation {
        BaselineObservation(match: match(number, at: time, actor: actor), baseline: baseline, values: value)
    }

    /// Whether an observation is a match, of whose actor all is known.
    private func isMatch(_ observation: BaselineObservation, _ state: inout StreamState) throws -> Bool {
        try !state.observe(.baseline(observation), DetectionPlan(), historical: false, now: 0).isEmpty
    }

    @Test func newForAnHourThenKnown() throws {
        var state = StreamState()
        let baseline = Baseline(fields: ["x"], days: 2, learningHours: 0)
        func isMatch(_ minutes: Int, value: UInt64 = 1) throws -> Bool {
            let event = observation(minutes, at: Milliseconds(minutes) * 60_000, baseline, value: value)
            return try self.isMatch(event, &state)
        }
        let start = 60 * 24 * 100
        #expect(try isMatch(start) && isMatch(start + 59), "all of the first hour, which one alert merges")
        #expect(try !isMatch(start + 180))
        #expect(try isMatch(start + 180, value: 2))
        #expect(try !isMatch(start + 60 * 40))
        #expect(try isMatch(start + 60 * 40 + 60 * 24 * 3), "two days without it have passed")
    }

    @Test func learningLetsOnlyGraveMatchesPass() throws {
        for (severity, passes) in [(Severity.low, false), (.medium, false), (.high, true), (.critical, true)] {
            var state = StreamState()
            let baseline = Baseline(fields: ["x"], days: 30)
            func isMatch(_ hours: Int, value: UInt64) throws -> Bool {
                let event = match(hours, at: Milliseconds(hours) * Self.hour).event
                let made = Match(detection: Detection(id: "r", title: "", severity: severity), event: event)
                return try self.isMatch(
                    BaselineObservation(match: made, baseline: baseline, values: value), &state)
            }
            #expect(try isMatch(1_000, value: 1) == passes)
            #expect(try isMatch(1_047, value: 2) == passes)
            #expect(try isMatch(1_048, value: 3), "48 hours are over")
            #expect(try !isMatch(1_060, value: 1), "and what was learned is known")
        }
    }

    @Test func anActorOrTheWholeAccount() throws {
        for (scope, second) in [(Baseline.Scope.account, false), (.actor, true)] {
            var state = StreamState()
            let baseline = Baseline(fields: ["x"], scope: scope, days: 30, learningHours: 0)
            #expect(try isMatch(observation(1, at: 100 * Self.hour, baseline, actor: "a"), &state))
            let other = observation(2, at: 110 * Self.hour, baseline, actor: "b")
            #expect(try isMatch(other, &state) == second)
        }
    }

    /// What the definition says, from all events that came.
    private func expected(_ times: [Milliseconds], _ baseline: Baseline) -> Set<Milliseconds> {
        let unsettled: Milliseconds = baseline.scope == .actor ? 3 : 2
        return Set(
            times.filter { time in
                let hour = time / Self.hour
                let seen = times.map { $0 / Self.hour }.filter { $0 <= hour - unsettled }
                let first = hour - Milliseconds(baseline.days) * 24
                guard let last = seen.max(), last >= first else { return true }
                let days = Set(seen.map { $0 / 24 }).filter { $0 >= first / 24 }
                return days.count <= baseline.atMost
            })
    }

    @Test(arguments: 1...30) func theOrderOfArrivalDoesNotMatter(seed: UInt64) throws {
        var random = Numbers(seed: seed)
        let atMost = [0, 0, 1, 3].randomElement(using: &random) ?? 0
        let baseline = Baseline(
            fields: ["x"], scope: seed % 3 == 0 ? .actor : .account, days: Int.random(in: 1...6, using: &random),
            atMost: atMost, learningHours: 0)
        let spread = Milliseconds([10, 60, 300].randomElement(using: &random) ?? 10) * Self.hour
        let times = Set((0..<80).map { _ in 1_000 * Self.hour + Milliseconds.random(in: 0...spread, using: &random) })
        let expected = expected(Array(times), baseline)
        for isLate in [false, true] {
            // Late by less than an hour.
            let order = times.map { time in
                (time, isLate ? time + Milliseconds.random(in: 0..<Self.hour, using: &random) : time)
            }.sorted { $0.1 < $1.1 }.map(\.0)
            var state = StreamState()
            var rows: [[UInt8]] = []
            var found: Set<Milliseconds> = []
            for (number, time) in order.enumerated() {
                if try isMatch(observation(number, at: time, baseline), &state) { found.insert(time) }
                rows.append(state.takeRow())
                if Int.random(in: 0..<10, using: &random) == 0 {
                    if Bool.random(using: &random) { rows = rows.dropFirst(3) + [state.rewrite(Array(rows.prefix(3)))] }
                    state = StreamState()
                    for row in rows { state.replay(row, now: 0) }
                }
            }
            #expect(found == expected)
        }
    }

    private func rule(_ keys: String) -> Catalog {
        Catalog.read([
            .init(
                path: "r.yml",
                text: """
                    title: R
                    id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
                    level: high
                    logsource: {product: aws, service: cloudtrail}
                    detection: {selection: {eventName: Call}, condition: selection}
                    trailhound:
                        \(keys)
                    """)
        ])
    }

    @Test func keysAreReadFromTheRule() throws {
        let new = rule(
            "first_seen: {fields: [userIdentity.accessKeyId, network], scope: actor, days: 90, learning: 2d}")
        #expect(new.problems == [])
        #expect(
            new.detections.first?.baseline
                == Baseline(
                    fields: ["userIdentity.accessKeyId", "network"], scope: .actor, days: 90, learningHours: 48))
        let rare = rule("rare: {fields: [eventName], days: 14, at_most: 3}")
        #expect(rare.detections.first?.baseline == Baseline(fields: ["eventName"], days: 14, atMost: 3))
        let merged = rule("merge: {by: [sourceIPAddress], window: 6h}")
        #expect(
            merged.detections.first?.merging == Merging(key: .fields(["sourceIPAddress"]), window: 6 * Self.hour))
        #expect(rule("merge: {by: account}").detections.first?.merging == Merging(key: .account))
    }

    @Test(arguments: [
        ("first_seen: {}", "'first_seen' needs 'fields'"), ("first_seen: 7", "'first_seen' has to be a mapping"),
        ("first_seen: {fields: []}", "'fields' has to be a list of field paths"),
        ("first_seen: {fields: [a], days: 0}", "'days' is a number from 1 to 400"),
        ("rare: {fields: [a], days: 90}", "'days' is a number from 1 to 60"),
        ("first_seen: {fields: [a], at_most: 2}", "'first_seen' has no key 'at_most'"),
        ("first_seen: {fields: [a], scope: world}", "'scope' is account or actor"),
        (
            "first_seen: {fields: [a], learning: soon}",
            "'learning' is a number with m, h or d behind it, of at most 30 days"
        ),
        ("merge: {window: 31d}", "'window' is a number with m, h or d behind it, of at most 30 days"),
        ("merge: {by: nobody}", "'by' has to be a list of field paths"),
        ("merge: {for: ever}", "'merge' has no key 'for'"),
    ])
    func whatCantBeReadIsSaid(keys: String, message: String) {
        let catalog = rule(keys)
        #expect(catalog.problems.map(\.message) == [message])
        #expect(catalog.detections.isEmpty)
    }

    private func record(_ number: Int, hour: Int, address: String, key: String?) -> String {
        let time = "2026-03-0\(1 + hour / 24)T\(hour % 24 < 10 ? "0" : "")\(hour % 24):00:00Z"
        let identity = key.map { #","accessKeyId":"\#($0)""# } ?? ""
        return """
            {"eventID":"\(eventID(number))","eventTime":"\(time)","eventName":"Call","eventSource":"iam.amazonaws.com",\
            "awsRegion":"eu-west-1","recipientAccountId":"111122223333","sourceIPAddress":"\(address)",\
            "userIdentity":{"type":"IAMUser","accountId":"111122223333","userName":"u"\(identity)}}
            """
    }

    @Test func aKeyFromANetworkNeverSeenForIt() throws {
        let plan = try DetectionPlan(
            rule("first_seen: {fields: [userIdentity.accessKeyId, network], days: 90, learning: 0h}"))
        let (batch, _) = try evaluate(
            records: [
                record(1, hour: 1, address: "192.0.2.1", key: "A"),
                record(2, hour: 5, address: "192.0.2.200", key: "A"),
                record(3, hour: 6, address: "198.51.100.1", key: "A"),
                record(4, hour: 7, address: "192.0.2.1", key: "B"),
                record(5, hour: 8, address: "192.0.2.1", key: nil),
                record(6, hour: 9, address: "2001:db8:1:2::3", key: "A"),
                record(7, hour: 14, address: "2001:db8:1:ff::9", key: "A"),
                record(8, hour: 15, address: "2001:db8:2::1", key: "A"),
            ], plan: plan)
        #expect(batch.matches.isEmpty)
        var state = StreamState()
        let found = batch.baselines.flatMap {
            state.observe(.baseline($0), plan, historical: false, now: 0).map(\.match.event.reference.text)
        }
        #expect(found == [1, 3, 4, 6, 8].map(eventID))
    }

    @Test func matchesMergeByWhatTheRuleSays() throws {
        func alerts(_ keys: String) throws -> [UInt64] {
            let plan = try DetectionPlan(rule(keys))
            let records = [
                record(1, hour: 1, address: "192.0.2.1", key: "A"), record(2, hour: 4, address: "192.0.2.1", key: "A"),
                record(3, hour: 4, address: "192.0.2.2", key: "A"),
                record(4, hour: 4, address: "192.0.2.2", key: "A").replacing(
                    #""userName":"u""#, with: #""userName":"v""#),
            ]
            let (batch, _) = try evaluate(records: records, plan: plan)
            var merger = AlertMerger()
            for match in batch.matches { merger.add(match, historical: false, now: 0) }
            let alerts = merger.takeChanges()
            for alert in alerts { #expect(try AlertCodec.decode(AlertCodec.encode(alert)) == alert) }
            return alerts.map(\.matchCount).sorted()
        }
        #expect(try alerts("evidence: []") == [1, 1, 2])
        #expect(try alerts("merge: {window: 6h}") == [1, 3])
        #expect(try alerts("merge: {by: account, window: 6h}") == [4])
        #expect(try alerts("merge: {by: [sourceIPAddress]}") == [1, 1, 2])
        #expect(try alerts("merge: {by: [sourceIPAddress], window: 3h}") == [2, 2])
    }
}
