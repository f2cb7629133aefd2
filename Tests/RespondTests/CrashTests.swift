// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Detect
import Respond
import Testing

/// Deaths at every instant, and failures of every call.
@Suite struct CrashTests {
    /// Kills the process at each operation in turn, before it and after it, restarts, and looks at the end.
    @Test func aDeathAtAnyInstantChangesNothingOfTheEnd() async throws {
        let calm = Scene(iam: FakeIAM([FakeIAM.key("AKIA1"), FakeIAM.key("AKIA2")]))
        try await calm.run()
        var instant = 0
        while true {
            let fuse = Fuse(instant)
            let first = Scene(
                iam: FakeIAM([FakeIAM.key("AKIA1"), FakeIAM.key("AKIA2")], fuse: fuse), store: MemoryStore(fuse: fuse))
            let died: Bool
            do {
                try await first.run()
                died = false
            } catch is Crash {
                died = true
            }
            guard died else { break }
            let second = Scene(
                iam: first.iam.seen(with: Fuse()), store: first.store.reopened(with: Fuse()),
                time: first.time.withLock { $0 } + 3_000)
            let remediator = second.remediator()
            try await remediator.resumeAll()
            // What died before it was kept comes again with its alert.
            let done = try await remediator.run(Scene.target, trigger: Scene.alert, id: "r1")
            #expect(done.outcome == .deactivated, "instant \(instant)")
            #expect(second.iam.effects == ["AKIA1 Inactive"], "instant \(instant)")
            let told = first.told.withLock { $0 } + second.told.withLock { $0 }
            #expect(Set(told.map(\.kind)) == [.started, .otherKeys, .deactivated, .finished], "instant \(instant)")
            instant += 1
        }
        // Each of four calls and of many saves has an instant before and after it.
        #expect(instant > 30)
    }

    @Test func aDeathDuringARollback() async throws {
        var instant = 0
        while true {
            let calm = Scene()
            try await calm.run()
            let fuse = Fuse(instant)
            let first = Scene(iam: calm.iam.seen(with: fuse), store: calm.store.reopened(with: fuse))
            let died: Bool
            do {
                _ = try await first.remediator().command(.rollback(by: "eve"), id: "r1")
                died = false
            } catch is Crash {
                died = true
            }
            guard died else { break }
            let second = Scene(
                iam: first.iam.seen(with: Fuse()), store: first.store.reopened(with: Fuse()),
                time: first.time.withLock { $0 } + 3_000)
            try await second.remediator().resumeAll()
            // A command that was not kept was never answered: the person gives it again.
            let done = try await second.remediator().command(.rollback(by: "eve"), id: "r1")
            #expect(done?.outcome == .rolledBack, "instant \(instant)")
            #expect(second.iam.effects == ["AKIA1 Inactive", "AKIA1 Active"], "instant \(instant)")
            instant += 1
        }
        #expect(instant > 6)
    }

    @Test(arguments: ["GetAccessKeyLastUsed", "ListAccessKeys", "UpdateAccessKey"])
    func passingFailuresAreRetriedWithoutADoubleEffect(call: String) async throws {
        for after in [false, true] {
            let scene = Scene()
            scene.iam.state.withLock { state in
                state.failures[call] = Array(repeating: CallFailure(.transient, "Throttling"), count: 3)
                if after { state.failAfter = [call] }
            }
            #expect(try await scene.run().outcome == .deactivated)
            #expect(scene.iam.effects == ["AKIA1 Inactive"] && scene.alerts.isEmpty)
        }
    }

    @Test func anAnswerThatWasLostIsLookedUp() async throws {
        let scene = Scene()
        scene.iam.state.withLock { state in
            state.failures["UpdateAccessKey"] = [CallFailure(.transient, "Timeout")]
            state.failAfter = ["UpdateAccessKey"]
        }
        #expect(try await scene.run().outcome == .deactivated)
        #expect(scene.iam.writes == 1)
    }

    @Test(arguments: ["GetAccessKeyLastUsed", "ListAccessKeys", "UpdateAccessKey"])
    func lastingFailuresEndInAnAlert(call: String) async throws {
        for kind in [CallFailure.Kind.transient, .permanent] {
            let scene = Scene()
            scene.iam.state.withLock { state in
                state.failures[call] = Array(repeating: CallFailure(kind, "iam:\(call): Nope"), count: 100)
            }
            let done = try await scene.run()
            #expect(done.outcome == .failed("iam:\(call): Nope"))
            #expect(scene.alerts == [.failed] && scene.iam.effects.isEmpty)
            let tries = scene.iam.calls.filter { $0 == call }.count
            #expect(tries == (kind == .transient ? RespondLimits.retryPauses.count + 1 : 1))
        }
    }

    @Test func aBlindWatchIsAnAlertAndNoFailure() async throws {
        let scene = Scene()
        scene.iam.state.withLock { state in
            state.onList = { state, count in
                if count == 2 {
                    state.failures["ListAccessKeys"] = Array(
                        repeating: CallFailure(.permanent, "AccessDenied"), count: 10_000)
                }
            }
        }
        #expect(try await scene.run().outcome == .deactivated)
        #expect(scene.alerts == [.watchBlind])
    }

    @Test func aRehearsalWritesNothing() async throws {
        let policies = [RemediationPolicy(mode: .dryRun), RemediationPolicy(mode: .auto)]
        let triggers = [Scene.alert, RemediationTrigger.person(name: "eve", isDryRun: true)]
        for (policy, trigger) in zip(policies, triggers) {
            let scene = Scene(policy: policy)
            let done = try await scene.run(trigger: trigger)
            #expect(done.outcome == .rehearsed && scene.iam.writes == 0)
            #expect(try await scene.remediator().command(.rollback(by: "eve"), id: "r1")?.outcome == .rehearsed)
            #expect(scene.iam.writes == 0)
        }
    }

    @Test func backfilledEventsNeverRemediate() async throws {
        let scene = Scene()
        let trigger = RemediationTrigger.alert(
            alertID: "a", detectionID: "d", severity: .critical, isHistorical: true)
        #expect(try await scene.run(trigger: trigger).outcome == .refused(.historical, pattern: nil))
        #expect(scene.iam.calls.isEmpty)
    }
}

/// Approval, the cap, and one remediation asked for many times.
@Suite struct ApprovalTests {
    @Test func nothingIsWrittenBeforeAPersonApproves() async throws {
        let scene = Scene(policy: RemediationPolicy(mode: .approve))
        let waiting = try await scene.run()
        #expect(waiting.isAwaitingApproval && waiting.outcome == nil && scene.iam.writes == 0)
        #expect(scene.count(.approvalAsked) == 1)
        let done = try await scene.remediator().command(.approve(by: "eve"), id: "r1")
        #expect(done?.outcome == .deactivated && done?.approvedBy == "eve" && done?.automaticAt == nil)
    }

    @Test func aPersonDeclines() async throws {
        let scene = Scene(policy: RemediationPolicy(mode: .approve))
        try await scene.run()
        let done = try await scene.remediator().command(.decline(by: "eve"), id: "r1")
        #expect(done?.outcome == .refused(.notApproved, pattern: nil) && scene.iam.writes == 0)
        #expect(try await scene.remediator().command(.approve(by: "eve"), id: "r1")?.outcome == done?.outcome)
    }

    @Test func approvalDoesNotOutliveItsDay() async throws {
        let scene = Scene(policy: RemediationPolicy(mode: .approve))
        try await scene.run()
        scene.time.withLock { $0 += RespondLimits.approval }
        try await scene.remediator().resumeAll()
        #expect(try await scene.store.load("r1")?.outcome == .refused(.approvalExpired, pattern: nil))
        try await scene.remediator().command(.approve(by: "eve"), id: "r1")
        #expect(scene.iam.writes == 0)
    }

    @Test func theNeverListAndTheFreezeHoldAfterApproval() async throws {
        let scene = Scene(policy: RemediationPolicy(mode: .approve))
        try await scene.run()
        scene.rules.value.withLock { $0.1.isFrozen = true }
        let done = try await scene.remediator().command(.approve(by: "eve"), id: "r1")
        #expect(done?.outcome == .refused(.frozen, pattern: nil) && scene.iam.writes == 0)
    }

    @Test func theSameRequestRunsOnce() async throws {
        let scene = Scene()
        let remediator = scene.remediator()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask { try await remediator.run(Scene.target, trigger: Scene.alert, id: "r1") }
            }
            try await group.waitForAll()
        }
        #expect(scene.iam.effects == ["AKIA1 Inactive"] && scene.iam.writes == 1)
        #expect(scene.count(.finished) == 1)
        #expect(try await remediator.run(Scene.target, trigger: Scene.alert, id: "r1").outcome == .deactivated)
        #expect(scene.iam.writes == 1)
    }

    @Test func atMostTheCapRunsByItself() async throws {
        let keys = (0..<20).map { FakeIAM.key("AKIA\($0)") }
        let scene = Scene(iam: FakeIAM(keys), policy: RemediationPolicy(mode: .auto, hourlyCap: 3))
        // The clock stands: every watch lasts until the test ends it.
        scene.onWait.withLock { $0 = { _ in try await Task.sleep(for: .seconds(3_600)) } }
        let remediator = scene.remediator()
        let runs = keys.map { key in
            Task {
                try await remediator.run(
                    Self.target(key.accessKeyID), trigger: Scene.alert, id: key.accessKeyID)
            }
        }
        while scene.count(.deactivated) + scene.count(.approvalAsked) < keys.count { await Task.yield() }
        #expect(scene.count(.deactivated) == 3 && scene.count(.approvalAsked) == 17)
        #expect(scene.iam.effects.count == 3)
        for run in runs { run.cancel() }
        // A restart does not forget what ran; an hour later it no longer counts.
        let other = Self.target("AKIA19")
        #expect(try await scene.remediator().run(other, trigger: Scene.alert, id: "later").isAwaitingApproval)
        scene.time.withLock { $0 += RespondLimits.capSpan + 1 }
        scene.onWait.withLock { $0 = nil }
        scene.iam.state.withLock { $0.force("AKIA19", .active) }
        #expect(try await scene.remediator().run(other, trigger: Scene.alert, id: "much later").outcome == .deactivated)
    }

    private static func target(_ key: String) -> KeyTarget {
        KeyTarget(accountID: "1", accessKeyID: key, principal: .user, userName: "alice")
    }

    @Test func idsAreStable() {
        let id = KeyRemediator.id(of: Scene.target, reason: "al-1")
        #expect(id == "deactivate_access_key/123456789012/AKIA1/al-1")
    }

    @Test func anUnknownRemediationHearsNothing() async throws {
        #expect(try await Scene().remediator().command(.rollback(by: "eve"), id: "none") == nil)
    }
}
