// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Respond
import Synchronization
import Testing

/// What happens in each case that a stolen key can be: the rows of deactivate_access_key.
@Suite struct KeyTableTests {
    private func target(
        _ key: String, _ principal: PrincipalKind, user: String? = nil
    ) -> RemediationTarget {
        RemediationTarget(
            accountID: "123456789012", subject: .accessKey(key, userName: user), principal: principal)
    }

    @Test func aUsersKeyIsDeactivatedVerifiedAndWatched() async throws {
        let scene = Scene(FakeAccount([FakeAccount.key("AKIA1"), FakeAccount.key("AKIA2")]))
        let start = scene.time.withLock { $0 }
        let done = try await scene.run()
        #expect(done.outcome == .succeeded && done.isSettled && done.mode == .auto)
        #expect(scene.account.effects == ["AKIA1 Inactive"])
        #expect(scene.time.withLock { $0 } >= start + RespondLimits.watch)
        #expect(done.snapshot?.keys?.map(\.accessKeyID) == ["AKIA1", "AKIA2"])
        #expect(done.snapshot?.principal == "alice")
        #expect(
            done.history.map(\.kind) == [.started, .snapshotTaken, .otherKeys, .executing, .inEffect, .finished])
        #expect(scene.told.withLock { $0 } == done.history)
    }

    @Test func rootsKeyIsRefused() async throws {
        let scene = Scene()
        let done = try await scene.run(.deactivateAccessKey, target("AKIA1", .root))
        #expect(done.outcome == .refused(.rootKey, pattern: nil))
        #expect(scene.account.calls.isEmpty)
        #expect(done.history.last?.detail.contains("sign in as root") == true)
        // The same when only IAM knows.
        for owner in [nil, "<root_account>"] {
            let hidden = Scene()
            hidden.account.state.withLock { $0.owner = owner }
            #expect(
                try await hidden.run(.deactivateAccessKey, target("AKIA1", .unknown)).outcome
                    == .refused(.rootKey, pattern: nil))
            #expect(hidden.account.writes == 0)
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
            let done = try await scene.run(.deactivateAccessKey, target("ASIA1", principal))
            #expect(done.outcome == .refused(refusal, pattern: nil))
            #expect(done.history.last?.detail.contains(word) == true)
            #expect(scene.account.calls.isEmpty)
        }
    }

    @Test func anInactiveKeyIsASuccessWithNothingDoneAndNothingToRollBack() async throws {
        let scene = Scene(FakeAccount([FakeAccount.key("AKIA1", .inactive)]))
        #expect(try await scene.run().outcome == .alreadyDone)
        let after = try await scene.remediator().rollback("r1", by: "eve")
        #expect(after?.outcome == .alreadyDone)
        #expect(after?.history.last?.kind == .rollbackRefused)
        #expect(scene.account.writes == 0 && scene.account.status("AKIA1") == .inactive && scene.alerts.isEmpty)
    }

    @Test func aKeyThatIsGone() async throws {
        let deleted = Scene(FakeAccount([FakeAccount.key("AKIA2")]))
        #expect(try await deleted.run().outcome == .gone)
        for call in Example.key.calls {
            let scene = Scene()
            scene.account.state.withLock { $0.failures[call] = [CallFailure(.missing, "NoSuchEntity")] }
            #expect(try await scene.run().outcome == .gone)
            #expect(scene.account.effects.isEmpty && scene.alerts.isEmpty)
        }
    }

    @Test func theSecondKeyIsReportedAndNeverTouched() async throws {
        let scene = Scene(
            FakeAccount([FakeAccount.key("AKIA1"), FakeAccount.key("AKIA2"), FakeAccount.key("AKIA3", .inactive)]))
        let done = try await scene.run()
        let notice = done.history.first { $0.kind == .otherKeys }
        #expect(notice?.detail == "AKIA2 (Active), AKIA3 (Inactive)")
        #expect(scene.account.status("AKIA2") == .active && scene.account.effects == ["AKIA1 Inactive"])
    }

    @Test func theOwnerThatIAMNamesCounts() async throws {
        // The event named nobody, or somebody else: the never-list holds for who it is.
        let never = [TargetPattern("user/boss")].compactMap { $0 }
        for named in [nil, "alice"] {
            let scene = Scene(policy: RemediationPolicy(mode: .auto, never: never))
            scene.account.state.withLock { $0.owner = "boss" }
            let done = try await scene.run(.deactivateAccessKey, target("AKIA1", .user, user: named))
            #expect(done.outcome == .refused(.neverListed, pattern: "user/boss"))
            #expect(scene.account.writes == 0)
        }
    }

    @Test func rollbackLeavesAnotherKeyOfThatNameAlone() async throws {
        for keys in [[FakeAccount.key("AKIA1", .inactive, made: "2026-09-09T00:00:00Z")], []] {
            let scene = Scene()
            try await scene.run()
            scene.account.state.withLock { $0.keys = keys }
            let after = try await scene.remediator().rollback("r1", by: "eve")
            #expect(after?.outcome == .succeeded && after?.history.last?.kind == .rollbackRefused)
            #expect(scene.account.writes == 1)
        }
    }
}

/// What holds for every action.
@Suite struct RemediationTableTests {
    /// The shortest way: who, what was there, the change, a look; and the calls are the permissions that it tells.
    @Test(arguments: Example.all)
    func theWayToTheWatch(example: Example) async throws {
        let scene = Scene()
        let done = try await scene.run(example)
        #expect(done.outcome == .succeeded && done.isSettled && scene.alerts.isEmpty)
        #expect(Array(scene.account.calls.prefix(example.calls.count)) == example.calls)
        #expect(scene.account.effects == [example.effect] && scene.account.writes == 1)
        #expect(done.history.map(\.kind).filter { $0 != .otherKeys } == Example.calm)
        #expect(done.phase == .finished && done.inEffectAt != nil && done.snapshot != nil)
    }

    @Test(arguments: Example.all)
    func thePermissionsAreTheCalls(example: Example) async throws {
        let lists = ["path/x/", "tag/x", "user/x/*", "role/x/*"].compactMap { TargetPattern($0) }
        let scene = Scene(policy: RemediationPolicy(mode: .auto, never: lists))
        #expect(try await scene.run(example).outcome == .succeeded)
        try await scene.remediator().rollback("r1", by: "eve")
        let names = example.action.permissions.map { $0.action.split(separator: ":").last.map(String.init) ?? "" }
        #expect(Set(scene.account.calls) == Set(names))
        #expect(names.count == Set(names).count)
        let plain = Scene()
        try await plain.run(example)
        try await plain.remediator().rollback("r1", by: "eve")
        let needed = example.action.permissions.filter { !$0.isForLists }.map(\.action)
        #expect(Set(plain.account.calls) == Set(needed.map { $0.split(separator: ":").last.map(String.init) ?? "" }))
        let writes = example.action.permissions.filter(\.isWrite).map(\.action)
        #expect(writes.allSatisfy { name in !name.contains(":Get") && !name.contains(":List") } && !writes.isEmpty)
    }

    @Test(arguments: Example.all)
    func theAttackersUndoIsAnAlert(example: Example) async throws {
        let scene = Scene()
        let look = example.calls.last ?? ""
        scene.account.state.withLock { state in
            state.onCall = { state, operation, count in
                guard operation == look else { return }
                if count == 4 { example.undo(&state) }
            }
        }
        let done = try await scene.run(example)
        #expect(done.outcome == .undone && scene.alerts == [.undone])
        // An undo is told, not fought: it may be a person's.
        #expect(scene.account.writes == 1)
    }

    @Test(arguments: [Example.key, .user, .console])
    func newKeysOfTheUserAreAlerts(example: Example) async throws {
        let scene = Scene()
        scene.account.state.withLock { state in
            state.onCall = { state, operation, count in
                if operation == "ListAccessKeys", count == 4 { state.keys.append(FakeAccount.key("AKIA9")) }
            }
        }
        let done = try await scene.run(example)
        #expect(done.outcome == .succeeded && scene.alerts == [.newKey])
        #expect(done.history.first { $0.kind == .newKey }?.detail == "AKIA9 of alice")
        #expect(scene.account.status("AKIA9") == .active && scene.account.writes == 1)
    }

    @Test(arguments: Example.all)
    func aSecondUndoIsAlertedAgain(example: Example) async throws {
        let scene = Scene()
        let look = example.calls.last ?? ""
        let right = Mutex<FakeAccount.State?>(nil)
        scene.account.state.withLock { state in
            state.onCall = { state, operation, count in
                guard operation == look else { return }
                if count == 4 {
                    right.withLock { $0 = state }
                    example.undo(&state)
                } else if count == 6, let before = right.withLock({ $0 }) {
                    (state.keys, state.policies, state.isLogging) = (before.keys, before.policies, before.isLogging)
                } else if count == 8 {
                    example.undo(&state)
                }
            }
        }
        #expect(try await scene.run(example).outcome == .undone)
        #expect(scene.alerts == [.undone, .undone])
    }

    @Test(arguments: Example.all)
    func theLagOfIAMIsNoUndo(example: Example) async throws {
        let scene = Scene()
        scene.account.state.withLock { state in
            state.onCall = { state, operation, _ in if operation == example.write { state.staleReads = 4 } }
        }
        let done = try await scene.run(example)
        #expect(done.outcome == .succeeded && scene.account.writes == 1 && scene.alerts.isEmpty)
    }

    @Test(arguments: Example.all)
    func aChangeWithoutEffectIsMadeAgainAndThenAnAlert(example: Example) async throws {
        let scene = Scene()
        scene.account.state.withLock { $0.ignoresChanges = true }
        let done = try await scene.run(example)
        #expect(done.outcome?.name == "failed")
        #expect(scene.account.writes == RespondLimits.executions)
        #expect(scene.alerts == [.failed])
    }

    @Test(arguments: Example.all)
    func whatIsSoAlreadyIsLeftAndNotRolledBack(example: Example) async throws {
        let first = Scene()
        try await first.run(example)
        let second = first.restarted()
        // The sessions of a role are revoked up to now, so that a later revocation has something to do.
        second.time.withLock { $0 = example.action == .revokeRoleSessions ? 1_000_000 : $0 }
        let done = try await second.run(example, id: "r2")
        #expect(done.outcome == .alreadyDone && second.account.effects == [example.effect])
        let after = try await second.remediator().rollback("r2", by: "eve")
        #expect(after?.outcome == .alreadyDone && after?.history.last?.kind == .rollbackRefused)
        #expect(second.account.effects == [example.effect])
    }

    @Test(arguments: Example.all)
    func accountsNotOnboardedExcludedIdentitiesAndOneself(example: Example) async throws {
        let own = ["key/AKIA1", "user/alice", "role/Deploy", "trail/main"].compactMap { TargetPattern($0) }
        let cases: [(RemediationPolicy, RemediationSituation, RemediationRefusal)] = [
            (RemediationPolicy(mode: .auto), RemediationSituation(isOnboarded: false), .accountNotOnboarded),
            (RemediationPolicy(mode: .auto, never: own), RemediationSituation(), .neverListed),
            (RemediationPolicy(mode: .auto, never: own, always: own), RemediationSituation(), .neverListed),
            (RemediationPolicy(mode: .auto, always: own), RemediationSituation(ownIdentities: own), .ownIdentity),
            (RemediationPolicy(mode: .auto, always: own), RemediationSituation(isFrozen: true), .frozen),
            (RemediationPolicy(), RemediationSituation(), .off),
        ]
        for (policy, situation, refusal) in cases {
            let scene = Scene(policy: policy, situation: situation)
            let done = try await scene.run(example)
            guard case .refused(refusal, _) = done.outcome else {
                Issue.record("\(refusal) expected, not \(String(describing: done.outcome))")
                continue
            }
            // What the event says is enough to refuse: AWS is not asked.
            #expect(scene.account.calls.isEmpty && scene.alerts.isEmpty)
            #expect(done.history.map(\.kind) == [.started, .finished])
        }
        // The always-list acts where the mode is off.
        let scene = Scene(policy: RemediationPolicy(mode: .off, always: own))
        #expect(try await scene.run(example).outcome == .succeeded)
    }

    @Test(arguments: [Example.key, .user, .console, .role])
    func pathsAndTagsAreLookedUpWhereAListNeedsThem(example: Example) async throws {
        let lists = [TargetPattern("path/break-glass/"), TargetPattern("tag/trailhound=never")].compactMap { $0 }
        let stage = { (path: String, tags: [String: String]) in
            let scene = Scene(policy: RemediationPolicy(mode: .auto, never: lists))
            scene.account.state.withLock { state in
                (state.path, state.rolePath, state.tags) = (path, path, tags)
            }
            return scene
        }
        #expect(
            try await stage("/break-glass/", [:]).run(example).outcome
                == .refused(.neverListed, pattern: "path/break-glass/"))
        #expect(
            try await stage("/", ["trailhound": "never"]).run(example).outcome
                == .refused(.neverListed, pattern: "tag/trailhound=never"))
        let free = stage("/", [:])
        #expect(try await free.run(example).outcome == .succeeded)
        // A list that can't be checked is taken as a hit, and people hear of it.
        guard example.action != .revokeRoleSessions else { return }
        let blind = stage("/", [:])
        blind.account.state.withLock { $0.failures["ListUserTags"] = [CallFailure(.permanent, "AccessDenied")] }
        #expect(try await blind.run(example).outcome == .refused(.exclusionsUnknown, pattern: nil))
        #expect(blind.account.writes == 0 && blind.alerts == [.failed])
    }

    @Test func anActionIsOnlyForItsTargets() async throws {
        for action in RemediationAction.allCases {
            for example in Example.all {
                let isFor = Example.all.contains { other in
                    other.action == action && other.target.text == example.target.text
                }
                let scene = Scene()
                let done = try await scene.run(action, example.target)
                #expect(done.outcome == (isFor ? .succeeded : .refused(.wrongTarget, pattern: nil)))
                #expect(isFor || scene.account.calls.isEmpty)
            }
        }
    }

    @Test(arguments: Example.all)
    func rollbackGivesBackWhatWas(example: Example) async throws {
        let scene = Scene()
        try await scene.run(example)
        let back = try await scene.remediator().rollback("r1", by: "eve")
        guard let effect = example.rollbackEffect else {
            #expect(back?.outcome == .succeeded && back?.history.last?.kind == .rollbackRefused)
            #expect(back?.history.last?.detail == example.action.irreversibility)
            #expect(scene.account.effects == [example.effect])
            return
        }
        #expect(back?.outcome == .rolledBack && example.action.irreversibility == nil)
        #expect(scene.account.effects == [example.effect, effect])
        let again = try await scene.remediator().rollback("r1", by: "eve")
        #expect(again?.outcome == .rolledBack && again?.history.last?.kind == .rollbackRefused)
        #expect(scene.account.writes == 2)
    }

    @Test(arguments: [Example.key, .role, .console])
    func rollbackOfWhatSomebodyUndidDoesNothing(example: Example) async throws {
        let scene = Scene()
        try await scene.run(example)
        scene.account.state.withLock { example.undo(&$0) }
        #expect(try await scene.remediator().rollback("r1", by: "eve")?.outcome == .rolledBack)
        #expect(scene.account.writes == 1)
    }

    @Test(arguments: Example.all)
    func rollbackDuringTheWatchEndsIt(example: Example) async throws {
        let scene = Scene()
        let remediator = scene.remediator()
        let start = scene.time.withLock { $0 }
        scene.onWait.withLock {
            $0 = { until in
                guard until >= start + 60_000, until < start + 70_000 else { return }
                try await remediator.rollback("r1", by: "eve")
            }
        }
        let done = try await remediator.start(example.action, example.target, trigger: Scene.alert, id: "r1")
        let isReversible = example.rollbackEffect != nil
        #expect(done.outcome == (isReversible ? .rolledBack : .succeeded))
        #expect(scene.account.effects == [example.effect] + (example.rollbackEffect.map { [$0] } ?? []))
        #expect((scene.time.withLock { $0 } < start + RespondLimits.watch) == isReversible)
    }
}
