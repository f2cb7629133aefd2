// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Respond
import Synchronization

/// Everything that a remediation runs in, with a clock that jumps where it would wait.
final class Scene: Sendable {
    let account: FakeAccount
    let store: MemoryStore
    let rules: FixedRules
    let time: Mutex<Milliseconds>
    let told = Mutex<[RemediationNotice]>([])
    /// Whether the first pause of a watch takes its whole time, so that one look ends it.
    let skipsWatch = Mutex(false)
    /// Called at each wait, with the time that it leads to.
    let onWait = Mutex<(@Sendable (Milliseconds) async throws -> Void)?>(nil)

    static let alert = RemediationTrigger.alert(alertID: "al-1", detectionID: "d", severity: .high, isHistorical: false)

    init(
        _ account: FakeAccount = FakeAccount(), policy: RemediationPolicy = RemediationPolicy(mode: .auto),
        situation: RemediationSituation = RemediationSituation(), store: MemoryStore = MemoryStore(),
        time: Milliseconds = 1_700_000_000_000
    ) {
        self.account = account
        self.store = store
        rules = FixedRules(policy, situation)
        self.time = Mutex(time)
    }

    func remediator(service: (any ActionService)? = nil) -> Remediator {
        let service = service ?? account
        return Remediator(
            store: store, rules: rules, services: { _ in service },
            progress: { _, notices in self.told.withLock { $0 += notices } },
            now: { self.time.withLock { $0 } },
            sleep: { length in
                try Task.checkCancellation()
                let isSkipped = length == RespondLimits.watchPauseEarly && self.skipsWatch.withLock { $0 }
                let until = self.time.withLock { time in
                    time += isSkipped ? RespondLimits.watch : length
                    return time
                }
                try await self.onWait.withLock { $0 }?(until)
            })
    }

    @discardableResult
    func run(
        _ example: Example = .key, trigger: RemediationTrigger = Scene.alert, id: String = "r1"
    ) async throws -> Remediation {
        try await run(example.action, example.target, trigger: trigger, id: id)
    }

    @discardableResult
    func run(
        _ action: RemediationAction, _ target: RemediationTarget, trigger: RemediationTrigger = Scene.alert,
        id: String = "r1"
    ) async throws -> Remediation {
        try await remediator().start(action, target, trigger: trigger, id: id)
    }

    /// The same scene as the next process finds it, a moment later.
    func restarted() -> Scene {
        Scene(
            account.seen(with: Fuse()), store: store.reopened(with: Fuse()), time: time.withLock { $0 } + 3_000)
    }

    var alerts: [RemediationNotice.Kind] { told.withLock { $0.filter(\.isAlert).map(\.kind) } }
    func count(_ kind: RemediationNotice.Kind) -> Int { told.withLock { $0.filter { $0.kind == kind }.count } }
}
