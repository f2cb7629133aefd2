// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Detect
import Respond
import Testing

/// Approval, the cap, and one remediation asked for many times.
@Suite struct ApprovalTests {
    @Test func nothingIsWrittenBeforeAPersonApproves() async throws {
        let scene = Scene(policy: RemediationPolicy(mode: .approve))
        let waiting = try await scene.run()
        #expect(waiting.isAwaitingApproval && waiting.outcome == nil && scene.account.writes == 0)
        #expect(scene.count(.approvalAsked) == 1)
        let done = try await scene.remediator().approve("r1", by: "eve")
        #expect(done?.outcome == .succeeded && done?.approvedBy == "eve" && done?.automaticAt == nil)
    }

    @Test func aPersonDeclines() async throws {
        let scene = Scene(policy: RemediationPolicy(mode: .approve))
        try await scene.run()
        let done = try await scene.remediator().decline("r1", by: "eve")
        #expect(done?.outcome == .refused(.notApproved, pattern: nil) && scene.account.writes == 0)
        #expect(try await scene.remediator().approve("r1", by: "eve")?.outcome == done?.outcome)
    }

    @Test func approvalDoesNotOutliveItsDay() async throws {
        let scene = Scene(policy: RemediationPolicy(mode: .approve))
        try await scene.run()
        scene.time.withLock { $0 += RespondLimits.approval }
        try await scene.remediator().resumeAll()
        #expect(try await scene.store.load("r1")?.outcome == .refused(.approvalExpired, pattern: nil))
        try await scene.remediator().approve("r1", by: "eve")
        #expect(scene.account.writes == 0)
    }

    @Test func theNeverListAndTheFreezeHoldAfterApproval() async throws {
        let scene = Scene(policy: RemediationPolicy(mode: .approve))
        try await scene.run()
        scene.rules.value.withLock { $0.1.isFrozen = true }
        let done = try await scene.remediator().approve("r1", by: "eve")
        #expect(done?.outcome == .refused(.frozen, pattern: nil) && scene.account.writes == 0)
    }

    @Test func theSameRequestRunsOnce() async throws {
        let scene = Scene()
        let remediator = scene.remediator()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await remediator.start(
                        .deactivateAccessKey, Example.key.target, trigger: Scene.alert, id: "r1")
                }
            }
            try await group.waitForAll()
        }
        #expect(scene.account.effects == ["AKIA1 Inactive"] && scene.account.writes == 1)
        #expect(scene.count(.finished) == 1)
        #expect(try await scene.run().outcome == .succeeded)
        #expect(scene.account.writes == 1)
    }

    /// Many alerts for one target at once: one acts, the others find it done and have nothing to roll back.
    @Test(arguments: Example.all.filter { $0.action != .revokeRoleSessions })
    func oneOfManyActs(example: Example) async throws {
        let scene = Scene(policy: RemediationPolicy(mode: .auto, hourlyCap: 100))
        scene.account.state.withLock { $0.failures[example.write] = [CallFailure(.transient, "Throttling")] }
        let remediator = scene.remediator()
        let outcomes = try await withThrowingTaskGroup(of: RemediationOutcome?.self) { group in
            for index in 0..<20 {
                group.addTask {
                    try await remediator.start(
                        example.action, example.target, trigger: Scene.alert, id: "r\(index)"
                    ).outcome
                }
            }
            return try await group.reduce(into: [RemediationOutcome?]()) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == .succeeded }.count == 1)
        #expect(outcomes.filter { $0 == .alreadyDone }.count == 19)
        #expect(scene.account.effects == [example.effect] && scene.alerts.isEmpty)
    }

    @Test func atMostTheCapRunsByItself() async throws {
        let keys = (0..<20).map { FakeAccount.key("AKIA\($0)") }
        let scene = Scene(FakeAccount(keys), policy: RemediationPolicy(mode: .auto, hourlyCap: 3))
        // The clock stands: every watch lasts until the test ends it.
        scene.onWait.withLock { $0 = { _ in try await Task.sleep(for: .seconds(3_600)) } }
        let remediator = scene.remediator()
        let runs = keys.map { key in
            Task {
                try await remediator.start(
                    .deactivateAccessKey, Self.target(key.accessKeyID), trigger: Scene.alert, id: key.accessKeyID)
            }
        }
        while scene.count(.inEffect) + scene.count(.approvalAsked) < keys.count { await Task.yield() }
        #expect(scene.count(.inEffect) == 3 && scene.count(.approvalAsked) == 17)
        #expect(scene.account.effects.count == 3)
        for run in runs { run.cancel() }
        scene.onWait.withLock { $0 = nil }
        // Each action has a cap of its own.
        let role = try await scene.run(.role, id: "other action")
        #expect(role.outcome == .succeeded && role.automaticAt != nil)
        scene.time.withLock { $0 = role.createdAt }
        // A restart does not forget what ran; an hour later it no longer counts.
        let other = Self.target("AKIA19")
        #expect(try await scene.run(.deactivateAccessKey, other, id: "later").isAwaitingApproval)
        scene.time.withLock { $0 += RespondLimits.capSpan + 1 }
        scene.account.state.withLock { $0.force("AKIA19", .active) }
        #expect(try await scene.run(.deactivateAccessKey, other, id: "much later").outcome == .succeeded)
    }

    private static func target(_ key: String) -> RemediationTarget {
        RemediationTarget(accountID: "1", subject: .accessKey(key, userName: "alice"), principal: .user)
    }

    @Test func idsAreStable() {
        let ids = Example.all.map { Remediator.id($0.action, $0.target, reason: "al-1") }
        #expect(ids[0] == "deactivate_access_key/123456789012/key/AKIA1/al-1")
        #expect(ids[4] == "restore_logging/123456789012/trail/main/al-1")
        #expect(Set(ids).count == ids.count)
    }

    /// The freeze beats everything, whichever of the two switches it is, and stops what is under way before it writes.
    @Test(arguments: Example.all)
    func aFreezeStopsWhatIsUnderWay(example: Example) async throws {
        for isRules in [true, false] {
            let scene = Scene()
            let remediator = scene.remediator()
            if !isRules { await remediator.freeze(true) }
            scene.account.state.withLock { state in
                state.onCall = { _, _, _ in scene.rules.value.withLock { $0.1.isFrozen = isRules } }
            }
            let done = try await remediator.start(example.action, example.target, trigger: Scene.alert, id: "r1")
            #expect(done.outcome == .refused(.frozen, pattern: nil))
            #expect(scene.account.effects.isEmpty && scene.account.writes == 0 && scene.alerts.isEmpty)
            #expect(scene.account.calls.isEmpty != isRules)
        }
    }

    @Test func aFreezeBetweenTwoTriesIsAFailureAndDoesNotStopARollback() async throws {
        let scene = Scene()
        scene.account.state.withLock { state in
            state.failures["UpdateAccessKey"] = [CallFailure(.transient, "Throttling")]
        }
        scene.onWait.withLock { $0 = { _ in scene.rules.value.withLock { $0.1.isFrozen = true } } }
        let done = try await scene.run()
        #expect(done.outcome?.name == "failed" && scene.alerts == [.failed] && scene.account.effects.isEmpty)
        let other = Scene()
        try await other.run(id: "r2")
        other.rules.value.withLock { $0.1.isFrozen = true }
        #expect(try await other.remediator().rollback("r2", by: "eve")?.outcome == .rolledBack)
    }

    @Test func anUnknownRemediationHearsNothing() async throws {
        #expect(try await Scene().remediator().rollback("none", by: "eve") == nil)
    }
}
