// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// What a deactivation asks of an account's IAM. It throws `CallFailure`, or `CancellationError`; any other error
/// counts as a permanent failure.
package protocol KeyService: Sendable {
    /// Whose key it is; nil where no user is named.
    func owner(of accessKeyID: String) async throws -> String?
    /// A user's path, and the tags where they are wanted.
    func user(_ userName: String, tags: Bool) async throws -> (path: String, tags: [String: String]?)
    /// All keys of a user.
    func keys(of userName: String) async throws -> [IAM.AccessKey]
    /// Activates or deactivates a key.
    func setKey(_ accessKeyID: String, of userName: String, to status: IAM.KeyStatus) async throws
}

/// Where remediations are kept.
package protocol RemediationStore: Sendable {
    /// Keeps a remediation in place of an earlier state of it. It is durable when this returns.
    func save(_ remediation: KeyDeactivation) async throws
    /// The remediation with that id.
    func load(_ id: String) async throws -> KeyDeactivation?
    /// All that are not settled.
    func unfinished() async throws -> [KeyDeactivation]
    /// The times at which automatic runs began in an account since `time`.
    func automaticRuns(accountID: String, since time: Milliseconds) async throws -> [Milliseconds]
}

/// What a remediation is decided by, as it stands now.
package protocol RemediationRules: Sendable {
    /// An account's policy for an action. `situation.automaticRuns` is filled in by the caller.
    func rules(
        accountID: String, action: RemediationAction
    ) async throws -> (policy: RemediationPolicy, situation: RemediationSituation)
}

/// Carries deactivations out: one task for each, which goes on where it was after a restart.
package actor KeyRemediator {
    private let store: any RemediationStore
    private let rules: any RemediationRules
    private let services: @Sendable (String) async throws -> any KeyService
    private let progress: @Sendable (KeyDeactivation, [RemediationNotice]) async -> Void
    private let now: @Sendable () -> Milliseconds
    private let sleep: @Sendable (Milliseconds) async throws -> Void

    private var runs: Set<String> = []
    private var commands: [String: [Command]] = [:]
    private var sleepers: [String: Task<Void, any Error>] = [:]
    /// Automatic runs that were let go on, by account, so that two at once can't both be the last under the cap.
    private var automatic: [String: [Milliseconds]] = [:]

    /// A person's word on a remediation.
    package enum Command: Sendable, Hashable {
        case approve(by: String)
        case decline(by: String)
        case rollback(by: String)
    }

    /// Makes a remediator.
    ///
    /// - Parameters:
    ///   - services: Gives the IAM of an account.
    ///   - progress: Hears of every new entry of a remediation's history, after it is durable. After a crash it may
    ///     hear the last ones again.
    package init(
        store: any RemediationStore, rules: any RemediationRules,
        services: @escaping @Sendable (String) async throws -> any KeyService,
        progress: @escaping @Sendable (KeyDeactivation, [RemediationNotice]) async -> Void,
        now: @escaping @Sendable () -> Milliseconds, sleep: @escaping @Sendable (Milliseconds) async throws -> Void
    ) {
        self.store = store
        self.rules = rules
        self.services = services
        self.progress = progress
        self.now = now
        self.sleep = sleep
    }

    /// The id of the remediation of a key for an alert or command: the same request again finds the same remediation.
    package static func id(of target: KeyTarget, reason: String) -> String {
        "\(RemediationAction.deactivateAccessKey.rawValue)/\(target.accountID)/\(target.accessKeyID)/\(reason)"
    }

    /// Starts a remediation, or goes on with the one of the same id, and returns when it is finished or waits for a
    /// person.
    @discardableResult
    package func run(_ target: KeyTarget, trigger: RemediationTrigger, id: String) async throws -> KeyDeactivation {
        if let known = try await store.load(id) { return try await carryOn(known) }
        let fresh = KeyDeactivation(id: id, target: target, trigger: trigger, now: now())
        return try await carryOn(fresh)
    }

    /// Goes on with everything that a restart interrupted.
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

    /// Gives a person's word to a remediation, and returns it when it is finished or waits again.
    @discardableResult
    package func command(_ command: Command, id: String) async throws -> KeyDeactivation? {
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
    private func carryOn(_ start: KeyDeactivation) async throws -> KeyDeactivation {
        guard runs.insert(start.id).inserted else { return start }
        defer {
            runs.remove(start.id)
            sleepers[start.id] = nil
        }
        var machine = start
        machine.resume(now())
        while true {
            try Task.checkCancellation()
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

    private func isWait(_ step: KeyDeactivation.Step) -> Bool {
        if case .wait = step { true } else { false }
    }

    private func apply(_ commands: [Command], to machine: inout KeyDeactivation) {
        for command in commands {
            switch command {
            case .approve(let name): machine.approve(by: name, now())
            case .decline(let name): machine.decline(by: name, now())
            case .rollback(let name): machine.rollback(by: name, now())
            }
        }
    }

    /// Makes a state durable, then tells what is new in it.
    private func keep(_ machine: inout KeyDeactivation) async throws {
        try await store.save(machine)
        guard machine.toldCount < machine.historyCount else { return }
        await progress(machine, machine.untold)
        machine.told()
        // Otherwise the next state's save keeps it.
        if machine.isFinished || machine.isAwaitingApproval { try await store.save(machine) }
    }

    private func carryOut(_ step: KeyDeactivation.Step, _ machine: inout KeyDeactivation) async throws {
        let key = machine.target.accessKeyID
        switch step {
        case .decide(let isApproved): machine.decided(try await decide(machine, isApproved: isApproved), now())
        case .findOwner:
            try await ask(&machine) {
                try await $0.owner(of: key)
            } then: {
                $0.ownerFound($1, $2)
            }
        case .findUser(let user, let tags):
            try await ask(&machine) {
                try await $0.user(user, tags: tags)
            } then: {
                $0.userFound(path: $1.path, tags: $1.tags, $2)
            }
        case .listKeys(let user):
            try await ask(&machine) {
                try await $0.keys(of: user)
            } then: {
                $0.keysListed($1, $2)
            }
        case .setKey(let user, let status):
            machine.settingKey()
            try await store.save(machine)
            try await ask(&machine) {
                try await $0.setKey(key, of: user, to: status)
            } then: {
                $0.keySet($2)
            }
        case .wait(let until): try await pause(until, machine.id)
        case .finished: break
        }
    }

    /// Makes a call and tells the machine what came of it.
    private func ask<Answer: Sendable>(
        _ machine: inout KeyDeactivation, _ call: @Sendable (any KeyService) async throws -> Answer,
        then take: (inout KeyDeactivation, Answer, Milliseconds) -> Void
    ) async throws {
        do {
            let answer = try await call(try await services(machine.target.accountID))
            take(&machine, answer, now())
        } catch let failure as CallFailure {
            machine.failed(failure, now())
        } catch let error as AWSError {
            machine.failed(CallFailure(error), now())
        } catch let error as CancellationError {
            throw error
        } catch {
            machine.failed(CallFailure(.permanent, "\(error)"), now())
        }
    }

    private func decide(_ machine: KeyDeactivation, isApproved: Bool) async throws -> RemediationDecision {
        let account = machine.target.accountID
        let since = now() - RespondLimits.capSpan
        var (policy, situation) = try await rules.rules(accountID: account, action: .deactivateAccessKey)
        let stored = try await store.automaticRuns(accountID: account, since: since)
        // From here on nothing is awaited, so no other decision comes between the count and the note of it.
        let noted = automatic[account, default: []].filter { $0 >= since }
        situation.automaticRuns = max(stored.count, noted.count)
        let decision = policy.decide(
            machine.trigger, on: machine.facts, in: situation, isApproved: isApproved)
        automatic[account] = noted
        if decision == .run(isAutomatic: true), machine.hasFoundOwner { automatic[account]?.append(now()) }
        return decision
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
