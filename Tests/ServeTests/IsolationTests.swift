// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import PKI
import RPC
import Serve
import Testing

/// One account's collector and analyst can do nothing to another account.
@Suite("Isolation of accounts") struct IsolationTests {
    private static let id = "53d40d92-f4ac-4b82-bdab-b2b26c8c42fb"
    private static let (own, other) = (ServiceRig.accounts[0], ServiceRig.accounts[1])

    private static func record(_ name: String, _ account: String) -> Bytes {
        Bytes(
            Array(
                """
                {"eventID":"\(id)","eventTime":"2026-11-20T10:00:00Z","eventName":"\(name)",\
                "eventSource":"cloudtrail.amazonaws.com","awsRegion":"us-east-1","recipientAccountId":"\(account)",\
                "sourceIPAddress":"192.0.2.1","userIdentity":{"type":"IAMUser","userName":"ann","accountId":\
                "\(account)","arn":"arn:aws:iam::\(account):user/ann"}}
                """.utf8))
    }

    private func submit(_ record: Bytes, _ client: Client) async throws -> SubmitEventsResponse {
        let stream = try await client.bidirectional(IngestService.submitEvents)
        try await stream.requests.write(
            SubmitEventsRequest(sequence: 1, source: "test", payload: .records(RecordBatch(records: [record]))))
        try await stream.requests.finish()
        let response = try await stream.responses.next()
        while try await stream.responses.next() != nil {}
        return try #require(response)
    }

    @Test(.timeLimit(.minutes(1))) func anEventIDHidesNoEventOfAnotherAccount() async throws {
        try await ServiceRig.run { rig in
            try await rig.withClient { client in
                for account in ServiceRig.accounts {
                    _ = try await client.unary(
                        AccountService.onboardAccount, OnboardAccountRequest(accountID: account, name: "a", owner: "o"))
                }
            }
            let accounts = ServiceRig.accounts.map { AccountSet.some([$0]) }
            let intruder = try rig.issue("intruder", .collector, accounts: accounts[1])
            let collector = try rig.issue("collector", .collector, accounts: accounts[0])
            let forged = try await rig.withClient(intruder) {
                try await submit(Self.record("Harmless", Self.other), $0)
            }
            #expect(forged.accepted == 1)
            let real = try await rig.withClient(collector) {
                try await submit(Self.record("StopLogging", Self.own), $0)
            }
            #expect(real.accepted == 1 && real.duplicate == 0)
            let again = try await rig.withClient(collector) {
                try await submit(Self.record("StopLogging", Self.own), $0)
            }
            #expect(again.accepted == 0 && again.duplicate == 1)
            let alerts = try await rig.withClient { try await rig.alerts($0) }
            #expect(alerts.map(\.accountID) == [Self.own])
            // Each sees his own by the eventID, the admin both.
            for (name, accounts, seen) in [
                ("a", accounts[0], [Self.own]), ("b", accounts[1], [Self.other]),
                ("all", AccountSet.all, ServiceRig.accounts),
            ] {
                let analyst = try rig.issue("analyst-\(name)", .analyst, accounts: accounts)
                let entries = try await rig.withClient(analyst) {
                    try await $0.unary(InvestigationService.getTimeline, GetTimelineRequest(value: Self.id)).entries
                }
                #expect(entries.map(\.accountID).sorted() == seen)
            }
        }
    }

    /// A certificate of some accounts is told what is of these accounts, and nothing that all accounts share.
    @Test(.timeLimit(.minutes(1))) func theStatusTellsOfOwnAccountsOnly() async throws {
        try await ServiceRig.run { rig in
            try await rig.withClient { client in
                for account in ServiceRig.accounts {
                    _ = try await client.unary(
                        AccountService.onboardAccount, OnboardAccountRequest(accountID: account, name: "a", owner: "o"))
                }
            }
            let accounts = ServiceRig.accounts.map { AccountSet.some([$0]) }
            let own = try rig.issue("own", .collector, accounts: accounts[0])
            let other = try rig.issue("other", .collector, accounts: accounts[1])
            // Of the other account: stored, known, refused, an alert and a subscriber. Of the own one: one record.
            try await rig.withClient(other) { client in
                for _ in 0..<2 { _ = try await submit(Self.record("StopLogging", Self.other), client) }
                for text in ["{}", "[", #"{"eventID":1}"#] { _ = try await submit(Bytes(Array(text.utf8)), client) }
            }
            _ = try await rig.withClient(own) { try await submit(Self.record("Harmless", Self.own), $0) }
            func status(_ certificate: String) async throws -> GetStatusResponse {
                try await rig.withClient(certificate) {
                    try await $0.unary(InvestigationService.getStatus, GetStatusRequest())
                }
            }
            let told = try await status(own)
            #expect(told.accepted == 1 && told.storedRecords == 1 && told.duplicate == 0 && told.rejected == 0)
            #expect(told.alerts == 0 && told.accounts == 1 && told.subscribers == 0 && told.storedBytes == 0)
            #expect(told.stream == nil && told.queuedBatches == 0)
            #expect(told.deadLetters?.letters == 0 && told.deadLetters?.refused.isEmpty == true)
            let others = try await status(other)
            #expect(others.accepted == 1 && others.duplicate == 1 && others.rejected == 3 && others.alerts == 1)
            #expect(others.deadLetters?.refused.reduce(0) { $0 + $1.count } == 3)
            let analyst = try rig.issue("analyst", .analyst, accounts: .some(Set(ServiceRig.accounts)))
            let both = try await status(analyst)
            #expect(both.accepted == 2 && both.rejected == 3 && both.accounts == 2)
            let all = try await rig.withClient {
                try await $0.unary(InvestigationService.getStatus, GetStatusRequest())
            }
            #expect(all.accepted == 2 && all.rejected == 3 && all.stream != nil && all.storedBytes > 0)
        }
    }
}
