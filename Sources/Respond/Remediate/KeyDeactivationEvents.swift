// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// What came of a step.
extension KeyDeactivation {
    /// The policy has answered.
    package mutating func decided(_ decision: RemediationDecision, _ now: Milliseconds) {
        if case .awaitingApproval(let until) = state {
            guard now >= until else { return }
            return end(.refused(.approvalExpired, pattern: nil), now)
        }
        guard state == .deciding else { return }
        switch decision {
        case .refuse(let refusal, let pattern): return end(.refused(refusal, pattern: pattern), now)
        case .findOut(let missing) where !hasFoundOwner || !missing.contains(.owner):
            return go(hasFoundOwner ? .findingUser(missing) : .findingOwner)
        case .findOut: return end(.refused(.exclusionsUnknown, pattern: nil), now)
        case .run, .rehearse, .askPerson: break
        }
        // What the event said of the owner is not enough to act on.
        guard hasFoundOwner else { return go(.findingOwner) }
        switch decision {
        case .run(let isAutomatic):
            if isAutomatic { automaticAt = now }
            go(.snapshotting)
        case .rehearse:
            isRehearsal = true
            go(.snapshotting)
        case .askPerson(let isCapped):
            note(.approvalAsked, now, isCapped ? "the cap of automatic remediations is reached" : "")
            go(.awaitingApproval(until: now + RespondLimits.approval))
        case .refuse, .findOut: break
        }
    }

    /// IAM has said whose key it is; nil is nobody's but root's.
    package mutating func ownerFound(_ userName: String?, _ now: Milliseconds) {
        guard state == .findingOwner else { return }
        guard let userName, !Self.rootNames.contains(userName) else {
            return end(.refused(.rootKey, pattern: nil), now)
        }
        facts.userName = userName
        hasFoundOwner = true
        go(.deciding)
    }

    /// How IAM's reports call root where a user's name is expected.
    private static let rootNames: Set<String> = ["<root_account>", "root_account"]

    /// IAM has told of the user; nil tags were not asked for.
    package mutating func userFound(path: String, tags: [String: String]?, _ now: Milliseconds) {
        guard case .findingUser(let missing) = state else { return }
        guard tags != nil || !missing.contains(.tags) else {
            return end(.refused(.exclusionsUnknown, pattern: nil), now)
        }
        facts.path = path
        if let tags { facts.tags = tags }
        go(.deciding)
    }

    /// The user's keys are these.
    package mutating func keysListed(_ keys: [IAM.AccessKey], _ now: Milliseconds) {
        let key = keys.first { $0.accessKeyID == target.accessKeyID }
        switch state {
        case .snapshotting: takeSnapshot(keys, key, now)
        case .confirming:
            guard let key else { return end(.gone, now) }
            // Not `go`: what failed before counts until the change has gone through.
            if key.status == .active { state = .executing } else { beginWatch(now) }
        case .verifying: verify(key, now)
        case .watching(let until): watch(keys, key, until: until, now)
        case .rollbackChecking: checkRollback(key, now)
        case .rollbackVerifying: verifyRollback(key, now)
        case .deciding, .findingOwner, .findingUser, .awaitingApproval, .executing, .rollbackExecuting, .finished: break
        }
    }

    /// The key was set.
    package mutating func keySet(_ now: Milliseconds) {
        switch state {
        case .executing:
            executedAt = now
            go(.verifying)
        case .rollbackExecuting:
            executedAt = now
            go(.rollbackVerifying)
        default: break
        }
    }

    /// A change begins: to be called, and saved, before the call goes out.
    package mutating func settingKey() {
        if state == .executing || state == .rollbackExecuting { executions += 1 }
    }

    /// A call failed.
    package mutating func failed(_ failure: CallFailure, _ now: Milliseconds) {
        switch (state, failure.kind) {
        case (.deciding, _), (.awaitingApproval, _), (.finished, _): return
        case (.findingOwner, .missing), (.snapshotting, .missing), (.executing, .missing), (.confirming, .missing),
            (.verifying, .missing):
            return end(.gone, now, failure.message)
        case (.findingUser, .permanent), (.findingUser, .missing):
            end(.refused(.exclusionsUnknown, pattern: nil), now, failure.message)
            return note(.failed, now, failure.message)
        case (.watching(let until), _): return watchFailed(failure, until: until, now)
        case (.rollbackChecking, .missing), (.rollbackExecuting, .missing), (.rollbackVerifying, .missing):
            return refuseRollback("the user or key is gone", now)
        case (_, .transient): return retry(failure, now)
        case (_, .permanent), (_, .missing): return end(.failed(failure.message), now)
        }
    }

    private mutating func retry(_ failure: CallFailure, _ now: Milliseconds) {
        guard failures < RespondLimits.retryPauses.count else { return end(.failed(failure.message), now) }
        let pause = RespondLimits.retryPauses[failures]
        failures += 1
        notBefore = now + pause
        // A change without an answer may have been made.
        if state == .executing { state = .confirming }
        if state == .rollbackExecuting { state = .rollbackChecking }
    }

    // MARK: Forward

    private mutating func takeSnapshot(_ keys: [IAM.AccessKey], _ key: IAM.AccessKey?, _ now: Milliseconds) {
        let user = facts.userName ?? ""
        snapshot = KeySnapshot(userName: user, keys: keys, takenAt: now)
        reportedKeys = Set(keys.map(\.accessKeyID))
        guard let key else { return end(.gone, now) }
        let others = keys.filter { $0.accessKeyID != target.accessKeyID }
        if !others.isEmpty {
            note(.otherKeys, now, others.map { "\($0.accessKeyID) (\($0.status.rawValue))" }.joined(separator: ", "))
        }
        guard key.status == .active else { return end(.alreadyInactive, now) }
        if isRehearsal { return end(.rehearsed, now) }
        go(.executing)
    }

    private mutating func verify(_ key: IAM.AccessKey?, _ now: Milliseconds) {
        guard let key else { return end(.gone, now) }
        guard key.status == .active else { return beginWatch(now) }
        if now < (executedAt ?? 0) + RespondLimits.verifyWindow {
            notBefore = now + RespondLimits.verifyPause
            return
        }
        guard executions < RespondLimits.executions else {
            return end(.failed("iam:UpdateAccessKey: the key is still active after \(executions) calls"), now)
        }
        go(.executing)
    }

    private mutating func beginWatch(_ now: Milliseconds) {
        note(.deactivated, now)
        outcome = .deactivated
        let start = executedAt ?? now
        executedAt = start
        go(.watching(until: start + RespondLimits.watch), notBefore: now + RespondLimits.watchPauseEarly)
    }

    // MARK: The watch

    private mutating func watch(
        _ keys: [IAM.AccessKey], _ key: IAM.AccessKey?, until: Milliseconds, _ now: Milliseconds
    ) {
        failures = 0
        for other in keys where reportedKeys.insert(other.accessKeyID).inserted {
            note(.newKey, now, "\(other.accessKeyID) of \(snapshot?.userName ?? "")")
        }
        let isActive = key?.status == .active
        // IAM may still show the state before our own change.
        if isActive, !isUndoneNow, now >= (executedAt ?? 0) + RespondLimits.iamLag {
            note(.undone, now, "\(target.accessKeyID) of \(snapshot?.userName ?? "") is active again")
            isUndoneNow = true
        } else if !isActive {
            isUndoneNow = false
        }
        outcome = isUndoneNow ? .undone : .deactivated
        continueWatch(until: until, now)
    }

    private mutating func continueWatch(until: Milliseconds, _ now: Milliseconds) {
        guard now < until else { return end(outcome ?? .deactivated, now) }
        let isEarly = now < (executedAt ?? 0) + RespondLimits.watchEarly
        let pause = isEarly ? RespondLimits.watchPauseEarly : RespondLimits.watchPause
        notBefore = min(until, now + pause)
    }

    /// The key is deactivated: to fail now is to be blind, not to have failed.
    private mutating func watchFailed(_ failure: CallFailure, until: Milliseconds, _ now: Milliseconds) {
        failures += 1
        if failure.kind == .missing { return end(outcome ?? .deactivated, now, "the user is gone") }
        if !isWatchBlind, failure.kind == .permanent || failures >= RespondLimits.retryPauses.count {
            isWatchBlind = true
            note(.watchBlind, now, failure.message)
        }
        continueWatch(until: until, now)
    }

    // MARK: Back

    private mutating func checkRollback(_ key: IAM.AccessKey?, _ now: Milliseconds) {
        guard let key, let before = snapshot?.key(target.accessKeyID) else {
            return refuseRollback("the key is gone", now)
        }
        guard key.createDate == before.createDate else {
            return refuseRollback("the key is another than the one that was deactivated", now)
        }
        if key.status == .active { return end(.rolledBack, now) }
        state = .rollbackExecuting
    }

    private mutating func verifyRollback(_ key: IAM.AccessKey?, _ now: Milliseconds) {
        guard let key else { return refuseRollback("the key is gone", now) }
        if key.status == .active { return end(.rolledBack, now) }
        if now < (executedAt ?? 0) + RespondLimits.verifyWindow {
            notBefore = now + RespondLimits.verifyPause
            return
        }
        end(.failed("iam:UpdateAccessKey: the key is still inactive after the rollback"), now)
    }

    private mutating func refuseRollback(_ reason: String, _ now: Milliseconds) {
        note(.rollbackRefused, now, reason)
        let before = beforeRollback ?? .finished
        beforeRollback = nil
        go(before)
    }
}
