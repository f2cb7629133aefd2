// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Journal
import Messages
import RPC
import Serve
import TestKit
import Testing

/// Timelines and lists of a service: their order, their totals and their filters.
@Suite(.timeLimit(.minutes(2))) struct TimelineTests {
    private static let address = "203.0.113.9"

    /// A record of one address; `second` is its event time.
    private static func record(
        _ second: Int, _ name: String, source: String = "iam", account: String = ServiceRig.accounts[0],
        extra: String = #","readOnly":false"#
    ) -> String {
        """
        {"eventVersion":"1.09","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":\
        "arn:aws:iam::\(account):user/ci","accountId":"\(account)","accessKeyId":"AKIAEXAMPLE","userName":"ci"},\
        "eventTime":"\(SyntheticTrail.timestamp(1_790_000_000 + Int64(second)))","eventSource":\
        "\(source).amazonaws.com","eventName":"\(name)","awsRegion":"us-east-1","sourceIPAddress":"\(address)",\
        "userAgent":"cli","eventID":"\(account)-\(second)-\(name)","eventType":"AwsApiCall","recipientAccountId":\
        "\(account)"\(extra)}
        """
    }

    /// 159 records, submitted in an order of their own; every twentieth is a write, some of them fail.
    private static var records: [String] {
        (0..<159).map { number in
            let second = number * 67 % 159
            if second % 20 == 0 {
                let denied = second % 40 == 0 ? #","readOnly":false,"errorCode":"AccessDenied""# : #","readOnly":false"#
                return record(second, second % 60 == 0 ? "CreateAccessKey" : "CreateUser", extra: denied)
            }
            return record(second, "ListBuckets", source: "s3", extra: #","readOnly":true"#)
        }
    }

    private func withTimeline(_ body: (ServiceRig, Client) async throws -> Void) async throws {
        try await ServiceRig.run { rig in
            try await rig.withClient { client in
                for account in ServiceRig.accounts {
                    _ = try await client.unary(
                        AccountService.onboardAccount, OnboardAccountRequest(accountID: account, name: "a", owner: "o"))
                }
                let other = Self.record(1_000, "ListBuckets", source: "s3", account: ServiceRig.accounts[1])
                let records = Self.records
                let parts: [[String]] = [Array(records[..<50]), Array(records[50...]), [other]]
                for part in parts {
                    let file = #"{"Records":["# + part.joined(separator: ",") + "]}"
                    let stream = try await client.bidirectional(IngestService.submitEvents)
                    try await stream.requests.write(
                        SubmitEventsRequest(sequence: 1, source: "test", payload: .logFile(Bytes(Array(file.utf8)))))
                    try await stream.requests.finish()
                    #expect(try await stream.responses.next()?.accepted == UInt32(part.count))
                    while try await stream.responses.next() != nil {}
                }
                try await body(rig, client)
            }
        }
    }

    private func timeline(_ client: Client, _ request: GetTimelineRequest) async throws -> GetTimelineResponse {
        var request = request
        request.value = Self.address
        return try await client.unary(InvestigationService.getTimeline, request)
    }

    @Test func theNewestByEventTimeAreShownAndAllAreCounted() async throws {
        try await withTimeline { _, client in
            let own = [ServiceRig.accounts[0]]
            let page = try await timeline(client, GetTimelineRequest(pageSize: 3, accountIDs: own))
            #expect(page.entries.compactMap(\.eventTime?.seconds) == [158, 157, 156].map { 1_790_000_000 + $0 })
            #expect(page.total == 159)
            #expect(page.totalIsExact)
            #expect(!page.orderIsPartial)
            var request = GetTimelineRequest(pageSize: 40, accountIDs: own)
            var seconds: [Int64] = []
            repeat {
                let page = try await timeline(client, request)
                seconds += page.entries.compactMap(\.eventTime?.seconds)
                #expect(page.total == 159)
                request.pageToken = page.nextPageToken
            } while !request.pageToken.isEmpty
            #expect(seconds == (0..<159).reversed().map { 1_790_000_000 + Int64($0) })
        }
    }

    @Test func filtersNarrowTheCountToo() async throws {
        // The errors of calls within macros are not seen in a closure without a signature.
        try await withTimeline { (_: ServiceRig, client: Client) async throws -> Void in
            func count(_ request: GetTimelineRequest) async throws -> UInt64 {
                let page = try await timeline(client, request)
                #expect(page.total == UInt64(page.entries.count))
                return page.total
            }
            #expect(try await count(GetTimelineRequest(pageSize: 1_000)) == 160)
            #expect(try await count(GetTimelineRequest(pageSize: 1_000, writesOnly: true)) == 9)
            #expect(try await count(GetTimelineRequest(errorsOnly: true)) == 4)
            #expect(try await count(GetTimelineRequest(eventNames: ["create*"])) == 8)
            #expect(try await count(GetTimelineRequest(eventNames: ["iam:Create*Key", "sts:*"])) == 3)
            #expect(try await count(GetTimelineRequest(eventNames: ["s3:create*"])) == 0)
            #expect(try await count(GetTimelineRequest(eventNames: ["Create????"])) == 5)
            #expect(try await count(GetTimelineRequest(accountIDs: [ServiceRig.accounts[1]])) == 1)
            let start = Timestamp(seconds: 1_790_000_000, nanos: 0)
            let end = Timestamp(seconds: 1_790_000_021, nanos: 0)
            #expect(try await count(GetTimelineRequest(startTime: start, endTime: end)) == 21)
            #expect(try await count(GetTimelineRequest(startTime: start, endTime: end, writesOnly: true)) == 2)
        }
    }

    @Test func whatIsNoFilterIsRefusedByItsName() async throws {
        try await ServiceRig.run { rig in
            try await rig.withClient { client in
                let many = [String](repeating: "a", count: Limits.timelineNames + 1)
                for (request, field) in [
                    (GetTimelineRequest(pageToken: "5-3"), "page_token"), (GetTimelineRequest(eventNames: [""]), "[0]"),
                    (GetTimelineRequest(eventNames: many), "event_names"),
                    (GetTimelineRequest(accountIDs: ["1"]), "account_ids[0]"),
                ] {
                    let error = await #expect(throws: RPCError.self) { try await timeline(client, request) }
                    #expect(error?.code == .invalidArgument)
                    #expect(error?.fieldViolations.first?.field.contains(field) == true)
                }
            }
        }
    }

    @Test func alertsAreCountedAndOrderedAsAsked() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            try await rig.withClient { client in
                func list(_ request: ListAlertsRequest) async throws -> ListAlertsResponse {
                    try await client.unary(AlertService.listAlerts, request)
                }
                let first = try await list(ListAlertsRequest(pageSize: 1, order: .lastSeen))
                #expect(first.total == 4)
                var seen = first.alerts
                var token = first.nextPageToken
                while !token.isEmpty {
                    let page = try await list(ListAlertsRequest(pageSize: 1, pageToken: token, order: .lastSeen))
                    seen += page.alerts
                    token = page.nextPageToken
                }
                #expect(Set(seen.map(\.alertID)).count == 4)
                let times = seen.compactMap(\.lastSeen?.milliseconds)
                #expect(times == times.sorted(by: >))
                _ = try await client.unary(
                    AlertService.updateAlert, UpdateAlertRequest(alertID: seen[0].alertID, status: .closed))
                _ = try await client.unary(
                    AlertService.updateAlert, UpdateAlertRequest(alertID: seen[1].alertID, status: .acknowledged))
                #expect(try await list(ListAlertsRequest(status: .closed)).total == 1)
                #expect(try await list(ListAlertsRequest(statuses: [.closed, .acknowledged])).total == 2)
                let wrong = ListAlertsRequest(pageToken: first.nextPageToken)
                let error = await #expect(throws: RPCError.self) { try await list(wrong) }
                #expect(error?.code == .invalidArgument)
            }
        }
    }

    @Test func anAddressInUseIsSaidInAnOperatorsWords() async throws {
        try await ServiceRig.run { rig in
            let port = rig.port
            let error = await #expect(throws: ConfigurationError.self) {
                _ = try await ServiceRig { $0.port = port }
            }
            let text = error?.description ?? ""
            #expect(text.hasPrefix("can't listen on 127.0.0.1:\(port): Address already in use; "))
        }
    }

    @Test func aRestoredServiceRefusesCursorsOfItsFuture() async throws {
        let backup = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sqlite").path
        defer { try? FileManager.default.removeItem(atPath: backup) }
        let head = try await ServiceRig.run { rig in
            try await rig.seed()
            let directory = rig.folder.appendingPathComponent("data").path
            return try Journal.backUp(directory, to: backup).alertLogHead
        }
        try await ServiceRig.run({ _ = try Journal.restore(backup, to: $0.dataDirectory, time: 1_790_000_000_000) }) {
            rig in
            try await rig.withClient { client in
                func subscribe(_ cursor: String) async throws -> [String] {
                    let stream = try await client.serverStreaming(
                        AlertService.subscribeAlerts, SubscribeAlertsRequest(cursor: cursor, untilCaughtUp: true))
                    var cursors: [String] = []
                    for try await response in stream { cursors.append(response.cursor) }
                    return cursors
                }
                #expect(try await subscribe("\(head - 1)").count == 1)
                let error = await #expect(throws: RPCError.self) { try await subscribe("\(head + 1)") }
                #expect(error?.code == .invalidArgument)
                let text = error?.fieldViolations.first?.description ?? ""
                #expect(text.contains("restored from a backup at 2026-09-21"))
                let cursor = try #require(text.split(separator: " ").last)
                #expect(try await subscribe(String(cursor)).isEmpty)
            }
        }
    }
}
