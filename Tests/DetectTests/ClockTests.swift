// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

/// A clock that ran ahead for a while, and events of the future that were taken then or by an older version: once the clock
/// is right, detection goes on as if they had not been.
@Suite struct ClockTests {
    private static let start: Milliseconds = 1_780_000_000_000
    private static let hour: Milliseconds = 3_600_000
    private static let years = 4 * 365 * 24 * hour

    private static let burst = """
        title: Call
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
        name: call
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: Call}, condition: selection}
        level: low
        ---
        title: Burst
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c12
        level: high
        correlation:
            type: event_count
            rules: [call]
            group-by: [userIdentity.userName]
            timespan: 1m
            condition: CONDITION
        """

    private static let unless = """
        title: Off
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: Call}, condition: selection}
        level: high
        trailhound:
            unless: {rule: back, by: [userIdentity.userName], within: 10m}
        ---
        title: Back
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c12
        name: back
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: Start}, condition: selection}
        level: low
        trailhound: {enabled: false}
        """

    private static let travel = """
        title: Travel
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: Call}, condition: selection}
        level: high
        trailhound: {impossible_travel: {}}
        """

    private static let firstSeen = """
        title: New
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: Call}, condition: selection}
        level: high
        trailhound: {first_seen: {fields: [sourceIPAddress], days: 30}}
        """

    private static let world = Geography(places: { address in
        address == "192.0.2.1"
            ? .init(latitude: 51.51, longitude: -0.13, radius: 10, name: "London")
            : .init(latitude: -33.87, longitude: 151.21, radius: 10, name: "Sydney")
    })

    private func plan(_ rule: String) throws -> DetectionPlan {
        let catalog = Catalog.read([.init(path: "rule.yml", text: rule)])
        #expect(catalog.problems == [])
        return try DetectionPlan(catalog, geography: Self.world)
    }

    private static func record(
        _ number: Int, at time: Milliseconds, _ name: String = "Call", from address: String = "192.0.2.1"
    ) -> String {
        """
        {"eventID":"\(eventID(number))","eventTime":"\(EventTime.format(time))","eventName":"\(name)",\
        "eventSource":"iam.amazonaws.com","awsRegion":"eu-west-1","recipientAccountId":"111122223333",\
        "sourceIPAddress":"\(address)","userIdentity":{"type":"IAMUser","userName":"ann",\
        "arn":"arn:aws:iam::111122223333:user/ann","accountId":"111122223333"}}
        """
    }

    /// An event of the year 9999 in a group, as an older version took it; then the clock is known to be right.
    @Test(arguments: [false, true]) func aCorrelationSpeaksAgain(isRestarted: Bool) throws {
        var rig = StreamRig(try plan(Self.burst.replacing("CONDITION", with: "{gte: 3}")), now: Self.start)
        let far = try #require(EventTime.parse("9999-12-31T23:59:59Z"))
        try rig.take([Self.record(1, at: far)])
        try rig.take((2...4).map { Self.record($0, at: Self.start + Milliseconds($0)) })
        #expect(rig.alerts.flatMap(\.eventIDs).sorted() == (2...4).map(eventID), "none of them is late by it")
        if isRestarted { rig.restart() }
        let bytes = rig.state.bytes
        rig.correctClock(at: Self.start + 1_000)
        #expect(rig.state.bytes < bytes, "it is forgotten")
        try rig.take((5...7).map { Self.record($0, at: Self.start + Milliseconds($0)) })
        #expect(Set(rig.alerts.flatMap(\.eventIDs)).isSuperset(of: (5...7).map(eventID)))
        // What it forgot does not come back.
        rig.restart()
        rig.correctClock(at: Self.start + 2_000)
        try rig.take([Self.record(8, at: Self.start + 8)])
        #expect(rig.alerts.flatMap(\.eventIDs).contains(eventID(8)))
    }

    /// An event that is as far ahead of the clock as any may be makes no event late that comes now.
    @Test func anEventAheadOfTheClockSilencesNothing() throws {
        var rig = StreamRig(try plan(Self.burst.replacing("CONDITION", with: "{gte: 3}")), now: Self.start)
        try rig.take([Self.record(1, at: Self.start + CloudTrailLimits.futureMilliseconds)])
        try rig.take((2...4).map { Self.record($0, at: Self.start - Milliseconds($0) * 10_000) })
        #expect(rig.alerts.flatMap(\.eventIDs).sorted() == (2...4).map(eventID))
    }

    /// Events that are not of the future stay counted.
    @Test func aGroupKeepsItsPast() throws {
        var rig = StreamRig(try plan(Self.burst.replacing("CONDITION", with: "{gte: 3}")), now: Self.start)
        try rig.take([Self.record(1, at: Self.start), Self.record(2, at: Self.start + 1_000)])
        rig.correctClock(at: Self.start + 2_000)
        try rig.take([Self.record(3, at: Self.start + 2_000)])
        #expect(rig.alerts.flatMap(\.eventIDs).sorted() == (1...3).map(eventID))
    }

    /// A window that waits, and was touched while the clock ran ahead, is judged in its time.
    @Test(arguments: [false, true]) func aWindowThatWaitsIsJudged(isRestarted: Bool) throws {
        var rig = StreamRig(
            try plan(Self.burst.replacing("CONDITION", with: "{lt: 3}")), now: Self.start + Self.years)
        try rig.take([Self.record(1, at: Self.start)])
        rig.tick(at: Self.start + 3 * Self.hour)
        #expect(rig.alerts.isEmpty, "it waits for a clock years from now")
        if isRestarted { rig.restart() }
        rig.correctClock(at: Self.start + 3 * Self.hour)
        rig.tick(at: Self.start + 5 * Self.hour)
        #expect(rig.alerts.flatMap(\.eventIDs) == [eventID(1)])
    }

    @Test(arguments: [false, true]) func aHeldMatchIsReleased(isRestarted: Bool) throws {
        var rig = StreamRig(try plan(Self.unless), now: Self.start + Self.years)
        try rig.take([Self.record(1, at: Self.start)])
        rig.tick(at: Self.start + 3 * Self.hour)
        #expect(rig.alerts.isEmpty && rig.state.heldCount == 1)
        if isRestarted { rig.restart() }
        rig.correctClock(at: Self.start + 3 * Self.hour)
        // The log is cut short as it stands now, and loses nothing.
        rig.shorten(1)
        rig.restart()
        rig.correctClock(at: Self.start + 3 * Self.hour)
        rig.tick(at: Self.start + 3 * Self.hour + 60_000)
        #expect(rig.alerts.flatMap(\.eventIDs) == [eventID(1)])
    }

    @Test(arguments: [false, true]) func travelIsSeenAgain(isRestarted: Bool) throws {
        var rig = StreamRig(try plan(Self.travel), now: Self.start)
        try rig.take([Self.record(1, at: Self.start + Self.years)])
        try rig.take([Self.record(2, at: Self.start)])
        try rig.take([Self.record(3, at: Self.start + 60_000, from: "198.51.100.1")])
        #expect(rig.alerts.isEmpty, "the actor's sightings count as late")
        if isRestarted { rig.restart() }
        rig.correctClock(at: Self.start + 60_000)
        try rig.take([Self.record(4, at: Self.start + 120_000)])
        try rig.take([Self.record(5, at: Self.start + 180_000, from: "198.51.100.1")])
        #expect(rig.alerts.flatMap(\.eventIDs).contains(eventID(5)))
    }

    /// What was seen in the future is not seen before.
    @Test func aBaselineForgetsTheFuture() throws {
        var rig = StreamRig(try plan(Self.firstSeen), now: Self.start)
        try rig.take([Self.record(1, at: Self.start + Self.years)])
        rig.correctClock(at: Self.start)
        #expect(rig.state.combinationCount == 0)
        try rig.take([Self.record(2, at: Self.start)])
        #expect(rig.alerts.flatMap(\.eventIDs).contains(eventID(2)))
    }
}
