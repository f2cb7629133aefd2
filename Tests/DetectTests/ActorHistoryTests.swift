// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Sigma
import Testing

/// Rules that ask what an actor did before, where who made its session becomes known later.
@Suite struct ActorHistoryTests {
    private static let start: Milliseconds = 1_780_000_000_000
    private static let account = "111122223333"
    private static let alice = "arn:aws:iam::111122223333:user/alice"
    private static let role = "arn:aws:iam::111122223333:role/deploy"
    private static let world = Geography(places: { address in
        switch address {
        case "192.0.2.1": .init(latitude: 51.51, longitude: -0.13, radius: 10, name: "London")
        case "198.51.100.1": .init(latitude: 40.71, longitude: -74.01, radius: 20, name: "New York")
        case "203.0.113.1": .init(latitude: -33.87, longitude: 151.21)
        default: nil
        }
    })

    private static let newNetwork = "first_seen: {fields: [network], scope: actor, days: 30, learning: 0h}"
    private static let seldom = "rare: {fields: [eventName], scope: actor, days: 30, at_most: 1, learning: 0h}"
    private static let travel = "impossible_travel: {}"

    private func plan(_ keys: String..., event: String = "Act") throws -> DetectionPlan {
        let texts = keys.enumerated().map { number, key in
            """
            title: Rule \(number)
            id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c1\(number)
            logsource: {product: aws, service: cloudtrail}
            detection: {selection: {eventName: '\(event)'}, condition: selection}
            level: high
            trailhound:
                \(key)
            """
        }
        let catalog = Catalog.read([.init(path: "r.yml", text: texts.joined(separator: "\n---\n"))])
        #expect(catalog.problems == [])
        return try DetectionPlan(catalog, geography: Self.world)
    }

    private static func record(
        _ number: Int, _ name: String, _ identity: String, second: Int, from address: String = "192.0.2.1",
        source: String = "iam", more: String = ""
    ) -> String {
        """
        {"eventID":"\(eventID(number))","eventTime":"\(EventTime.format(start + Milliseconds(second) * 1_000))",\
        "eventName":"\(name)","eventSource":"\(source).amazonaws.com","awsRegion":"eu-west-1",\
        "recipientAccountId":"\(account)","sourceIPAddress":"\(address)","userIdentity":\(identity)\(more)}
        """
    }

    private static func user(_ name: String) -> String {
        #"{"type":"IAMUser","userName":"\#(name)","arn":"arn:aws:iam::\#(account):user/\#(name)","accountId":"\#(account)"}"#
    }

    private static func session(_ key: String, _ name: String = "s") -> String {
        """
        {"type":"AssumedRole","principalId":"AROADEPLOY:\(name)","accessKeyId":"\(key)","accountId":"\(account)",\
        "arn":"arn:aws:sts::\(account):assumed-role/deploy/\(name)","sessionContext":{"sessionIssuer":{"type":"Role",\
        "principalId":"AROADEPLOY","arn":"\(role)","accountId":"\(account)","userName":"deploy"}}}
        """
    }

    /// The call that makes a session of the role.
    private static func assume(
        _ number: Int, by caller: String, _ key: String, _ name: String = "s", second: Int
    ) -> String {
        record(
            number, "AssumeRole", caller, second: second, from: "AWS Internal", source: "sts",
            more: """
                ,"responseElements":{"credentials":{"accessKeyId":"\(key)"},"assumedRoleUser":{"assumedRoleId":\
                "AROADEPLOY:\(name)","arn":"arn:aws:sts::\(account):assumed-role/deploy/\(name)"}}
                """)
    }

    /// A record of the account that says how late it is.
    private static func later(_ second: Int) -> String { record(9_000, "Other", user("x"), second: second) }

    @Test func anEventWaitsForItsMakerAndNoLonger() throws {
        var rig = StreamRig(try plan(Self.newNetwork))
        // Four hours before, alice was seen with the network.
        try rig.take([Self.record(1, "Act", Self.user("alice"), second: 0)])
        #expect(rig.open.count == 1)
        try rig.take([Self.record(2, "Act", Self.session("ASIA1"), second: 14_400)])
        #expect(rig.open.count == 1 && rig.state.waitingCount == 1)
        try rig.take([Self.assume(3, by: Self.user("alice"), "ASIA1", second: 14_390)])
        #expect(rig.open.count == 1 && rig.state.waitingCount == 0, "what alice was seen with is not new")
        // Bob was not.
        try rig.take([Self.record(4, "Act", Self.session("ASIA2"), second: 14_500)])
        try rig.take([Self.assume(5, by: Self.user("bob"), "ASIA2", second: 14_400)])
        #expect(rig.alerts.map(\.actor.principal) == [Self.alice, "arn:aws:iam::111122223333:user/bob"])
    }

    @Test func whoseMakerIsKnownIsAlertedAtOnce() throws {
        for keys in [Self.newNetwork, Self.seldom] {
            var rig = StreamRig(try plan(keys))
            try rig.take([Self.assume(1, by: Self.user("alice"), "ASIA1", second: 0)])
            try rig.take([Self.record(2, "Act", Self.session("ASIA1"), second: 1)])
            #expect(rig.alerts.map(\.actor.principal) == [Self.alice])
        }
    }

    @Test func anEventWithoutAMakerIsItsRolesOnceNoneCanCome() throws {
        let plan = try plan(Self.newNetwork)
        var rig = StreamRig(plan)
        try rig.take([Self.record(1, "Act", Self.session("ASIA1"), second: 0)])
        try rig.take([Self.later(3_900)])
        #expect(rig.alerts.isEmpty)
        try rig.take([Self.later(3_960 + 60)])
        #expect(rig.alerts.map(\.actor.principal) == [Self.role])
        // Where the account has fallen silent the clock says so, also after a restart.
        var silent = StreamRig(plan, now: Self.start + 10_000)
        try silent.take([Self.record(1, "Act", Self.session("ASIA1"), second: 0)])
        silent.restart()
        silent.tick(at: Self.start + 10_000 + 3_900_000)
        #expect(silent.alerts.isEmpty)
        silent.tick(at: Self.start + 10_000 + 3_900_002)
        #expect(silent.alerts.count == 1)
    }

    @Test func travelIsTheActorsWhoeverComesFirst() throws {
        let records = [
            Self.record(1, "Act", Self.user("alice"), second: 0),
            Self.assume(2, by: Self.user("alice"), "ASIA1", second: 60),
            Self.record(3, "Act", Self.session("ASIA1"), second: 120, from: "198.51.100.1"),
        ]
        var random = Numbers(seed: 9)
        for _ in 0..<12 {
            var rig = StreamRig(try plan(Self.travel))
            for record in records.shuffled(using: &random) { try rig.take([record]) }
            #expect(rig.alerts.map(\.eventIDs) == [[eventID(3)]])
            #expect(rig.alerts.map(\.actor.principal) == [Self.alice])
        }
    }

    @Test func aLaterSessionOfTheSameNameChangesNothing() throws {
        // Known by role and name alone; an hour later somebody else takes the name.
        let records = [
            Self.record(1, "Act", Self.user("alice"), second: 0),
            Self.assume(2, by: Self.user("alice"), "ASIA1", second: 14_000),
            Self.record(3, "Act", Self.session("ASIAUNKNOWN"), second: 14_400),
            Self.assume(4, by: Self.user("bob"), "ASIA2", second: 14_400 + 1_200),
        ]
        for order in [[0, 1, 2, 3], [0, 2, 3, 1], [0, 3, 2, 1]] {
            var rig = StreamRig(try plan(Self.newNetwork))
            for index in order { try rig.take([records[index]]) }
            try rig.take([Self.later(36_000)])
            #expect(rig.alerts.map(\.eventIDs) == [[eventID(1)]], "alice was seen with the network")
        }
    }

    @Test func aHoldKeepsBackWhatWaitedForItsActor() throws {
        let text = """
            title: Act
            id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
            logsource: {product: aws, service: cloudtrail}
            detection: {selection: {eventName: Act}, condition: selection}
            level: high
            trailhound:
                \(Self.newNetwork)
                unless: {rule: back, by: [eventName], within: 10m}
            ---
            title: Back
            id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c19
            name: back
            logsource: {product: aws, service: cloudtrail}
            detection: {selection: {errorCode: Cleared}, condition: selection}
            level: low
            trailhound: {enabled: false}
            """
        let catalog = Catalog.read([.init(path: "r.yml", text: text)])
        #expect(catalog.problems == [])
        let act = Self.record(1, "Act", Self.session("ASIA1"), second: 0)
        let clearing = Self.record(2, "Act", Self.user("bob"), second: 60, more: #","errorCode":"Cleared""#)
        for (records, expected) in [([act], 1), ([act, clearing], 0)] {
            var rig = StreamRig(try DetectionPlan(catalog))
            for record in records { try rig.take([record]) }
            rig.restart()
            try rig.take([Self.assume(3, by: Self.user("alice"), "ASIA1", second: 0)])
            try rig.take([Self.later(36_000)])
            #expect(rig.alerts.filter { $0.firstSeen == Self.start }.count == expected)
        }
    }

    @Test func whatWaitsIsBounded() throws {
        var rig = StreamRig(try plan(Self.newNetwork))
        let count = DetectLimits.unattributedEvents + 7
        try rig.take((0..<count).map { Self.record($0, "Act", Self.session("ASIA\($0)"), second: $0 / 100) })
        #expect(rig.state.waitingCount == DetectLimits.unattributedEvents)
        // … and they are counted: each takes its context and more.
        #expect(rig.state.bytes > DetectLimits.unattributedEvents * 192)
        #expect(rig.state.losses.releasedEarly == 7 && rig.alerts.map(\.matchCount) == [7])
    }

    /// Which events are judged early follows from the events, not from how they are cut into commits, nor from a restart.
    @Test(arguments: 1...6) func whatWaitsDoesNotDependOnCommits(seed: UInt64) throws {
        var random = Numbers(seed: seed)
        let plan = try plan(Self.newNetwork)
        let events = (0..<300).map { number in
            let address = "192.0.\(number % 40).1"
            return Self.record(number, "Act", Self.session("ASIA\(number)"), second: number * 7 % 3_000, from: address)
        }
        var outcomes: Set<[String]> = []
        for _ in 0..<4 {
            var bounds = StreamBounds()
            bounds.unattributedEvents = 40
            var rig = StreamRig(plan, bounds: bounds)
            var rest = events.shuffled(using: &random)[...]
            while !rest.isEmpty {
                let batch = rest.prefix(Int.random(in: 1...60, using: &random))
                try rig.take(Array(batch))
                #expect(rig.state.waitingCount == min(40, rig.state.waitingCount))
                rest = rest.dropFirst(batch.count)
                if Int.random(in: 0..<4, using: &random) == 0 { rig.restart() }
            }
            let early = rig.open
            #expect(rig.state.waitingCount == 40 && early.count == 1)
            try rig.take([Self.later(36_000)])
            outcomes.insert(early + rig.open)
        }
        #expect(outcomes.count == 1, "\(outcomes)")
    }

    /// Sessions whose makers are late, unknown, or several, upon one another: the outcome follows from the set of records.
    @Test(arguments: 1...16) func theOrderOfArrivalDoesNotMatter(seed: UInt64) throws {
        let plan = try plan(Self.newNetwork, Self.seldom, Self.travel, event: "Act*")
        var random = Numbers(seed: seed)
        let addresses = ["192.0.2.1", "192.0.2.1", "192.0.2.1", "198.51.100.1", "203.0.113.1"]
        var sessions = ["alice", "bob", "eve"].map { Self.user($0) }
        let seconds = (0..<160).map { _ in Int.random(in: 0..<12 * 3_600, using: &random) }.sorted()
        var events: [(second: Int, record: String)] = []
        for (number, second) in seconds.enumerated() {
            let caller = sessions.suffix(9).randomElement(using: &random) ?? sessions[0]
            if number % 5 == 0 {
                let name = "name\(Int.random(in: 0..<6, using: &random))"
                events.append((second, Self.assume(number, by: caller, "ASIA\(number)", name, second: second)))
                sessions.append(Self.session("ASIA\(number)", name))
                if number % 10 == 0 { sessions.append(Self.session("ASIAUNKNOWN\(number)", name)) }
                sessions.append(Self.user(["alice", "bob", "eve"][number / 5 % 3]))
            } else {
                let address = addresses.randomElement(using: &random) ?? ""
                let name = "Act\(Int.random(in: 0..<3, using: &random))"
                events.append((second, Self.record(number, name, caller, second: second, from: address)))
            }
        }
        _ = try StreamRig.expectSame(events, plan, &random, last: Self.later(24 * 3_600))
    }
}
