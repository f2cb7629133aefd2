// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// One remediation, from the first question to the end of the watch, and back.
///
///     decide → identify → decide → [approval → decide] → snapshot → execute → verify → watch → finished
///                                                  rollback: check → execute → verify → finished
///
/// It is a value that does no I/O: `step` says what to do, an event says what came of it and when. It is saved before
/// each step that changes anything; whoever loads it again after a crash calls `resume`, which looks at what is there
/// instead of repeating a change that may have been made. So a step takes effect once, wherever the process dies.
/// What the steps are for an action, its `ActionPlan` says; this machine is the same for all.
///
/// Events out of turn are ignored: they come from a step that a crash or a command has overtaken. What AWS answers is
/// legitimate whatever it is. There is no invalid operation that traps.
package struct Remediation: Sendable, Hashable, Codable {
    /// What to do next.
    package enum Step: Sendable, Hashable {
        /// Ask the policy: then call `decided`.
        case decide(isApproved: Bool)
        /// Make a call: then call `answered` or `failed`. Before one that writes, call `writing` and save.
        case call(ActionCall)
        /// Nothing until then, or until a command comes.
        case wait(until: Milliseconds)
        /// Nothing until a command comes.
        case finished
    }

    enum State: Sendable, Hashable, Codable {
        case deciding
        case identifying
        case lookingUp(MissingFacts)
        case awaitingApproval(until: Milliseconds)
        case snapshotting
        case executing
        /// A change that may have been made: a look tells.
        case confirming
        case verifying
        case watching(until: Milliseconds)
        case rollbackChecking
        case rollbackExecuting(ActionCall)
        case rollbackVerifying
        case finished
    }

    /// The remediation's identity, the same for the same action, target and alert: `Remediator.id`.
    package let id: String
    package let action: RemediationAction
    package let target: RemediationTarget
    package let trigger: RemediationTrigger
    package let createdAt: Milliseconds
    /// When it last changed.
    package internal(set) var updatedAt: Milliseconds
    /// The policy's mode when it was decided; nil before that.
    package internal(set) var mode: RemediationMode?
    /// What is known of the target.
    package internal(set) var facts: TargetFacts
    package internal(set) var snapshot: RemediationSnapshot?
    /// The policy that the action puts, as JSON; nil for actions that put none, and before the snapshot.
    package internal(set) var document: String?
    /// How it ended, or would have if it had not been rolled back; nil before that.
    package internal(set) var outcome: RemediationOutcome?
    /// Who approved it.
    package internal(set) var approvedBy: String?
    /// When it began to act without a person's word; such runs count towards the cap.
    package internal(set) var automaticAt: Milliseconds?
    /// When the change was first seen to be in effect.
    package internal(set) var inEffectAt: Milliseconds?
    /// What happened, oldest first; the oldest go when there are more than `RespondLimits.historyEntries`.
    package internal(set) var history: [RemediationNotice] = []
    /// Grows with each entry of the history, so that a reader knows what is new to it.
    package internal(set) var historyCount = 0
    /// How much of it has been told: the rest is told again after a crash.
    package internal(set) var toldCount = 0

    var state = State.deciding
    /// What the calls of the present state have shown so far.
    var answers: [ActionResult] = []
    var isRehearsal = false
    var isIdentified = false
    /// Nothing is done before this time.
    var notBefore: Milliseconds?
    /// Failures in a row of the present step.
    var failures = 0
    /// How many times the change was made.
    var executions = 0
    var executedAt: Milliseconds?
    /// Keys that have been told of.
    var reportedKeys: Set<String> = []
    var isUndoneNow = false
    var isWatchBlind = false
    /// What the state was before a rollback that turns out to be impossible.
    var beforeRollback: State?

    /// Starts a remediation. One that can't be carried out for what the target is ends at once.
    package init(
        id: String, action: RemediationAction, target: RemediationTarget, trigger: RemediationTrigger,
        now: Milliseconds
    ) {
        self.id = id
        self.action = action
        self.target = target
        self.trigger = trigger
        createdAt = now
        updatedAt = now
        facts = target.facts
        note(.started, now, "\(action.rawValue) of \(target.text) in \(target.accountID)")
        guard let plan else {
            end(.refused(.wrongTarget, pattern: nil), now)
            return
        }
        isIdentified = plan.identification == nil
        if let refusal = plan.impossibility { end(.refused(refusal, pattern: nil), now) }
    }

    /// The account that it works in.
    package var accountID: String { target.accountID }

    var plan: (any ActionPlan)? { action.plan(target) }

    var wanted: DenyPolicy? { document.flatMap { DenyPolicy($0) } }

    /// What to do at `now`.
    package func step(_ now: Milliseconds) -> Step {
        if let notBefore, now < notBefore { return .wait(until: notBefore) }
        switch state {
        case .deciding: return .decide(isApproved: approvedBy != nil)
        case .awaitingApproval(let until): return now < until ? .wait(until: until) : .decide(isApproved: false)
        case .executing: return plan.map { .call($0.execution(facts, wanted: wanted)) } ?? .finished
        case .rollbackExecuting(let call): return .call(call)
        case .finished: return .finished
        case .identifying, .lookingUp, .snapshotting, .confirming, .verifying, .watching, .rollbackChecking,
            .rollbackVerifying:
            let calls = reads
            return answers.count < calls.count ? .call(calls[answers.count]) : .finished
        }
    }

    /// What the present state has to look at.
    var reads: [ActionCall] {
        guard let plan else { return [] }
        switch state {
        case .identifying: return plan.identification.map { [$0] } ?? []
        case .lookingUp(let missing):
            let user = facts.userName ?? ""
            return (missing.contains(.path) ? [.getUser(userName: user)] : [])
                + (missing.contains(.tags) ? [.listUserTags(userName: user)] : [])
        case .snapshotting: return plan.snapshotReads(facts)
        case .confirming, .verifying, .rollbackChecking, .rollbackVerifying: return [plan.stateRead(facts)]
        case .watching: return plan.watchReads(facts)
        case .deciding, .awaitingApproval, .executing, .rollbackExecuting, .finished: return []
        }
    }

    /// Where it is, for people.
    package var phase: RemediationPhase {
        switch state {
        case .deciding, .identifying, .lookingUp: .prechecking
        case .awaitingApproval: .awaitingApproval
        case .snapshotting: .snapshotting
        case .executing: .executing
        case .confirming, .verifying: .verifying
        case .watching: .watching
        case .rollbackChecking, .rollbackExecuting, .rollbackVerifying: .rollingBack
        case .finished: .finished
        }
    }

    /// Whether it is between the look at what is there and the look at what it did, so that nobody else may act on the
    /// same target.
    var isActing: Bool {
        switch phase {
        case .snapshotting, .executing, .verifying, .rollingBack: true
        case .prechecking, .awaitingApproval, .watching, .finished: false
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
        answers = []
        switch state {
        case .executing:
            state = .confirming
            // What was changed the moment before may not show yet.
            notBefore = now + RespondLimits.iamLag
        case .rollbackExecuting:
            state = .rollbackChecking
            notBefore = now + RespondLimits.iamLag
        case .deciding, .identifying, .lookingUp, .awaitingApproval, .snapshotting, .confirming, .verifying,
            .watching, .rollbackChecking, .rollbackVerifying, .finished:
            break
        }
    }

    // MARK: Bookkeeping

    mutating func go(_ next: State, notBefore time: Milliseconds? = nil) {
        state = next
        notBefore = time
        failures = 0
        answers = []
    }

    mutating func note(_ kind: RemediationNotice.Kind, _ now: Milliseconds, _ detail: String = "") {
        updatedAt = now
        historyCount += 1
        history.append(RemediationNotice(kind, now, detail))
        if history.count > RespondLimits.historyEntries { history.removeFirst() }
    }

    mutating func end(_ result: RemediationOutcome, _ now: Milliseconds, _ detail: String = "") {
        outcome = result
        go(.finished)
        let more = [result.explanation, detail].filter { !$0.isEmpty }.joined(separator: "; ")
        if case .failed = result { return note(.failed, now, more) }
        note(.finished, now, result.name + (more.isEmpty ? "" : ": " + more))
    }
}
