// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Grounds on which an alert wants a remediation: what it says of the target, how old that is, and whom it asks first.
package struct AlertBasis: Sendable, Hashable, Codable {
    /// The tie between the alert's events and the target.
    package var evidence: EvidenceKind
    /// Milliseconds since the newest event happened or the service received it, whichever is longer ago. Negative where
    /// the record's time is ahead of the service's clock.
    package var age: Milliseconds
    /// Whether it is a DUET that the account's owner has not answered.
    package var isUnansweredDuet: Bool

    package init(evidence: EvidenceKind = .ownCall, age: Milliseconds = 0, isUnansweredDuet: Bool = false) {
        self.evidence = evidence
        self.age = age
        self.isUnansweredDuet = isUnansweredDuet
    }
}

/// The tie between an alert's events and a target. The raw values are stored.
package enum EvidenceKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// A call that the target made itself, authenticated by AWS.
    case ownCall = "own_call"
    /// The same among events that a correlation counts together by something else than the principal, as by the source
    /// address: what others behind that address did is not the target's doing.
    case sharedGroup = "shared_group"
    /// The target is the thing that the call changed, as a trail that was stopped.
    case changedThing = "changed_thing"
    /// The target is named and nobody was authenticated as it: a failed sign-in, a wrong signature, a role that somebody
    /// tried to assume.
    case named
}

/// The effect of a kind of evidence on an action.
package enum EvidenceEffect: Sendable, Hashable {
    /// The action may go as far as the policy lets it.
    case acts
    /// The action asks a person, whatever the policy lets it do by itself.
    case asks
    /// The action has no target by such evidence.
    case never
}

extension RemediationAction {
    /// The table of evidence: whether a kind of evidence may trigger the action. Containment of a principal needs that
    /// principal's own authenticated call; only what was changed can be restored.
    package func effect(of evidence: EvidenceKind) -> EvidenceEffect {
        switch self {
        case .deactivateAccessKey, .revokeRoleSessions, .denyUser, .disableConsoleLogin:
            switch evidence {
            case .ownCall: .acts
            case .sharedGroup: .asks
            case .changedThing, .named: .never
            }
        case .restoreLogging:
            switch evidence {
            case .changedThing: .acts
            case .ownCall, .sharedGroup, .named: .never
            }
        }
    }
}
