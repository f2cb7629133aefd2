// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import Serve
import Testing

/// Everything that changes state is in the audit log.
@Suite(.serialized) struct AuditTests {
    /// A successful call of every RPC that changes something. A further one belongs here: the test fails without it.
    private static let changes: [String: @Sendable (ServiceRig, Client) async throws -> Void] = [
        "/trailhound.v1.IngestService/SubmitEvents": { rig, client in
            _ = try await rig.submit(.init(account: ServiceRig.accounts[0], seed: 9), 0..<3, client)
        },
        "/trailhound.v1.IngestService/ReportLogFindings": { _, client in
            let finding = LogFinding(
                accountID: ServiceRig.accounts[0], region: "us-east-1", kind: "log_file_altered", bucket: "b", key: "k",
                detail: "d")
            _ = try await client.unary(
                IngestService.reportLogFindings, ReportLogFindingsRequest(findings: [finding]))
        },
        "/trailhound.v1.AlertService/UpdateAlert": { rig, client in
            let alert = try #require(try await rig.alerts(client).first)
            _ = try await client.unary(
                AlertService.updateAlert,
                UpdateAlertRequest(alertID: alert.alertID, status: .acknowledged, note: "the note is confidential"))
        },
        "/trailhound.v1.AlertService/AnswerDuet": { rig, client in
            let alert = try #require(try await rig.alerts(client).first { $0.audience == .owner })
            _ = try await client.unary(
                AlertService.answerDuet, AnswerDuetRequest(alertID: alert.alertID, answer: .expected))
        },
        "/trailhound.v1.AccountService/OnboardAccount": { _, client in
            _ = try await client.unary(
                AccountService.onboardAccount, OnboardAccountRequest(accountID: "999900001111"))
        },
        "/trailhound.v1.AccountService/UpdateAccount": { _, client in
            _ = try await client.unary(
                AccountService.updateAccount,
                UpdateAccountRequest(accountID: ServiceRig.accounts[0], owner: "new@example.com"))
        },
        "/trailhound.v1.AccountService/OffboardAccount": { _, client in
            _ = try await client.unary(
                AccountService.offboardAccount, OffboardAccountRequest(accountID: ServiceRig.accounts[1]))
        },
        "/trailhound.v1.DeadLetterService/ResubmitDeadLetters": { _, client in
            _ = try await client.unary(
                DeadLetterService.resubmitDeadLetters, ResubmitDeadLettersRequest(all: true))
        },
        "/trailhound.v1.DeadLetterService/PurgeDeadLetters": { _, client in
            _ = try await client.unary(DeadLetterService.purgeDeadLetters, PurgeDeadLettersRequest(all: true))
        },
        "/trailhound.v1.DetectionService/SetDetectionState": { _, client in
            _ = try await client.unary(
                DetectionService.setDetectionState,
                SetDetectionStateRequest(detectionID: "00000000-0000-4000-8000-000000000001", enabled: true))
        },
        "/trailhound.v1.DetectionService/TuneDetection": { _, client in
            _ = try await client.unary(
                DetectionService.tuneDetection,
                TuneDetectionRequest(detectionID: "00000000-0000-4000-8000-000000000001", severity: .critical))
        },
        // The calls are made in the order of their names: this one before the next.
        "/trailhound.v1.DetectionService/CreateDetectionException": { _, client in
            let yaml = """
                title: Our robot
                id: 00000000-0000-4000-8000-0000000000ff
                logsource: {product: aws, service: cloudtrail}
                filter: {rules: any, selection: {userIdentity.userName: robot}, condition: not selection}
                trailhound: {owner: us, reason: nightly work, expires: 2030-01-01}
                """
            _ = try await client.unary(
                DetectionService.createDetectionException, CreateDetectionExceptionRequest(yaml: yaml))
        },
        "/trailhound.v1.DetectionService/DeleteDetectionException": { _, client in
            _ = try await client.unary(
                DetectionService.deleteDetectionException,
                DeleteDetectionExceptionRequest(exceptionID: "00000000-0000-4000-8000-0000000000ff"))
        },
        "/trailhound.v1.DetectionService/ReloadRules": { _, client in
            _ = try await client.unary(DetectionService.reloadRules, ReloadRulesRequest())
        },
        "/trailhound.v1.RemediationService/SetPolicy": { rig, client in
            try await rig.withExecutor { try await rig.enable(.approve, client) }
        },
        "/trailhound.v1.RemediationService/SetFreeze": { _, client in
            _ = try await client.unary(RemediationService.setFreeze, SetFreezeRequest(frozen: false))
        },
        "/trailhound.v1.RemediationService/ServeExecutor": { rig, _ in try await rig.withExecutor {} },
        "/trailhound.v1.RemediationService/SendCommands": { rig, client in
            try await rig.withExecutor {
                try await rig.enable(.approve, client)
                _ = try await rig.revoke("SendCommands", isDryRun: true, client)
            }
        },
        "/trailhound.v1.RemediationService/RollbackRemediation": { rig, client in
            try await rig.withExecutor {
                try await rig.enable(.approve, client)
                let done = try await rig.revoke("Rollback", client)
                _ = try await client.unary(
                    RemediationService.rollbackRemediation,
                    RollbackRemediationRequest(remediationID: done.remediationID))
            }
        },
        "/trailhound.v1.RemediationService/ApproveRemediation": { rig, client in
            try await rig.withExecutor {
                try await rig.enable(.approve, client)
                let waiting = try await rig.awaitingApproval(client)
                _ = try await client.unary(
                    RemediationService.approveRemediation,
                    ApproveRemediationRequest(remediationID: waiting.remediationID))
            }
        },
    ]

    @Test(.timeLimit(.minutes(2))) func everyStateChangingCallLeavesItsOwnEntry() async throws {
        let changing = Access.table.filter { $0.value.effect == .changing }.keys
        #expect(Set(changing) == Set(Self.changes.keys), "a call of each RPC that changes something belongs here")
        try await ServiceRig.run { rig in
            try await rig.seed()
            for (path, call) in Self.changes.sorted(by: { $0.key < $1.key }) {
                let before = try await rig.auditLog().count
                try await rig.withClient { try await call(rig, $0) }
                let entries = try await rig.auditLog().dropFirst(before).filter { $0.method == path }
                let entry = try #require(entries.last, "\(path) left no entry")
                #expect(entry.outcome == "OK")
                let role = path.hasSuffix("ServeExecutor") ? "executor" : "admin"
                #expect(entry.role == role && entry.subject == "CN=\(role),O=Trailhound")
                #expect(!entry.serial.isEmpty && entry.fingerprint.utf8.count == 64)
                #expect(entry.peerAddress.hasPrefix("127.0.0.1:"))
                #expect(!entry.summary.isEmpty && !entry.summary.contains("confidential"), "\(entry.summary)")
            }
            #expect(rig.service.pipeline.audit.forgotten.load(ordering: .relaxed) == 0)
        }
    }

    @Test func readingLeavesNoEntry() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let before = try await rig.auditLog().count
            try await rig.withClient { client in
                _ = try await rig.alerts(client)
                _ = try await client.unary(AccountService.listAccounts, ListAccountsRequest())
                _ = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
            }
            #expect(try await rig.auditLog().count == before)
        }
    }

    @Test func entriesTellWhatChanged() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            try await rig.withClient { client in
                _ = try await client.unary(
                    AccountService.updateAccount, UpdateAccountRequest(accountID: ServiceRig.accounts[0], owner: "p"))
            }
            let log = try await rig.auditLog()
            let update = try #require(log.last)
            #expect(update.accountID == ServiceRig.accounts[0])
            #expect(update.summary == #"name: "a" to "a", owner: "o" to "p""#)
            #expect(log.map(\.sequence) == Array(1...UInt64(log.count)))
            let submissions = log.filter { $0.method.hasSuffix("SubmitEvents") }.map(\.summary)
            let both = [
                #"submits records of source "test""#,
                "submitted 1 requests: 12 records accepted, 0 duplicate, 0 rejected",
            ]
            #expect(submissions == both + both)
        }
    }

    @Test func refusalsAreWrittenAndAFloodOfThemIsCounted() async throws {
        try await ServiceRig.run { rig in
            let collector = try rig.issue("collector", .collector)
            try await rig.withClient(collector) { client in
                for _ in 0..<200 {
                    await #expect(throws: RPCError.self) {
                        try await client.unary(DetectionService.reloadRules, ReloadRulesRequest())
                    }
                }
            }
            let refusals = try await rig.auditLog().filter { $0.outcome == "PERMISSION_DENIED" }
            #expect(refusals.count == Limits.auditedRefusalsAtOnce)
            let first = try #require(refusals.first)
            #expect(first.role == "collector" && first.subject == "CN=collector,O=Trailhound")
            #expect(first.method == "/trailhound.v1.DetectionService/ReloadRules")
        }
    }

    @Test func aFailedChangeIsWrittenWithItsStatus() async throws {
        try await ServiceRig.run { rig in
            try await rig.withClient { client in
                await #expect(throws: RPCError.self) {
                    try await client.unary(
                        AccountService.offboardAccount, OffboardAccountRequest(accountID: "123456789012"))
                }
            }
            let log = try await rig.auditLog()
            #expect(log.map(\.outcome) == ["NOT_FOUND"])
        }
    }

    @Test func aScopedAdminSeesItsAccountsEntriesOnly() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let scoped = try rig.issue("scoped", .admin, accounts: .some([ServiceRig.accounts[1]]))
            try await rig.withClient(scoped) { client in
                let stream = try await client.serverStreaming(
                    AuditService.tailAudit, TailAuditRequest(untilCaughtUp: true))
                var accounts: Set<String> = []
                for try await response in stream { accounts.insert(response.entry?.accountID ?? "?") }
                #expect(accounts == [ServiceRig.accounts[1]])
                let whole = try await client.serverStreaming(
                    AuditService.tailAudit, TailAuditRequest(untilCaughtUp: true, whole: true))
                await #expect(throws: RPCError.self) { try await whole.next() }
            }
        }
    }

    @Test func theLogIsFollowed() async throws {
        try await ServiceRig.run { rig in
            try await rig.withClient { client in
                let stream = try await client.serverStreaming(AuditService.tailAudit, TailAuditRequest())
                for account in ServiceRig.accounts {
                    _ = try await client.unary(
                        AccountService.onboardAccount, OnboardAccountRequest(accountID: account))
                    #expect(try await stream.next()?.entry?.accountID == account)
                }
                stream.cancel()
            }
        }
    }
}
