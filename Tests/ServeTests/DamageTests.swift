// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Journal
import Messages
import RPC
import Serve
import TestKit
import Testing

/// Damage as callers meet it: the call that meets it fails by name, the others are served, and the status counts it.
@Suite("Damage under a service", .serialized, .timeLimit(.minutes(2)))
struct DamageTests {
    private static let broken = "alert-of-other-bytes"

    /// An alert of the second account whose bytes are no alert.
    private static func damage(_ pipeline: Pipeline) async throws {
        try await pipeline.perform { transaction, _ in
            try transaction.putAlert(
                AlertRow(
                    alertID: broken, detectionID: "d", accountID: ServiceRig.accounts[1], actor: "a", severity: 3,
                    audience: 1,
                    status: 1, firstSeen: 1, lastSeen: 2, createdAt: 1, revision: 1, payload: [9, 9, 9]))
        }
    }

    private static func failure(_ body: () async throws -> Void) async -> RPCError? {
        do {
            try await body()
            return nil
        } catch { return RPCError.from(error) }
    }

    @Test func oneAccountsAlertFailsByNameAndTheOthersAreServed() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            try await Self.damage(rig.service.pipeline)
            try await rig.withClient { client in
                let own = try await client.unary(
                    AlertService.listAlerts, ListAlertsRequest(accountIDs: [ServiceRig.accounts[0]]))
                #expect(!own.alerts.isEmpty)
                let calls: [(String, @Sendable () async throws -> Void)] = [
                    (
                        "get",
                        { _ = try await client.unary(AlertService.getAlert, GetAlertRequest(alertID: Self.broken)) }
                    ),
                    (
                        "update",
                        {
                            _ = try await client.unary(
                                AlertService.updateAlert, UpdateAlertRequest(alertID: Self.broken, note: "x"))
                        }
                    ),
                    (
                        "list",
                        {
                            _ = try await client.unary(
                                AlertService.listAlerts, ListAlertsRequest(accountIDs: [ServiceRig.accounts[1]]))
                        }
                    ),
                ]
                for (name, call) in calls {
                    let error = await Self.failure(call)
                    #expect(error?.code == .dataLoss, "\(name): \(error.map { "\($0)" } ?? "OK")")
                    #expect(error?.message.contains("alert \(Self.broken)") == true, "\(name)")
                }
                let status = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
                // The sequencer meets it too, under the change.
                #expect((status.damage?.met ?? 0) >= 3 && status.damage?.places == 1)
                #expect(status.damage?.latest == "alert \(Self.broken)")
                // Records are taken, and raise alerts.
                let trail = SyntheticTrail(account: ServiceRig.accounts[1], attackEvery: 2, seed: 99)
                #expect(try await rig.submit(trail, 0..<10, client).accepted == 10)
            }
        }
    }

    /// What can't be read of the policies turns their actions off; a freeze that can't be read stops everything.
    @Test func damagedPoliciesAreOffAndADamagedFreezeIsFrozen() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let pipeline = rig.service.pipeline
            try await pipeline.perform { transaction, _ in
                for account in ServiceRig.accounts {
                    try transaction.putRemediationPolicy(
                        RemediationPolicyRow(accountID: account, name: "deny_user", payload: Array("{".utf8)))
                }
                try transaction.putState("remediation/freeze", Array("{".utf8))
            }
            let book = try PolicyBook(pipeline)
            #expect(book.freeze.isFrozen)
            #expect(book.liveAccounts.isEmpty)
            #expect(pipeline.counters.damage.summary.places == 3)
            let checks = ServiceCheck.payloads
            #expect(checks.state("remediation/freeze", Array("{".utf8)) != nil)
            #expect(checks.alert([9, 9, 9]) != nil)
            #expect(checks.policy(RemediationPolicyRow(accountID: "a", name: "deny_user", payload: [])) != nil)
        }
    }
}
