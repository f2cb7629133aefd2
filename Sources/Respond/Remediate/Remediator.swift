// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// Carries remediations out: one task for each, which goes on where it was after a restart.
package actor Remediator {
    private let store: any RemediationStore
    private let rules: any RemediationRules
    private let services: @Sendable (String) async throws -> any ActionService
    private let progress: @Sendable (Remediation, [RemediationNotice]) async -> Void
    private let now: @Sendable () -> Milliseconds
    private let sleep: @Sendable (Milliseconds) async throws -> Void

    private let gate: WriteGate
    private var runs: Set<String> = []
    private var commands: [String: [Command]] = [:]
    private var sleepers: [String: Task<Void, any Error>] = [:]
    /// Who acts on a target, and who waits for that: two at once would each take the other's work for the state before.
    private var acting: [String: String] = [:]
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
    /// Automatic runs that were let go on, so that two at once can't both be the last under the cap.
    private var automatic: [Cap: [Milliseconds]] = [:]

    /// What a cap counts.
    private struct Cap: Hashable {
        let accountID: String
        let action: RemediationAction
    }

    /// A person's word on a remediation.
    private enum Command: Sendable, Hashable {
        case approve(by: String)
        case decline(by: String)
        case rollback(by: String)
    }

    /// Makes a remediator.
    ///
    /// - Parameters:
    ///   - services: Gives what makes the calls in an account. It is asked before each call, so that an executor that
    ///     went away is replaced; what it throws counts as the call's failure.
    ///   - progress: Hears of every new entry of a remediation's history, after it is durable. After a crash it may
    ///     hear the last ones again.
    ///   - now: The time of day.
    ///   - sleep: Waits so many milliseconds, or throws `CancellationError`.
    ///   - gate: Passed by every write but a rollback's.
    package init(
        store: any RemediationStore, rules: any RemediationRules,
        services: @escaping @Sendable (String) async throws -> any ActionService,
        progress: @escaping @Sendable (Remediation, [RemediationNotice]) async -> Void,
        now: @escaping @Sendable () -> Milliseconds, sleep: @escaping @Sendable (Milliseconds) async throws -> Void,
        gate: WriteGate = WriteGate()
    ) {
        self.store = store
        self.rules = rules
        self.services = services
        self.progress = progress
        self.now = now
        self.sleep = sleep
        self.gate = gate
    }

    /// The id of the remediation of a target for an alert or command: the same request again finds the same one.
    package static func id(_ action: RemediationAction, _ target: RemediationTarget, reason: String) -> String {
        "\(action.rawValue)/\(target.accountID)/\(target.text)/\(reason)"
    }

    /// Starts a remediation, or goes on with the one of the same id, and returns when it is finished or waits for a
    /// person. That can be half an hour, the watch included: who only wants to hear of it listens to `progress`.
    ///
    /// - Throws: What the store throws, and `CancellationError`; what the account answers is in the remediation.
    @discardableResult
    package func start(
        _ action: RemediationAction, _ target: RemediationTarget, trigger: RemediationTrigger, id: String
    ) async throws -> Remediation {
        if let known = try await store.load(id) { return try await carryOn(known) }
        return try await carryOn(Remediation(id: id, action: action, target: target, trigger: trigger, now: now()))
    }

    /// Goes on with everything that a restart interrupted, and returns when all of it is finished or waits.
    package func resumeAll() async throws {
        let waiting = try await store.unfinished()
        await withTaskGroup(of: Void.self) { group in
            for remediation in waiting {
                group.addTask {
                    // What fails here is kept as it is, for the next start; the store's own trouble shows elsewhere.
                    _ = try? await self.carryOn(remediation)
                }
            }
        }
    }

    /// A person lets a remediation go on. Returns it when it is finished or waits again; nil where there is none.
    @discardableResult
    package func approve(_ id: String, by name: String) async throws -> Remediation? {
        try await command(.approve(by: name), id)
    }

    /// A person declines.
    @discardableResult
    package func decline(_ id: String, by name: String) async throws -> Remediation? {
        try await command(.decline(by: name), id)
    }

    /// A person wants back what was before.
    @discardableResult
    package func rollback(_ id: String, by name: String) async throws -> Remediation? {
        try await command(.rollback(by: name), id)
    }

    /// Stops or lets go every change, at once and beside what the rules say: from here on no call that writes goes
    /// out but a rollback's. What is under way ends as refused or failed where it would write next; watching goes on.
    package func freeze(_ isFrozen: Bool) { isFrozen ? gate.shut() : gate.open() }

    private func command(_ command: Command, _ id: String) async throws -> Remediation? {
        commands[id, default: []].append(command)
        if runs.contains(id) {
            sleepers[id]?.cancel()
            return try await store.load(id)
        }
        guard let known = try await store.load(id) else {
            commands[id] = nil
            return nil
        }
        return try await carryOn(known)
    }

    /// Runs the machine until nothing more happens by itself.
    private func carryOn(_ start: Remediation) async throws -> Remediation {
        guard runs.insert(start.id).inserted else { return start }
        defer {
            runs.remove(start.id)
            sleepers[start.id] = nil
            leave(start)
        }
        var machine = start
        machine.resume(now())
        while true {
            try Task.checkCancellation()
            if machine.isActing { await enter(machine) } else { leave(machine) }
            apply(commands.removeValue(forKey: machine.id) ?? [], to: &machine)
            try await keep(&machine)
            let step = machine.step(now())
            if step == .finished || (machine.isAwaitingApproval && isWait(step)) {
                // A word that came while this was being kept must not be lost.
                if commands[machine.id] == nil { return machine }
                continue
            }
            try await carryOut(step, &machine)
        }
    }

    private func place(_ machine: Remediation) -> String { "\(machine.accountID) \(machine.target.text)" }

    /// Waits until nobody else acts on the target. Whoever does leaves it however it ends, so nobody waits for ever.
    private func enter(_ machine: Remediation) async {
        let place = place(machine)
        while let other = acting[place], other != machine.id {
            await withCheckedContinuation { waiting[place, default: []].append($0) }
        }
        acting[place] = machine.id
    }

    private func leave(_ machine: Remediation) {
        let place = place(machine)
        guard acting[place] == machine.id else { return }
        acting[place] = nil
        for waiter in waiting.removeValue(forKey: place) ?? [] { waiter.resume() }
    }

    private func isWait(_ step: Remediation.Step) -> Bool {
        if case .wait = step { true } else { false }
    }

    private func apply(_ commands: [Command], to machine: inout Remediation) {
        for command in commands {
            switch command {
            case .approve(let name): machine.approve(by: name, now())
            case .decline(let name): machine.decline(by: name, now())
            case .rollback(let name): machine.rollback(by: name, now())
            }
        }
    }

    /// Makes a state durable, then tells what is new in it.
    private func keep(_ machine: inout Remediation) async throws {
        try await store.save(machine)
        guard machine.toldCount < machine.historyCount else { return }
        await progress(machine, machine.untold)
        machine.told()
        // Otherwise the next state's save keeps it.
        if machine.isFinished || machine.isAwaitingApproval { try await store.save(machine) }
    }

    private func carryOut(_ step: Remediation.Step, _ machine: inout Remediation) async throws {
        switch step {
        case .decide(let isApproved):
            let (decision, mode) = try await decide(machine, isApproved: isApproved)
            machine.decided(decision, mode: mode, now())
        case .call(let call):
            if call.isWrite {
                if machine.phase == .executing, try await isStopped(machine) { return machine.freeze(now()) }
                machine.writing(call, now())
                try await keep(&machine)
            }
            try await perform(call, &machine)
        case .wait(let until): try await pause(until, machine.id)
        case .finished: break
        }
    }

    /// Makes a call and tells the machine what came of it.
    private func perform(_ call: ActionCall, _ machine: inout Remediation) async throws {
        let isGoverned = call.isWrite && machine.phase == .executing
        // Between the last look at the freeze and here the machine was saved, which takes its time.
        if isGoverned, !gate.enter() { return machine.withhold(now()) }
        defer { if isGoverned { gate.leave() } }
        do {
            let account = machine.accountID
            let result = try await Writing.$permit.withValue(isGoverned ? gate : nil) {
                try await services(account).perform(call)
            }
            machine.answered(call, result, now())
        } catch let failure as CallFailure {
            machine.failed(failure, now())
        } catch let error as AWSError {
            machine.failed(CallFailure(error), now())
        } catch let error as CancellationError {
            throw error
        } catch {
            machine.failed(CallFailure(.permanent, "\(call.permission): \(error)"), now())
        }
    }

    /// Whether the freeze came since the policy was asked.
    private func isStopped(_ machine: Remediation) async throws -> Bool {
        if gate.isShut { return true }
        return try await rules.rules(accountID: machine.accountID, action: machine.action).situation.isFrozen
    }

    private func decide(
        _ machine: Remediation, isApproved: Bool
    ) async throws -> (RemediationDecision, RemediationMode) {
        let cap = Cap(accountID: machine.accountID, action: machine.action)
        let since = now() - RespondLimits.capSpan
        var (policy, situation) = try await rules.rules(accountID: cap.accountID, action: cap.action)
        let stored = try await store.automaticRuns(accountID: cap.accountID, action: cap.action, since: since)
        // From here on nothing is awaited, so no other decision comes between the count and the note of it.
        let noted = automatic[cap, default: []].filter { $0 >= since && $0 <= since + RespondLimits.capReach }
        situation.automaticRuns = max(stored.count, noted.count)
        situation.isFrozen = situation.isFrozen || gate.isShut
        let decision = policy.decide(machine.trigger, on: machine.facts, in: situation, isApproved: isApproved)
        automatic[cap] = noted
        if decision == .run(isAutomatic: true), machine.isIdentified { automatic[cap]?.append(now()) }
        return (decision, policy.mode)
    }

    /// Sleeps until a time or a command, whichever comes first.
    private func pause(_ until: Milliseconds, _ id: String) async throws {
        guard commands[id] == nil else { return }
        let length = max(0, until - now())
        let task = Task { [sleep] in try await sleep(length) }
        sleepers[id] = task
        defer { sleepers[id] = nil }
        try await withTaskCancellationHandler {
            do {
                try await task.value
            } catch is CancellationError {
                // A command woke it, unless the run itself is to end.
                try Task.checkCancellation()
            }
        } onCancel: {
            task.cancel()
        }
    }
}
