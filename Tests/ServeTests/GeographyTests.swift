// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import Serve
import Testing

/// Databases of addresses as the service takes them, from its configuration to an alert.
@Suite(.serialized) struct GeographyTests {
    private static let databases = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("../shared/corpora/mmdb").standardizedFileURL
    /// False where the databases are not there; the tests say then that they skip.
    private static let isThere = FileManager.default.fileExists(atPath: databases.path)
    private static let account = ServiceRig.accounts[0]

    private static let rule = """
        title: Travel
        id: 00000000-0000-4000-8000-000000000009
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: Call}, condition: selection}
        level: high
        trailhound: {impossible_travel: {}}
        """

    private static func configure(_ settings: inout ServiceConfiguration) throws {
        try rule.write(toFile: settings.rules + "/travel.yml", atomically: true, encoding: .utf8)
    }

    private static func record(_ number: Int, from address: String, minute: Int) -> Bytes {
        let text = """
            {"eventID":"00000000-0000-4000-8000-00000000000\(number)","eventTime":"2026-03-01T10:0\(minute):00Z",\
            "eventName":"Call","eventSource":"iam.amazonaws.com","awsRegion":"eu-west-1","sourceIPAddress":\
            "\(address)","recipientAccountId":"\(account)","userIdentity":{"type":"IAMUser","userName":"ann",\
            "arn":"arn:aws:iam::\(account):user/ann","accountId":"\(account)"}}
            """
        return Bytes(text)
    }

    @Test func whereThereIsNoDatabaseStatusSaysSo() async throws {
        try await ServiceRig.run(Self.configure) { rig in
            let status = try await rig.withClient { client in
                try await client.unary(InvestigationService.getStatus, GetStatusRequest())
            }
            #expect(status.inactiveDetections.map(\.title) == ["Travel"])
            #expect(status.inactiveDetections.first?.needs == "a city database (--geoip-city)")
            #expect(status.stream?.travellers == 0)
            let checked = try await rig.withClient { client in
                try await client.unary(
                    DetectionService.validateRules,
                    ValidateRulesRequest(files: [RuleFile(path: "travel.yml", yaml: Self.rule)]))
            }
            #expect(checked.valid == 1)
            #expect(
                checked.problems.contains {
                    !$0.isError && $0.message == "'Travel' would be inactive: it needs a city database (--geoip-city)"
                })
        }
    }

    @Test(.enabled(if: isThere, "no ../shared/corpora")) func brokenDatabasesAreRefusedAtTheStart() async throws {
        for (name, reason) in [
            ("cyclic-data-structure.mmdb", "has broken data"), ("unexpected-bytes.mmdb", "has broken data"),
            ("libmaxminddb-deep-nesting.mmdb", "is a database of another kind"), ("none.mmdb", "can't be read"),
        ] {
            let path = Self.databases.appendingPathComponent(name).path
            let error = await #expect(throws: ConfigurationError.self) {
                try await ServiceRig.run({ $0.geoCity = path }) { _ in }
            }
            #expect(
                error?.description.hasPrefix("--geoip-city: \(path) \(reason)") == true, "\(String(describing: error))")
        }
    }

    @Test(.enabled(if: isThere, "no ../shared/corpora")) func travelIsFoundByTheDatabase() async throws {
        let configure: @Sendable (inout ServiceConfiguration) throws -> Void = { settings in
            try Self.configure(&settings)
            settings.geoCity = Self.databases.appendingPathComponent("GeoLite2-City-Test.mmdb").path
            settings.geoNetwork = Self.databases.appendingPathComponent("GeoLite2-ASN-Test.mmdb").path
        }
        try await ServiceRig.run(configure) { rig in
            try await rig.withClient { client in
                _ = try await client.unary(
                    AccountService.onboardAccount, OnboardAccountRequest(accountID: Self.account, name: "a", owner: "o")
                )
                let stream = try await client.bidirectional(IngestService.submitEvents)
                let records = [
                    Self.record(1, from: "81.2.69.142", minute: 0), Self.record(2, from: "216.160.83.56", minute: 9),
                    Self.record(3, from: "10.0.0.1", minute: 9), Self.record(4, from: "AWS Internal", minute: 9),
                ]
                try await stream.requests.write(
                    SubmitEventsRequest(sequence: 1, source: "t", payload: .records(RecordBatch(records: records))))
                try await stream.requests.finish()
                #expect(try await stream.responses.next()?.accepted == 4)
                let alerts = try await rig.alerts(client)
                #expect(alerts.map(\.title) == ["Travel"])
                let evidence = try #require(alerts.first?.evidence.first { $0.name == "travel" })
                #expect(
                    evidence.value.hasPrefix("from 81.2.69.142 (London, United Kingdom) to 216.160.83.56 (Milton, "))
                let status = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
                #expect(status.inactiveDetections.isEmpty && status.stream?.travellers == 1)
            }
        }
    }
}
