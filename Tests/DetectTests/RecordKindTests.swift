// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Sigma
import Testing

/// Records that are no calls, and records without an account, on their way through detection.
@Suite struct RecordKindTests {
    /// A catalog of one rule.
    private static func plan(_ selection: String) throws -> DetectionPlan {
        let rules = try TemporaryFolder()
        try rules.write(
            "rule.yml",
            """
            title: Rule
            id: 00000000-0000-4000-8000-000000000001
            status: test
            logsource: {product: aws, service: cloudtrail}
            detection:
                selection: {\(selection)}
                condition: selection
            level: high
            """)
        return try DetectionPlan(Catalog.load(folder: rules.path))
    }

    private static let aggregated = """
        {"eventVersion":"1.0","accountId":"111122223333","eventId":"62759c1a-6248-48e1-a6b3-d5fb7e6c4bc0",\
        "eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","awsRegion":"us-west-2",\
        "eventSource":"s3.amazonaws.com","timeWindow":{"windowStart":"2025-11-17T19:20:00Z"},"summary":\
        {"primaryDimension":{"dimension":"eventName","statistics":[{"name":"DeleteObject","value":1000}]}}}
        """

    @Test func anAggregatedEventIsStoredAndEvaluated() throws {
        let plan = try Self.plan(
            "eventType: AwsAggregatedEvent, summary.primaryDimension.statistics.name: DeleteObject")
        let (batch, kept) = try evaluate(records: [Self.aggregated], plan: plan)
        #expect(kept == [Self.aggregated])
        #expect(batch.matches.map(\.event.eventName) == ["DeleteObject"])
        #expect(batch.matches.map(\.event.accountID.description) == ["111122223333"])
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: Corpora.cases("insight.json"))))
    func insightsAreStoredAndEvaluated() throws {
        let plan = try Self.plan("insightDetails.insightType: ApiErrorRateInsight")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Corpora.cases("insight.json"))))
        let (batch, kept) = try evaluate(logFile: bytes, plan: plan)
        #expect(kept.count == 2)
        #expect(batch.rejectedCount == 0)
        #expect(batch.matches.map(\.event.eventName) == ["DescribeRegions", "DescribeRegions"])
        #expect(batch.matches.map(\.event.errorCode).allSatisfy { $0 == "Client.RequestLimitExceeded" })
    }

    /// It is stored with the account, since nobody who reads it later knows the file.
    @Test func aRecordWithoutAccountTakesThatOfItsFile() throws {
        let account = try #require(AccountID("444455556666"))
        let nameless = sample(1).replacing(#""recipientAccountId":"111122223333","#, with: "")
        let null = sample(2).replacing(#":"111122223333""#, with: ":null")
        let (batch, kept) = try evaluate(
            records: [nameless, null, sample(3)], accounts: .only([account]), fileAccount: account)
        #expect(batch.events.count == 2)
        #expect(batch.rejections.map(\.rejection.reason) == [.accountNotOnboarded])
        let reader = try EventReader()
        for record in kept {
            let summary = try Array(record.utf8).withUnsafeBytes { try reader.read($0) }
            #expect(summary.account == account)
        }
        #expect(kept.first == nameless.dropLast() + #","recipientAccountId":"444455556666"}"#)
        #expect(try evaluate(records: [nameless]).0.rejections.map(\.rejection.reason) == [.missingField])
    }
}
