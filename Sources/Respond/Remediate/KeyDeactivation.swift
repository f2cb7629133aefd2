// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// The deactivation of one access key, from the first question to the end of the watch, and back.
///
///     decide → find the owner → decide → [approval → decide] → snapshot → execute → verify → watch → finished
///                                                     rollback: check → execute → verify → finished
///
/// It is a value that does no I/O: `step` says what to do, an event says what came of it and when. It is saved before
/// each step that changes anything; whoever loads it again after a crash calls `resume`, which looks at what is there
/// instead of repeating a change that may have been made. So a step takes effect once, wherever the process dies.
///
/// Events out of turn are ignored: they come from a step that a crash or a command has overtaken. What AWS answers is
/// legitimate whatever it is. There is no invalid operation that traps.
package struct KeyDeactivation: Sendable, Hashable, Codable {
    /// What to do next.
    package enum Step: Sendable, Hashable {
        /// Ask the policy: then call `decided`.
        case decide(isApproved: Bool)
        /// Ask IAM whose key it is: then call `ownerFound` or `failed`.
        case findOwner
        /// Ask IAM for the user's path, and for the tags where they are wanted: then call `userFound` or `failed`.
        case findUser(String, tags: Bool)
        /// List the user's keys: then call `keysListed` or `failed`.
        case listKeys(String)
        /// Change the key: then call `keySet` or `failed`. The only step that writes.
        case setKey(userName: String, status: IAM.KeyStatus)
        /// Nothing until then, or until a command comes.
        case wait(until: Milliseconds)
        /// Nothing until a command comes.
        case finished
    }

    enum State: Sendable, Hashable, Codable {
        case deciding
        case findingOwner
        case findingUser(MissingFacts)
        case awaitingApproval(until: Milliseconds)
        case snapshotting
        case executing
        /// A change that may have been made: a look at the keys tells.
        case confirming
        case verifying
        case watching(until: Milliseconds)
        case rollbackChecking
        case rollbackExecuting
        case rollbackVerifying
        case finished
    }

    /// The remediation's identity, the same for the same alert and key.
    package let id: String
    package let target: KeyTarget
    package let trigger: RemediationTrigger
    package let createdAt: Milliseconds
    /// What is known of the target.
    package internal(set) var facts: TargetFacts
    package internal(set) var snapshot: KeySnapshot?
    /// How it ended, or would have if it had not been rolled back; nil before that.
    package internal(set) var outcome: RemediationOutcome?
    /// Who approved it.
    package internal(set) var approvedBy: String?
    /// When it began to act without a person's word; such runs count towards the cap.
    package internal(set) var automaticAt: Milliseconds?
    /// What happened, oldest first.
    package internal(set) var history: [RemediationNotice] = []
    /// Grows with each entry of the history, so that a reader knows what is new to it.
    package internal(set) var historyCount = 0
    /// How much of it has been told: the rest is told again after a crash.
    package internal(set) var toldCount = 0

    var state = State.deciding
    var isRehearsal = false
    var hasFoundOwner = false
    /// Nothing is done before this time.
    var notBefore: Milliseconds?
    /// Failures in a row of the present step.
    var failures = 0
    /// How many times the key was set.
    var executions = 0
    var executedAt: Milliseconds?
    /// Keys that have been told of.
    var reportedKeys: Set<String> = []
    var isUndoneNow = false
    var isWatchBlind = false
    /// What the state was before a rollback that turns out to be impossible.
    var beforeRollback: State?

    /// Starts a remediation. One that can't be carried out for what the key is ends at once.
    package init(id: String, target: KeyTarget, trigger: RemediationTrigger, now: Milliseconds) {
        self.id = id
        self.target = target
        self.trigger = trigger
        createdAt = now
        facts = TargetFacts(accessKeyIDs: [target.accessKeyID], userName: target.userName)
        note(.started, now)
        if let refusal = target.impossibility { end(.refused(refusal, pattern: nil), now) }
    }

    /// What to do at `now`.
    package func step(_ now: Milliseconds) -> Step {
        if let notBefore, now < notBefore { return .wait(until: notBefore) }
        let user = snapshot?.userName ?? facts.userName ?? ""
        switch state {
        case .deciding: return .decide(isApproved: approvedBy != nil)
        case .findingOwner: return .findOwner
        case .findingUser(let missing): return .findUser(user, tags: missing.contains(.tags))
        case .awaitingApproval(let until): return now < until ? .wait(until: until) : .decide(isApproved: false)
        case .snapshotting, .confirming, .verifying, .watching, .rollbackChecking, .rollbackVerifying:
            return .listKeys(user)
        case .executing: return .setKey(userName: user, status: .inactive)
        case .rollbackExecuting: return .setKey(userName: user, status: .active)
        case .finished: return .finished
        }
    }

    /// Whether nothing more happens by itself.
    package var isFinished: Bool { state == .finished }

    /// Whether there is nothing left to do: it is finished, and everything of it has been told.
    package var isSettled: Bool { isFinished && toldCount == historyCount }

    /// The entries that have not been told.
    package var untold: [RemediationNotice] { Array(history.suffix(historyCount - toldCount)) }

    /// Everything so far has been told.
    package mutating func told() { toldCount = historyCount }

    /// Whether it waits for a person.
    package var isAwaitingApproval: Bool {
        if case .awaitingApproval = state { true } else { false }
    }

    /// Takes it up after it was loaded: a change that was under way is looked for before it is made again.
    package mutating func resume(_ now: Milliseconds) {
        switch state {
        case .executing:
            state = .confirming
            // What was changed the moment before may not show yet.
            notBefore = now + RespondLimits.iamLag
        case .rollbackExecuting:
            state = .rollbackChecking
            notBefore = now + RespondLimits.iamLag
        case .deciding, .findingOwner, .findingUser, .awaitingApproval, .snapshotting, .confirming, .verifying,
            .watching, .rollbackChecking, .rollbackVerifying, .finished:
            break
        }
    }

    // MARK: A person's commands

    /// A person lets it go on. The policy is asked once more: the freeze and the never-list hold for people too.
    package mutating func approve(by name: String, _ now: Milliseconds) {
        guard case .awaitingApproval = state else { return }
        approvedBy = name
        note(.approved, now, name)
        go(.deciding)
    }

    /// A person declines.
    package mutating func decline(by name: String, _ now: Milliseconds) {
        guard case .awaitingApproval = state else { return }
        end(.refused(.notApproved, pattern: nil), now, name)
    }

    /// A person wants the key back as it was. What was not active before is not activated.
    package mutating func rollback(by name: String, _ now: Milliseconds) {
        let isBusy: Bool
        switch state {
        case .watching, .finished: isBusy = false
        default: isBusy = true
        }
        guard !isBusy else { return note(.rollbackRefused, now, "it is still under way") }
        guard let before = snapshot?.key(target.accessKeyID), executions > 0 else {
            return note(.rollbackRefused, now, "nothing was changed")
        }
        guard before.status == .active else { return note(.rollbackRefused, now, "the key was not active before") }
        guard outcome != .rolledBack else { return note(.rollbackRefused, now, "it is rolled back already") }
        beforeRollback = state
        note(.rollbackStarted, now, name)
        executedAt = nil
        go(.rollbackChecking)
    }

    // MARK: Bookkeeping

    mutating func go(_ next: State, notBefore time: Milliseconds? = nil) {
        state = next
        notBefore = time
        failures = 0
    }

    mutating func note(_ kind: RemediationNotice.Kind, _ now: Milliseconds, _ detail: String = "") {
        historyCount += 1
        history.append(RemediationNotice(kind, now, detail))
        if history.count > RespondLimits.historyEntries { history.removeFirst() }
    }

    mutating func end(_ result: RemediationOutcome, _ now: Milliseconds, _ detail: String = "") {
        outcome = result
        go(.finished)
        switch result {
        case .failed(let reason): note(.failed, now, reason)
        case .refused(let refusal, let pattern):
            let listed = pattern.map { ": " + $0 } ?? ""
            note(
                .finished, now,
                "\(result.name): \(refusal.explanation)\(listed)" + (detail.isEmpty ? "" : " (\(detail))"))
        default: note(.finished, now, result.name + (detail.isEmpty ? "" : ": " + detail))
        }
    }
}
