// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Respond
import Testing

/// What happens in each case that a stolen key can be.
@Suite struct RemediationTableTests {
    private func target(_ key: String, _ principal: PrincipalKind) -> KeyTarget {
        KeyTarget(accountID: "123456789012", accessKeyID: key, principal: principal)
    }

    @Test func aUsersKeyIsDeactivatedVerifiedAndWatched() async throws {
        let scene = Scene(iam: FakeIAM([FakeIAM.key("AKIA1"), FakeIAM.key("AKIA2")]))
        let start = scene.time.withLock { $0 }
        let done = try await scene.run()
        #expect(done.outcome == .deactivated && done.isSettled)
        #expect(scene.iam.effects == ["AKIA1 Inactive"])
        #expect(scene.time.withLock { $0 } >= start + RespondLimits.watch)
        #expect(done.snapshot?.keys.map(\.accessKeyID) == ["AKIA1", "AKIA2"])
        #expect(done.history.map(\.kind) == [.started, .otherKeys, .deactivated, .finished])
        #expect(scene.told.withLock { $0 } == done.history)
        // The shortest way to inactive: owner, snapshot, change, look.
        #expect(
            scene.iam.calls.prefix(4) == [
                "GetAccessKeyLastUsed", "ListAccessKeys", "UpdateAccessKey", "ListAccessKeys",
            ])
        #expect(scene.iam.writes == 1)
    }

    @Test func rootsKeyIsRefused() async throws {
        let scene = Scene()
        let done = try await scene.run(target("AKIA1", .root))
        #expect(done.outcome == .refused(.rootKey, pattern: nil))
        #expect(scene.iam.calls.isEmpty)
        #expect(done.history.last?.detail.contains("sign in as root") == true)
        // The same when only IAM knows.
        for owner in [nil, "<root_account>"] {
            let hidden = Scene()
            hidden.iam.state.withLock { $0.owner = owner }
            #expect(try await hidden.run(target("AKIA1", .unknown)).outcome == .refused(.rootKey, pattern: nil))
            #expect(hidden.iam.writes == 0)
        }
    }

    @Test func temporaryKeysAreRefusedWithWhatToDo() async throws {
        let cases: [(PrincipalKind, RemediationRefusal, String)] = [
            (.role, .temporaryKeyOfRole, "revoke_role_sessions"), (.user, .temporaryKeyOfUser, "deny_user"),
            (.federatedUser, .temporaryKeyOfUser, "deny_user"), (.unknown, .temporaryKey, "find out"),
            (.root, .rootKey, "root"),
        ]
        for (principal, refusal, word) in cases {
            let scene = Scene()
            let done = try await scene.run(target("ASIA1", principal))
            #expect(done.outcome == .refused(refusal, pattern: nil))
            #expect(done.history.last?.detail.contains(word) == true)
            #expect(scene.iam.calls.isEmpty)
        }
    }

    @Test func anInactiveKeyIsASuccessWithNothingDoneAndNothingToRollBack() async throws {
        let scene = Scene(iam: FakeIAM([FakeIAM.key("AKIA1", .inactive)]))
        #expect(try await scene.run().outcome == .alreadyInactive)
        let after = try await scene.remediator().command(.rollback(by: "eve"), id: "r1")
        #expect(after?.outcome == .alreadyInactive)
        #expect(after?.history.last?.kind == .rollbackRefused)
        #expect(scene.iam.writes == 0 && scene.iam.status("AKIA1") == .inactive && scene.alerts.isEmpty)
    }

    @Test func aKeyThatIsGone() async throws {
        let deleted = Scene(iam: FakeIAM([FakeIAM.key("AKIA2")]))
        #expect(try await deleted.run().outcome == .gone)
        for call in ["GetAccessKeyLastUsed", "ListAccessKeys", "UpdateAccessKey"] {
            let scene = Scene()
            scene.iam.state.withLock { $0.failures[call] = [CallFailure(.missing, "NoSuchEntity")] }
            #expect(try await scene.run().outcome == .gone)
            #expect(scene.iam.effects.isEmpty && scene.alerts.isEmpty)
        }
    }

    @Test func theSecondKeyIsReportedAndNeverTouched() async throws {
        let scene = Scene(iam: FakeIAM([FakeIAM.key("AKIA1"), FakeIAM.key("AKIA2"), FakeIAM.key("AKIA3", .inactive)]))
        let done = try await scene.run()
        let notice = done.history.first { $0.kind == .otherKeys }
        #expect(notice?.detail == "AKIA2 (Active), AKIA3 (Inactive)")
        #expect(scene.iam.status("AKIA2") == .active && scene.iam.effects == ["AKIA1 Inactive"])
    }

    @Test func theAttackersUndoAndNewKeysAreAlerts() async throws {
        let scene = Scene()
        scene.iam.state.withLock { state in
            state.onList = { state, count in
                switch count {
                case 4: state.force("AKIA1", .active)
                case 6: state.keys.append(FakeIAM.key("AKIA9"))
                case 8: state.force("AKIA1", .inactive)
                case 10: state.force("AKIA1", .active)
                default: break
                }
            }
        }
        let done = try await scene.run()
        #expect(done.outcome == .undone)
        #expect(scene.alerts == [.undone, .newKey, .undone])
        #expect(done.history.first { $0.kind == .newKey }?.detail == "AKIA9 of alice")
        // An undo is told, not fought: it may be a person's.
        #expect(scene.iam.writes == 1)
    }

    @Test func iamsLagIsNoUndo() async throws {
        let scene = Scene()
        scene.iam.state.withLock { state in
            state.onList = { state, count in if count == 2 { state.staleLists = 4 } }
        }
        let done = try await scene.run()
        #expect(done.outcome == .deactivated && scene.iam.writes == 1 && scene.alerts.isEmpty)
    }

    @Test func aChangeWithoutEffectIsMadeAgainAndThenAnAlert() async throws {
        let scene = Scene()
        scene.iam.state.withLock { $0.ignoresChanges = true }
        let done = try await scene.run()
        #expect(done.outcome?.name == "failed")
        #expect(scene.iam.writes == RespondLimits.executions)
        #expect(scene.alerts == [.failed])
    }

    @Test func accountsNotOnboardedExcludedIdentitiesAndOneself() async throws {
        let alice = [TargetPattern("user/alice")].compactMap { $0 }
        let cases: [(RemediationPolicy, RemediationSituation, RemediationRefusal)] = [
            (RemediationPolicy(mode: .auto), RemediationSituation(isOnboarded: false), .accountNotOnboarded),
            (RemediationPolicy(mode: .auto, never: alice), RemediationSituation(), .neverListed),
            (RemediationPolicy(mode: .auto), RemediationSituation(ownIdentities: alice), .ownIdentity),
            (RemediationPolicy(mode: .auto), RemediationSituation(isFrozen: true), .frozen),
            (RemediationPolicy(), RemediationSituation(), .off),
        ]
        for (policy, situation, refusal) in cases {
            let scene = Scene(policy: policy, situation: situation)
            let done = try await scene.run()
            guard case .refused(refusal, _) = done.outcome else {
                Issue.record("\(refusal) expected, not \(String(describing: done.outcome))")
                continue
            }
            // What the event says is enough to refuse: IAM is not asked.
            #expect(scene.iam.calls.isEmpty)
            #expect(done.history.map(\.kind) == [.started, .finished])
        }
    }

    @Test func theOwnerThatIAMNamesCounts() async throws {
        // The event named nobody, or somebody else: the never-list holds for who it is.
        let never = [TargetPattern("user/boss")].compactMap { $0 }
        for named in [nil, "alice"] {
            let scene = Scene(policy: RemediationPolicy(mode: .auto, never: never))
            scene.iam.state.withLock { $0.owner = "boss" }
            let target = KeyTarget(accountID: "1", accessKeyID: "AKIA1", principal: .user, userName: named)
            #expect(try await scene.run(target).outcome == .refused(.neverListed, pattern: "user/boss"))
            #expect(scene.iam.writes == 0)
        }
    }

    @Test func pathsAndTagsAreLookedUpWhereAListNeedsThem() async throws {
        let lists = [TargetPattern("path/break-glass/"), TargetPattern("tag/trailhound=never")].compactMap { $0 }
        let stage = { (path: String, tags: [String: String]) in
            let scene = Scene(policy: RemediationPolicy(mode: .auto, never: lists))
            scene.iam.state.withLock { state in (state.path, state.tags) = (path, tags) }
            return scene
        }
        #expect(
            try await stage("/break-glass/", [:]).run().outcome == .refused(.neverListed, pattern: "path/break-glass/"))
        #expect(
            try await stage("/", ["trailhound": "never"]).run().outcome
                == .refused(.neverListed, pattern: "tag/trailhound=never"))
        let free = stage("/", [:])
        #expect(try await free.run().outcome == .deactivated)
        #expect(free.iam.calls.filter { $0 == "GetUser" }.count == 1)
        // A list that can't be checked is taken as a hit, and people hear of it.
        let blind = stage("/", [:])
        blind.iam.state.withLock { $0.failures["GetUser"] = [CallFailure(.permanent, "AccessDenied")] }
        #expect(try await blind.run().outcome == .refused(.exclusionsUnknown, pattern: nil))
        #expect(blind.iam.writes == 0 && blind.alerts == [.failed])
    }

    @Test func rollbackActivatesWhatWasActive() async throws {
        let scene = Scene()
        try await scene.run()
        let back = try await scene.remediator().command(.rollback(by: "eve"), id: "r1")
        #expect(back?.outcome == .rolledBack)
        #expect(scene.iam.effects == ["AKIA1 Inactive", "AKIA1 Active"])
        let again = try await scene.remediator().command(.rollback(by: "eve"), id: "r1")
        #expect(again?.outcome == .rolledBack && again?.history.last?.kind == .rollbackRefused)
        #expect(scene.iam.writes == 2)
    }

    @Test func rollbackLeavesAnotherKeyOfThatNameAlone() async throws {
        for keys in [[FakeIAM.key("AKIA1", .inactive, made: "2026-09-09T00:00:00Z")], []] {
            let scene = Scene()
            try await scene.run()
            scene.iam.state.withLock { $0.keys = keys }
            let after = try await scene.remediator().command(.rollback(by: "eve"), id: "r1")
            #expect(after?.outcome == .deactivated && after?.history.last?.kind == .rollbackRefused)
            #expect(scene.iam.writes == 1)
        }
    }

    @Test func rollbackOfWhatSomebodyUndidDoesNothing() async throws {
        let scene = Scene()
        try await scene.run()
        scene.iam.state.withLock { $0.force("AKIA1", .active) }
        #expect(try await scene.remediator().command(.rollback(by: "eve"), id: "r1")?.outcome == .rolledBack)
        #expect(scene.iam.writes == 1)
    }

    @Test func rollbackDuringTheWatchEndsIt() async throws {
        let scene = Scene()
        let remediator = scene.remediator()
        let start = scene.time.withLock { $0 }
        scene.onWait.withLock {
            $0 = { until in
                guard until >= start + 60_000, until < start + 70_000 else { return }
                try await remediator.command(.rollback(by: "eve"), id: "r1")
            }
        }
        let done = try await remediator.run(Scene.target, trigger: Scene.alert, id: "r1")
        #expect(done.outcome == .rolledBack)
        #expect(scene.iam.effects == ["AKIA1 Inactive", "AKIA1 Active"])
        #expect(scene.time.withLock { $0 } < start + RespondLimits.watch)
    }
}
