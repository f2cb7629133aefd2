// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import Serve
import TestKit
import Testing

/// RemediationService over TLS, with an executor that has a role in memory in place of AWS.
@Suite(.serialized) struct RemediationServiceTests {
    @Test(.timeLimit(.minutes(1)))
    func aRoleIsRevokedByHandAndGivenBack() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            try await rig.withClient { client in
                try await rig.withExecutor {
                    await #expect(throws: Never.self) {
                        let refused = try await rig.revoke("Deploy", client)
                        #expect(refused.outcome == "refused_off", "it is off until somebody enables it")
                    }
                    try await rig.enable(.dryRun, client)
                    #expect(try await rig.revoke("Deploy", client).outcome == "rehearsed")
                    try await rig.enable(.auto, client)
                    let done = try await rig.revoke("Deploy", client)
                    #expect(done.outcome == "succeeded" && done.state == .watching)
                    #expect(done.requestedBy == "admin" && done.alertID.isEmpty)
                    #expect(done.after.contains { $0.name == "policy" && $0.value.contains("TokenIssueTime") })
                    let back = try await rig.send(
                        .rollback(RollbackRemediationRequest(remediationID: done.remediationID)), client)
                    #expect(back.outcome == "rolled_back" && back.state == .finished)
                    // Trailhound's own way in is never a target.
                    #expect(try await rig.revoke("Executor", client).outcome == "refused_own_identity")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func anAlertIsAnsweredOnceHoweverOftenItChanges() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            try await rig.withClient { client in
                try await rig.withExecutor {
                    try await rig.enable(.approve, client)
                    let waiting = try await rig.awaitingApproval(client)
                    let list = ListRemediationsRequest(accountIDs: [ServiceRig.accounts[0]])
                    let count = try await client.unary(RemediationService.listRemediations, list).remediations.count
                    // The same actor's next event, and a person's note: two more revisions.
                    let trail = SyntheticTrail(
                        account: ServiceRig.accounts[0], start: ServiceRig.aMinuteAgo, attackEvery: 1, seed: 77)
                    _ = try await rig.submit(trail, 0..<1, client)
                    _ = try await client.unary(
                        AlertService.updateAlert, UpdateAlertRequest(alertID: waiting.alertID, note: "looking"))
                    let declined = try await client.unary(
                        RemediationService.approveRemediation,
                        ApproveRemediationRequest(remediationID: waiting.remediationID, decline: true))
                    #expect(declined.remediation?.outcome == "refused_not_approved")
                    #expect(
                        try await client.unary(RemediationService.listRemediations, list).remediations.count == count)
                    let alert = try await client.unary(
                        AlertService.getAlert, GetAlertRequest(alertID: waiting.alertID)
                    ).alert
                    #expect(alert?.remediations.map(\.remediationID) == [waiting.remediationID])
                    let again = await #expect(throws: RPCError.self) {
                        try await client.unary(
                            RemediationService.approveRemediation,
                            ApproveRemediationRequest(remediationID: waiting.remediationID))
                    }
                    #expect(again?.code == .failedPrecondition)
                }
            }
        }
    }

    @Test func whatMakesNoSenseIsRefusedByItsField() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let account = ServiceRig.accounts[0]
            let policy = RemediationPolicy(action: .denyUser, mode: .auto)
            func with(_ change: (inout RemediationPolicy) -> Void) -> SetPolicyRequest {
                var changed = policy
                change(&changed)
                return SetPolicyRequest(accountID: account, policy: changed)
            }
            func reached(_ access: RemediationAccess) -> SetPolicyRequest {
                SetPolicyRequest(accountID: account, access: access)
            }
            let requests: [(SetPolicyRequest, String)] = [
                (SetPolicyRequest(accountID: account), "policy"),
                (with { $0.action = .unspecified }, "policy.action"),
                (with { $0.mode = .unspecified }, "policy.mode"),
                (with { $0.never = ["user/a", "nobody"] }, "policy.never[1]"),
                (with { $0.always = ["user/"] }, "policy.always[0]"),
                (with { $0.hourlyCap = 1_000_000 }, "policy.hourly_cap"),
                (with { $0.detectionIDs = ["00000000-0000-4000-8000-00000000dead"] }, "policy.detection_ids"),
                (reached(RemediationAccess(way: .unspecified)), "access.way"),
                (reached(RemediationAccess(way: .role, roleArn: "role")), "access.role_arn"),
                (
                    reached(RemediationAccess(way: .role, roleArn: "arn:aws:iam::444455556666:role/x")),
                    "access.role_arn"
                ),
                (reached(RemediationAccess(way: .role, region: "eu west")), "access.region"),
            ]
            try await rig.withClient { client in
                for (request, field) in requests {
                    let error = await #expect(throws: RPCError.self) {
                        try await client.unary(RemediationService.setPolicy, request)
                    }
                    #expect(error?.code == .invalidArgument)
                    #expect(error?.fieldViolations.map(\.field) == [field])
                }
                let unknown = await #expect(throws: RPCError.self) {
                    try await client.unary(
                        RemediationService.setPolicy,
                        SetPolicyRequest(accountID: "999900001111", policy: policy))
                }
                #expect(unknown?.code == .notFound)
                let status = try await client.unary(
                    RemediationService.getPolicy, GetPolicyRequest(accountID: account)
                ).account
                #expect(status?.policies.map(\.mode) == [RemediationMode](repeating: .off, count: 5))
                await #expect(throws: RPCError.self) {
                    try await rig.send(.watch(WatchCommand(remediationID: "nothing")), client)
                }
                // Nothing could act: no role, no executor.
                var known = with { $0.detectionIDs = ["00000000-0000-4000-8000-000000000001"] }
                known.access = RemediationAccess(way: .executor)
                let request = known
                let impossible = await #expect(throws: RPCError.self) {
                    try await client.unary(RemediationService.setPolicy, request)
                }
                #expect(impossible?.code == .failedPrecondition)
                #expect(impossible?.message.contains("trailhound execute") == true)
                try await rig.withExecutor {
                    let set = try await client.unary(RemediationService.setPolicy, request)
                    let policies = set.account?.policies.filter { !$0.detectionIDs.isEmpty }
                    #expect(policies?.map(\.action) == [.denyUser] && !set.proof.isEmpty)
                }
            }
        }
    }

    @Test func targetsAreCheckedByTheirFields() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let account = ServiceRig.accounts[0]
            func command(_ action: RemediationAction, _ target: RemediationTarget) -> SendCommandsRequest.Command {
                .run(RunCommand(accountID: account, action: action, target: target, dryRun: true))
            }
            try await rig.withClient { client in
                for (action, target, field) in [
                    (.restoreLogging, RemediationTarget(trail: "t", region: "eu west"), "run.target.region"),
                    (
                        .deactivateAccessKey,
                        RemediationTarget(accessKeyID: "AKIAIOSFODNN7EXAMPLE", userName: "a\nb"),
                        "run.target.user_name"
                    ),
                    (.deactivateAccessKey, RemediationTarget(accessKeyID: "alice"), "run.target.access_key_id"),
                    (.deactivateAccessKey, RemediationTarget(accessKeyID: "AKIA1"), "run.target.access_key_id"),
                    (.denyUser, RemediationTarget(userName: "user/alice"), "run.target.user_name"),
                    (.disableConsoleLogin, RemediationTarget(userName: "staff/alice"), "run.target.user_name"),
                    (.revokeRoleSessions, RemediationTarget(roleName: "arn:aws:iam::1:role/x"), "run.target.role_name"),
                    (
                        .restoreLogging,
                        RemediationTarget(trail: "arn:aws:cloudtrail:eu-west-1:999988887777:trail/main"),
                        "run.target.trail"
                    ),
                ] as [(RemediationAction, RemediationTarget, String)] {
                    let error = await #expect(throws: RPCError.self) {
                        try await rig.send(command(action, target), client)
                    }
                    #expect(error?.message.contains(field) == true, "\(String(describing: error))")
                }
                // A trail is started where its ARN says that it is at home.
                let arn = "arn:aws:cloudtrail:eu-west-1:\(account):trail/main"
                let done = try await rig.send(command(.restoreLogging, RemediationTarget(trail: arn)), client)
                #expect(done.target?.region == "eu-west-1")
            }
        }
    }
}
