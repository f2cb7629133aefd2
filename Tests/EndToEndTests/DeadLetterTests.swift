// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

/// Dead letters by the built programs, as a user works with them.
@Suite(.serialized, .timeLimit(.minutes(3))) struct DeadLetterTests {
    private static let account = "999900001111"

    private func json(_ outcome: Outcome) throws -> Any {
        try JSONSerialization.jsonObject(with: outcome.output, options: .fragmentsAllowed)
    }

    @Test func aRefusedFileIsFoundShownOnboardedAndBroughtIn() async throws {
        let service = try await Service()
        let folder = try TemporaryFolder()
        let trail = SyntheticTrail(account: Self.account, attackEvery: 40)
        let file = folder.url.appendingPathComponent("trail.json")
        try Data(trail.logFile(0..<500)).write(to: file)
        let submitted = try await service.client("submit", file.path)
        #expect(submitted.status == 3, "\(submitted.errors)")

        let list = try await service.client("dead-letters", "list", "--account", Self.account)
        #expect(list.status == 0 && list.text.contains("account_not_onboarded"), "\(list.errors)")
        #expect(list.errors.contains("500 records") && list.errors.contains("newest first"))
        let letters = try #require(
            try json(try await service.client("dead-letters", "list", "-o", "json")) as? [[String: Any]])
        #expect(letters.compactMap { $0["records"] as? Int }.reduce(0, +) == 500)
        let id = try #require(letters.last?["id"] as? Int)
        let shown = try await service.client("dead-letters", "show", "\(id)", "--raw")
        #expect(shown.lines.first == String(decoding: trail.record(0), as: UTF8.self))
        let status = try await service.client("status")
        #expect(status.text.contains("account_not_onboarded") && status.text.contains("at most"))

        let onboarded = try await service.client("account", "onboard", Self.account)
        let command = "trailhound dead-letters resubmit --account \(Self.account)"
        #expect(onboarded.status == 0 && onboarded.errors.contains("500 refused records"))
        #expect(onboarded.errors.contains(command))
        let brought = try await service.client("dead-letters", "resubmit", "--account", Self.account, "-o", "json")
        #expect(brought.status == 0, "\(brought.errors)")
        #expect((try json(brought) as? [String: Any])?["accepted"] as? Int == 500)
        let known = try await service.client("submit", file.path)
        #expect(known.status == 0 && (known.text + known.errors).contains("500 duplicate"), "\(known.text)")
        let alerts = try await service.client("alerts", "list", "-o", "json")
        #expect(!(try #require(try json(alerts) as? [Any])).isEmpty)

        let nothing = try await service.client("dead-letters", "resubmit", "--account", Self.account)
        #expect(nothing.status == 1 && nothing.errors.contains("nothing was done"))
        try await service.stop()
        let refusals = service.logText.split(separator: "\n").filter { $0.contains("refused records") }
        #expect(refusals.count == 1 && refusals.allSatisfy { $0.contains("count=500") }, "\(refusals)")
    }

    /// An aggregated event names its account at its top alone.
    @Test func aggregatedEventsComeOnceTheirAccountIsOnboarded() async throws {
        let service = try await Service()
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("aggregated.json")
        let event = { (id: Int, window: String) in
            """
            {"eventVersion":"1.0","accountId":"\(Self.account)","eventId":"62759c1a-6248-48e1-a6b3-d5fb7e6c4bc\(id)",\
            "eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","awsRegion":"us-west-2",\
            "eventSource":"s3.amazonaws.com","timeWindow":{"\(window)":"2025-11-17T19:20:00Z","windowSize":"PT5M"},\
            "summary":{"primaryDimension":{"dimension":"eventName","statistics":[{"name":"PutObject","value":7}],\
            "aggregationType":"Count"}}}
            """
        }
        try Data("{\"Records\":[\(event(0, "windowStart")),\(event(1, "start"))]}".utf8).write(to: file)
        _ = try await service.client("submit", file.path)
        let listed = try await service.client("dead-letters", "list", "--account", Self.account, "-o", "json")
        let letters = try #require(try json(listed) as? [[String: Any]])
        let reasons = Set(letters.compactMap { $0["reason"] as? String })
        #expect(reasons == ["account_not_onboarded", "missing_field"], "\(listed.text)")
        let onboarded = try await service.client("account", "onboard", Self.account)
        #expect(onboarded.errors.contains("2 refused records"), "\(onboarded.errors)")
        let brought = try await service.client("dead-letters", "resubmit", "--account", Self.account, "-o", "json")
        #expect((try json(brought) as? [String: Any])?["accepted"] as? Int == 1, "\(brought.text) \(brought.errors)")
        let found = try await service.client("timeline", "62759c1a-6248-48e1-a6b3-d5fb7e6c4bc0")
        #expect(found.status == 0 && found.text.contains("PutObject"), "\(found.text) \(found.errors)")
        try await service.stop()
    }

    @Test func whatIsRefusedAgainStaysAndExitsWithThreeUntilItIsPurged() async throws {
        let service = try await Service()
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("bad.json")
        try Data(#"{"Records":[{"eventID":"a"},{"eventID":"b"}]}"#.utf8).write(to: file)
        _ = try await service.client("submit", file.path)
        let again = try await service.client("dead-letters", "resubmit", "--reason", "missing_field")
        #expect(again.status == 3 && again.errors.contains("refused again"), "\(again.errors)")
        let unasked = try await service.client("dead-letters", "purge", "--all")
        #expect(unasked.status == 64 && unasked.errors.contains("--yes"))
        let unclear = try await service.client("dead-letters", "purge", "--yes")
        #expect(unclear.status == 64)
        let purged = try await service.client("dead-letters", "purge", "--all", "--yes", "-o", "json")
        #expect(purged.status == 0)
        let counts = try json(purged) as? [String: Any]
        #expect(counts?["records"] as? Int == 2)
        let none = try await service.client("dead-letters", "purge", "--all", "--yes")
        #expect(none.status == 1)
        try await service.stop()
    }
}
