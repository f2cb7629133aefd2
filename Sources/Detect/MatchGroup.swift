// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Matches of one detection, account and actor, as far as an alert tells of them: how many there are, the earliest and the
/// latest, and their events and facts. What a group holds does not depend on the order in which matches come.
package struct MatchGroup: Sendable, Equatable {
    /// A fact and the earliest match that has it.
    package struct Fact: Hashable, Sendable {
        package var evidence: Evidence
        package var since: EventReference
    }

    /// As of the latest match.
    package var actor: Actor
    /// Whether AWS had authenticated the actor in the latest match, and did not merely name it.
    package var isActorAuthenticated: Bool
    /// The earliest match.
    package var first: EventReference
    /// The latest match.
    package var last: EventReference
    package var count: UInt64 = 1
    /// The earliest matches, in order, up to `DetectLimits.alertEvents`.
    package var events: [EventReference]
    /// The distinct facts of the matches, the earliest first, up to `DetectLimits.alertEvidence`.
    package var facts: [Fact] = []
    /// True where every match came from history.
    package var historical: Bool
    /// `eventSource`, `eventName` and `awsRegion` of the earliest match.
    package var eventSource: String
    package var eventName: String
    package var region: String
    /// When the last match joined that was not history; 0 where none was, and where an older version stored the group.
    package var matchedAt: Milliseconds
    /// How far a match may lie from the first or last one and still join, in milliseconds.
    package var window: Milliseconds

    /// A group of one match.
    init(_ match: Match, historical: Bool, now: Milliseconds, window: Milliseconds) {
        let event = match.event
        actor = event.actor
        isActorAuthenticated = event.isCallerAuthenticated
        first = event.reference
        last = event.reference
        events = [event.reference]
        self.historical = historical
        (eventSource, eventName, region) = (event.eventSource, event.eventName, event.region)
        matchedAt = historical ? 0 : now
        self.window = window
        for evidence in match.evidence { add(Fact(evidence: evidence, since: event.reference)) }
    }

    /// Whether matches of the other would join this one.
    func touches(_ other: MatchGroup) -> Bool {
        first.time - window <= other.last.time && other.first.time <= last.time + window
    }

    /// Whether a match of a time would join this one.
    func touches(_ time: Milliseconds) -> Bool { first.time - window <= time && time <= last.time + window }
}

/// How a group grows.
extension MatchGroup {
    /// Adds a match.
    mutating func add(_ match: Match, historical: Bool, now: Milliseconds) {
        let event = match.event
        count += 1
        self.historical = self.historical && historical
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

    /// Adds the matches of another group.
    mutating func add(_ other: MatchGroup) {
        matchedAt = max(matchedAt, other.matchedAt)
        count += other.count
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

extension MatchGroup.Fact {
    /// Facts of one match go by name and value, so that their order is total.
    fileprivate func precedes(_ other: MatchGroup.Fact) -> Bool {
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
