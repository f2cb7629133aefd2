// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// What came of a step.
extension Remediation {
    /// The policy has answered.
    package mutating func decided(_ decision: RemediationDecision, mode: RemediationMode, _ now: Milliseconds) {
        if case .awaitingApproval(let until) = state {
            guard now >= until else { return }
            return end(.refused(.approvalExpired, pattern: nil), now)
        }
        guard state == .deciding else { return }
        self.mode = mode
        switch decision {
        case .refuse(let refusal, let pattern): return end(.refused(refusal, pattern: pattern), now)
        case .findOut where !isIdentified: return go(.identifying)
        case .findOut(let missing) where !missing.contains(.owner) && facts.userName != nil:
            return go(.lookingUp(missing))
        case .findOut: return end(.refused(.exclusionsUnknown, pattern: nil), now)
        case .run, .rehearse, .askPerson: break
        }
        // What the event said of the target is not enough to act on.
        guard isIdentified else { return go(.identifying) }
        guard isOwnerAsTold else { return end(.refused(.ownerMismatch, pattern: nil), now) }
        switch decision {
        case .run(let isAutomatic):
            if isAutomatic { automaticAt = now }
            go(.snapshotting)
        case .rehearse:
            isRehearsal = true
            go(.snapshotting)
        case .askPerson(let reason):
            note(.approvalAsked, now, Self.text(reason))
            go(.awaitingApproval(until: now + RespondLimits.approval))
        case .refuse, .findOut: break
        }
    }

    /// Whether the key's user is the one that was told of, where one was. IAM has no two users whose names differ in case
    /// alone.
    private var isOwnerAsTold: Bool {
        guard case .accessKey(_, let named?) = target.subject, let owner = facts.userName else { return true }
        return named.lowercased() == owner.lowercased()
    }

    private static func text(_ reason: AskReason) -> String {
        switch reason {
        case .mode: ""
        case .cap: "the cap of automatic remediations is reached"
        case .otherAccount(let account): "the alert is of account \(account)"
        case .duet: "the account's owner has not answered the DUET yet"
        case .sharedEvidence: "the alert counts together what several principals did"
        }
    }

    /// A change begins: to be called, and saved, before the call goes out.
    package mutating func writing(_ call: ActionCall, _ now: Milliseconds) {
        switch state {
        case .executing: executions += 1
        case .rollbackExecuting: break
        default: return
        }
        note(.executing, now, call.permission)
    }

    /// A call was answered.
    package mutating func answered(_ call: ActionCall, _ result: ActionResult, _ now: Milliseconds) {
        guard step(now) == .call(call) else { return }
        switch state {
        case .executing:
            executedAt = now
            return go(.verifying)
        case .rollbackExecuting:
            executedAt = now
            return go(.rollbackVerifying)
        default: answers.append(result)
        }
        guard answers.count == reads.count, let plan else { return }
        let found = answers
        answers = []
        switch state {
        case .identifying: identified(found, plan, now)
        case .lookingUp: lookedUp(found)
        case .snapshotting: takeSnapshot(found, plan, now)
        case .confirming:
            switch plan.standing(found, wanted: wanted) {
            // Not `go`: what failed before counts until the change has gone through.
            case .pending: state = .executing
            case .inEffect: beginWatch(plan, now)
            case .gone(let reason): end(.gone, now, reason)
            case .refused(let refusal): end(.refused(refusal, pattern: nil), now)
            }
        case .verifying: verify(found, plan, now)
        case .watching(let until): watch(found, plan, until: until, now)
        case .rollbackChecking: checkRollback(found, plan, now)
        case .rollbackVerifying: verifyRollback(found, plan, now)
        case .deciding, .awaitingApproval, .executing, .rollbackExecuting, .finished: break
        }
    }

    /// A call failed.
    package mutating func failed(_ failure: CallFailure, _ now: Milliseconds) {
        switch (state, failure.kind) {
        case (.deciding, _), (.awaitingApproval, _), (.finished, _): return
        case (.identifying, .missing), (.snapshotting, .missing), (.executing, .missing), (.confirming, .missing),
            (.verifying, .missing):
            let isHarm = plan?.isAbsenceHarm == true
            return isHarm ? end(.failed(failure.message), now) : end(.gone, now, failure.message)
        case (.lookingUp, .permanent), (.lookingUp, .missing):
            end(.refused(.exclusionsUnknown, pattern: nil), now, failure.message)
            return note(.failed, now, failure.message)
        case (.watching(let until), _): return watchFailed(failure, until: until, now)
        case (.rollbackChecking, .missing), (.rollbackExecuting, .missing), (.rollbackVerifying, .missing):
            return leaveRollback(.rollbackRefused, "it is gone: " + failure.message, now)
        case (_, .transient): return retry(failure, now)
        case (.rollbackChecking, _), (.rollbackExecuting, _), (.rollbackVerifying, _):
            return leaveRollback(.rollbackFailed, failure.message, now)
        case (_, .permanent), (_, .missing): return end(.failed(failure.message), now)
        }
    }

    private mutating func retry(_ failure: CallFailure, _ now: Milliseconds) {
        guard failures < RespondLimits.retryPauses.count else {
            return isRollingBack
                ? leaveRollback(.rollbackFailed, failure.message, now) : end(.failed(failure.message), now)
        }
        let pause = RespondLimits.retryPauses[failures]
        failures += 1
        notBefore = now + pause
        note(.retrying, now, failure.message)
        // A change without an answer may have been made.
        if state == .executing { state = .confirming }
        if case .rollbackExecuting = state { state = .rollbackChecking }
    }

    // MARK: Forward

    private mutating func identified(_ found: [ActionResult], _ plan: any ActionPlan, _ now: Milliseconds) {
        for result in found {
            if let refusal = plan.identified(result, facts: &facts) {
                return end(.refused(refusal, pattern: nil), now)
            }
        }
        isIdentified = true
        go(.deciding)
    }

    private mutating func lookedUp(_ found: [ActionResult]) {
        for result in found {
            switch result {
            case .user(_, let path, let id): (facts.path, facts.principalID) = (path, id)
            case .tags(let tags): facts.tags = tags
            default: break
            }
        }
        go(.deciding)
    }

    private mutating func takeSnapshot(_ found: [ActionResult], _ plan: any ActionPlan, _ now: Milliseconds) {
        let taken = RemediationSnapshot(found, facts: facts, takenAt: now)
        snapshot = taken
        document = plan.policy(now)?.document
        note(.snapshotTaken, now)
        reportedKeys = Set((taken.keys ?? []).map(\.accessKeyID))
        let others = (taken.keys ?? []).filter { !facts.accessKeyIDs.contains($0.accessKeyID) }
        switch plan.standing(found, wanted: wanted) {
        case .gone(let reason): return end(.gone, now, reason)
        case .refused(let refusal): return end(.refused(refusal, pattern: nil), now)
        case .inEffect, .pending: break
        }
        if !others.isEmpty {
            note(.otherKeys, now, others.map { "\($0.accessKeyID) (\($0.status.rawValue))" }.joined(separator: ", "))
        }
        if plan.standing(found, wanted: wanted) == .inEffect { return end(.alreadyDone, now) }
        if isRehearsal { return end(.rehearsed, now, plan.execution(facts, wanted: wanted).permission) }
        go(.executing)
    }

    private mutating func verify(_ found: [ActionResult], _ plan: any ActionPlan, _ now: Milliseconds) {
        switch plan.standing(found, wanted: wanted) {
        case .gone(let reason): return end(.gone, now, reason)
        case .inEffect: return beginWatch(plan, now)
        case .pending, .refused: break
        }
        if now < (executedAt ?? 0) + RespondLimits.verifyWindow {
            notBefore = now + RespondLimits.verifyPause
            return
        }
        guard executions < RespondLimits.executions else {
            return end(.failed("\(plan.text(.notInEffect, facts)) after \(executions) calls"), now)
        }
        go(.executing)
    }

    private mutating func beginWatch(_ plan: any ActionPlan, _ now: Milliseconds) {
        note(.inEffect, now, plan.text(.inEffect, facts))
        outcome = .succeeded
        inEffectAt = now
        executedAt = executedAt ?? now
        go(.watching(until: now + RespondLimits.watch), notBefore: now + RespondLimits.watchPauseEarly)
    }

    // MARK: Back

    private var isRollingBack: Bool {
        switch state {
        case .rollbackChecking, .rollbackExecuting, .rollbackVerifying: true
        default: false
        }
    }

    private func reversal(_ found: [ActionResult], _ plan: any ActionPlan) -> Reversal {
        guard let snapshot, let answer = found.last else { return .refused("there is no snapshot") }
        return plan.reversal(answer, snapshot: snapshot, facts: facts, wanted: wanted)
    }

    private mutating func checkRollback(_ found: [ActionResult], _ plan: any ActionPlan, _ now: Milliseconds) {
        switch reversal(found, plan) {
        case .none: end(.rolledBack, now)
        case .refused(let reason): leaveRollback(.rollbackRefused, reason, now)
        // Not `go`: what failed before counts until the change has gone through.
        case .call(let call): state = .rollbackExecuting(call)
        }
    }

    private mutating func verifyRollback(_ found: [ActionResult], _ plan: any ActionPlan, _ now: Milliseconds) {
        switch reversal(found, plan) {
        case .none: return end(.rolledBack, now)
        case .refused(let reason): return leaveRollback(.rollbackRefused, reason, now)
        case .call(let call):
            if now < (executedAt ?? 0) + RespondLimits.verifyWindow {
                notBefore = now + RespondLimits.verifyPause
                return
            }
            leaveRollback(.rollbackFailed, "\(call.permission): it is still as before the rollback", now)
        }
    }

    private mutating func leaveRollback(_ kind: RemediationNotice.Kind, _ reason: String, _ now: Milliseconds) {
        note(kind, now, reason)
        let before = beforeRollback ?? .finished
        beforeRollback = nil
        go(before)
    }
}
