// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Glibc
import Sigma
import Testing

/// Actors that are seen where they can't be.
@Suite struct TravelTests {
    private static let start: Milliseconds = 1_780_000_000_000
    /// London, Paris (343 km), New York (5,570 km), Sydney, and one that may be anywhere in Europe.
    private static let world = Geography(places: { address in
        switch address {
        case "192.0.2.1", "192.0.2.2": .init(latitude: 51.51, longitude: -0.13, radius: 10, name: "London")
        case "192.0.2.3": .init(latitude: 48.86, longitude: 2.35, radius: 10, name: "Paris")
        case "198.51.100.1": .init(latitude: 40.71, longitude: -74.01, radius: 20, name: "New York")
        case "203.0.113.1": .init(latitude: -33.87, longitude: 151.21)
        case "203.0.113.9": .init(latitude: 50, longitude: 10, radius: 2_000)
        default: nil
        }
    })

    private func catalog(_ travel: String = "{}", placeholders: [String: [String]] = [:]) -> Catalog {
        Catalog.read(
            [
                .init(
                    path: "travel.yml",
                    text: """
                        title: Travel
                        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
                        logsource: {product: aws, service: cloudtrail}
                        detection: {selection: {eventName: Call}, condition: selection}
                        level: high
                        trailhound:
                            impossible_travel: \(travel)
                        """)
            ], placeholders: placeholders)
    }

    private func plan(_ travel: String = "{}", placeholders: [String: [String]] = [:]) throws -> DetectionPlan {
        let catalog = catalog(travel, placeholders: placeholders)
        #expect(catalog.problems == [])
        return try DetectionPlan(catalog, geography: Self.world)
    }

    private static func record(
        _ number: Int, from address: String, minute: Int, user: String = "ann", more: String = ""
    ) -> String {
        """
        {"eventID":"\(eventID(number))","eventTime":"\(EventTime.format(start + Milliseconds(minute) * 60_000))",\
        "eventName":"Call","eventSource":"iam.amazonaws.com","awsRegion":"eu-west-1",\
        "recipientAccountId":"111122223333","sourceIPAddress":"\(address)","userIdentity":{"type":"IAMUser",\
        "userName":"\(user)","arn":"arn:aws:iam::111122223333:user/\(user)","accountId":"111122223333"}\(more)}
        """
    }

    private func matches(_ records: [String], _ plan: DetectionPlan? = nil) throws -> [String] {
        var rig = StreamRig(try plan ?? self.plan())
        for record in records { try rig.take([record]) }
        return rig.alerts.flatMap(\.eventIDs).sorted()
    }

    @Test func theLaterOfTwoThatCantBothBeIsAMatch() throws {
        let (london, york) = (
            Self.record(1, from: "192.0.2.1", minute: 0), Self.record(2, from: "198.51.100.1", minute: 60)
        )
        #expect(try matches([london, york]) == [eventID(2)])
        #expect(try matches([york, london]) == [eventID(2)])
        var rig = StreamRig(try plan())
        try rig.take([york, london])
        #expect(
            rig.alerts.first?.evidence == [
                Evidence(
                    name: "travel",
                    value: "from 192.0.2.1 (London) to 198.51.100.1 (New York): 5540 km in 60 min")
            ])
    }

    @Test(arguments: [
        // Some seven hours of flight; the places' inaccuracy is the traveller's.
        ("192.0.2.1", "198.51.100.1", 368, true), ("192.0.2.1", "198.51.100.1", 371, false),
        // Too near; the same place; of one that may be anywhere near.
        ("192.0.2.1", "192.0.2.3", 1, false), ("192.0.2.1", "192.0.2.2", 0, false),
        ("192.0.2.1", "203.0.113.9", 1, false),
        // At the same instant.
        ("192.0.2.1", "198.51.100.1", 0, true),
        // What is no address, or nowhere known, says nothing.
        ("192.0.2.1", "ec2.amazonaws.com", 1, false), ("192.0.2.1", "AWS Internal", 1, false),
        ("192.0.2.1", "10.0.0.1", 1, false),
    ]) func farAndFast(from: String, to: String, minutes: Int, isMatch: Bool) throws {
        let records = [Self.record(1, from: from, minute: 0), Self.record(2, from: to, minute: minutes)]
        #expect(try matches(records).isEmpty == !isMatch)
    }

    @Test func onlyOneActorsSuccessesCount() throws {
        let london = Self.record(1, from: "192.0.2.1", minute: 0)
        #expect(try matches([london, Self.record(2, from: "198.51.100.1", minute: 9, user: "bob")]) == [])
        let refused = Self.record(2, from: "198.51.100.1", minute: 9, more: #","errorCode":"AccessDenied""#)
        #expect(try matches([london, refused]) == [])
    }

    @Test func speedAndDistanceAreTheRules() throws {
        let records = [Self.record(1, from: "192.0.2.1", minute: 0), Self.record(2, from: "192.0.2.3", minute: 20)]
        #expect(try matches(records, plan("{distance: 200}")) == [eventID(2)])
        #expect(try matches(records, plan("{distance: 200, speed: 2000}")) == [])
    }

    @Test func knownNetworksArePassedOver() throws {
        let records = [Self.record(1, from: "192.0.2.1", minute: 0), Self.record(2, from: "198.51.100.1", minute: 9)]
        let known = ["vpn_networks": ["198.51.100.0/24", "2001:db8::/32"], "mine": ["192.0.2.1"], "text": ["x"]]
        #expect(try matches(records, plan(placeholders: known)) == [])
        #expect(try matches(records, plan("{ignore: []}", placeholders: known)) == [eventID(2)])
        #expect(try matches(records, plan("{ignore: [mine]}", placeholders: known)) == [])
        #expect(
            catalog("{ignore: [text]}", placeholders: known).problems.map(\.message) == [
                "the placeholder '%text%' has 'x', which is no network"
            ])
        #expect(
            catalog("{ignore: [none]}").problems.map(\.message) == ["the placeholder '%none%' has no value here"])
    }

    @Test(arguments: [
        ("{speed: 10}", "'speed' is a number from 100 to 100000"),
        ("{distance: 5}", "'distance' is a number from 10 to 20000"),
        ("{ignore: vpn}", "'ignore' is a list of placeholders that stand for networks"),
        ("{over: 2}", "'impossible_travel' has no key 'over'"), ("[]", "'impossible_travel' has to be a mapping"),
        ("{}\n    first_seen: {fields: [network]}", "a rule has one of 'first_seen', 'rare' and 'impossible_travel'"),
        ("{}\n    unless: {rule: a, by: [b], within: 1h}", "a rule has 'impossible_travel' or 'unless', not both"),
    ]) func whatCantBeUsedIsRefusedByName(travel: String, message: String) {
        #expect(catalog(travel).problems.filter(\.isError).map(\.message) == [message])
    }

    @Test func withoutADatabaseItIsInactiveAndSaysSo() throws {
        let plan = try DetectionPlan(catalog())
        #expect(plan.rules.isEmpty)
        #expect(plan.inactive.map(\.detection.title) == ["Travel"])
        #expect(plan.inactive.map(\.needs) == [.city])
        #expect(try self.plan().inactive.isEmpty)
        let asn = Catalog.read([
            .init(path: "a.yml", text: rule(more: "level: low\ntrailhound: {first_seen: {fields: [asn]}}"))
        ])
        #expect(try DetectionPlan(asn, geography: Self.world).inactive.map(\.needs) == [.network])
    }

    @Test func autonomousSystemsAreTakenTogether() throws {
        let asn = Catalog.read([
            .init(
                path: "a.yml",
                text: rule(
                    more: "level: high\ntrailhound: {first_seen: {fields: [userIdentity.userName, asn], learning: 0h}}")
            )
        ])
        let networks = Geography(networks: { $0.hasPrefix("192.0.2.") || $0.hasPrefix("198.51.100.") ? 64_500 : nil })
        var rig = StreamRig(try DetectionPlan(asn, geography: networks))
        for (number, address) in ["192.0.2.1", "198.51.100.1", "203.0.113.1", "203.0.113.9"].enumerated() {
            try rig.take([Self.record(number, from: address, minute: number * 180)])
        }
        // The third is in no known system: its network stands for it.
        #expect(rig.alerts.flatMap(\.eventIDs).sorted() == [eventID(0), eventID(2)])
    }

    /// The outcome follows from the set of records, whatever their order, batches and kills.
    @Test(arguments: 1...20) func theOrderOfArrivalDoesNotMatter(seed: UInt64) throws {
        let plan = try plan()
        var random = Numbers(seed: seed)
        let addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.1", "203.0.113.1", "10.0.0.1"]
        let minutes = (0..<120).map { _ in Int.random(in: 0..<40 * 60, using: &random) }.sorted()
        let events = minutes.enumerated().map { number, minute in
            // Mostly at home, so that few are impossible.
            let user = Int.random(in: 0..<4, using: &random)
            let isHome = Int.random(in: 0..<12, using: &random) > 0
            let address = isHome ? addresses[user] : addresses.randomElement(using: &random) ?? ""
            return (second: minute * 60, record: Self.record(number, from: address, minute: minute, user: "u\(user)"))
        }
        let ordered = try StreamRig.expectSame(events, plan, &random)
        // What everything that was ever seen says.
        #expect(ordered == (try naive(events.map(\.record), plan)))
    }

    /// All pairs, without any state that forgets.
    private func naive(_ records: [String], _ plan: DetectionPlan) throws -> [String] {
        let (batch, _) = try evaluate(records: records, plan: plan)
        var rig = AlertMerger()
        for later in batch.travels {
            let event = later.match.event
            let isMatch = batch.travels.contains { earlier in
                let other = earlier.match.event
                guard other.actor.principal == event.actor.principal, other.reference < event.reference else {
                    return false
                }
                let kilometres = Self.distance(earlier.place, later.place)
                let hours = Double(event.reference.time - other.reference.time) / 3_600_000
                return kilometres >= 500 && kilometres > 900 * hours
            }
            if isMatch { rig.add(later.match, historical: false, now: 0) }
        }
        return rig.takeChanges()
            .map { "\($0.title) \($0.actor.principal) \($0.first.text) \($0.last.text) \($0.matchCount)" }.sorted()
    }

    /// By the law of cosines.
    private static func distance(_ one: Geography.Place, _ other: Geography.Place) -> Double {
        let radians = Double.pi / 180
        let cosine =
            sin(one.latitude * radians) * sin(other.latitude * radians)
            + cos(one.latitude * radians) * cos(other.latitude * radians)
            * cos((one.longitude - other.longitude) * radians)
        return max(0, acos(min(1, max(-1, cosine))) * 6_371 - one.radius - other.radius)
    }

    @Test func anActorsSightingsAreBounded() throws {
        var rig = StreamRig(try plan())
        let count = DetectLimits.travelSightings + 200
        try rig.take((0..<count).map { Self.record($0, from: "192.0.2.1", minute: $0 * 59 / count) })
        #expect(rig.state.losses.forgottenEvents == 200)
        #expect(rig.state.travellerCount == 1)
        #expect(rig.state.bytes < 400_000)
        // What is known of the place is enough for what comes.
        try rig.take([Self.record(9_999, from: "198.51.100.1", minute: 59)])
        #expect(rig.alerts.flatMap(\.eventIDs) == [eventID(9_999)])
        var state = rig.state
        state.expire(now: rig.now + 30 * 3_600_000)
        #expect(state.travellerCount == 0)
    }
}
