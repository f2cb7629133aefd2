// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Dispatch
import Foundation
import Journal
import Messages
import RPC
import Serve
import Synchronization
import TestKit
import Testing

/// Transactions that fail: nothing is half done, memory and store agree, and the status says why.
@Suite("Commits that fail", .serialized, .timeLimit(.minutes(2)))
struct FailingCommitTests {
    /// Runs a call whose change shares its transaction with one that fails of the store. Returns how the call ended.
    private static func call(
        _ rig: ServiceRig, beside failure: JournalError, waiting: Int = 1,
        _ body: @escaping @Sendable () async throws -> Void, whileItWaits look: @Sendable () async throws -> Void = {}
    ) async throws -> RPCError? {
        let pipeline = rig.service.pipeline
        let (gate, entered) = (DispatchSemaphore(value: 0), Flag())
        let held = Task {
            _ = try await pipeline.perform { (_, _) -> Void in
                entered.raise()
                gate.wait()
            }
        }
        while !entered.isRaised { try await Task.sleep(for: .milliseconds(2)) }
        let outcome = Task { () -> RPCError? in
            do {
                try await body()
                return nil
            } catch { return RPCError.from(error) }
        }
        while pipeline.queueDepths.evaluated < waiting { try await Task.sleep(for: .milliseconds(2)) }
        let spoiler = Task { () -> Void in
            _ = try? await pipeline.perform { (_, _) -> Void in throw failure }
        }
        while pipeline.queueDepths.evaluated <= waiting { try await Task.sleep(for: .milliseconds(2)) }
        try await look()
        gate.signal()
        try await held.value
        await spoiler.value
        return await outcome.value
    }

    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isRaised: Bool { value.load(ordering: .acquiring) }
        func raise() { value.store(true, ordering: .releasing) }
    }

    private static let full = JournalError(.full, "injected: the disk is full")
    private static let other = JournalError(.outOfBounds, "injected: one bad part of a group")
    private static let account = ServiceRig.accounts[0]
    private static let detection = "00000000-0000-4000-8000-000000000001"

    private static let exception = """
        title: The pipeline
        id: 11111111-0000-4000-8000-000000000001
        logsource: {product: aws, service: cloudtrail}
        filter:
            rules: [00000000-0000-4000-8000-000000000001]
            selection: {userAgent: ci}
            condition: selection
        trailhound: {owner: ops, reason: tests, expires: 2099-01-01}
        """

    /// A group is run again where its first transaction fails; what it counts counts once. (It ended the service before:
    /// two raised of one finding.)
    @Test func aReportThatIsRunAgainIsCountedOnce() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let finding = LogFinding(
                accountID: Self.account, kind: "log_file_missing", bucket: "trail", key: "AWSLogs/file.json.gz")
            let answer = Mutex<ReportLogFindingsResponse?>(nil)
            try await rig.withClient { client in
                let error = try await Self.call(rig, beside: Self.other) {
                    let response = try await client.unary(
                        IngestService.reportLogFindings, ReportLogFindingsRequest(findings: [finding]))
                    answer.withLock { $0 = response }
                }
                #expect(error == nil)
                #expect(answer.withLock { $0?.raised } == 1)
                #expect(answer.withLock { $0?.known } == 0)
                let again = try await client.unary(
                    IngestService.reportLogFindings, ReportLogFindingsRequest(findings: [finding]))
                #expect(again.raised == 0 && again.known == 1)
            }
        }
    }

    /// A tuning is in force once it is durable, and not before; one that is run again finds the state that it began with.
    @Test func aTuningIsInForceOnceItIsDurable() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let pipeline = rig.service.pipeline
            let report = Array(#"{"matches":3,"first":1,"last":2,"events":[],"accounts":[]}"#.utf8)
            try await pipeline.perform { transaction, _ in
                try transaction.putState("trial/\(Self.detection)", report)
            }
            try await rig.withClient { client in
                let request = GetDetectionRequest(detectionID: Self.detection)
                let before = try await client.unary(DetectionService.getDetection, request)
                #expect(before.detection?.trialReport?.matchCount == 3)
                let error = try await Self.call(
                    rig, beside: Self.other,
                    {
                        _ = try await client.unary(
                            DetectionService.tuneDetection,
                            TuneDetectionRequest(detectionID: Self.detection, trial: .on))
                    },
                    whileItWaits: {
                        #expect(pipeline.catalog.tuning.setting(Self.detection, in: nil).onTrial != true)
                    })
                #expect(error == nil)
                #expect(pipeline.catalog.tuning.setting(Self.detection, in: nil).onTrial == true)
                let after = try await client.unary(DetectionService.getDetection, request)
                #expect(after.detection?.trialReport == nil, "the trial begins anew, though its change was run twice")
            }
        }
    }

    /// A call that changes something, and a word for it.
    private struct Change: Sendable {
        let name: String
        let run: @Sendable (Client) async throws -> Void

        init(_ name: String, _ run: @escaping @Sendable (Client) async throws -> Void) {
            (self.name, self.run) = (name, run)
        }
    }

    private static let changes: [Change] = [
        Change("freeze") {
            _ = try await $0.unary(RemediationService.setFreeze, SetFreezeRequest(frozen: true, reason: "x"))
        },
        Change("policy") {
            let policy = Messages.RemediationPolicy(action: .revokeRoleSessions, mode: .off, hourlyCap: 3)
            _ = try await $0.unary(RemediationService.setPolicy, SetPolicyRequest(accountID: account, policy: policy))
        },
        Change("state") {
            _ = try await $0.unary(
                DetectionService.setDetectionState, SetDetectionStateRequest(detectionID: detection, enabled: false))
        },
        Change("tune") {
            _ = try await $0.unary(
                DetectionService.tuneDetection, TuneDetectionRequest(detectionID: detection, severity: .critical))
        },
        Change("exception") {
            _ = try await $0.unary(
                DetectionService.createDetectionException, CreateDetectionExceptionRequest(yaml: exception))
        },
        Change("reload") { _ = try await $0.unary(DetectionService.reloadRules, ReloadRulesRequest()) },
        Change("onboard") {
            _ = try await $0.unary(AccountService.onboardAccount, OnboardAccountRequest(accountID: "777788889999"))
        },
        Change("update") {
            let connection = AccountConnection(region: "eu-west-1", consoleRole: "Audit")
            _ = try await $0.unary(
                AccountService.updateAccount,
                UpdateAccountRequest(accountID: account, name: "new", connection: connection))
        },
        Change("offboard") {
            _ = try await $0.unary(AccountService.offboardAccount, OffboardAccountRequest(accountID: account))
        },
        Change("alert") { client in
            let alerts = try await client.unary(AlertService.listAlerts, ListAlertsRequest()).alerts
            guard let alert = alerts.first else { throw RPCError(.internalError, "no alert") }
            _ = try await client.unary(
                AlertService.updateAlert, UpdateAlertRequest(alertID: alert.alertID, status: .closed, note: "done"))
        },
        Change("purge") {
            _ = try await $0.unary(DeadLetterService.purgeDeadLetters, PurgeDeadLettersRequest(all: true))
        },
        Change("resubmit") {
            _ = try await $0.unary(DeadLetterService.resubmitDeadLetters, ResubmitDeadLettersRequest(all: true))
        },
    ]

    /// What callers see of the state.
    private static func state(_ rig: ServiceRig, _ client: Client) async throws -> [String] {
        let pipeline = rig.service.pipeline
        let account = try #require(AccountID("111122223333"))
        let accounts = try await client.unary(AccountService.listAccounts, ListAccountsRequest(includeOffboarded: true))
        let detections = try await client.unary(DetectionService.listDetections, ListDetectionsRequest())
        let exceptions = try await client.unary(
            DetectionService.listDetectionExceptions, ListDetectionExceptionsRequest())
        // An account that is offboarded has none.
        let policy = try? await client.unary(
            RemediationService.getPolicy, GetPolicyRequest(accountID: Self.account))
        return [
            "\(accounts)", "\(detections)", "\(exceptions)", "\(try await rig.alerts(client))",
            "\(try await client.unary(RemediationService.getFreeze, GetFreezeRequest()))",
            String(describing: policy),
            "\(pipeline.accounts.contains(account)) \(pipeline.accounts.consoleRole(of: account))",
            "\(pipeline.catalog.tuning.exceptions.map(\.id)) \(pipeline.catalog.enabledCount)",
        ]
    }

    /// On a full disk each changing call is refused by name, changes nothing in memory or in the store, and does its work
    /// once there is room.
    @Test(arguments: changes.indices) func aFullDiskRefusesByNameAndChangesNothing(_ index: Int) async throws {
        let change = Self.changes[index]
        try await ServiceRig.run { rig in
            try await rig.seed()
            try await rig.withClient { client in
                let before = try await Self.state(rig, client)
                let error = try await Self.call(rig, beside: Self.full) { try await change.run(client) }
                #expect(error?.code == .resourceExhausted, "\(change.name): \(error.map { "\($0)" } ?? "OK")")
                #expect(error?.message.contains("store is full") == true)
                #expect(try await Self.state(rig, client) == before, "\(change.name) is half done")
                try await change.run(client)
                let after = try await Self.state(rig, client)
                if !["purge", "resubmit", "reload"].contains(change.name) {
                    #expect(after != before, "\(change.name)")
                }
            }
        }
    }

    /// Records on a full disk: the stream ends as UNAVAILABLE with the reason, and what comes again is stored once.
    @Test func recordsComeAgainAfterAFullDisk() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let trail = SyntheticTrail(account: Self.account, attackEvery: 2, seed: 77)
            try await rig.withClient { client in
                // The stream's audit entry, and its records.
                let error = try await Self.call(rig, beside: Self.full, waiting: 2) {
                    _ = try await rig.submit(trail, 0..<10, client)
                }
                #expect(error?.code == .unavailable)
                #expect(error?.message.contains("store is full") == true)
                #expect(try await rig.submit(trail, 0..<10, client).accepted == 10)
                #expect(try await rig.submit(trail, 0..<10, client).duplicate == 10)
            }
        }
    }
}
