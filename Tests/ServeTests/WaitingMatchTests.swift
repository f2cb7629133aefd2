// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import PKI
import RPC
import Serve
import Testing

/// What an event waits for is told to whom it concerns.
@Suite("Matches that wait")
struct WaitingMatchTests {
    private static let id = "53d40d92-f4ac-4b82-bdab-b2b26c8c42fb"

    private static let rules = """
        title: Off
        id: \(id)
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: Stop}, condition: selection}
        level: high
        trailhound: {unless: {rule: back, by: [awsRegion], within: 10m}}
        ---
        title: Back
        id: 63d40d92-f4ac-4b82-bdab-b2b26c8c42fb
        name: back
        logsource: {product: aws, service: cloudtrail}
        detection: {selection: {eventName: Start}, condition: selection}
        level: low
        trailhound: {enabled: false}

        """

    private static func record(_ event: String, _ name: String, _ account: String) -> String {
        """
        {"eventID":"\(event)","eventTime":"2026-11-20T10:00:00Z","eventName":"\(name)",\
        "eventSource":"cloudtrail.amazonaws.com","awsRegion":"us-east-1","recipientAccountId":"\(account)",\
        "sourceIPAddress":"192.0.2.1","userIdentity":{"type":"IAMUser","userName":"ann","accountId":"\(account)",\
        "arn":"arn:aws:iam::\(account):user/ann"}}
        """
    }

    private func submit(_ records: [String], _ client: Client) async throws {
        let stream = try await client.bidirectional(IngestService.submitEvents)
        let payload = Array("{\"Records\":[\(records.joined(separator: ","))]}".utf8)
        try await stream.requests.write(
            SubmitEventsRequest(sequence: 1, source: "test", payload: .logFile(Bytes(payload))))
        try await stream.requests.finish()
        while let response = try await stream.responses.next() { #expect(response.accepted == UInt32(records.count)) }
    }

    @Test func aMatchThatWaitsIsToldToWhomItConcerns() async throws {
        let prepare: (inout ServiceConfiguration) throws -> Void = { configuration in
            try Self.rules.write(toFile: configuration.rules + "/off.yml", atomically: true, encoding: .utf8)
        }
        try await ServiceRig.run(prepare) { rig in
            let (own, other) = (ServiceRig.accounts[0], ServiceRig.accounts[1])
            func waiting(_ event: String, detections: [String] = [], as name: String? = nil) async throws
                -> [WaitingMatch]
            {
                try await rig.withClient(name.map { .some($0) } ?? .none) { client in
                    let request = ListAlertsRequest(detectionIDs: detections, waitingEventID: event)
                    return try await client.unary(AlertService.listAlerts, request).waiting
                }
            }
            try await rig.withClient { client in
                for account in ServiceRig.accounts {
                    _ = try await client.unary(
                        AccountService.onboardAccount, OnboardAccountRequest(accountID: account, name: "a", owner: "o"))
                }
                try await submit([Self.record("e1", "Stop", own), Self.record("e2", "Other", own)], client)
            }
            let found = try await waiting("e1")
            #expect(found.map(\.detectionID) == [Self.id] && found.map(\.reason) == [.clearing])
            #expect(found.first?.dueTime == Timestamp(rfc3339: "2026-11-20T11:10:00Z"))
            #expect((found.first?.deadline?.seconds ?? 0) > Int64(Date().timeIntervalSince1970))
            #expect(try await waiting("e1", detections: [Self.id]).count == 1)
            #expect(try await waiting("e1", detections: ["63d40d92-f4ac-4b82-bdab-b2b26c8c42fb"]) == [])
            for event in ["e2", "e3", ""] { #expect(try await waiting(event) == []) }
            let mine = try rig.issue("mine", .analyst, accounts: .some([own]))
            #expect(try await waiting("e1", as: mine).count == 1)
            let theirs = try rig.issue("theirs", .analyst, accounts: .some([other]))
            #expect(try await waiting("e1", as: theirs) == [])
            try await rig.withClient { try await submit([Self.record("e4", "Start", own)], $0) }
            #expect(try await waiting("e1") == [])
        }
    }
}
