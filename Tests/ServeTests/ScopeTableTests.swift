// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import PKI
import RPC
import Serve
import TestKit
import Testing

/// Every account scope against every stream and listing, and against every call that names an account: over TLS, with
/// certificates of each scope. A and B are onboarded and have alerts of both audiences; C is not onboarded.
@Suite(.serialized) struct ScopeTableTests {
    private static let accounts = ["A": ServiceRig.accounts[0], "B": ServiceRig.accounts[1], "C": "999900001111"]

    /// What a certificate's scope sees of everything, or what a call about an account comes to.
    private static let expected = """
        certificate    what                        result
        admin/*        SubscribeAlerts             A B
        admin/*        ListAlerts                  A B
        admin/*        ListAccounts                A B
        admin/*        GetStatus                   2 accounts, 4 alerts
        admin/A        GetStatus                   1 accounts, 2 alerts
        subscriber/B   GetStatus                   1 accounts, 2 alerts
        collector/C    GetStatus                   0 accounts, 0 alerts
        admin/*        TailAudit                   A B
        admin/*        GetTimeline                 A B
        admin/A        SubscribeAlerts             A
        admin/A        ListAlerts                  A
        admin/A        ListAccounts                A
        admin/A        TailAudit                   A
        admin/A        GetTimeline                 A
        admin/C        SubscribeAlerts             nothing
        admin/C        ListAlerts                  nothing
        admin/C        ListAccounts                nothing
        admin/C        TailAudit                   nothing
        admin/C        GetTimeline                 nothing
        admin/A,C      SubscribeAlerts             A
        admin/A,B      SubscribeAlerts             A B
        analyst/B      SubscribeAlerts             B
        analyst/B      ListAlerts                  B
        analyst/B      ListAccounts                B
        analyst/B      GetTimeline                 B
        subscriber/A   SubscribeAlerts             A
        subscriber/A   ListAlerts                  A
        subscriber/B   SubscribeAlerts             B
        collector/B    ListAccounts                B
        admin/*        SubscribeAlerts(B)          B
        admin/A        SubscribeAlerts(A)          A
        admin/A        SubscribeAlerts(B)          PERMISSION_DENIED
        analyst/A      SubscribeAlerts(B)          PERMISSION_DENIED
        subscriber/A   SubscribeAlerts(B)          PERMISSION_DENIED
        subscriber/A   SubscribeAlerts(A,B)        PERMISSION_DENIED
        admin/A        ListAlerts(B)               PERMISSION_DENIED
        subscriber/A   ListAlerts(B)               PERMISSION_DENIED
        subscriber/B   ListAlerts(B)               B
        admin/A        TailAudit(whole)            PERMISSION_DENIED
        admin/*        TailAudit(whole)            A B
        admin/A        GetAlert(A)                 OK
        admin/A        GetAlert(B)                 NOT_FOUND
        analyst/A      GetAlert(B)                 NOT_FOUND
        subscriber/A   GetAlert(B)                 NOT_FOUND
        subscriber/A   GetAlert(A)                 OK
        admin/A        UpdateAlert(A)              OK
        admin/A        UpdateAlert(B)              NOT_FOUND
        analyst/B      UpdateAlert(A)              NOT_FOUND
        analyst/B      UpdateAlert(B)              OK
        subscriber/A   AnswerDuet(A)               OK
        subscriber/A   AnswerDuet(B)               NOT_FOUND
        admin/A        GetAccount(A)               OK
        admin/A        GetAccount(B)               PERMISSION_DENIED
        collector/A    GetAccount(B)               PERMISSION_DENIED
        admin/A        UpdateAccount(A)            OK
        admin/A        UpdateAccount(B)            PERMISSION_DENIED
        admin/A        OnboardAccount(C)           PERMISSION_DENIED
        admin/A        OffboardAccount(B)          PERMISSION_DENIED
        admin/A        GetPolicy(A)                OK
        admin/A        GetPolicy(B)                PERMISSION_DENIED
        analyst/B      GetPolicy(A)                PERMISSION_DENIED
        admin/A        SetPolicy(A)                OK
        admin/A        SetPolicy(B)                PERMISSION_DENIED
        admin/*        GetPolicy(C)                NOT_FOUND
        admin/A        ListRemediations(A)         OK
        analyst/B      ListRemediations(A)         PERMISSION_DENIED
        admin/A        SetFreeze                   PERMISSION_DENIED
        admin/*        SetFreeze                   OK
        admin/A        SetDetectionState           PERMISSION_DENIED
        admin/*        SetDetectionState           OK
        admin/A        TuneDetection(A)            OK
        admin/A        TuneDetection(B)            PERMISSION_DENIED
        admin/A        TuneDetection               PERMISSION_DENIED
        admin/*        TuneDetection               OK
        admin/A        ReloadRules                 PERMISSION_DENIED
        admin/*        ReloadRules                 OK
        collector/A    SubmitEvents(A)             accepted
        collector/A    SubmitEvents(B)             account_not_onboarded
        collector/B    SubmitEvents(A)             account_not_onboarded
        collector/*    SubmitEvents(B)             accepted
        collector/*    SubmitEvents(C)             account_not_onboarded
        admin/A        SubmitEvents(B)             account_not_onboarded
        collector/A    ReportLogFindings(A)        OK
        collector/A    ReportLogFindings(B)        PERMISSION_DENIED
        analyst/A      VerifyAccount(B)            PERMISSION_DENIED
        admin/*        ListDeadLetters             A B C
        admin/A        ListDeadLetters             nothing
        admin/C        ListDeadLetters             C
        admin/*        ListDeadLetters(C)          C
        analyst/A      ListDeadLetters(B)          PERMISSION_DENIED
        admin/A        ResubmitDeadLetters(B)      PERMISSION_DENIED
        admin/A        PurgeDeadLetters(B)         PERMISSION_DENIED
        admin/A        PurgeDeadLetters(A)         OK
        """

    @Test(.timeLimit(.minutes(2)))
    func everyScopeAgainstEveryStreamListingAndAccount() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let alerts = try await rig.withClient { try await rig.alerts($0) }
            var certificates: [String: String] = [:]
            for (number, line) in Self.expected.split(separator: "\n").dropFirst().enumerated() {
                let words = line.split(separator: " ").map(String.init)
                let path = try certificates[words[0]] ?? Self.issue(words[0], rig)
                certificates[words[0]] = path
                let question = Question(words[1], alerts: alerts, seed: UInt64(100 + number), rig: rig)
                let answer = try await rig.withClient(path) { await question.ask($0) }
                #expect(answer == words.dropFirst(2).joined(separator: " "), "\(line)")
            }
            #expect(certificates.count == 13)
        }
    }

    private static func issue(_ certificate: String, _ rig: ServiceRig) throws -> String {
        let parts = certificate.split(separator: "/").map(String.init)
        let role = try #require(Role(rawValue: parts[0]))
        let names = parts[1].split(separator: ",").compactMap { accounts[String($0)] }
        let file = certificate.replacing("/", with: "-").replacing("*", with: "all").replacing(",", with: "")
        return try rig.issue(file, role, accounts: parts[1] == "*" ? .all : .some(Set(names)))
    }

    /// One question of the table.
    private struct Question {
        let name: String
        let accounts: [String]
        let isWhole: Bool
        let alerts: [Alert]
        let seed: UInt64
        let rig: ServiceRig

        init(_ text: String, alerts: [Alert], seed: UInt64, rig: ServiceRig) {
            let parts = text.split(separator: "(")
            name = String(parts[0])
            let argument = parts.count > 1 ? String(parts[1].dropLast()) : ""
            isWhole = argument == "whole"
            accounts = argument.split(separator: ",").compactMap { ScopeTableTests.accounts[String($0)] }
            self.alerts = alerts
            self.seed = seed
            self.rig = rig
        }

        func ask(_ client: Client) async -> String {
            do { return try await answer(client) } catch { return RPCError.from(error).code.description }
        }

        private func answer(_ client: Client) async throws -> String {
            switch name {
            case "SubscribeAlerts", "ListAlerts", "ListAccounts", "TailAudit", "GetTimeline", "ListDeadLetters":
                return Self.letters(try await seen(client))
            case "SubmitEvents": return try await submit(client)
            case "GetStatus":
                let status = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
                return "\(status.accounts) accounts, \(status.alerts) alerts"
            case "SetDetectionState":
                let id = "00000000-0000-4000-8000-000000000001"
                _ = try await client.unary(
                    DetectionService.setDetectionState, SetDetectionStateRequest(detectionID: id, enabled: true))
            case "SetFreeze":
                _ = try await client.unary(RemediationService.setFreeze, SetFreezeRequest(frozen: false))
            case "TuneDetection":
                let request = TuneDetectionRequest(
                    detectionID: "00000000-0000-4000-8000-000000000001", accountID: accounts.first ?? "",
                    severity: .high)
                _ = try await client.unary(DetectionService.tuneDetection, request)
            case "ReloadRules": _ = try await client.unary(DetectionService.reloadRules, ReloadRulesRequest())
            default: try await change(client)
            }
            return "OK"
        }

        /// The accounts of everything that a stream or listing shows.
        private func seen(_ client: Client) async throws -> Set<String> {
            var seen: Set<String> = []
            switch name {
            case "SubscribeAlerts":
                let request = SubscribeAlertsRequest(accountIDs: accounts, untilCaughtUp: true)
                let stream = try await client.serverStreaming(AlertService.subscribeAlerts, request)
                for try await response in stream { seen.insert(response.alert?.accountID ?? "?") }
            case "ListAlerts":
                let page = try await client.unary(AlertService.listAlerts, ListAlertsRequest(accountIDs: accounts))
                seen = Set(page.alerts.map(\.accountID))
            case "ListAccounts":
                let list = try await client.unary(AccountService.listAccounts, ListAccountsRequest())
                seen = Set(list.accounts.map(\.accountID))
            case "TailAudit":
                let request = TailAuditRequest(untilCaughtUp: true, whole: isWhole)
                let stream = try await client.serverStreaming(AuditService.tailAudit, request)
                for try await response in stream { seen.insert(response.entry?.accountID ?? "?") }
                // Entries of no single account are for who may see all.
                if seen.remove("") != nil, seen.count < 2 { seen.insert("?") }
            case "ListDeadLetters":
                let filter = DeadLetterFilter(accountID: accounts.first ?? "")
                let page = try await client.unary(
                    DeadLetterService.listDeadLetters, ListDeadLettersRequest(filter: filter))
                seen = Set(page.letters.map(\.accountID))
            default:
                // Both accounts' attackers have the same name in their session.
                let request = GetTimelineRequest(value: "StopLogging", pageSize: 1_000)
                let page = try await client.unary(InvestigationService.getTimeline, request)
                seen = Set(page.entries.map(\.accountID))
            }
            return seen
        }

        private func submit(_ client: Client) async throws -> String {
            let trail = SyntheticTrail(account: accounts[0], seed: seed)
            let response = try await rig.submit(trail, 0..<1, client)
            return response.accepted == 1 ? "accepted" : response.rejections.first?.reason ?? "?"
        }

        /// A call about an account, or about an alert of it.
        private func change(_ client: Client) async throws {
            let account = accounts[0]
            let duet = alerts.first { $0.accountID == account && $0.audience == .owner }?.alertID ?? ""
            switch name {
            case "GetAlert": _ = try await client.unary(AlertService.getAlert, GetAlertRequest(alertID: duet))
            case "UpdateAlert":
                _ = try await client.unary(
                    AlertService.updateAlert, UpdateAlertRequest(alertID: duet, status: .acknowledged))
            case "AnswerDuet":
                _ = try await client.unary(
                    AlertService.answerDuet, AnswerDuetRequest(alertID: duet, answer: .expected))
            case "GetAccount":
                _ = try await client.unary(AccountService.getAccount, GetAccountRequest(accountID: account))
            case "UpdateAccount":
                _ = try await client.unary(
                    AccountService.updateAccount, UpdateAccountRequest(accountID: account, owner: "x"))
            case "GetPolicy":
                _ = try await client.unary(RemediationService.getPolicy, GetPolicyRequest(accountID: account))
            case "SetPolicy":
                let policy = RemediationPolicy(action: .denyUser, mode: .off)
                _ = try await client.unary(
                    RemediationService.setPolicy, SetPolicyRequest(accountID: account, policy: policy))
            case "ListRemediations":
                _ = try await client.unary(
                    RemediationService.listRemediations, ListRemediationsRequest(accountIDs: [account]))
            case "OnboardAccount":
                _ = try await client.unary(AccountService.onboardAccount, OnboardAccountRequest(accountID: account))
            case "OffboardAccount":
                _ = try await client.unary(AccountService.offboardAccount, OffboardAccountRequest(accountID: account))
            case "ReportLogFindings":
                let finding = LogFinding(
                    accountID: account, region: "us-east-1", kind: "log_file_altered", bucket: "b", key: "k",
                    detail: "d")
                _ = try await client.unary(
                    IngestService.reportLogFindings, ReportLogFindingsRequest(findings: [finding]))
            case "ResubmitDeadLetters":
                let filter = DeadLetterFilter(accountID: account)
                _ = try await client.unary(
                    DeadLetterService.resubmitDeadLetters, ResubmitDeadLettersRequest(filter: filter))
            case "PurgeDeadLetters":
                let filter = DeadLetterFilter(accountID: account)
                _ = try await client.unary(
                    DeadLetterService.purgeDeadLetters, PurgeDeadLettersRequest(filter: filter))
            case "VerifyAccount":
                _ = try await client.unary(AccountService.verifyAccount, VerifyAccountRequest(accountID: account))
            default: throw RPCError(.unknown, "no such question: \(name)")
            }
        }

        private static func letters(_ accounts: Set<String>) -> String {
            let names = Dictionary(uniqueKeysWithValues: ScopeTableTests.accounts.map { ($1, $0) })
            let letters = accounts.map { names[$0] ?? "?" }.sorted()
            return letters.isEmpty ? "nothing" : letters.joined(separator: " ")
        }
    }
}
