// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

/// Correlations in the running service.
@Suite(.serialized) struct CorrelationTests {
    private static let account = "111122223333"

    /// Five failed sign-ins of one address within ten minutes.
    private static let rules = """
        title: Failed sign-in
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c11
        name: failed_sign_in
        status: test
        logsource: {product: aws, service: cloudtrail}
        detection:
            selection: {eventSource: signin.amazonaws.com, eventName: ConsoleLogin, errorMessage: Failed authentication}
            condition: selection
        level: low
        ---
        title: Burst of failed sign-ins
        id: 5b1e64ab-3ffc-4f3b-a11c-3e1d7a4f4c12
        status: test
        level: high
        correlation:
            type: event_count
            rules: [failed_sign_in]
            group-by: [sourceIPAddress]
            timespan: 10m
            condition: {gte: 5}
        """

    private func service() async throws -> (Service, TemporaryFolder) {
        let folder = try TemporaryFolder()
        try Data(Self.rules.utf8).write(to: folder.url.appendingPathComponent("burst.yml"))
        return (try await Service(rules: folder.url, accounts: [Self.account]), folder)
    }

    private func failure(_ number: Int, hour: Int = 10, minute: Int, address: String = "203.0.113.9") -> Bytes {
        let id = String(format: "00000000-0000-4000-8000-%012d", number)
        return Bytes(
            Array(
                """
                {"eventID":"\(id)","eventTime":"2026-03-01T\(hour):\(String(format: "%02d", minute)):00Z",\
                "eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","awsRegion":"us-east-1",\
                "sourceIPAddress":"\(address)","recipientAccountId":"\(Self.account)",\
                "errorMessage":"Failed authentication",\
                "userIdentity":{"type":"IAMUser","accountId":"\(Self.account)","userName":"ann"}}
                """.utf8))
    }

    private func submit(_ service: Service, _ records: [Bytes]) async throws {
        let answers = try await service.submit([.records(RecordBatch(records: records))])
        #expect(answers.allSatisfy { $0.rejected == 0 })
    }

    @Test(.timeLimit(.minutes(5)))
    func fourOfFiveSurviveAKill() async throws {
        let (service, folder) = try await service()
        _ = folder
        try await submit(
            service, [failure(1, minute: 0), failure(2, minute: 1), failure(9, minute: 1, address: "::1")])
        try await service.killNow()
        try await service.start()
        // Out of order, and one again.
        try await submit(service, [failure(4, minute: 8), failure(3, minute: 5), failure(2, minute: 1)])
        #expect(try await service.alertLog().isEmpty)
        try await service.killNow()
        try await service.start()
        try await submit(service, [failure(5, minute: 9)])
        let log = try await service.alertLog()
        let alert = try #require(log.first?.alert)
        #expect(log.count == 1)
        #expect(alert.title == "Burst of failed sign-ins")
        #expect(alert.matchCount == 5)
        #expect(alert.actor?.principal == "arn:aws:iam::\(Self.account):user/ann")
        #expect(alert.eventIDs.map { $0.suffix(2) } == ["01", "02", "03", "04", "05"])
        #expect(alert.evidence.map(\.value) == ["ConsoleLogin", "203.0.113.9"])

        // Never twice: the same again, and a restart in between.
        try await service.killNow()
        try await service.start()
        try await submit(service, (1...5).map { failure($0, minute: 0) })
        #expect(try await service.alertLog().count == 1)
        // A sixth joins the alert; the address that failed once raises none.
        try await submit(service, [failure(6, minute: 10)])
        let outcomes = AlertOutcome.of(try await service.alertLog())
        #expect(outcomes.map(\.count) == [6])
        try await service.stop()
        try await expectIntegrity(of: service)
    }

    /// A trail's folder has a region's hours before the next region's first one.
    @Test(.timeLimit(.minutes(5)), arguments: [["--streams", "4"], []])
    func regionsOfAFolderAreCorrelated(options: [String]) async throws {
        let (service, rules) = try await service()
        _ = rules
        let folder = try TemporaryFolder()
        var number = 0
        for (region, minutes) in [("eu-west-1", [0, 2, 4]), ("us-east-1", [1, 3])] {
            let day = folder.url.appendingPathComponent("AWSLogs/\(Self.account)/CloudTrail/\(region)/2026/03/01")
            try FileManager.default.createDirectory(at: day, withIntermediateDirectories: true)
            for hour in 10..<18 {
                // Five in the first ten minutes, and one an hour and region after that.
                let records = (hour == 10 ? minutes : [minutes[0]]).map { minute in
                    number += 1
                    return String(decoding: failure(number, hour: hour, minute: minute).array, as: UTF8.self)
                }
                let name = "\(Self.account)_CloudTrail_\(region)_20260301T\(hour)05Z_ABCDEFGHIJKLMNOP.json"
                try Data(#"{"Records":[\#(records.joined(separator: ","))]}"#.utf8)
                    .write(to: day.appendingPathComponent(name))
            }
        }
        let outcome = try await run(
            Programs.client,
            ["submit", folder.url.path, "--server", service.server, "--pki", service.pki.path] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.text.hasPrefix("19 accepted"))
        #expect(AlertOutcome.of(try await service.alertLog()).map(\.count) == [5])
        let status = try await service.client("status", "-o", "json")
        let report = try #require(JSONSerialization.jsonObject(with: status.output) as? [String: Any])
        let stream = try #require(report["stream"] as? [String: Any])
        #expect(stream["late_events"] as? Int == 0)
        try await service.stop()
    }

    @Test(
        .timeLimit(.minutes(5)),
        .enabled(if: Programs.corpus("invictus") != nil, "skipped: ../shared/corpora is not here"))
    func publicCorrelationsFireAsExpected() async throws {
        let corpus = try #require(Programs.corpus("invictus"))
        let rules = try #require(Programs.corpus("sigma")).appendingPathComponent("correlations")
        let service = try await Service(rules: rules, accounts: ["123837392027"])
        let outcome = try await service.client("submit", corpus.path)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let alerts = AlertOutcome.of(try await service.alertLog())
        let lines = try String(contentsOf: rules.appendingPathComponent("expected.jsonl"), encoding: .utf8)
        var expected: Set<String> = []
        for line in lines.split(separator: "\n") {
            let entry = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let groups = try #require(entry["groups"] as? [String: [String: Any]])
            guard let id = entry["translated_id"] as? String else { continue }
            guard groups.values.contains(where: { $0["fires_sliding"] as? Bool == true }) else { continue }
            expected.insert(id)
            // Where all of a group stands in one window, all of it is told.
            let counted = alerts.filter { $0.detection == id }.reduce(0) { $0 + $1.count }
            for group in groups.values where group["selected"] as? Int == group["peak_sliding"] as? Int {
                #expect(counted == group["selected"] as? UInt64, "\(id)")
            }
            #expect(counted >= groups.values.compactMap { $0["peak_sliding"] as? UInt64 }.max() ?? 0)
        }
        #expect(Set(alerts.map(\.detection)) == expected)
        #expect(expected.count == 4)
    }
}
