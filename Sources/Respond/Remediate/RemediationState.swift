// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// What a target was before anything was done.
package struct RemediationSnapshot: Sendable, Hashable, Codable {
    package let takenAt: Milliseconds
    /// The user's or role's name as IAM writes it, or the trail's.
    package let principal: String
    /// IAM's own id of the user or role: AIDA… or AROA….
    package let principalID: String?
    /// All keys of the user.
    package internal(set) var keys: [IAM.AccessKey]?
    /// The policy that stood under the name that the action puts: an earlier remediation's.
    package internal(set) var policy: String?
    /// When the user's password was made, as IAM writes it.
    package internal(set) var passwordCreated: String?
    /// Whether the trail logged.
    package internal(set) var isLogging: Bool?

    init(_ answers: [ActionResult], facts: TargetFacts, takenAt: Milliseconds) {
        self.takenAt = takenAt
        principal = facts.userName ?? facts.roleName ?? facts.trail ?? ""
        principalID = facts.principalID
        for answer in answers {
            switch answer {
            case .accessKeys(let found): keys = found
            case .policy(let document): policy = document
            case .loginProfile(let date): passwordCreated = date
            case .trailStatus(let logs): isLogging = logs
            case .done, .owner, .user, .tags, .role: break
            }
        }
    }
}

/// How a remediation ended.
package enum RemediationOutcome: Sendable, Hashable, Codable {
    /// It was done, seen to be in effect, and still was at the end of the watch.
    case succeeded
    /// It was done, and somebody has undone it.
    case undone
    /// What it wants was so before: nothing was done, and there is nothing to roll back.
    case alreadyDone
    /// There is nothing that it could be done to: nothing was done.
    case gone
    /// A rehearsal: it would have been done.
    case rehearsed
    case refused(RemediationRefusal, pattern: String?)
    /// It could not be done; the text says at which call and why.
    case failed(String)
    /// It is again as it was before.
    case rolledBack

    /// The outcome's name in history and on the command line.
    package var name: String {
        switch self {
        case .succeeded: "succeeded"
        case .undone: "undone"
        case .alreadyDone: "already_done"
        case .gone: "gone"
        case .rehearsed: "rehearsed"
        case .refused(let refusal, _): "refused_" + refusal.rawValue
        case .failed: "failed"
        case .rolledBack: "rolled_back"
        }
    }

    /// Why, for people; empty where the name says it all.
    package var explanation: String {
        switch self {
        case .failed(let reason): reason
        case .refused(let refusal, let pattern): refusal.explanation + (pattern.map { ": " + $0 } ?? "")
        case .succeeded, .undone, .alreadyDone, .gone, .rehearsed, .rolledBack: ""
        }
    }
}

/// Where a remediation is, for people and lists.
package enum RemediationPhase: String, Sendable, Hashable, Codable, CaseIterable {
    /// Who the target is, and what the policy says.
    case prechecking
    case awaitingApproval = "awaiting_approval"
    case snapshotting
    case executing
    case verifying
    case watching
    case rollingBack = "rolling_back"
    case finished
}

/// Something that happened in a remediation.
package struct RemediationNotice: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case started
        case approvalAsked = "approval_asked"
        case approved
        /// What was there before is kept.
        case snapshotTaken = "snapshot_taken"
        /// The user has further keys, which are left alone.
        case otherKeys = "other_keys"
        /// A call that writes goes out.
        case executing
        /// A call failed for the moment, and is made again.
        case retrying
        /// The change was seen to be in effect.
        case inEffect = "in_effect"
        /// Somebody has undone it.
        case undone
        /// The user got a key that was not there before.
        case newKey = "new_key"
        /// The target can't be watched.
        case watchBlind = "watch_blind"
        case rollbackStarted = "rollback_started"
        case rollbackRefused = "rollback_refused"
        case rollbackFailed = "rollback_failed"
        case finished
        case failed
    }

    package let kind: Kind
    package let time: Milliseconds
    package let detail: String

    package init(_ kind: Kind, _ time: Milliseconds, _ detail: String = "") {
        self.kind = kind
        self.time = time
        self.detail = detail
    }

    /// Whether it is an alert of its own: the attacker is still there, or Trailhound can't do what it should.
    package var isAlert: Bool {
        switch kind {
        case .undone, .newKey, .failed, .watchBlind, .rollbackFailed: true
        case .started, .approvalAsked, .approved, .snapshotTaken, .otherKeys, .executing, .retrying, .inEffect,
            .rollbackStarted, .rollbackRefused, .finished:
            false
        }
    }
}
