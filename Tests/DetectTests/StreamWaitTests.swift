// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

/// What events are told to wait for, while no alert is made of them yet.
@Suite struct StreamWaitTests {
    private static let start: Milliseconds = 1_780_000_000_000
    private static let hour: Milliseconds = 3_600_000
    private static let account = "111122223333"

    private static func id(_ number: Int) -> String { "5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c0\(number)" }

    private static func rule(_ number: Int, _ event: String, _ more: String) -> String {
        """
        title: Rule \(number)
        id: \(id(number))
        name: rule\(number)
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: \(event)}, condition: selection}
        level: high
        \(more)
        """
    }

    private static func correlation(_ number: Int, _ lines: String) -> String {
        "title: Rule \(number)\nid: \(id(number))\nname: rule\(number)\nlevel: high\ncorrelation: {\(lines)}"
    }

    private func plan(_ documents: String...) throws -> DetectionPlan {
        let catalog = Catalog.read([.init(path: "r.yml", text: documents.joined(separator: "\n---\n"))])
        #expect(catalog.problems == [])
        return try DetectionPlan(catalog)
    }

    private static func record(_ number: Int, _ name: String, second: Int, session: Bool = false) -> String {
        let identity =
            session
            ? #"{"type":"AssumedRole","principalId":"AROAX:s","arn":"arn:aws:sts::\#(account):assumed-role/deploy/s","#
                + #""accountId":"\#(account)","accessKeyId":"ASIAX","sessionContext":{"sessionIssuer":{"type":"Role","#
                + #""principalId":"AROAX","arn":"arn:aws:iam::\#(account):role/deploy","userName":"deploy"}}}"#
            : #"{"type":"IAMUser","userName":"ann","arn":"arn:aws:iam::\#(account):user/ann","accountId":"\#(account)"}"#
        return """
            {"eventID":"\(eventID(number))","eventTime":"\(EventTime.format(start + Milliseconds(second) * 1_000))",\
            "eventName":"\(name)","eventSource":"iam.amazonaws.com","awsRegion":"eu-west-1",\
            "recipientAccountId":"\(account)","sourceIPAddress":"192.0.2.7","userIdentity":\(identity),\
            "requestParameters":{"name":"t"}}
            """
    }

    /// What a record waits for: `rule reason due deadline`, both in seconds after the start and after the clock.
    private func waits(_ record: String, _ rig: StreamRig, from clock: Milliseconds = Self.start) throws -> [String] {
        let (batch, _) = try evaluate(records: [record], plan: rig.plan)
        return rig.state.waits(of: batch).map { wait in
            let due = wait.due.map { "\(($0 - Self.start) / 1_000)" } ?? "never"
            return "\(wait.detectionID.suffix(1)) \(wait.reason) \(due) \((wait.deadline - clock) / 1_000)"
        }
    }

    @Test func aMatchWaitsForWhatMayClearIt() throws {
        let unless = "trailhound: {unless: {rule: rule2, by: [requestParameters.name], within: 10m, late: 30m}}"
        let plan = try plan(Self.rule(1, "Stop", unless), Self.rule(2, "Start", "trailhound: {enabled: false}"))
        var rig = StreamRig(plan, now: Self.start)
        let stop = Self.record(1, "Stop", second: 0)
        #expect(try waits(stop, rig) == [])
        try rig.take([stop])
        #expect(try waits(stop, rig) == ["1 clearing 2400 2400"])
        rig.restart()
        #expect(try waits(stop, rig) == ["1 clearing 2400 2400"])
        #expect(try waits(Self.record(2, "Stop", second: 0), rig) == [])
        #expect(rig.alerts.isEmpty)
        rig.now = Self.start + Self.hour
        try rig.take([Self.record(3, "Other", second: 2_460)])
        #expect(try waits(stop, rig) == [])
        #expect(rig.alerts.count == 1)
        // History behind the present waits for the clock alone.
        let late = Self.record(4, "Stop", second: -9_000)
        try rig.take([late])
        #expect(try waits(late, rig, from: rig.now) == ["1 clearing never 1800"])
        try rig.take([Self.record(5, "Start", second: -8_900)])
        #expect(try waits(late, rig) == [])
    }

    @Test func anEventWaitsForItsActor() throws {
        let first = "trailhound: {first_seen: {fields: [network], scope: actor, learning: 0h}}"
        var rig = StreamRig(try plan(Self.rule(1, "Act", first)), now: Self.start)
        let act = Self.record(1, "Act", second: 0, session: true)
        try rig.take([act])
        // An hour, and five minutes by which clocks may differ.
        #expect(try waits(act, rig) == ["1 actor 3900 3900"])
        rig.tick(at: Self.start + 2 * Self.hour)
        #expect(try waits(act, rig) == [])
        #expect(rig.alerts.count == 1)
        let own = Self.record(2, "Act", second: 5)
        try rig.take([own])
        #expect(try waits(own, rig) == [])
    }

    @Test func aWindowWaitsThatAnEventMoreMayUndo() throws {
        let plan = try plan(
            Self.rule(1, "Call", ""), Self.rule(2, "Other", ""),
            Self.correlation(
                3,
                "type: event_count, rules: [rule1], timespan: 10m, condition: {gte: 2, lte: 3}, group-by: [awsRegion]"),
            Self.correlation(4, "type: temporal, rules: [rule3, rule2], timespan: 1h"),
            Self.correlation(5, "type: event_count, rules: [rule1], timespan: 10m, condition: {gte: 9}"))
        var rig = StreamRig(plan, now: Self.start)
        let calls = (0..<2).map { Self.record($0, "Call", second: 60 * $0) }
        try rig.take([calls[0]])
        // The correlation below makes no alert of its own: it is the one above that waits, for it.
        #expect(try waits(calls[0], rig) == ["4 correlation 3600 3600"])
        try rig.take([calls[1]])
        #expect(try waits(calls[0], rig) == ["4 correlation 3660 3660"])
        #expect(try waits(calls[1], rig) == ["4 correlation 3660 3660"])
        #expect(try waits(Self.record(9, "Call", second: 0), rig) == [])
        rig.now = Self.start + 3 * Self.hour
        try rig.take([Self.record(7, "Nothing", second: 2 * 3_600)])
        #expect(try waits(calls[0], rig) == [])
    }

    @Test func whatWasToldOfWaitsNoMore() throws {
        let plan = try plan(
            Self.rule(1, "Call", ""),
            Self.correlation(3, "type: event_count, rules: [rule1], timespan: 2h, condition: {eq: 1}"))
        var rig = StreamRig(plan, now: Self.start + 5 * Self.hour)
        try rig.take([Self.record(1, "Call", second: 0)])
        try rig.take([Self.record(2, "Call", second: 7_000)])
        // The first one's window is over and held; it stands in the second's, too, which is open.
        #expect(rig.alerts.flatMap(\.eventIDs) == [eventID(1)])
        #expect(try waits(Self.record(1, "Call", second: 0), rig) == [])
        #expect(try waits(Self.record(2, "Call", second: 7_000), rig).count == 1)
    }
}
