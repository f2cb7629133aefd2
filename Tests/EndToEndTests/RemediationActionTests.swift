// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Foundation
import Messages
import Testing

/// All the actions beside the key's deactivation, by hand and by alert, with the built programs over moto.
@Suite(.serialized, .enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"), .timeLimit(.minutes(3)))
struct RemediationActionTests {
    /// An account with a user who has a password, a role, and a trail that is stopped.
    private struct Scene {
        let stage: RemediationStage
        let trail: String
        let role = "Deploy"

        init() async throws {
            stage = try await RemediationStage()
            trail = "arn:aws:cloudtrail:us-east-1:\(stage.account):trail/main"
            let aws = MotoStage(stage.owner)
            try await aws.query(
                .iam, "CreateLoginProfile", [QueryItem("UserName", stage.user), QueryItem("Password", "x")])
            try await aws.makeRole(role)
            try await aws.put("logs-\(stage.account)")
            try await aws.makeTrail("main", bucket: "logs-\(stage.account)")
        }

        func target(of action: String) -> String {
            switch action {
            case "revoke-role-sessions": role
            case "restore-logging": trail
            default: stage.user
            }
        }

        /// Whether the action is in effect in AWS.
        func isInEffect(_ action: String) async throws -> Bool {
            switch action {
            case "revoke-role-sessions":
                try await stage.iam.rolePolicy(role, named: "TrailhoundRevokeSessions") != nil
            case "deny-user": try await stage.iam.userPolicy(stage.user, named: "TrailhoundDenyUser") != nil
            case "disable-console-login":
                try await stage.iam.userPolicy(stage.user, named: "TrailhoundDenyConsole") != nil
            default: try await Trails(stage.owner).status(of: trail).isLogging
            }
        }
    }

    private static let actions = ["revoke-role-sessions", "deny-user", "disable-console-login", "restore-logging"]

    @Test func eachIsRunByHandShownAndTakenBack() async throws {
        let scene = try await Scene()
        let stage = scene.stage
        for action in Self.actions {
            let target = scene.target(of: action)
            let off = try await stage.service.client("remediation", "run", stage.account, action, target, "--yes")
            #expect(off.status == 1 && off.errors.contains("refused"), "\(action): \(off.errors)")
            try await stage.enable("approve", of: action)
            let unsure = try await stage.service.client("remediation", "run", stage.account, action, target)
            #expect(unsure.status == 64 && unsure.errors.contains(target), "\(action): \(unsure.errors)")
            let rehearsed = try await stage.succeed(
                "remediation", "run", stage.account, action, target, "--dry-run", "-o", "json")
            #expect(rehearsed.contains(#""outcome": "rehearsed""#))
            #expect(try await !scene.isInEffect(action), "\(action)")

            let steps = try await stage.succeed("remediation", "run", stage.account, action, target, "--yes")
            for word in ["snapshot_taken", "executing", "in_effect", "Before", "After", target] {
                #expect(steps.contains(word), "\(action): \(word) in \(steps)")
            }
            #expect(try await scene.isInEffect(action), "\(action)")
            let listed = try await stage.succeed("remediation", "history", "--action", action, "-o", "jsonl")
            #expect(listed.split(separator: "\n").count == 3, "\(listed)")
            let done = try await stage.remediation("done") { $0.outcome == "succeeded" && $0.requestedBy == "admin" }
            try await Self.takeBack(done, action, scene)
        }
        #expect(try await stage.statuses() == [.active, .active], "the keys are no business of these")
        try await stage.service.stop()
    }

    private static func takeBack(_ done: Remediation, _ action: String, _ scene: Scene) async throws {
        let back = try await scene.stage.service.client("remediation", "rollback", done.remediationID, "--yes")
        if action == "restore-logging" {
            #expect(back.status == 1 && back.errors.contains("a trail that logs is how it should be"), "\(back.errors)")
            #expect(try await scene.isInEffect(action))
        } else {
            #expect(back.status == 0 && back.text.contains("rolled_back"), "\(action): \(back.errors)")
            #expect(try await !scene.isInEffect(action), "\(action)")
        }
    }

    @Test func alertsStartThem() async throws {
        let scene = try await Scene()
        let stage = scene.stage
        for action in Self.actions { try await stage.enable("auto", of: action) }
        try await stage.attack()
        try await stage.attack(by: .role(scene.role))
        // The alert of each attacker carries what was done to them.
        let alerts = try await stage.service.hear { alerts in
            let outcomes = alerts.flatMap(\.remediations).filter { $0.outcome == "succeeded" }
            return Set(outcomes.map(\.action)).count == Self.actions.count
        }
        for action in Self.actions { #expect(try await scene.isInEffect(action), "\(action)") }
        let ofRole = alerts.filter { $0.actor?.type == "AssumedRole" }.flatMap(\.remediations)
        #expect(ofRole.contains { $0.action == .revokeRoleSessions && $0.outcome == "succeeded" })
        #expect(ofRole.allSatisfy { $0.action == .revokeRoleSessions || $0.action == .restoreLogging })
        for write in ["PutRolePolicy", "StartLogging"] { #expect(try await stage.passed(write) == 1, "\(write)") }
        #expect(try await stage.passed("PutUserPolicy") == 2)
        try await stage.service.stop()
    }

    @Test func whatTheAttackerAnswersIsAnAlert() async throws {
        let stage = try await RemediationStage()
        try await stage.enable("auto")
        try await stage.attack()
        _ = try await stage.remediation("in effect") { $0.outcome == "succeeded" }
        // The key is switched on again, and a new one is made in the place of the other.
        try await stage.iam.updateAccessKey(stage.keys[0], userName: stage.user, status: .active)
        let aws = MotoStage(stage.owner)
        let user = QueryItem("UserName", stage.user)
        try await aws.query(.iam, "DeleteAccessKey", [user, QueryItem("AccessKeyId", stage.keys[1])])
        let made = try await aws.query(.iam, "CreateAccessKey", [user])
        let new = try #require(made.value("AccessKey", "AccessKeyId"))

        let titles: Set = ["Remediation undone by somebody else", "New access key on a user whose key was deactivated"]
        let heard = try await stage.service.hear { titles.isSubset(of: $0.map(\.title)) }
        for alert in heard where titles.contains(alert.title) {
            #expect(alert.severity == .critical && alert.accountID == stage.account)
            #expect(alert.evidence.contains { $0.name == "remediation" })
        }
        #expect(heard.flatMap(\.evidence).contains { $0.name == "detail" && $0.value.contains(new) })
        let undone = try await stage.remediation("undone") { $0.outcome == "undone" }
        #expect(undone.state == .watching)
        // It is told and not fought: whoever switched it on may be the owner.
        #expect(try await stage.passed("UpdateAccessKey") == 1)
        try await stage.service.stop()
    }

    @Test func whatCannotBeDoneIsAnAlert() async throws {
        let stage = try await RemediationStage()
        try await stage.enable("auto")
        try await stage.proxy.inject(.accessDenied, into: "UpdateAccessKey", times: 1_000)
        try await stage.attack()
        let heard = try await stage.service.hear { $0.contains { $0.title == "Remediation failed" } }
        let alert = try #require(heard.last { $0.title == "Remediation failed" })
        #expect(alert.severity == .critical)
        let detail = alert.evidence.first { $0.name == "detail" }?.value ?? ""
        #expect(detail.contains("iam:UpdateAccessKey") && detail.contains("AccessDenied"), "\(detail)")
        let failed = try await stage.remediation("failed") { $0.outcome == "failed" }
        #expect(failed.alertID == alert.evidence.first { $0.name == "alert" }?.value)
        #expect(try await stage.statuses() == [.active, .active])
        try await stage.service.stop()
    }
}
