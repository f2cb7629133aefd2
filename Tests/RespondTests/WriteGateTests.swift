// SPDX-License-Identifier: Apache-2.0

import AWS
import Respond
import Synchronization
import Testing

/// The gate that writes pass, and what a remediation makes of a gate that was shut.
@Suite(.timeLimit(.minutes(1))) struct WriteGateTests {
    @Test func itIsDrainedOnceWhatIsUnderWayHasEnded() async {
        let gate = WriteGate()
        #expect(gate.enter())
        gate.shut()
        #expect(!gate.enter())
        let drained = Flag()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await gate.drained()
                drained.isSet.withLock { $0 = true }
            }
            for _ in 0..<100 { await Task.yield() }
            #expect(!drained.isSet.withLock { $0 })
            gate.leave()
        }
        #expect(drained.isSet.withLock { $0 })
        gate.open()
        #expect(gate.enter())
    }

    /// The freeze comes after the remediation was saved for its write, the latest moment there is.
    @Test(arguments: Example.all)
    func aFreezeAtTheLastMomentHoldsTheWriteBack(example: Example) async throws {
        let scene = Scene()
        let gate = WriteGate()
        let remediator = Remediator(
            store: scene.store, rules: scene.rules, services: { _ in scene.account },
            progress: { _, notices in if notices.contains(where: { $0.kind == .executing }) { gate.shut() } },
            now: { scene.time.withLock { $0 } }, sleep: { length in scene.time.withLock { $0 += length } }, gate: gate)
        let done = try await remediator.start(example.action, example.target, trigger: Scene.alert, id: "r1")
        #expect(done.outcome == .refused(.frozen, pattern: nil))
        #expect(scene.account.writes == 0 && scene.account.effects.isEmpty)
    }

    /// A record that gives an innocent's key to another user, or a user who was renamed since: a person has to look.
    @Test func aKeyOfAnotherUserThanTheRecordSaysIsLeftAlone() async throws {
        let scene = Scene()
        let target = RemediationTarget(
            accountID: "123456789012", subject: .accessKey("AKIA1", userName: "mallory"), principal: .user)
        let done = try await scene.run(.deactivateAccessKey, target)
        #expect(done.outcome == .refused(.ownerMismatch, pattern: nil))
        #expect(scene.account.writes == 0)
    }
}

/// A switch that tasks share.
private final class Flag: Sendable {
    let isSet = Mutex(false)
}
