// SPDX-License-Identifier: Apache-2.0

import Detect
import Testing

/// Why a rule that asks for more than one event fires, or why not.
@Suite struct ExplanationTests {
    private static let world = Geography(places: { address in
        switch address {
        case "192.0.2.1": .init(latitude: 51.51, longitude: -0.13, name: "London")
        case "198.51.100.1": .init(latitude: 40.71, longitude: -74.01, name: "New York")
        default: nil
        }
    })

    private func catalog(_ keys: String, placeholders: [String: [String]] = [:]) throws -> Catalog {
        let catalog = Catalog.read(
            [
                .init(
                    path: "r.yml",
                    text: """
                        title: R
                        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
                        level: medium
                        logsource: {product: aws, service: cloudtrail}
                        detection: {selection: {eventName: Call}, condition: selection}
                        trailhound:
                            \(keys)
                        ---
                        title: Back
                        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c12
                        name: back
                        level: low
                        logsource: {product: aws, service: cloudtrail}
                        detection: {selection: {eventName: Undo}, condition: selection}
                        """)
            ], placeholders: placeholders)
        try #require(catalog.problems == [])
        return catalog
    }

    private func record(
        _ number: Int, _ name: String = "Call", hour: Int = 1, from address: String = "192.0.2.1", more: String = ""
    ) -> [UInt8] {
        Array(
            """
            {"eventID":"\(eventID(number))","eventTime":"2026-03-01T0\(hour):00:00Z","eventName":"\(name)",\
            "eventSource":"iam.amazonaws.com","awsRegion":"eu-west-1","recipientAccountId":"111122223333",\
            "sourceIPAddress":"\(address)","userIdentity":{"type":"IAMUser","userName":"ann",\
            "arn":"arn:aws:iam::111122223333:user/ann","accountId":"111122223333"}\(more)}
            """.utf8)
    }

    /// The keys' verdicts, reasons and values, and whether the whole holds or is open.
    private func explain(
        _ keys: String, _ record: [UInt8], history: [[UInt8]]? = nil, placeholders: [String: [String]] = [:]
    ) throws -> (lines: [String], holds: Bool, isOpen: Bool) {
        let catalog = try catalog(keys, placeholders: placeholders)
        let detection = try #require(catalog.detections.first)
        let explanation = try record.withUnsafeBytes {
            try catalog.explanation(
                of: detection, on: $0, history: history.map { ExplainedHistory(records: $0, geography: Self.world) })
        }
        let lines = explanation.rules.flatMap(\.extensions).map { asked in
            let facts = asked.facts.map { "\($0.field)=\($0.value ?? "-")" }.joined(separator: " ")
            return "\(asked.verdict) \(asked.key): \(asked.text); \(asked.reason); \(facts)"
        }
        return (lines, explanation.holds, explanation.isOpen)
    }

    @Test func everyKeyShowsItsValues() throws {
        let new = try explain("first_seen: {fields: [network, userIdentity.userName], days: 90}", record(1))
        #expect(
            new.lines == [
                "open first_seen: not seen in the account in 90 days before; what was seen before decides; no alert in "
                    + "the first 48 hours; network=192.0.2.0/24 userIdentity.userName=ann"
            ])
        #expect(new.holds && new.isOpen)
        #expect(
            try explain("rare: {fields: [eventName], scope: actor, days: 14, at_most: 3, learning: 0h}", record(1))
                .lines
                == [
                    "open rare: seen for the actor on at most 3 of 14 days before; what was seen before decides; "
                        + "eventName=Call"
                ])
        #expect(
            try explain("impossible_travel: {}", record(1)).lines == [
                "open impossible_travel: further than 500 km from an earlier call, faster than 900 km/h; where the actor "
                    + "was before and after decides; sourceIPAddress=192.0.2.1"
            ])
        #expect(
            try explain("unless: {rule: back, by: [userIdentity.userName], within: 30m}", record(1)).lines == [
                "open unless: no event of back with the same values within 30 min; what follows decides; the alert waits "
                    + "for it until 60 min after; userIdentity.userName=ann"
            ])
        #expect(
            try explain("merge: {by: [sourceIPAddress], window: 6h}", record(1)).lines == [
                "holds merge: matches with the same values within 360 min of one another; they make one alert; "
                    + "sourceIPAddress=192.0.2.1"
            ])
    }

    @Test func whatDecidesByItselfIsSaid() throws {
        let lacking = try explain("first_seen: {fields: [userIdentity.accessKeyId]}", record(1))
        #expect(
            lacking.lines[0].contains("fails first_seen") && lacking.lines[0].contains("no userIdentity.accessKeyId"))
        #expect(!lacking.holds)
        for (record, reason) in [
            (record(1, more: #","errorCode":"AccessDenied""#), "the call failed: AccessDenied"),
            (record(1, from: "ec2.amazonaws.com"), "the source is no address"),
            (record(1, from: "198.51.100.9"), "in a network that is passed over"),
        ] {
            let found = try explain(
                "impossible_travel: {}", record, placeholders: ["vpn_networks": ["198.51.100.8/30"]])
            #expect(found.lines[0].hasPrefix("fails") && found.lines[0].contains(reason) && !found.holds)
        }
        let free = try explain("unless: {rule: back, by: [requestParameters.name], within: 30m}", record(1))
        #expect(free.lines[0].hasPrefix("holds") && free.holds && !free.isOpen)
        #expect(try !explain("first_seen: {fields: [network]}", record(1, "Other")).holds)
    }

    @Test func theRecordsBesideItDecide() throws {
        let keys = "first_seen: {fields: [network], days: 90, learning: 0h}"
        let history = [record(1), record(2, hour: 5), record(3, hour: 6, from: "198.51.100.1")]
        for (index, isMatch) in [true, false, true].enumerated() {
            let found = try explain(keys, history[index], history: history)
            #expect(found.holds == isMatch && !found.isOpen)
            #expect(found.lines[0].contains(isMatch ? "; by the records" : "; not by the records"))
        }
        let travel = try explain("impossible_travel: {}", history[2], history: history)
        #expect(travel.lines[0].hasPrefix("holds") && travel.lines[0].contains("198.51.100.1 (New York)"))
        #expect(try !explain("impossible_travel: {}", history[1], history: history).holds)
        let nowhere = record(4, from: "203.0.113.1")
        #expect(
            try explain("impossible_travel: {}", nowhere, history: [nowhere]).lines[0].contains("nobody knows where"))
        let undone = "unless: {rule: back, by: [userIdentity.userName], within: 90m}"
        #expect(try explain(undone, history[0], history: history).holds)
        #expect(try !explain(undone, history[0], history: history + [record(9, "Undo", hour: 2)]).holds)
    }
}
