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

    /// A fact and the earliest match that has it.
    package struct Fact: Hashable, Sendable {
        package var evidence: Evidence
        package var since: EventReference
    }

    package var id: String
    package var detectionID: String
    package var title: String
    package var description: String
    package var severity: Severity
    package var status: AlertStatus
    package var audience: Audience
    package var accountID: AccountID
    /// As of the latest match.
    package var actor: Actor
    /// Whether AWS had authenticated the actor in the latest match, and did not merely name it.
    package var isActorAuthenticated: Bool
    /// The earliest match.
    package var first: EventReference
    /// The latest match.
    package var last: EventReference
    /// When the service raised it.
    package var createdAt: Milliseconds
    /// When it changed last.
    package var updatedAt: Milliseconds
    package var matchCount: UInt64
    /// The earliest matches, in order, up to `DetectLimits.alertEvents`.
    package var events: [EventReference]
    /// The distinct facts of its matches, the earliest first, up to `DetectLimits.alertEvidence`.
    package var facts: [Fact]
    package var attackTechniques: [String]
    /// True where every match came from history.
    package var historical: Bool
    /// Starts at 1 and rises by one with each change that is published.
    package var revision: UInt64
    /// `eventSource`, `eventName` and `awsRegion` of the earliest match.
    package var eventSource: String
    package var eventName: String
    package var region: String
    /// The alert that has its matches now; empty unless `status` is `merged`.
    package var mergedInto: String
    package var duetAnswer: DuetAnswer?
    /// The latest note of a person.
    package var note: String
    package var runbook: String
    /// When the last match joined that was not history; 0 where none was, and where an older version stored the alert.
    package var matchedAt: Milliseconds
    /// What was done in answer to it, the first one first, up to `DetectLimits.alertRemediations`.
    package var remediations: [AlertRemediation]
    /// What it merges by in place of the actor; nil for the actor.
    package var mergeKey: String?
    /// How far a match may lie from the first or last one and still join, in milliseconds.
    package var window: Milliseconds
    /// The matches apart by session while some session's actor may change; empty where none may.
    package var parts: [Part] = []

    package var key: Key { Key(detectionID: detectionID, accountID: accountID, principal: mergeKey ?? actor.principal) }
    /// Event time of the earliest match.
    package var firstSeen: Milliseconds { first.time }
    /// Event time of the latest match.
    package var lastSeen: Milliseconds { last.time }
    package var eventIDs: [String] { events.map(\.text) }
    package var evidence: [Evidence] { facts.map(\.evidence) }

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
        actor = event.actor
        isActorAuthenticated = event.isCallerAuthenticated
        first = event.reference
        last = event.reference
        createdAt = now
        updatedAt = now
        matchCount = 1
        events = [event.reference]
        facts = []
        attackTechniques = detection.attackTechniques
        self.historical = historical
        revision = 0
        eventSource = event.eventSource
        eventName = event.eventName
        region = event.region
        mergedInto = ""
        duetAnswer = nil
        note = ""
        runbook = detection.runbook
        matchedAt = historical ? 0 : now
        remediations = []
        self.window = window
        mergeKey = match.mergeKey
        for evidence in match.evidence { add(Fact(evidence: evidence, since: event.reference)) }
        if let pending = match.pending { parts = [Part(session: pending, matches: self)] }
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
        alert.events = []
        alert.matchedAt = 0
        // What an older version stored does not say it, and is no ground to act on anybody.
        alert.isActorAuthenticated = false
        return alert
    }
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
            parts[part].matches.retell(match, id: id, window: window, now: now)
            parts[part].matches.count(match, historical: historical, now: now)
            parts[part].matches.matchedAt = max(parts[part].matches.matchedAt, matchedAt)
        }
        count(match, historical: historical, now: now)
        return true
    }

    /// Takes one match more.
    mutating func absorb(_ match: Match, historical: Bool, now: Milliseconds) {
        if match.pending != nil || !parts.isEmpty {
            if parts.isEmpty { parts = allParts }
            let alone = Alert(id: id, match: match, historical: historical, now: now, window: window)
            keepApart(Part(session: match.pending, matches: alone))
            forgetSettledParts()
        }
        count(match, historical: historical, now: now)
    }

    /// Tells of its detection what the latest match does, as an alert of that match alone would.
    private mutating func retell(_ match: Match, id: String, window: Milliseconds, now: Milliseconds) {
        let detection = match.detection
        (self.id, detectionID, title, description) = (id, detection.id, detection.title, detection.description)
        (severity, audience, createdAt) = (match.severity, detection.audience, now)
        (attackTechniques, runbook) = (detection.attackTechniques, detection.runbook)
        (self.window, mergeKey) = (window, match.mergeKey)
    }

    private mutating func count(_ match: Match, historical: Bool, now: Milliseconds) {
        let event = match.event
        matchCount += 1
        self.historical = self.historical && historical
        updatedAt = now
        if !historical { matchedAt = now }
        if event.reference < first {
            first = event.reference
            (eventSource, eventName, region) = (event.eventSource, event.eventName, event.region)
        }
        if last < event.reference {
            last = event.reference
            actor = event.actor
            isActorAuthenticated = event.isCallerAuthenticated
        }
        add(event.reference)
        for evidence in match.evidence { add(Fact(evidence: evidence, since: event.reference)) }
    }

    /// Takes over another alert of the same key.
    mutating func absorb(_ other: Alert, now: Milliseconds) {
        // Two that do not touch are joined by a third, which may go to another actor again.
        if !parts.isEmpty || !other.parts.isEmpty || !touches(other) {
            if parts.isEmpty { parts = allParts }
            for part in other.allParts { keepApart(part) }
        }
        take(matchesOf: other)
        forgetSettledParts()
        updatedAt = now
        if note.isEmpty { note = other.note }
        if duetAnswer == nil { duetAnswer = other.duetAnswer }
        if other.audience == .analyst { audience = .analyst }
        for remediation in other.remediations { set(remediation) }
    }

    /// Becomes what another alert says of its matches; its own story stays.
    mutating func become(_ other: Alert) {
        (matchCount, historical, actor, parts) = (other.matchCount, other.historical, other.actor, other.parts)
        isActorAuthenticated = other.isActorAuthenticated
        (first, last, events, facts) = (other.first, other.last, other.events, other.facts)
        (eventSource, eventName, region) = (other.eventSource, other.eventName, other.region)
    }

    /// Adds another alert's matches, not its story.
    mutating func take(matchesOf other: Alert) {
        matchedAt = max(matchedAt, other.matchedAt)
        matchCount += other.matchCount
        historical = historical && other.historical
        if other.first < first {
            first = other.first
            (eventSource, eventName, region) = (other.eventSource, other.eventName, other.region)
        }
        if last < other.last {
            last = other.last
            actor = other.actor
            isActorAuthenticated = other.isActorAuthenticated
        }
        for event in other.events { add(event) }
        for fact in other.facts { add(fact) }
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

    private mutating func add(_ event: EventReference) {
        if events.count == DetectLimits.alertEvents {
            guard let latest = events.last, event < latest else { return }
            events.removeLast()
        }
        events.insert(event, at: events.lowerBound { $0 < event })
    }

    /// Keeps the facts with the earliest matches: which are kept follows from the set of matches alone, since a fact
    /// once dropped can only come back by an earlier match.
    private mutating func add(_ fact: Fact) {
        if let index = facts.firstIndex(where: { $0.evidence == fact.evidence }) {
            guard fact.since < facts[index].since else { return }
            facts.remove(at: index)
        }
        facts.insert(fact, at: facts.lowerBound { $0.precedes(fact) })
        if facts.count > DetectLimits.alertEvidence { facts.removeLast() }
    }
}

extension Alert.Fact {
    /// Facts of one match go by name and value, so that their order is total.
    fileprivate func precedes(_ other: Alert.Fact) -> Bool {
        if since != other.since { return since < other.since }
        if evidence.name != other.evidence.name { return evidence.name < other.evidence.name }
        return evidence.value < other.evidence.value
    }
}

extension Array {
    /// The first index whose element does not come before the wanted place, in a sorted array.
    fileprivate func lowerBound(_ isBefore: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
