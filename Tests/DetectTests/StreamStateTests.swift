// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Sigma
import Testing

/// What the stream remembers, without a service around it.
@Suite struct StreamStateTests {
    private static let account = "111122223333"

    /// Three calls of one user within a minute.
    private func plan() throws -> DetectionPlan {
        let catalog = Catalog.read([
            .init(
                path: "burst.yml",
                text: """
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
                        condition: {gte: 3}
                    """)
        ])
        #expect(catalog.isSound, "\(catalog.problems)")
        return try DetectionPlan(catalog)
    }

    private func record(_ number: Int, second: Int, user: String, account: String = StreamStateTests.account) -> String
    {
        """
        {"eventID":"\(eventID(number))","eventTime":"2026-03-01T10:00:\(second < 10 ? "0" : "")\(second)Z",\
        "eventName":"Call","eventSource":"iam.amazonaws.com","awsRegion":"eu-west-1","recipientAccountId":"\(account)",\
        "sourceIPAddress":"192.0.2.7","userIdentity":{"type":"IAMUser","accountId":"\(account)","userName":"\(user)",\
        "principalId":"AIDA\(user)","accessKeyId":"AKIA\(user)"}}
        """
    }

    private func observe(_ records: [String], _ state: inout StreamState, _ plan: DetectionPlan) throws -> [Match] {
        let (batch, _) = try evaluate(records: records, plan: plan)
        #expect(batch.matches.isEmpty, "the rule alone is silent")
        return batch.observations.flatMap { observation in
            state.observe(observation, plan, historical: false, now: 0).map(\.match)
        }
    }

    @Test func aCorrelationsMatchesAreItsEvents() throws {
        let plan = try plan()
        var state = StreamState()
        let early = [record(1, second: 1, user: "ann"), record(2, second: 2, user: "bob")]
        #expect(try observe(early, &state, plan).isEmpty)
        #expect(try observe([record(3, second: 30, user: "ann")], &state, plan).isEmpty)
        let matches = try observe([record(4, second: 20, user: "ann")], &state, plan)
        #expect(Set(matches.map(\.event.reference.text)) == Set([1, 3, 4].map(eventID)))
        for match in matches {
            #expect(match.detection.title == "Burst")
            #expect(
                match.evidence == [
                    Evidence(name: "userIdentity.userName", value: "ann"), Evidence(name: "eventName", value: "Call"),
                ])
            let event = match.event
            #expect(event.actor.principal == "arn:aws:iam::\(Self.account):user/ann")
            #expect(event.actor.accessKeyID == "AKIAann" && event.actor.principalID == "AIDAann")
            #expect(event.actor.sourceIP == "192.0.2.7" && event.actor.accountID == Self.account)
            #expect(
                event.region == "eu-west-1" && event.eventName == "Call" && event.accountID == AccountID(Self.account))
        }
    }

    @Test func aGroupOfOneEventIsSmall() throws {
        let plan = try plan()
        var state = StreamState()
        for number in 0..<200 { _ = try observe([record(number, second: 1, user: "user-\(number)")], &state, plan) }
        #expect(state.groupCount == 200)
        // So many fit into what groups may take.
        #expect(state.bytes / 200 * SigmaLimits.correlationGroups < SigmaLimits.correlationBytes)
    }

    @Test func accountsAreCountedApart() throws {
        let plan = try plan()
        var state = StreamState()
        let records = (1...4).map { number in
            record(number, second: number, user: "ann", account: number % 2 == 0 ? "999988887777" : Self.account)
        }
        #expect(try observe(records, &state, plan).isEmpty)
        #expect(state.groupCount == 2)
    }

    @Test func rowsMakeTheSameStateAgain() throws {
        let plan = try plan()
        var state = StreamState()
        var rows: [[UInt8]] = []
        for number in 1...40 {
            _ = try observe([record(number, second: number, user: "u\(number % 15)")], &state, plan)
            rows.append(state.takeRow())
        }
        #expect(state.takeRow().isEmpty)
        var replayed = StreamState()
        for row in rows { replayed.replay(row, now: 0) }
        #expect(replayed.bytes == state.bytes && replayed.groupCount == state.groupCount)
        // The first half written anew and put behind the rest says the same.
        var rewritten = StreamState()
        for row in rows[20...] + [state.rewrite(Array(rows[..<20]))] { rewritten.replay(row, now: 0) }
        #expect(rewritten.bytes == state.bytes)
        for other in [replayed, rewritten] {
            var other = other
            let matches = try observe([record(50, second: 50, user: "u5")], &other, plan)
            #expect(matches.map(\.event.reference.text) == [eventID(50)])
        }
        // What is over leaves nothing behind.
        state.expire(now: 1_900_000_000_000)
        #expect(state.bytes == 0 && state.rewrite(rows).isEmpty)
    }

    @Test func bytesThatAreNoRowAreSkipped() throws {
        let plan = try plan()
        var state = StreamState()
        _ = try observe((1...3).map { record($0, second: $0, user: "ann") }, &state, plan)
        let row = state.takeRow()
        for length in 0..<row.count {
            var other = StreamState()
            other.replay(Array(row.prefix(length)) + [1, 255, 255, 255, 255, 0], now: 0)
            #expect(other.groupCount <= 1)
        }
        var foreign = row
        var numbers = Numbers(seed: 1)
        for _ in 0..<500 {
            foreign[Int.random(in: 0..<row.count, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
            var other = StreamState()
            other.replay(foreign, now: 0)
        }
    }
}
