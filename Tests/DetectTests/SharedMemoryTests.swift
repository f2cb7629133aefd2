// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

/// One account floods what the stream remembers of all accounts together; what it knows of another stays, before a restart
/// and after it.
@Suite("The stream's memory is shared fairly") struct SharedMemoryTests {
    private static let start: Milliseconds = 1_780_000_000_000
    private static let (own, other) = ("111122223333", "999988887777")
    /// So much is remembered of each kind, and so many events the flood has.
    private static let (bound, flood) = (40, 400)

    private static let world = Geography(places: { address in
        switch address {
        case "192.0.2.1": .init(latitude: 51.51, longitude: -0.13, radius: 10, name: "London")
        case "203.0.113.1": .init(latitude: -33.87, longitude: 151.21, radius: 10, name: "Sydney")
        default: nil
        }
    })

    private static func rule(_ number: Int, _ event: String, _ more: String) -> String {
        """
        title: \(event)
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c0\(number)
        name: r\(number)
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: \(event)}, condition: selection}
        \(more)
        """
    }

    private func plan(_ documents: String...) throws -> DetectionPlan {
        let catalog = Catalog.read([.init(path: "r.yml", text: documents.joined(separator: "\n---\n"))])
        #expect(catalog.problems == [])
        return try DetectionPlan(catalog, geography: Self.world)
    }

    private static func user(_ name: String, _ account: String) -> String {
        """
        {"type":"IAMUser","userName":"\(name)","arn":"arn:aws:iam::\(account):user/\(name)","accountId":"\(account)",\
        "principalId":"AIDA\(name)","accessKeyId":"AKIA\(name)"}
        """
    }

    private static func session(_ name: String, _ account: String) -> String {
        """
        {"type":"AssumedRole","principalId":"AROAX:\(name)","arn":"arn:aws:sts::\(account):assumed-role/deploy/\(name)",\
        "accountId":"\(account)","accessKeyId":"ASIA\(account)\(name)","sessionContext":{"sessionIssuer":{"type":"Role",\
        "principalId":"AROAX","arn":"arn:aws:iam::\(account):role/deploy","accountId":"\(account)","userName":"deploy"}}}
        """
    }

    private static func record(
        _ number: Int, _ name: String, _ account: String, second: Int, user: String = "ann", identity: String? = nil,
        address: String = "192.0.2.1", more: String = ""
    ) -> String {
        """
        {"eventID":"\(eventID(number))","eventTime":"\(EventTime.format(start + Milliseconds(second) * 1_000))",\
        "eventName":"\(name)","eventSource":"sts.amazonaws.com","awsRegion":"eu-west-1",\
        "recipientAccountId":"\(account)","sourceIPAddress":"\(address)","userIdentity":\
        \(identity ?? Self.user(user, account))\(more)}
        """
    }

    private static func assume(_ number: Int, _ account: String, by user: String, _ name: String) -> String {
        record(
            number, "AssumeRole", account, second: 0, user: user,
            more: """
                ,"requestParameters":{"roleArn":"arn:aws:iam::\(account):role/deploy"},"responseElements":{"credentials":\
                {"accessKeyId":"ASIA\(account)\(name)"},"assumedRoleUser":{"assumedRoleId":"AROAX:\(name)",\
                "arn":"arn:aws:sts::\(account):assumed-role/deploy/\(name)"}}
                """)
    }

    /// The alerts of the own account after its first records, the flood of the other one and its last records: without a
    /// restart, and with one behind the flood.
    private func alerts(
        _ plan: DetectionPlan, first: [String], flood: (Int) -> String, last: [String], now: Milliseconds = start
    ) throws -> [[String]] {
        try [false, true].map { restarts in
            var rig = StreamRig(plan, now: now, bounds: StreamBounds(all: Self.bound))
            for record in first { try rig.take([record]) }
            for number in 0..<Self.flood { try rig.take([flood(1_000 + number)]) }
            if restarts { rig.restart() }
            let state = rig.state
            for count in [state.groupCount, state.combinationCount, state.travellerCount, state.heldCount] {
                #expect(count <= Self.bound, "\(count) where the limit is \(Self.bound)")
            }
            for record in last { try rig.take([record]) }
            return rig.alerts.filter { $0.accountID.description == Self.own }
                .map { "\($0.title) \($0.actor.principal.split(separator: "/").last ?? "") \($0.eventIDs.count)" }
        }
    }

    @Test func groupsOfCorrelationsStay() throws {
        let plan = try plan(
            Self.rule(1, "Call", "level: low"),
            """
            title: Burst
            id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c02
            level: high
            correlation: {type: event_count, rules: [r1], group-by: [userIdentity.userName], timespan: 1h, condition: {gte: 3}}
            """)
        let found = try alerts(
            plan, first: [1, 2].map { Self.record($0, "Call", Self.own, second: $0) },
            flood: { Self.record($0, "Call", Self.other, second: 10, user: "u\($0)") },
            last: [Self.record(3, "Call", Self.own, second: 20)])
        #expect(found == [["Burst ann 3"], ["Burst ann 3"]])
    }

    @Test func makersOfSessionsStay() throws {
        let plan = try plan(Self.rule(1, "Call", "level: high"))
        let found = try alerts(
            plan, first: [Self.assume(1, Self.own, by: "alice", "s")],
            flood: { Self.assume($0, Self.other, by: "bob", "s\($0)") },
            last: [Self.record(2, "Call", Self.own, second: 20, identity: Self.session("s", Self.own))])
        #expect(found == [["Call alice 1"], ["Call alice 1"]])
    }

    @Test func baselinesStay() throws {
        let plan = try plan(
            Self.rule(
                1, "Call", "level: high\ntrailhound: {first_seen: {fields: [sourceIPAddress], days: 30, learning: 0m}}")
        )
        let day = 86_400
        let found = try alerts(
            plan, first: [Self.record(1, "Call", Self.own, second: 0)],
            flood: { Self.record($0, "Call", Self.other, second: 10, address: "10.0.\($0 / 256).\($0 % 256)") },
            last: [
                Self.record(2, "Call", Self.own, second: day),
                Self.record(3, "Call", Self.own, second: day, address: "198.51.100.1"),
            ], now: Self.start + Milliseconds(day) * 1_000)
        // Its first event and the new address, but not the known address again.
        #expect(found == [["Call ann 1", "Call ann 1"], ["Call ann 1", "Call ann 1"]])
    }

    @Test func placesOfActorsStay() throws {
        let plan = try plan(Self.rule(1, "Call", "level: high\ntrailhound: {impossible_travel: {}}"))
        let found = try alerts(
            plan, first: [Self.record(1, "Call", Self.own, second: 0)],
            flood: { Self.record($0, "Call", Self.other, second: 10, user: "u\($0)") },
            last: [Self.record(2, "Call", Self.own, second: 600, address: "203.0.113.1")])
        #expect(found == [["Call ann 1"], ["Call ann 1"]])
    }

    private static let unless = [
        rule(
            1, "Stop",
            "level: high\ntrailhound: {unless: {rule: r2, by: [userIdentity.userName], within: 10m, late: 30m}}"),
        rule(2, "Start", "level: low\ntrailhound: {enabled: false}"),
    ].joined(separator: "\n---\n")

    @Test func heldMatchesWaitOn() throws {
        // Without a fair share the own match, the first due, would be released by the flood and raise its alert.
        let found = try alerts(
            try plan(Self.unless), first: [Self.record(1, "Stop", Self.own, second: 0)],
            flood: { Self.record($0, "Stop", Self.other, second: 10, user: "u\($0)") },
            last: [Self.record(2, "Start", Self.own, second: 60), Self.record(3, "Other", Self.own, second: 7_200)])
        #expect(found == [[], []])
    }

    @Test func anotherAccountsClockMovesNothingOn() throws {
        // The flood lies so much later that by its account's clock nothing could clear the own match any more.
        let found = try alerts(
            try plan(Self.unless), first: [Self.record(1, "Stop", Self.own, second: 0)],
            flood: { Self.record($0, "Other", Self.other, second: 500_000) },
            last: [Self.record(2, "Start", Self.own, second: 60), Self.record(3, "Other", Self.own, second: 7_200)])
        #expect(found == [[], []])
    }

    @Test func clearingEventsStay() throws {
        let found = try alerts(
            try plan(Self.unless), first: [Self.record(2, "Start", Self.own, second: 60)],
            flood: { Self.record($0, "Start", Self.other, second: 10 + $0, user: "u\($0)") },
            last: [Self.record(1, "Stop", Self.own, second: 0), Self.record(3, "Other", Self.own, second: 7_200)])
        #expect(found == [[], []])
    }

    @Test func eventsWaitForTheirActor() throws {
        let plan = try plan(
            Self.rule(
                1, "Call",
                "level: high\ntrailhound: {first_seen: {fields: [sourceIPAddress], scope: actor, days: 30, learning: 0m}}"
            ))
        // The maker becomes known after the flood. Judged before that, the alert would name the role.
        let found = try alerts(
            plan, first: [Self.record(1, "Call", Self.own, second: 0, identity: Self.session("s", Self.own))],
            flood: { Self.record($0, "Call", Self.other, second: 10, identity: Self.session("s\($0)", Self.other)) },
            last: [Self.assume(2, Self.own, by: "alice", "s"), Self.record(3, "Other", Self.own, second: 30_000)])
        #expect(found == [["Call alice 1"], ["Call alice 1"]])
    }
}
