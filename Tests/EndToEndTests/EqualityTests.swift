// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import Synchronization
import TestKit
import Testing

/// The same records in any order, in any batches, doubled, and through kills: the same alerts at the end, with
/// correlations, baselines and lineage on, those among them that an event which comes late could undo.
@Suite(.serialized) struct EqualityTests {
    private static let records = 100_000
    private static let kills = 10

    @Test(.timeLimit(.minutes(15)))
    func sameAlertsHoweverTheRecordsCome() async throws {
        let rules = try Self.rules()
        let trail = MixedTrail()
        let all = (0..<Self.records).map { trail.record($0) }
        var random = Numbers(seed: 7)
        let ordered = try await outcome(all, batch: 1_000, rules)
        for detection in [
            "Burst", "Sweep", "Denied, then granted", "Twice", "New network", "Rare call", "New call of an actor",
            "Act", "Left open", "Few failures", "No more than two regions", "Large on average", "Mostly small",
            "Denied and not granted", "Exactly two such", "New network of an actor", "Rare network of an actor",
        ] {
            let count = ordered.titles[detection] ?? 0
            #expect(count > 0, "\(detection) raised no alert: the run proves nothing of it")
        }

        // Late by up to half an hour of event time.
        let late = all.indices.map { (trail.second($0) + Int.random(in: 0...1_800, using: &random), $0) }
            .sorted { $0.0 < $1.0 }.map { all[$0.1] }
        let shuffled = try await outcome(late, batch: 1_000, rules)
        #expect(shuffled.alerts == ordered.alerts, "\(Self.difference(shuffled.alerts, ordered.alerts))")

        let doubled = zip(late, all).flatMap { [$0, $1] }
        let twice = try await outcome(doubled, batch: 3_333, rules)
        #expect(twice.alerts == ordered.alerts, "\(Self.difference(twice.alerts, ordered.alerts))")

        let killed = try await outcome(late, batch: 250, rules, kills: Self.kills)
        #expect(killed.alerts == ordered.alerts, "\(Self.difference(killed.alerts, ordered.alerts))")
    }

    private static func difference(_ found: Set<AlertOutcome>, _ expected: Set<AlertOutcome>) -> String {
        let extra = found.subtracting(expected).sorted { $0.description < $1.description }.prefix(8)
        let missing = expected.subtracting(found).sorted { $0.description < $1.description }.prefix(8)
        return "only here: \(extra); only in order: \(missing); of \(expected.count)"
    }

    private struct Result {
        var alerts: Set<AlertOutcome>
        var titles: [String: Int]
    }

    private func outcome(
        _ records: [[UInt8]], batch size: Int, _ rules: TemporaryFolder, kills: Int = 0
    ) async throws -> Result {
        let service = try await Service(rules: rules.url, accounts: [MixedTrail.account])
        let batches = stride(from: 0, to: records.count, by: size).map { start in
            Array(records[start..<min(start + size, records.count)])
        }
        let done = Mutex(Set<Int>())
        for round in 0...kills {
            let target = batches.count * (round + 1) / (kills + 1)
            try? await send(batches, to: service, done) { count in
                if round < kills, count >= target { try? await service.killNow() }
            }
            if round < kills { try await service.start() }
        }
        #expect(done.withLock { $0.count } == batches.count)
        let log = try await service.alertLog()
        try await service.stop()
        var latest: [String: Alert] = [:]
        for alert in log.compactMap(\.alert) { latest[alert.alertID] = alert }
        let titles = Dictionary(grouping: latest.values, by: \.title).mapValues(\.count)
        return Result(alerts: AlertOutcome.of(log), titles: titles)
    }

    /// Sends the batches that are not acknowledged yet, in their order, until all are or the service is gone.
    private func send(
        _ batches: [[[UInt8]]], to service: Service, _ done: borrowing Mutex<Set<Int>>,
        _ acknowledged: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let open = batches.indices.filter { index in done.withLock { !$0.contains(index) } }
        let client = try service.connect()
        let stream = try await client.bidirectional(IngestService.submitEvents)
        async let sending: Void = {
            for index in open {
                let payload = RecordBatch(records: batches[index].map { Bytes($0) })
                try await stream.requests.write(
                    SubmitEventsRequest(sequence: UInt64(index + 1), source: "equality", payload: .records(payload)))
            }
            try await stream.requests.finish()
        }()
        do {
            for try await response in stream.responses {
                #expect(response.rejected == 0)
                let count = done.withLock { done in
                    done.insert(Int(response.sequence) - 1)
                    return done.count
                }
                await acknowledged(count)
            }
            try await sending
        } catch {
            stream.cancel()
            _ = try? await sending
            await client.close(now: true)
            throw error
        }
        await client.close()
    }

    /// The catalog, and correlations and baselines beside it.
    private static func rules() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(
            at: Programs.root.appendingPathComponent("Rules"), to: folder.url.appendingPathComponent("catalog"))
        try Data((ownRules + settledRules).joined(separator: "\n---\n").utf8).write(
            to: folder.url.appendingPathComponent("own.yml"))
        return folder
    }

    private static func rule(_ number: String, _ title: String, name: String, _ selection: String, more: String = "")
        -> String
    {
        """
        title: \(title)
        id: 7d2f0000-0000-4000-8000-0000000000\(number)
        name: \(name)
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: \(selection), condition: selection}
        level: medium
        \(more)
        """
    }

    private static func correlation(_ number: String, _ title: String, name: String, _ body: String) -> String {
        """
        title: \(title)
        id: 7d2f0000-0000-4000-8000-0000000000\(number)
        name: \(name)
        level: high
        correlation: \(body)
        """
    }

    /// What a later event can undo, and what depends on who made a session.
    private static let settledRules = [
        rule(
            "a1", "New network of an actor", name: "actor_network", "{eventName: Act}",
            more: "trailhound: {first_seen: {fields: [network], scope: actor, days: 30, learning: 0h}}"),
        rule(
            "a2", "Rare network of an actor", name: "actor_rare", "{eventName: Act, userIdentity.type: AssumedRole}",
            more: "trailhound: {rare: {fields: [network], scope: actor, days: 30, at_most: 1, learning: 1h}}"),
        correlation(
            "a3", "Few failures", name: "few_failures",
            "{type: event_count, rules: [failure], group-by: [sourceIPAddress], timespan: 10m, condition: {lte: 2}}"),
        correlation(
            "a4", "No more than two regions", name: "two_regions",
            "{type: value_count, rules: [describe], group-by: [userIdentity.arn], timespan: 5m, "
                + "condition: {field: awsRegion, eq: 2}}"),
        correlation(
            "a5", "Large on average", name: "average",
            "{type: value_avg, rules: [act], group-by: [userIdentity.arn], timespan: 10m, "
                + "condition: {field: requestParameters.size, gte: 800}, generate: true}"),
        correlation(
            "a6", "Mostly small", name: "small",
            "{type: value_percentile, rules: [act], group-by: [userIdentity.arn], timespan: 30m, "
                + "condition: {field: requestParameters.size, percentile: 80, lt: 300}, generate: true}"),
        correlation(
            "a7", "Denied and not granted", name: "denied_only",
            "{type: temporal, rules: [denied, granted], group-by: [userIdentity.arn], timespan: 2m, "
                + "condition: denied and not granted}"),
        correlation(
            "a8", "Exactly two such", name: "two_such",
            "{type: event_count, rules: [denied_only], timespan: 5m, condition: {eq: 2}, generate: true}"),
    ]

    private static let ownRules = [
        rule("01", "Failure", name: "failure", "{eventName: ConsoleLogin, errorMessage: Failed authentication}"),
        rule("02", "Describe", name: "describe", "{eventName: DescribeAccountAttributes}"),
        rule("03", "Denied", name: "denied", "{eventName: ReadIt, errorCode: AccessDenied}"),
        rule("04", "Granted", name: "granted", "{eventName: ReadIt, errorCode: null}"),
        rule("05", "Act", name: "act", "{eventName: Act}"),
        rule(
            "06", "New network", name: "network", "{eventName: Act}",
            more: "trailhound: {first_seen: {fields: [userIdentity.accessKeyId, network], days: 30, learning: 0h}}"),
        rule(
            "07", "Rare call", name: "rare", "{eventName|startswith: Seldom}",
            more: "trailhound: {rare: {fields: [eventName], days: 30, at_most: 1, learning: 0h}}"),
        rule(
            "08", "New call of an actor", name: "actor_call", "{eventName: Act, userIdentity.type: IAMUser}",
            more: "trailhound: {first_seen: {fields: [network], scope: actor, days: 30, learning: 0h}}"),
        rule(
            "09", "Left open", name: "left_open", "{eventName: Open}",
            more: "trailhound: {unless: {rule: closed, by: [requestParameters.door], within: 20m}}"),
        rule("00", "Closed", name: "closed", "{eventName: Close}", more: "trailhound: {enabled: false}"),
        correlation(
            "11", "Burst", name: "burst",
            "{type: event_count, rules: [failure], group-by: [sourceIPAddress], timespan: 10m, condition: {gte: 4}}"),
        correlation(
            "12", "Sweep", name: "sweep",
            "{type: value_count, rules: [describe], group-by: [userIdentity.arn], timespan: 15m, "
                + "condition: {field: awsRegion, gte: 5}, generate: true}"),
        correlation(
            "13", "Denied, then granted", name: "granted_late",
            "{type: temporal_ordered, rules: [denied, granted], group-by: [userIdentity.arn], timespan: 20m}"),
        correlation(
            "14", "Twice", name: "twice",
            "{type: event_count, rules: [granted_late], timespan: 1h, condition: {gte: 2}, generate: true}"),
    ]
}

/// Records of six hours of an account: sessions and the calls that make them, failures in bursts, sweeps over regions,
/// keys from many networks. Each is a function of its index.
private struct MixedTrail {
    static let account = "111122223333"
    private static let start: Int64 = 1_740_000_000

    /// Event time of a record, in seconds from the start.
    func second(_ index: Int) -> Int { index * 21_600 / 100_000 }

    func record(_ index: Int) -> [UInt8] {
        var random = Numbers(seed: UInt64(index))
        let session = index / 250
        if index % 250 == 0 { return assume(index, session) }
        switch Int.random(in: 0..<1_000, using: &random) {
        case 0..<8:
            // An address or two at a time.
            let address = "203.0.113.\(index / 900 % 40)"
            return make(
                index, "ConsoleLogin", "signin", user(index / 900 % 7), address: address,
                more: #","errorMessage":"Failed authentication""#)
        case 8..<20:
            let region = [
                "eu-west-1", "eu-west-2", "us-east-1", "us-west-2", "ap-south-1", "sa-east-1", "ca-central-1",
            ]
            return make(
                index, "DescribeAccountAttributes", "ec2", user(index / 5_000 % 9),
                region: region.randomElement(using: &random) ?? "us-east-1")
        case 20..<26:
            return make(index, "ReadIt", "s3", user(index / 2_000 % 5), more: #","errorCode":"AccessDenied""#)
        case 26..<30: return make(index, "ReadIt", "s3", user(index / 2_000 % 5))
        case 30..<45:
            let key = Int.random(in: 0..<20, using: &random)
            let isAway = Int.random(in: 0..<25, using: &random) == 0
            let network = isAway ? Int.random(in: 100..<160, using: &random) : key
            return make(
                index, "Act", "iam", user(key), address: "198.51.\(network).\(index % 250)", more: size(&random))
        case 45..<60:
            let network = Int.random(in: 0..<40, using: &random)
            return make(
                index, "Act", "iam", role(session), address: "198.51.\(network).1", more: size(&random))
        case 60..<64: return make(index, "StopLogging", "cloudtrail", role(session - index % 3))
        case 64..<68: return make(index, "Seldom\(index / 7_000 * index % 13)", "ec2", role(session))
        case 68..<74:
            let door = #","requestParameters":{"door":"\#(Int.random(in: 0..<40, using: &random))"}"#
            return make(index, random.next() % 3 == 0 ? "Open" : "Close", "ec2", role(session), more: door)
        default: return make(index, "DescribeInstances", "ec2", role(session))
        }
    }

    private func size(_ random: inout Numbers) -> String {
        #","requestParameters":{"size":\#(Int.random(in: 1...1_000, using: &random))}"#
    }

    private func user(_ number: Int) -> String {
        """
        {"type":"IAMUser","principalId":"AIDA\(number)","arn":"arn:aws:iam::\(Self.account):user/user-\(number)",\
        "accountId":"\(Self.account)","accessKeyId":"AKIAUSER\(number)","userName":"user-\(number)"}
        """
    }

    /// A session of one of four roles. Some sessions' makers are nowhere, and their names are those of others: such a
    /// session leads to one maker, or to several and so to none.
    private func role(_ session: Int) -> String {
        let role = "role-\(session % 4)"
        let name = "name-\(session % 23)"
        return """
            {"type":"AssumedRole","principalId":"AROA\(role):\(name)",\
            "arn":"arn:aws:sts::\(Self.account):assumed-role/\(role)/\(name)","accountId":"\(Self.account)",\
            "accessKeyId":"ASIASESSION\(session)","sessionContext":{"sessionIssuer":{"type":"Role",\
            "principalId":"AROA\(role)","arn":"arn:aws:iam::\(Self.account):role/\(role)","accountId":\
            "\(Self.account)","userName":"\(role)"}}}
            """
    }

    /// The call that makes a session: by a user, or by the session before it.
    private func assume(_ index: Int, _ session: Int) -> [UInt8] {
        if session % 7 == 6 { return make(index, "DescribeInstances", "ec2", user(1)) }
        let caller = session % 3 == 1 ? role(session - 1) : user(session % 6)
        let role = "role-\(session % 4)"
        let name = "name-\(session % 23)"
        return make(
            index, "AssumeRole", "sts", caller,
            more: """
                ,"responseElements":{"credentials":{"accessKeyId":"ASIASESSION\(session)"},"assumedRoleUser":\
                {"assumedRoleId":"AROA\(role):\(name)","arn":"arn:aws:sts::\(Self.account):assumed-role/\(role)/\(name)"}}
                """)
    }

    private func make(
        _ index: Int, _ name: String, _ source: String, _ identity: String, address: String = "192.0.2.9",
        region: String = "us-east-1", more: String = ""
    ) -> [UInt8] {
        let number = String(index)
        let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - number.count) + number
        let time = SyntheticTrail.timestamp(Self.start + Int64(second(index)))
        let text = """
            {"eventVersion":"1.09","eventID":"\(id)","eventTime":"\(time)","eventName":"\(name)","eventSource":\
            "\(source).amazonaws.com","awsRegion":"\(region)","sourceIPAddress":"\(address)","recipientAccountId":\
            "\(Self.account)","userIdentity":\(identity)\(more)}
            """
        return Array(text.utf8)
    }
}

/// SplitMix64: the same numbers in every run.
private struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0xD134_2543_DE82_EF95 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
