// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

/// The stage without a store: late, shuffled and repeated events, restarts and commit groups that fail.
@Suite struct DetectionStageTests {
    /// Everything that the service would keep of a stage, in memory.
    private struct Memory {
        let plan: DetectionPlan
        var stage = DetectionStage()
        var alerts: [String: Alert] = [:]
        var rows: [[UInt8]] = []
        var seen: Set<String> = []
        var trials: [String] = []
        var excepted: [String] = []
        var counts: [AccountID: (new: Int, known: Int)] = [:]
        var now: Milliseconds = 1_900_000_000_000

        init(_ plan: DetectionPlan) { self.plan = plan }

        /// Applies records, of which those are new that were not seen before, and stores the changes.
        @discardableResult mutating func take(_ records: [String]) throws -> StageChanges {
            let result = try apply(records)
            trials += result.trialMatches.map(\.event.reference.text)
            excepted += result.exceptedMatches.map(\.event.reference.text)
            for count in result.accounts {
                counts[count.account, default: (0, 0)].new += count.new
                counts[count.account, default: (0, 0)].known += count.known
            }
            let changes = stage.takeChanges()
            for alert in changes.alerts { alerts[alert.id] = try AlertCodec.decode(AlertCodec.encode(alert)) }
            if !changes.row.isEmpty { rows.append(changes.row) }
            stage.commit()
            return changes
        }

        private mutating func apply(_ records: [String]) throws -> StageResult {
            let (batch, _) = try evaluate(records: records, plan: plan)
            #expect(batch.rejectedCount == 0)
            now += 1
            var new = NewEvents(from: 0, count: records.count)
            new.append(batch.events.map { seen.insert($0.id.guidText).inserted })
            return stage.apply(batch, new: new, historical: false, releasing: plan, now: now) { _, _ in [] }
        }

        /// A commit group whose transaction fails.
        mutating func fail(_ records: [String]) throws {
            let before = seen
            _ = try apply(records)
            _ = stage.takeChanges()
            stage.rollback()
            stage.restore(replayed)
            seen = before
        }

        /// A restart: the stored alerts and rows are all that is left.
        mutating func restart() {
            stage = DetectionStage(state: replayed, merger: AlertMerger(restoring: Array(alerts.values)))
        }

        private var replayed: StreamState {
            var state = StreamState()
            for row in rows { state.replay(row, now: now) }
            return state
        }

        /// All that a person or a report is shown, in an order of its own. Of an impossible trip it is shown how it was
        /// found, and that is by the sightings that had come by then.
        var outcome: [String] {
            let open = alerts.values.filter { $0.status == .open }.map { alert in
                let facts = alert.evidence.filter { $0.name != "travel" }.map { "\($0.name)=\($0.value)" }
                    .joined(separator: ",")
                return "\(alert.title) \(alert.actor.principal) \(alert.matchCount) \(alert.eventIDs) \(facts)"
            }
            return open.sorted() + ["on trial \(trials.sorted())", "excepted \(excepted.sorted())"]
        }
    }

    private static let start: Milliseconds = 1_780_000_000_000
    private static let accounts = ["111122223333", "444455556666"]
    private static let world = Geography(places: { address in
        switch address {
        case "192.0.2.1": .init(latitude: 51.51, longitude: -0.13, radius: 10, name: "London")
        case "203.0.113.1": .init(latitude: -33.87, longitude: 151.21, radius: 10, name: "Sydney")
        default: nil
        }
    })

    private static func rule(_ number: Int, _ event: String, _ more: String = "") -> String {
        """
        title: Rule \(number)
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c1\(number)
        name: rule\(number)
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: \(event)}, condition: selection}
        level: high
        \(more)
        """
    }

    /// One rule of each kind that the stage knows, one of them on trial, and an exception.
    private static func everyKind() throws -> DetectionPlan {
        let texts = [
            rule(1, "Act"),
            rule(2, "Stop", "trailhound: {unless: {rule: rule3, by: [requestParameters.name], within: 10m}}"),
            rule(3, "Start", "trailhound: {enabled: false}"),
            rule(4, "Use", "trailhound: {first_seen: {fields: [network], scope: actor, days: 30, learning: 0h}}"),
            rule(5, "Use", "trailhound: {impossible_travel: {}}"),
            rule(6, "Fail", "trailhound: {enabled: false}"), rule(7, "Act"),
            """
            title: Often
            id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c18
            level: high
            correlation: {type: event_count, rules: [rule6], group-by: [userIdentity.arn], timespan: 10m,
                condition: {gte: 2}}
            """,
            """
            title: The robot
            logsource: {product: aws, service: cloudtrail}
            filter: {rules: [rule1], selection: {userIdentity.userName: robot}, condition: not selection}
            trailhound: {owner: platform@example.com, reason: Nightly work, expires: 2100-01-01}
            """,
        ]
        let catalog = Catalog.read([.init(path: "r.yml", text: texts.joined(separator: "\n---\n"))])
        #expect(catalog.problems == [])
        var tuning = Tuning()
        tuning.set(Tuning.Setting(onTrial: true), of: "5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c17")
        return try DetectionPlan(catalog, tuning: tuning, geography: world)
    }

    private static func record(
        _ number: Int, _ name: String, _ identity: String, _ account: String, second: Int,
        from address: String = "192.0.2.1", more: String = ""
    ) -> String {
        """
        {"eventID":"\(eventID(number))","eventTime":"\(EventTime.format(start + Milliseconds(second) * 1_000))",\
        "eventName":"\(name)","eventSource":"sts.amazonaws.com","awsRegion":"eu-west-1",\
        "recipientAccountId":"\(account)","sourceIPAddress":"\(address)","userIdentity":\(identity)\(more)}
        """
    }

    private static func user(_ name: String, _ account: String) -> String {
        #"{"type":"IAMUser","userName":"\#(name)","arn":"arn:aws:iam::\#(account):user/\#(name)","accountId":"\#(account)"}"#
    }

    private static func session(_ key: String, _ account: String) -> String {
        """
        {"type":"AssumedRole","principalId":"AROADEPLOY:\(key)","accessKeyId":"\(key)","accountId":"\(account)",\
        "arn":"arn:aws:sts::\(account):assumed-role/deploy/\(key)","sessionContext":{"sessionIssuer":{"type":"Role",\
        "principalId":"AROADEPLOY","arn":"arn:aws:iam::\(account):role/deploy","accountId":"\(account)",\
        "userName":"deploy"}}}
        """
    }

    private static func assume(_ number: Int, by caller: String, _ key: String, _ account: String, second: Int)
        -> String
    {
        record(
            number, "AssumeRole", caller, account, second: second, from: "AWS Internal",
            more: """
                ,"responseElements":{"credentials":{"accessKeyId":"\(key)"},"assumedRoleUser":{"assumedRoleId":\
                "AROADEPLOY:\(key)","arn":"arn:aws:sts::\(account):assumed-role/deploy/\(key)"}}
                """)
    }

    /// Three hours of two accounts, in the order of event time.
    private static func workload(_ random: inout Numbers) -> [(second: Int, record: String)] {
        var made: [(second: Int, record: String)] = []
        for number in 1...150 {
            let second = number * 72
            guard let account = accounts.randomElement(using: &random),
                let name = ["alice", "bob", "robot"].randomElement(using: &random),
                let event = ["Act", "Stop", "Start", "Use", "Fail", "Fail"].randomElement(using: &random)
            else { continue }
            var identity = user(name, account)
            if number % 3 == 0 {
                let key = "ASIA\(number)"
                made.append((second - 30, assume(1_000 + number, by: identity, key, account, second: second - 30)))
                identity = session(key, account)
            }
            let address = Bool.random(using: &random) ? "192.0.2.1" : "203.0.113.1"
            let more = #","requestParameters":{"name":"trail\#(Int.random(in: 0...2, using: &random))"}"#
            made.append(
                (second, record(number, event, identity, account, second: second, from: address, more: more)))
        }
        return made
    }

    /// A record of each account behind all others, by which everything that waits is over.
    private static var last: [String] {
        accounts.enumerated().map { record(9_000 + $0, "Other", user("x", $1), $1, second: 30_000) }
    }

    /// Takes records in batches of any size, through restarts where these are wanted.
    private func take(
        _ records: [String], _ memory: inout Memory, _ random: inout Numbers, restarts: Bool = false
    ) throws {
        var rest = records[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Int.random(in: 1...12, using: &random))
            try memory.take(Array(batch))
            rest = rest.dropFirst(batch.count)
            if restarts, Int.random(in: 0..<3, using: &random) == 0 { memory.restart() }
        }
        try memory.take(Self.last)
    }

    /// The events late by up to half an hour, in the order of arrival.
    private func late(_ events: [(second: Int, record: String)], _ random: inout Numbers) -> [String] {
        events.map { ($0.second + Int.random(in: 0...1_800, using: &random), $0.record) }
            .sorted { $0.0 < $1.0 }.map(\.1)
    }

    @Test(arguments: 1...8) func lateAndRepeatedEventsMakeTheSameAlerts(seed: UInt64) throws {
        let plan = try Self.everyKind()
        var random = Numbers(seed: seed)
        let events = Self.workload(&random)
        var ordered = Memory(plan)
        try take(events.map(\.record), &ordered, &random)
        for title in ["Rule 1", "Rule 2", "Rule 4", "Rule 5", "Often"] {
            #expect(ordered.outcome.contains { $0.hasPrefix(title) }, "no alert of \(title)")
        }
        #expect(!ordered.trials.isEmpty && !ordered.excepted.isEmpty)
        for _ in 0..<3 {
            var memory = Memory(plan)
            let repeated = events.filter { _ in Bool.random(using: &random) }
            let arrived = late(events + repeated, &random)
            try take(arrived, &memory, &random)
            #expect(memory.outcome == ordered.outcome)
            #expect(memory.counts.mapValues(\.new) == ordered.counts.mapValues(\.new))
            #expect(memory.counts.values.allSatisfy { $0.known > 0 })
        }
    }

    @Test(arguments: 1...8) func whatWasStoredMakesTheSameStageAgain(seed: UInt64) throws {
        let plan = try Self.everyKind()
        var random = Numbers(seed: 100 + seed)
        let events = late(Self.workload(&random), &random)
        var running = Memory(plan)
        try take(events, &running, &random)
        var restarted = Memory(plan)
        try take(events, &restarted, &random, restarts: true)
        #expect(restarted.outcome == running.outcome)
    }

    @Test func repeatsChangeNothing() throws {
        var random = Numbers(seed: 7)
        let events = late(Self.workload(&random), &random)
        var memory = Memory(try Self.everyKind())
        try take(events, &memory, &random)
        let before = memory.outcome
        let changes = try memory.take(events.shuffled(using: &random))
        #expect(changes.alerts.isEmpty && changes.row.isEmpty)
        #expect(memory.outcome == before)
        #expect(memory.counts.values.reduce(0) { $0 + $1.known } == events.count)
    }

    @Test(arguments: 1...8) func aGroupThatFailsLeavesNothing(seed: UInt64) throws {
        let plan = try Self.everyKind()
        var random = Numbers(seed: 200 + seed)
        let events = late(Self.workload(&random), &random)
        var calm = Memory(plan)
        try take(events, &calm, &random)
        var failing = Memory(plan)
        var rest = events[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Int.random(in: 1...12, using: &random)))
            if Bool.random(using: &random) { try failing.fail(batch) }
            try failing.take(batch)
            rest = rest.dropFirst(batch.count)
        }
        try failing.take(Self.last)
        #expect(failing.outcome == calm.outcome)
    }

    /// A slice is applied for itself, though the batch has more.
    @Test func onlyTheEventsOfTheStepAreTaken() throws {
        let plan = try Self.everyKind()
        let account = Self.accounts[0]
        let records = (0..<6).map { Self.record($0, "Act", Self.user("alice", account), account, second: $0 * 60) }
        let (batch, _) = try evaluate(records: records, plan: plan)
        var stage = DetectionStage(reportsMatches: true)
        var new = NewEvents(from: 2, count: 3)
        new.append([true, false, true])
        let result = stage.apply(batch, new: new, historical: true, releasing: plan, now: 1) { _, _ in [] }
        #expect(result.accounts.map { [$0.new, $0.known] } == [[2, 1]])
        #expect(result.accounts.map(\.latest) == [Self.start + 240_000])
        #expect(result.trialMatches.map(\.eventIndex) == [2, 4])
        #expect(
            result.matches.map { "\($0.match.eventIndex) \($0.isOnTrial)" }.sorted() == [
                "2 false", "2 true", "4 false", "4 true",
            ])
        let alerts = stage.takeChanges().alerts
        #expect(alerts.map(\.eventIDs) == [[eventID(2), eventID(4)]])
        #expect(alerts.map(\.historical) == [true])
    }

    /// The detections as they stand now decide of what waited, and are not asked for where nothing does.
    @Test func whatIsReleasedGoesByThePlanOfThatTime() throws {
        let (plan, none) = (try Self.everyKind(), try DetectionPlan())
        let account = Self.accounts[0]
        let stop = Self.record(
            1, "Stop", Self.user("alice", account), account, second: 0, more: #","requestParameters":{"name":"t"}"#)
        let (batch, _) = try evaluate(records: [stop], plan: plan)
        for (later, alerts) in [(plan, 1), (none, 0)] {
            var stage = DetectionStage()
            var asked = 0
            func standing() -> DetectionPlan {
                asked += 1
                return later
            }
            _ = stage.release(standing(), now: 1) { _, _ in [] }
            #expect(asked == 0)
            _ = stage.apply(
                batch, new: NewEvents(all: batch), historical: false, releasing: standing(), now: Self.start
            ) { _, _ in [] }
            #expect(asked == 1 && stage.takeChanges().alerts.isEmpty)
            _ = stage.release(standing(), now: Self.start, all: true) { _, _ in [] }
            #expect(stage.takeChanges().alerts.count == alerts)
        }
    }

    /// The store's error ends the step, and is thrown on.
    @Test func anErrorOfTheStoreIsThrownOn() throws {
        struct Lost: Error {}
        let plan = try Self.everyKind()
        let account = Self.accounts[0]
        let (batch, _) = try evaluate(
            records: [Self.record(1, "Act", Self.user("alice", account), account, second: 0)], plan: plan)
        var stage = DetectionStage(merger: AlertMerger(isComplete: false))
        #expect(throws: Lost.self) {
            try stage.apply(batch, new: NewEvents(all: batch), historical: false, releasing: plan, now: 1) { _, _ in
                throw Lost()
            }
        }
        stage.rollback()
        #expect(stage.takeChanges().alerts.isEmpty)
    }
}
