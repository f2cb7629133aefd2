// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect

/// How far an action may go by itself.
package enum RemediationMode: String, Sendable, Hashable, Codable, CaseIterable {
    /// Not at all.
    case off
    /// Up to what it would do, without a change.
    case dryRun = "dry_run"
    /// As far as the question to a person.
    case approve
    /// To its end.
    case auto
}

/// What an account lets an action do. The default does nothing.
package struct RemediationPolicy: Sendable, Hashable, Codable {
    package var mode: RemediationMode = .off
    /// The least severity of an alert that may trigger the action.
    package var minimumSeverity: Severity = .high
    /// The detections that may trigger it; empty for all.
    package var detections: Set<String> = []
    /// Whom it never touches. Nothing overrides this.
    package var never: [TargetPattern] = []
    /// Whom it acts on by itself whatever mode, severity and detections say.
    package var always: [TargetPattern] = []
    /// How many times it may act by itself within an hour; beyond that a person is asked.
    package var hourlyCap = RespondLimits.hourlyCap
    /// Whether it acts by itself on a DUET that the account's owner has not answered; else a person is asked.
    package var actsOnDuets = false
    /// How old an alert's newest event may be for the action to answer it.
    package var maximumAge = RespondLimits.actingAge

    /// The default: off.
    package init() {}

    /// A policy of its own.
    package init(
        mode: RemediationMode, minimumSeverity: Severity = .high, detections: Set<String> = [],
        never: [TargetPattern] = [], always: [TargetPattern] = [], hourlyCap: Int = RespondLimits.hourlyCap,
        actsOnDuets: Bool = false, maximumAge: Milliseconds = RespondLimits.actingAge
    ) {
        self.mode = mode
        self.minimumSeverity = minimumSeverity
        self.detections = detections
        self.never = never
        self.always = always
        self.hourlyCap = hourlyCap
        self.actsOnDuets = actsOnDuets
        self.maximumAge = maximumAge
    }
}

extension RemediationPolicy {
    /// Reads a stored policy: what an older version did not know has its default.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            mode: try values.decode(RemediationMode.self, forKey: .mode),
            minimumSeverity: try values.decode(Severity.self, forKey: .minimumSeverity),
            detections: try values.decode(Set<String>.self, forKey: .detections),
            never: try values.decode([TargetPattern].self, forKey: .never),
            always: try values.decode([TargetPattern].self, forKey: .always),
            hourlyCap: try values.decode(Int.self, forKey: .hourlyCap),
            actsOnDuets: try values.decodeIfPresent(Bool.self, forKey: .actsOnDuets) ?? false,
            maximumAge: try values.decodeIfPresent(Milliseconds.self, forKey: .maximumAge) ?? RespondLimits.actingAge)
    }
}

/// What stands beside a policy when it is decided.
package struct RemediationSituation: Sendable, Hashable {
    /// The switch that stops everything.
    package var isFrozen: Bool
    /// Whether the account is onboarded.
    package var isOnboarded: Bool
    /// What Trailhound itself works with in the account, as patterns.
    package var ownIdentities: [TargetPattern]
    /// How many times the action has acted by itself in the account within the last hour.
    package var automaticRuns: Int

    package init(
        isFrozen: Bool = false, isOnboarded: Bool = true, ownIdentities: [TargetPattern] = [], automaticRuns: Int = 0
    ) {
        self.isFrozen = isFrozen
        self.isOnboarded = isOnboarded
        self.ownIdentities = ownIdentities
        self.automaticRuns = automaticRuns
    }
}

/// What a policy says to one remediation.
package enum RemediationDecision: Sendable, Hashable {
    /// Go on. `isAutomatic` where no person asked for it: such runs count towards the cap.
    case run(isAutomatic: Bool)
    /// Go on without a change.
    case rehearse
    /// Ask a person.
    case askPerson(because: AskReason)
    /// Don't. `pattern` is the list's entry, where one is the reason.
    case refuse(RemediationRefusal, pattern: String?)
    /// Find these out, then ask again.
    case findOut(MissingFacts)
}

/// Why a person is asked.
package enum AskReason: Sendable, Hashable {
    /// The policy's mode is to ask.
    case mode
    /// The cap of automatic remediations is reached.
    case cap
    /// The alert is of this account, not of the target's.
    case otherAccount(String)
    /// The account's owner has not answered yet.
    case duet
    /// The alert counts together what several principals did.
    case sharedEvidence
}

extension RemediationPolicy {
    /// Decides on one remediation. A pure function: what it depends on is in its arguments.
    ///
    /// Never beats always, and always beats mode, severity and detections. The freeze, an account that is not
    /// onboarded, a backfilled event and Trailhound's own identity beat all of them. The cap turns acting into asking, and
    /// so does an alert of another account: what stands in an account's records is that account's word, by which nobody
    /// shall switch off another one's key.
    ///
    /// - Parameter isApproved: A person has approved this remediation.
    package func decide(
        _ trigger: RemediationTrigger, on facts: TargetFacts, in situation: RemediationSituation,
        isApproved: Bool = false
    ) -> RemediationDecision {
        if situation.isFrozen { return .refuse(.frozen, pattern: nil) }
        guard situation.isOnboarded else { return .refuse(.accountNotOnboarded, pattern: nil) }
        if case .alert(_, _, _, let isHistorical, _, let basis) = trigger {
            if isHistorical { return .refuse(.historical, pattern: nil) }
            // A person who approves has looked, and may have taken hours.
            if let basis, !isApproved, !((-maximumAge)...maximumAge).contains(basis.age) {
                return .refuse(.tooOld, pattern: nil)
            }
        }
        var missing: MissingFacts = []
        if let own = Self.first(situation.ownIdentities, facts, &missing) {
            return .refuse(.ownIdentity, pattern: own)
        }
        if let listed = Self.first(never, facts, &missing) { return .refuse(.neverListed, pattern: listed) }
        let answer = beyondExclusions(trigger, on: facts, in: situation, isApproved: isApproved)
        // A refusal needs nothing more; to go on needs to know that no exclusion stands against it.
        if case .refuse = answer { return answer }
        return missing.isEmpty ? answer : .findOut(missing)
    }

    /// What holds for a target that no exclusion is known for.
    private func beyondExclusions(
        _ trigger: RemediationTrigger, on facts: TargetFacts, in situation: RemediationSituation, isApproved: Bool
    ) -> RemediationDecision {
        let detectionID: String
        let severity: Severity
        let doubt: AskReason?
        switch trigger {
        case .person(_, let isDryRun):
            guard mode != .off else { return .refuse(.off, pattern: nil) }
            return isDryRun || mode == .dryRun ? .rehearse : .run(isAutomatic: false)
        case .alert(_, let detection, let level, _, let account, let basis):
            (detectionID, severity) = (detection, level)
            doubt = reason(otherAccount: account, basis)
        }
        var missing: MissingFacts = []
        if Self.first(always, facts, &missing) != nil {
            return automatic(in: situation, isApproved: isApproved, doubt)
        }
        guard missing.isEmpty else { return .findOut(missing) }
        guard mode != .off else { return .refuse(.off, pattern: nil) }
        guard severity >= minimumSeverity else { return .refuse(.belowSeverity, pattern: nil) }
        guard detections.isEmpty || detections.contains(detectionID) else {
            return .refuse(.detectionNotListed, pattern: nil)
        }
        switch mode {
        case .off: return .refuse(.off, pattern: nil)
        case .dryRun: return .rehearse
        case .approve: return isApproved ? .run(isAutomatic: false) : .askPerson(because: .mode)
        case .auto: return automatic(in: situation, isApproved: isApproved, doubt)
        }
    }

    private func automatic(
        in situation: RemediationSituation, isApproved: Bool, _ doubt: AskReason?
    ) -> RemediationDecision {
        if isApproved { return .run(isAutomatic: false) }
        if let doubt { return .askPerson(because: doubt) }
        return situation.automaticRuns < hourlyCap ? .run(isAutomatic: true) : .askPerson(because: .cap)
    }

    /// Why an alert is no ground to act without a person; nil where it is one.
    private func reason(otherAccount: String?, _ basis: AlertBasis?) -> AskReason? {
        if let otherAccount { return .otherAccount(otherAccount) }
        guard let basis else { return nil }
        if basis.isUnansweredDuet, !actsOnDuets { return .duet }
        return basis.evidence == .sharedGroup ? .sharedEvidence : nil
    }

    /// The first entry that matches; what others would have to know is added to `missing`.
    private static func first(
        _ patterns: [TargetPattern], _ facts: TargetFacts, _ missing: inout MissingFacts
    ) -> String? {
        for pattern in patterns {
            switch pattern.match(facts) {
            case .yes: return pattern.text
            case .no: continue
            case .unknown(let needed): missing.formUnion(needed)
            }
        }
        return nil
    }
}
