// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// What a person sees: the matches of one detection for one account and actor within a window of event time.
package struct Alert: Sendable, Equatable {
    /// What an alert merges by.
    package struct Key: Hashable, Sendable {
        package let detectionID: String
        package let accountID: AccountID
        /// `Actor.principal`, or what the detection merges by in its place.
        package let principal: String

        package init(detectionID: String, accountID: AccountID, principal: String) {
            self.detectionID = detectionID
            self.accountID = accountID
            self.principal = principal
        }
    }

    package var id: String
    package var detectionID: String
    package var title: String
    package var description: String
    package var severity: Severity
    package var status: AlertStatus
    package var audience: Audience
    package var accountID: AccountID
    /// When the service raised it.
    package var createdAt: Milliseconds
    /// When it changed last.
    package var updatedAt: Milliseconds
    package var attackTechniques: [String]
    /// Starts at 1 and rises by one with each change that is published.
    package var revision: UInt64
    /// The alert that has its matches now; empty unless `status` is `merged`.
    package var mergedInto: String
    package var duetAnswer: DuetAnswer?
    /// The latest note of a person.
    package var note: String
    package var runbook: String
    /// What was done in answer to it, the first one first, up to `DetectLimits.alertRemediations`.
    package var remediations: [AlertRemediation]
    /// What it merges by in place of the actor; nil for the actor.
    package var mergeKey: String?
    /// All its matches together.
    package var matches: MatchGroup
    /// The matches apart by session while some session's actor may change; empty where none may.
    package var parts: [Part] = []

    package var key: Key { Key(detectionID: detectionID, accountID: accountID, principal: mergeKey ?? actor.principal) }

    /// A new alert of one match, not yet published: revision 0.
    init(
        id: String, match: Match, historical: Bool, now: Milliseconds, window: Milliseconds = DetectLimits.mergeWindow
    ) {
        let (detection, event) = (match.detection, match.event)
        self.id = id
        detectionID = detection.id
        title = detection.title
        description = detection.description
        severity = match.severity
        status = .open
        audience = detection.audience
        accountID = event.accountID
        createdAt = now
        updatedAt = now
        attackTechniques = detection.attackTechniques
        revision = 0
        mergedInto = ""
        duetAnswer = nil
        note = ""
        runbook = detection.runbook
        remediations = []
        mergeKey = match.mergeKey
        matches = MatchGroup(match, historical: historical, now: now, window: window)
        if let pending = match.pending { parts = [Part(session: pending, severity: severity, matches: matches)] }
    }
}

extension Alert {
    /// What decoding starts from.
    static var blank: Alert {
        let event = EventReference(time: 0, id: EventID(high: 0, low: 0))
        let matched = MatchedEvent(
            reference: event, accountID: .zero, actor: Actor(principal: ""), region: "", eventSource: "",
            eventName: "")
        var alert = Alert(
            id: "", match: Match(detection: Detection(id: "", title: "", severity: .informational), event: matched),
            historical: false, now: 0)
        alert.matches.events = []
        alert.matches.matchedAt = 0
        // What an older version stored does not say it, and is no ground to act on anybody.
        alert.matches.isActorAuthenticated = false
        return alert
    }
}

/// What it tells of its matches.
extension Alert {
    /// As of the latest match.
    package var actor: Actor { matches.actor }
    /// Whether AWS had authenticated the actor in the latest match, and did not merely name it.
    package var isActorAuthenticated: Bool { matches.isActorAuthenticated }
    /// The earliest match.
    package var first: EventReference { matches.first }
    /// The latest match.
    package var last: EventReference { matches.last }
    /// Event time of the earliest match.
    package var firstSeen: Milliseconds { matches.first.time }
    /// Event time of the latest match.
    package var lastSeen: Milliseconds { matches.last.time }
    package var matchCount: UInt64 { matches.count }
    /// The earliest matches, in order, up to `DetectLimits.alertEvents`.
    package var events: [EventReference] { matches.events }
    package var eventIDs: [String] { matches.events.map(\.text) }
    /// The distinct facts of its matches, the earliest first, up to `DetectLimits.alertEvidence`.
    package var facts: [MatchGroup.Fact] { matches.facts }
    package var evidence: [Evidence] { matches.facts.map(\.evidence) }
    /// True where every match came from history.
    package var historical: Bool { matches.historical }
    /// `eventSource`, `eventName` and `awsRegion` of the earliest match.
    package var eventSource: String { matches.eventSource }
    package var eventName: String { matches.eventName }
    package var region: String { matches.region }
    /// When the last match joined that was not history; 0 where none was, and where an older version stored the alert.
    package var matchedAt: Milliseconds { matches.matchedAt }
    /// How far a match may lie from the first or last one and still join, in milliseconds.
    package var window: Milliseconds { matches.window }
}

/// How an alert grows. The result does not depend on the order in which matches come.
extension Alert {
    /// Takes one match more, if no session of the alert changes by it: most don't, and it is done in place then. Else
    /// false, and nothing is done.
    mutating func absorbInPlace(_ match: Match, historical: Bool, now: Milliseconds) -> Bool {
        guard status.growsOn else { return false }
        if match.pending != nil || !parts.isEmpty {
            guard let part = joined(by: match) else { return false }
            let matchedAt = parts[part].matches.matchedAt
            parts[part].severity = match.severity
            parts[part].matches.window = window
            parts[part].matches.add(match, historical: historical, now: now)
            parts[part].matches.matchedAt = max(parts[part].matches.matchedAt, matchedAt)
        }
        matches.add(match, historical: historical, now: now)
        updatedAt = now
        return true
    }

    /// Takes one match more.
    mutating func absorb(_ match: Match, historical: Bool, now: Milliseconds) {
        if match.pending != nil || !parts.isEmpty {
            if parts.isEmpty { parts = allParts }
            let alone = MatchGroup(match, historical: historical, now: now, window: window)
            keepApart(Part(session: match.pending, severity: match.severity, matches: alone))
            forgetSettledParts()
        }
        matches.add(match, historical: historical, now: now)
        updatedAt = now
    }

    /// Takes over another alert of the same key.
    mutating func absorb(_ other: Alert, now: Milliseconds) {
        // Two that do not touch are joined by a third, which may go to another actor again.
        if !parts.isEmpty || !other.parts.isEmpty || !matches.touches(other.matches) {
            if parts.isEmpty { parts = allParts }
            for part in other.allParts { keepApart(part) }
        }
        matches.add(other.matches)
        forgetSettledParts()
        updatedAt = now
        if note.isEmpty { note = other.note }
        if duetAnswer == nil { duetAnswer = other.duetAnswer }
        if other.audience == .analyst { audience = .analyst }
        for remediation in other.remediations { set(remediation) }
    }

    /// Takes the newest state of a remediation; of those that are over the limit the oldest go.
    mutating func set(_ remediation: AlertRemediation) {
        if let index = remediations.firstIndex(where: { $0.id == remediation.id }) {
            if remediations[index].updatedAt <= remediation.updatedAt { remediations[index] = remediation }
            return
        }
        if remediations.count == DetectLimits.alertRemediations { remediations.removeFirst() }
        remediations.append(remediation)
    }
}
