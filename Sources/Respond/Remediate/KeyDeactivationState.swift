// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// What a user's keys were before anything was done.
package struct KeySnapshot: Sendable, Hashable, Codable {
    package let userName: String
    package let keys: [IAM.AccessKey]
    package let takenAt: Milliseconds

    /// The key with that id, if the user had it.
    package func key(_ accessKeyID: String) -> IAM.AccessKey? {
        keys.first { $0.accessKeyID == accessKeyID }
    }
}

/// How a remediation ended.
package enum RemediationOutcome: Sendable, Hashable, Codable {
    /// The key was deactivated, and still was at the end of the watch.
    case deactivated
    /// The key was deactivated, and somebody has activated it again.
    case undone
    /// The key was inactive before: nothing was done.
    case alreadyInactive
    /// There is no such key: nothing was done.
    case gone
    /// A rehearsal: the key would have been deactivated.
    case rehearsed
    case refused(RemediationRefusal, pattern: String?)
    /// It could not be done; the text says at which call and why.
    case failed(String)
    /// The key is active again, as it was before.
    case rolledBack

    /// The outcome's name in history and on the command line.
    package var name: String {
        switch self {
        case .deactivated: "deactivated"
        case .undone: "undone"
        case .alreadyInactive: "already_inactive"
        case .gone: "gone"
        case .rehearsed: "rehearsed"
        case .refused(let refusal, _): "refused_" + refusal.rawValue
        case .failed: "failed"
        case .rolledBack: "rolled_back"
        }
    }
}

/// Something that people or subscribers should hear of a remediation.
package struct RemediationNotice: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable {
        case started
        case approvalAsked = "approval_asked"
        case approved
        case deactivated
        /// The user has further keys, which are left alone.
        case otherKeys = "other_keys"
        case undone
        case newKey = "new_key"
        case watchBlind = "watch_blind"
        case rollbackStarted = "rollback_started"
        case rollbackRefused = "rollback_refused"
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
        case .undone, .newKey, .failed, .watchBlind: true
        case .started, .approvalAsked, .approved, .deactivated, .otherKeys, .rollbackStarted, .rollbackRefused,
            .finished:
            false
        }
    }
}

/// Why a call failed, as far as the machine tells it apart.
package struct CallFailure: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// The next try may succeed; the call may have had its effect.
        case transient
        /// What the call names does not exist.
        case missing
        /// It will fail again: denied, wrong, over a limit.
        case permanent
    }

    package let kind: Kind
    /// The call, the code and the request's id, for people.
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// What an error of the AWS module means here.
    package init(_ error: AWSError) {
        if error.isMissing {
            self.init(.missing, error.description)
        } else if error.isTransient || error.isExpiredCredentials {
            self.init(.transient, error.description)
        } else {
            self.init(.permanent, error.description)
        }
    }
}
