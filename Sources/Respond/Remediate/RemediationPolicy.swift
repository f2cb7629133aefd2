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

    /// The default: off.
    package init() {}

    /// A policy of its own.
    package init(
        mode: RemediationMode, minimumSeverity: Severity = .high, detections: Set<String> = [],
        never: [TargetPattern] = [], always: [TargetPattern] = [], hourlyCap: Int = RespondLimits.hourlyCap
    ) {
        self.mode = mode
        self.minimumSeverity = minimumSeverity
        self.detections = detections
        self.never = never
        self.always = always
        self.hourlyCap = hourlyCap
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
        if case .alert(_, _, _, isHistorical: true, _) = trigger { return .refuse(.historical, pattern: nil) }
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
        let otherAccount: String?
        switch trigger {
        case .person(_, let isDryRun):
            guard mode != .off else { return .refuse(.off, pattern: nil) }
            return isDryRun || mode == .dryRun ? .rehearse : .run(isAutomatic: false)
        case .alert(_, let detection, let level, _, let account):
            (detectionID, severity, otherAccount) = (detection, level, account)
        }
        var missing: MissingFacts = []
        if Self.first(always, facts, &missing) != nil {
            return automatic(in: situation, isApproved: isApproved, otherAccount)
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
        case .auto: return automatic(in: situation, isApproved: isApproved, otherAccount)
        }
    }

    private func automatic(
        in situation: RemediationSituation, isApproved: Bool, _ otherAccount: String?
    ) -> RemediationDecision {
        if isApproved { return .run(isAutomatic: false) }
        if let otherAccount { return .askPerson(because: .otherAccount(otherAccount)) }
        return situation.automaticRuns < hourlyCap ? .run(isAutomatic: true) : .askPerson(because: .cap)
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
