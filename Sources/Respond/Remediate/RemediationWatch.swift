// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// The watch: for half an hour after the change the target is looked at, for the undo and for new keys of the user.
/// Both are told, not fought: they may be a person's.
extension Remediation {
    mutating func watch(
        _ found: [ActionResult], _ plan: any ActionPlan, until: Milliseconds, _ now: Milliseconds
    ) {
        failures = 0
        isWatchBlind = false
        for case .accessKeys(let keys) in found {
            for key in keys where !reportedKeys.contains(key.accessKeyID) {
                note(.newKey, now, "\(key.accessKeyID) of \(snapshot?.principal ?? "")")
                reportedKeys.insert(key.accessKeyID)
            }
        }
        switch plan.standing(found, wanted: wanted) {
        case .gone(let reason): return end(outcome ?? .succeeded, now, reason)
        case .inEffect: isUndoneNow = false
        case .pending, .refused:
            // IAM may still show the state before our own change.
            if now >= (executedAt ?? 0) + RespondLimits.iamLag { tellUndo(plan.text(.undone, facts), now) }
        }
        outcome = isUndoneNow ? .undone : .succeeded
        continueWatch(until: until, now)
    }

    private mutating func tellUndo(_ text: String, _ now: Milliseconds) {
        if !isUndoneNow { note(.undone, now, text) }
        isUndoneNow = true
    }

    private mutating func continueWatch(until: Milliseconds, _ now: Milliseconds) {
        guard now < until else { return end(outcome ?? .succeeded, now) }
        let isEarly = now < (executedAt ?? 0) + RespondLimits.watchEarly
        let pause = isEarly ? RespondLimits.watchPauseEarly : RespondLimits.watchPause
        notBefore = min(until, now + pause)
    }

    /// The change is made: to fail now is to be blind, not to have failed.
    mutating func watchFailed(_ failure: CallFailure, until: Milliseconds, _ now: Milliseconds) {
        answers = []
        failures += 1
        if failure.kind == .missing {
            guard plan?.isAbsenceHarm == true else {
                return end(outcome ?? .succeeded, now, "it is gone: " + failure.message)
            }
            tellUndo(failure.message, now)
            outcome = .undone
            return end(.undone, now, "it is gone")
        }
        if !isWatchBlind, failure.kind == .permanent || failures >= RespondLimits.retryPauses.count {
            isWatchBlind = true
            note(.watchBlind, now, failure.message)
        }
        continueWatch(until: until, now)
    }
}
