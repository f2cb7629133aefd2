// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Detect
import Respond
import Testing

/// Deaths at every instant, and failures of every call, of every action.
@Suite struct CrashTests {
    /// Kills the process at each operation in turn, before it and after it, restarts, and looks at the end.
    @Test(arguments: Example.all)
    func aDeathAtAnyInstantChangesNothingOfTheEnd(example: Example) async throws {
        var instant = 0
        while true {
            let fuse = Fuse(instant)
            let first = Scene(FakeAccount(fuse: fuse), store: MemoryStore(fuse: fuse))
            first.skipsWatch.withLock { $0 = true }
            let died: Bool
            do {
                try await first.run(example)
                died = false
            } catch is Crash {
                died = true
            }
            guard died else { break }
            let second = first.restarted()
            second.skipsWatch.withLock { $0 = true }
            let remediator = second.remediator()
            try await remediator.resumeAll()
            // What died before it was kept comes again with its alert.
            let done = try await remediator.start(example.action, example.target, trigger: Scene.alert, id: "r1")
            #expect(done.outcome == .succeeded, "instant \(instant)")
            #expect(second.account.effects == [example.effect], "instant \(instant)")
            let kinds = Set((first.told.withLock { $0 } + second.told.withLock { $0 }).map(\.kind))
            #expect(kinds.subtracting([.otherKeys]) == Set(Example.calm), "instant \(instant)")
            instant += 1
        }
        // Each call and each save has an instant before and after it.
        #expect(instant > 4 * example.calls.count)
    }

    @Test(arguments: Example.all)
    func aDeathDuringARollback(example: Example) async throws {
        guard let effect = example.rollbackEffect else { return }
        var instant = 0
        while true {
            let calm = Scene()
            calm.skipsWatch.withLock { $0 = true }
            try await calm.run(example)
            let fuse = Fuse(instant)
            let first = Scene(calm.account.seen(with: fuse), store: calm.store.reopened(with: fuse))
            let died: Bool
            do {
                _ = try await first.remediator().rollback("r1", by: "eve")
                died = false
            } catch is Crash {
                died = true
            }
            guard died else { break }
            let second = first.restarted()
            try await second.remediator().resumeAll()
            // A command that was not kept was never answered: the person gives it again.
            let done = try await second.remediator().rollback("r1", by: "eve")
            #expect(done?.outcome == .rolledBack, "instant \(instant)")
            #expect(second.account.effects == [example.effect, effect], "instant \(instant)")
            instant += 1
        }
        #expect(instant > 8)
    }

    @Test(arguments: Example.everyCall)
    func passingFailuresAreRetriedWithoutADoubleEffect(example: Example, call: String) async throws {
        for after in [false, true] {
            let scene = Scene()
            scene.account.state.withLock { state in
                state.failures[call] = Array(repeating: CallFailure(.transient, "Throttling"), count: 3)
                if after { state.failAfter = [call] }
            }
            #expect(try await scene.run(example).outcome == .succeeded)
            #expect(scene.account.effects == [example.effect] && scene.alerts.isEmpty)
        }
    }

    @Test(arguments: Example.all)
    func anAnswerThatWasLostIsLookedUp(example: Example) async throws {
        let scene = Scene()
        scene.account.state.withLock { state in
            state.failures[example.write] = [CallFailure(.transient, "Timeout")]
            state.failAfter = [example.write]
        }
        #expect(try await scene.run(example).outcome == .succeeded)
        #expect(scene.account.writes == 1)
    }

    @Test(arguments: Example.everyCall)
    func lastingFailuresEndInAnAlert(example: Example, call: String) async throws {
        for kind in [CallFailure.Kind.transient, .permanent] {
            let scene = Scene()
            scene.account.state.withLock { state in
                state.failures[call] = Array(repeating: CallFailure(kind, "iam:\(call): Nope"), count: 100)
            }
            let done = try await scene.run(example)
            #expect(done.outcome == .failed("iam:\(call): Nope"))
            #expect(scene.alerts == [.failed] && scene.account.effects.isEmpty)
            let tries = scene.account.calls.filter { $0 == call }.count
            #expect(tries == (kind == .transient ? RespondLimits.retryPauses.count + 1 : 1))
        }
    }

    /// The rollback's own write is denied: it is told, the action still stands, and it can be asked for again.
    @Test(arguments: Example.all)
    func aRollbackThatFailsIsAnAlertAndLosesNothing(example: Example) async throws {
        guard let effect = example.rollbackEffect else { return }
        let scene = Scene()
        try await scene.run(example)
        let write = effect.hasPrefix("AKIA") ? "UpdateAccessKey" : example.write.replacing("Put", with: "Delete")
        scene.account.state.withLock { $0.failures[write] = [CallFailure(.permanent, "iam:\(write): Nope")] }
        let failed = try await scene.remediator().rollback("r1", by: "eve")
        #expect(failed?.outcome == .succeeded && failed?.isFinished == true)
        #expect(scene.alerts == [.rollbackFailed] && scene.account.effects == [example.effect])
        #expect(try await scene.remediator().rollback("r1", by: "eve")?.outcome == .rolledBack)
        #expect(scene.account.effects == [example.effect, effect])
    }

    @Test(arguments: Example.all)
    func aBlindWatchIsAnAlertAndNoFailure(example: Example) async throws {
        let scene = Scene()
        scene.account.state.withLock { state in
            state.onCall = { state, operation, count in
                guard operation == example.calls.last, count == 2 else { return }
                state.failures[operation] = Array(repeating: CallFailure(.permanent, "AccessDenied"), count: 10_000)
            }
        }
        #expect(try await scene.run(example).outcome == .succeeded)
        #expect(scene.alerts == [.watchBlind])
    }

    @Test(arguments: Example.all)
    func aRehearsalWritesNothing(example: Example) async throws {
        let policies = [RemediationPolicy(mode: .dryRun), RemediationPolicy(mode: .auto)]
        let triggers = [Scene.alert, RemediationTrigger.person(name: "eve", isDryRun: true)]
        for (policy, trigger) in zip(policies, triggers) {
            let scene = Scene(policy: policy)
            let done = try await scene.run(example, trigger: trigger)
            #expect(done.outcome == .rehearsed && scene.account.writes == 0)
            #expect(done.history.last?.detail.hasSuffix(":" + example.write) == true)
            #expect(try await scene.remediator().rollback("r1", by: "eve")?.outcome == .rehearsed)
            #expect(scene.account.writes == 0)
        }
    }

    @Test(arguments: Example.all)
    func backfilledEventsNeverRemediate(example: Example) async throws {
        let scene = Scene()
        let trigger = RemediationTrigger.alert(
            alertID: "a", detectionID: "d", severity: .critical, isHistorical: true)
        #expect(try await scene.run(example, trigger: trigger).outcome == .refused(.historical, pattern: nil))
        #expect(scene.account.calls.isEmpty)
    }
}
