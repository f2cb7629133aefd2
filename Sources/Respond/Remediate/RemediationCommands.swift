// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// A person's commands, and the freeze. A command that does not fit where the remediation is changes nothing.
extension Remediation {
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

    /// A person wants back what was before. What was not so before is not made so. The freeze does not stop it: it
    /// stops what Trailhound does to people, and this takes it back.
    package mutating func rollback(by name: String, _ now: Milliseconds) {
        switch state {
        case .watching, .finished: break
        default: return note(.rollbackRefused, now, "it is still under way")
        }
        guard snapshot != nil, executions > 0 else { return note(.rollbackRefused, now, "nothing was changed") }
        if let reason = action.irreversibility { return note(.rollbackRefused, now, reason) }
        guard outcome != .rolledBack else { return note(.rollbackRefused, now, "it is rolled back already") }
        beforeRollback = state
        note(.rollbackStarted, now, name)
        executedAt = nil
        go(.rollbackChecking)
    }

    /// Everything was frozen when the change was about to go out, after it had been noted: it did not go out.
    mutating func withhold(_ now: Milliseconds) {
        guard state == .executing else { return }
        executions -= 1
        freeze(now)
    }

    /// Everything was frozen before a change went out. One that was never made is refused; one that did not come
    /// through is a failure, since its target is as it was while people may think otherwise.
    package mutating func freeze(_ now: Milliseconds) {
        guard state == .executing else { return }
        let refusal = RemediationRefusal.frozen
        guard executions > 0 else { return end(.refused(refusal, pattern: nil), now) }
        end(.failed("\(refusal.explanation), and what was done before is not in effect"), now)
    }
}
