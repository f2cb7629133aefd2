// SPDX-License-Identifier: Apache-2.0

import AWSTestKit
import Contract
import Foundation
import Messages
import Testing

/// From CloudTrail records to a changed account and back, with the built programs over moto.
@Suite(.serialized, .enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"))
struct RemediationTests {
    @Test(.timeLimit(.minutes(3)))
    func aStolenKeyIsDeactivatedByItselfAndGivenBack() async throws {
        let stage = try await RemediationStage()
        let service = stage.service
        let asked = try await service.client(
            "remediation", "enable", stage.account, "deactivate-access-key", "--mode", "auto")
        #expect(asked.status == 64, "without a person and without --yes it must not act by itself")
        #expect(asked.errors.contains("--yes"))
        try await stage.enable("auto", "--never", "user/break-glass")
        let status = try await stage.succeed("remediation", "status", stage.account, "-o", "json")
        #expect(status.contains("user/break-glass"))
        try await stage.attack()
        let done = try await stage.remediation("in effect") { $0.outcome == "succeeded" }
        #expect(try await stage.statuses() == [.inactive, .active])
        #expect(try await stage.passed("UpdateAccessKey") == 1)

        // Who, why, snapshot, verification.
        #expect(done.state == .watching && done.accountID == stage.account)
        #expect(done.target?.accessKeyID == stage.keys[0] && done.target?.userName == stage.user)
        #expect(done.before.contains(Evidence(name: "key/\(stage.keys[0])", value: "Active")))
        #expect(done.before.contains(Evidence(name: "key/\(stage.keys[1])", value: "Active")))
        #expect(done.after.contains(Evidence(name: "key/\(stage.keys[0])", value: "Inactive")))
        let kinds = done.history.map(\.kind)
        for kind in ["started", "snapshot_taken", "other_keys", "executing", "in_effect"] {
            #expect(kinds.contains(kind), "\(kinds)")
        }
        // The alert carries the outcome, and subscribers hear of it.
        let alert = try await eventually {
            try await service.alertLog().compactMap(\.alert).last {
                $0.alertID == done.alertID && $0.remediations.first?.outcome == "succeeded"
            }
        }
        #expect(alert?.remediations.map(\.remediationID) == [done.remediationID])
        #expect(alert?.detectionID == done.detectionID)
        #expect(try await stage.succeed("alerts", "show", done.alertID).contains("deactivate-access-key"))

        let refused = try await service.client("remediation", "rollback", done.remediationID)
        #expect(refused.status == 64 && refused.errors.split(separator: "\n").count == 1)
        let back = try await stage.succeed("remediation", "rollback", done.remediationID, "--yes", "-o", "json")
        #expect(back.contains(#""outcome": "rolled_back""#))
        #expect(try await stage.statuses() == [.active, .active])
        let again = try await service.client("remediation", "rollback", done.remediationID, "--yes")
        #expect(again.status == 1, "what is rolled back already is not rolled back again")
        #expect(try await stage.succeed("remediation", "history", "-o", "jsonl").split(separator: "\n").count == 1)
        try await service.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func eachModeGoesAsFarAsItSays() async throws {
        let stage = try await RemediationStage()
        // Off, as it is from the start, and history: nothing at all.
        try await stage.attack()
        try await stage.enable("auto")
        try await stage.attack(historical: true)
        try await stage.enable("dry-run")
        try await stage.attack()
        let rehearsed = try await stage.remediation("rehearsed") { $0.outcome == "rehearsed" }
        #expect(rehearsed.dryRun)
        #expect(try await stage.remediations().count == 1)
        #expect(try await stage.passed("UpdateAccessKey") == 0)

        try await stage.enable("approve")
        try await stage.service.client("alerts", "close", rehearsed.alertID).check()
        try await stage.attack()
        let waiting = try await stage.remediation("waiting") { $0.state == .awaitingApproval }
        let needed = try await eventually {
            try await stage.service.alertLog().compactMap(\.alert).first { $0.title == "Remediation needs a person" }
        }
        #expect(needed?.evidence.contains(Evidence(name: "remediation", value: waiting.remediationID)) == true)
        #expect(try await stage.statuses() == [.active, .active])
        try await stage.succeed("remediation", "approve", String(waiting.remediationID.suffix(12)), "--yes")
        #expect(try await stage.statuses() == [.inactive, .active])
        let approved = try await stage.remediation("approved") { $0.remediationID == waiting.remediationID }
        #expect(approved.approvedBy == "admin" && approved.outcome == "succeeded")
        try await stage.service.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func aBackfilledEventNeverRemediates() async throws {
        let stage = try await RemediationStage()
        try await stage.enable("auto", "--always", "key/\(stage.keys[0])")
        let moto = try MotoServer.shared.get()
        let aws = MotoStage(moto.client())
        let bucket = "history-\(stage.account)"
        try await aws.put(bucket)
        let delivery = TrailDelivery(stage: aws, bucket: bucket)
        let key = delivery.key(
            account: stage.account, time: Int64(Date().timeIntervalSince1970) * 1_000, suffix: "x")
        try await delivery.put(key, Array("{\"Records\":[".utf8) + stage.record() + Array("]}".utf8))
        let state = try TemporaryFolder()
        let collected = try await run(
            Programs.client,
            [
                "collect", "--bucket", bucket, "--since", "1d", "--once", "--state", state.url.path, "--server",
                stage.service.server, "--pki", stage.service.pki.path,
            ], environment: TestCaller.collector.environment(moto.url))
        #expect(collected.status == 0 && collected.text.contains("1 records accepted"), "\(collected)")
        // Another user's stolen key, live: alerts are answered in order, so the first has been looked at by then.
        let other = try await RemediationStage(
            account: stage.account, service: stage.service, proxy: stage.proxy, owner: stage.owner)
        try await other.attack()
        let done = try await stage.remediation("of the live event") { $0.outcome == "succeeded" }
        #expect(done.target?.accessKeyID == other.keys[0])
        #expect(try await stage.remediations().count == 1)
        #expect(try await stage.statuses() == [.active, .active])
        let history = try await stage.service.alertLog().compactMap(\.alert).filter(\.historical)
        #expect(Set(history.compactMap { $0.actor?.accessKeyID }) == [stage.keys[0]])
        #expect(history.flatMap(\.remediations).isEmpty)
        try await stage.service.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func theNeverListAndTheFreezeHold() async throws {
        let stage = try await RemediationStage()
        try await stage.enable("auto", "--never", "user/\(stage.user)", "--always", "key/\(stage.keys[0])")
        try await stage.attack()
        let never = try await stage.remediation("refused") { !$0.outcome.isEmpty }
        #expect(never.outcome == "refused_never_listed" && never.reason.contains(stage.user))
        let byHand = try await stage.service.client(
            "remediation", "run", stage.account, "deactivate-access-key", stage.keys[0], "--yes")
        #expect(byHand.status == 1 && byHand.errors.contains("never-list"))

        try await stage.enable("auto", "--not-never", "user/\(stage.user)")
        try await stage.succeed("remediation", "freeze", "--reason", "a drill")
        #expect(try await stage.succeed("remediation", "status", "-o", "json").contains("a drill"))
        try await stage.service.client("alerts", "close", never.alertID).check()
        try await stage.attack()
        let frozen = try await stage.remediation("frozen") { $0.outcome == "refused_frozen" }
        #expect(frozen.alertID != never.alertID)
        #expect(try await stage.statuses() == [.active, .active])
        #expect(try await stage.passed("UpdateAccessKey") == 0)
        try await stage.succeed("remediation", "unfreeze", "--yes")
        let steps = try await stage.succeed(
            "remediation", "run", stage.account, "deactivate-access-key", stage.keys[0], "--yes")
        #expect(steps.contains("snapshot_taken") && steps.contains("Before") && steps.contains("After"))
        #expect(try await stage.statuses() == [.inactive, .active])
        // Once more finds nothing to do.
        let again = try await stage.succeed(
            "remediation", "run", stage.account, "deactivate-access-key", stage.keys[0], "--yes", "-o", "json")
        #expect(again.contains(#""outcome": "already_done""#))
        #expect(try await stage.passed("UpdateAccessKey") == 1)
        try await stage.service.stop()
    }

    /// The service is in the midst of its retries when everything is frozen.
    @Test(.timeLimit(.minutes(3)))
    func afterTheAcknowledgementOfAFreezeNoWriteLeaves() async throws {
        let stage = try await RemediationStage()
        try await stage.enable("auto")
        try await stage.proxy.inject(.throttled, into: "UpdateAccessKey", times: 1_000)
        try await stage.frozenForGood(stage.proxy)
        // It is one with what is on disk.
        try await stage.service.killNow()
        try await stage.service.start()
        #expect(try await stage.succeed("remediation", "status", "-o", "json").contains(#""frozen": true"#))
        try await stage.service.stop()
    }

    /// A record that is older than the policy's age, however new its id is.
    @Test(.timeLimit(.minutes(3)))
    func anOldRecordIsNotActedOn() async throws {
        let stage = try await RemediationStage()
        try await stage.enable("auto")
        try await stage.attack(secondsAgo: 3 * 3_600)
        let refused = try await stage.remediation("refused") { !$0.outcome.isEmpty }
        #expect(refused.outcome == "refused_too_old")
        #expect(try await stage.statuses() == [.active, .active])
        #expect(try await stage.passed("UpdateAccessKey") == 0)
        try await stage.service.stop()
    }

    @Test(.timeLimit(.minutes(3)))
    func aServiceThatIsKilledGoesOnWhereItWas() async throws {
        let stage = try await RemediationStage()
        try await stage.enable("auto")
        // The change is made, and the answer never comes: killed just then.
        try await stage.proxy.inject(.timeoutAfterEffect, into: "UpdateAccessKey", times: 1)
        try await stage.attack()
        let isChanged = try await eventually { try await stage.passed("UpdateAccessKey") == 1 ? true : nil }
        #expect(isChanged == true)
        try await stage.service.killNow()
        try await stage.service.start()
        let done = try await stage.remediation("in effect") { $0.outcome == "succeeded" }
        #expect(done.state == .watching)
        #expect(try await stage.statuses() == [.inactive, .active])
        #expect(try await stage.passed("UpdateAccessKey") == 1, "a change that was made is not made again")
        #expect(try await stage.remediations().count == 1, "an alert that is read again starts nothing anew")
        try await stage.succeed("remediation", "rollback", done.remediationID, "--yes")
        #expect(try await stage.statuses() == [.active, .active])
        try await stage.service.stop()
    }
}

extension Outcome {
    /// Fails where the program did.
    func check() throws {
        guard status == 0 else { throw ServiceFailure(message: errors) }
    }
}
