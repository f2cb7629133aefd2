// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// Everything that the stream remembers beside its alerts: the windows of correlations, who made which session, and what
/// was seen before. A value that does no I/O and takes time as an argument; a `DetectionStage` owns it.
///
/// One commit group goes: events as they come, then `takeRow` once, whose bytes are stored with the events. All rows ever
/// stored, replayed in their order, make the same state again; `rewrite` says what of an old row still counts, so that
/// the log can be cut at its beginning.
///
/// Invalid operations: none; whatever a row holds that is no row is skipped.
package struct StreamState: Sendable {
    /// The parts, each with its number in the rows. A new part is a property and a line here.
    private static let parts = [
        StreamPartEntry(1, \.correlator), StreamPartEntry(2, \.lineage), StreamPartEntry(3, \.baselines),
        StreamPartEntry(4, \.held), StreamPartEntry(5, \.travels), StreamPartEntry(6, \.marks),
        StreamPartEntry(7, \.unattributed),
    ]

    private(set) var correlator: Correlator
    private(set) var marks = Watermarks()
    private(set) var held: HeldMatches
    var lineage: Lineage
    var baselines: Baselines
    var travels: Travels
    var unattributed: Unattributed
    /// Matches that wait for nothing any more, until they are released in the same commit group.
    var ready: [StreamMatch] = []
    /// The accounts whose mark moved since the last release.
    private var movedAccounts: Set<AccountID> = []

    /// - Parameters:
    ///   - latenessSeconds: how late an event may come and still be counted.
    ///   - secret: what the plans whose observations it takes hash with.
    ///   - bounds: how much it remembers; tests make them small.
    package init(
        latenessSeconds: Int = DetectLimits.latenessSeconds, secret: CorrelationSecret = .none,
        bounds: StreamBounds = StreamBounds()
    ) {
        lineage = Lineage(capacity: bounds.sessions)
        held = HeldMatches(capacity: bounds.heldMatches, clearCapacity: bounds.clearingEvents)
        baselines = Baselines(capacity: bounds.combinations, secret: secret)
        correlator = Correlator(latenessSeconds: latenessSeconds, capacity: bounds.groups)
        unattributed = Unattributed(latenessSeconds: latenessSeconds, capacity: bounds.unattributedEvents)
        // A sighting may have waited for its actor.
        let wait = latenessSeconds + Int(DetectLimits.lineageSkew / 1_000) + 2 * SigmaLimits.settlingSeconds
        travels = Travels(latenessSeconds: wait, capacity: bounds.travellers, secret: secret)
    }

    /// Takes an event that made a session. What is known anew comes back as hashes that pending sessions watch.
    package mutating func learn(_ issuance: Issuance, now: Milliseconds) -> [CorrelationKey] {
        let known = lineage.learn(issuance, now: now)
        unattributed.learn(known)
        return known
    }

    /// Who stands behind a session, as far as is known now.
    package func resolve(_ session: PendingSession) -> Lineage.Resolution { lineage.resolve(session.identity) }

    /// The match with the actor that stands behind it, as far as is known now.
    package func attribute(_ match: Match) -> Match {
        // One that was attributed before is known by what its session was then.
        match.attributed(to: match.pending.map { lineage.resolve($0.identity) } ?? lineage.resolve(match.event.actor))
    }

    /// Takes a match that has to wait, unless it is cleared already. One that nothing holds back is not for here.
    package mutating func hold(_ match: Match, isOnTrial: Bool, historical: Bool, now: Milliseconds) {
        guard let hold = match.hold else { return }
        held.hold(match, hold, isOnTrial: isOnTrial, historical: historical, marks: marks, now: now)
    }

    /// Takes an event that clears matches which wait, or come late.
    package mutating func clear(_ clearing: Clearing, now: Milliseconds) { held.clear(clearing, now: now) }

    /// Takes how late events of an account are by now.
    package mutating func advance(_ account: AccountID, to latest: Milliseconds, now: Milliseconds) {
        if marks.advance(account, to: latest, now: now) { movedAccounts.insert(account) }
    }

    /// The matches of which nothing that comes late can make anything else any more: those that an event could have
    /// cleared, and those of correlations that an event more could have undone.
    ///
    /// - Parameters:
    ///   - plan: the detections as they stand now; a match of one that does not run any more is dropped.
    ///   - all: whether nothing more will come.
    package mutating func release(_ plan: DetectionPlan, now: Milliseconds, all: Bool = false) -> [StreamMatch] {
        let moved = movedAccounts.sorted { $0.number < $1.number }
        movedAccounts.removeAll(keepingCapacity: true)
        answerWaiting(moved, plan, now: now, all: all)
        var found = ready
        ready = []
        found += held.release(marks, now: now, all: all).compactMap {
            recall($0.context, $0.0, plan, evidence: [])
        }
        for account in moved {
            let hits = correlator.advance(
                account.number, to: marks[account], plan.correlations, now: now.wholeSeconds)
            found += hits.compactMap { recall($0, plan) }
        }
        let hits = correlator.settle(plan.correlations, now: now.wholeSeconds, all: all)
        return found + hits.compactMap { recall($0, plan) }
    }

    /// What waits: matches that may be cleared, events whose actor may change, and groups of correlations with windows that
    /// may.
    package var waitingCount: Int { held.count + unattributed.count + ready.count + correlator.waitingCount }

    /// Matches that wait for what may clear them.
    package var heldCount: Int { held.count }

    func recall(
        _ context: [UInt8], _ event: HeldMatches.EventKey, _ plan: DetectionPlan, evidence: [Evidence]
    ) -> StreamMatch? {
        guard let recalled = MatchContext.decode(context, time: event.time, id: event.id),
            let rule = plan.rule(recalled.detectionID, in: recalled.event.accountID)
        else { return nil }
        let match = recalled.match(rule.detection, severity: rule.standing.severity, evidence: evidence)
        return StreamMatch(match: match, historical: recalled.historical, isOnTrial: recalled.isOnTrial)
    }

    /// Takes an event on which a rule that correlations count holds, and gives the matches of those correlations that
    /// hold because of it: of this event, and of others that stand in the same window or in one that is over by it.
    package mutating func observe(
        _ observation: Observation, _ plan: DetectionPlan, historical: Bool, now: Milliseconds
    ) -> [StreamMatch] {
        let event = observation.event
        let id = CorrelationEvent.ID(high: event.reference.id.high, low: event.reference.id.low)
        var hits: [CorrelationHit] = []
        if plan.correlations.hasWaits, marks[event.accountID] > .min {
            // An event that came far behind its account's others shall be seen as that.
            hits = correlator.advance(
                event.accountID.number, to: marks[event.accountID], plan.correlations, now: now.wholeSeconds)
        }
        hits += correlator.observe(
            CorrelationEvent(
                id: id, time: event.reference.time, tenant: event.accountID.number,
                observations: observation.observations,
                context: StreamContext.encode(event, observation.evidence, historical: historical)),
            plan.correlations, now: now.wholeSeconds)
        return hits.compactMap { hit in
            if hit.id != id { return recall(hit, plan) }
            return match(hit, event, observation.evidence, historical: historical, plan)
        }
    }

    /// The match of a correlation of an event that was remembered.
    private func recall(_ hit: CorrelationHit, _ plan: DetectionPlan) -> StreamMatch? {
        guard
            let recalled = StreamContext.decode(
                hit.context, time: hit.time, id: EventID(high: hit.id.high, low: hit.id.low))
        else { return nil }
        return match(hit, recalled.event, recalled.evidence, historical: recalled.historical, plan)
    }

    private func match(
        _ hit: CorrelationHit, _ event: MatchedEvent, _ evidence: [Evidence], historical: Bool, _ plan: DetectionPlan
    ) -> StreamMatch? {
        guard plan.plannedCorrelations[hit.correlation].raisesAlerts else { return nil }
        let standing = plan.plannedCorrelations[hit.correlation].standings[event.accountID]
        guard standing.isEnabled else { return nil }
        let match = Match(
            detection: plan.plannedCorrelations[hit.correlation].detection, severity: standing.severity, event: event,
            evidence: evidence + Self.calls(event).filter { !evidence.contains($0) })
        return StreamMatch(match: match, historical: historical, isOnTrial: standing.isOnTrial)
    }

    /// The call of an event of a correlation, and how it ended: such an alert is of calls of several names.
    private static func calls(_ event: MatchedEvent) -> [Evidence] {
        let name = Evidence(name: "eventName", value: event.eventName)
        let hasError = !event.errorCode.isEmpty && event.errorCode != MatchedEvent.unprovedSignIn
        return hasError ? [name, Evidence(name: "errorCode", value: event.errorCode)] : [name]
    }

    /// Forgets what no event in time can reach any more. Call it from time to time.
    package mutating func expire(now: Milliseconds) {
        let marks = marks
        for part in Self.parts { part.expire(&self, marks, now) }
    }

    /// Undoes what a clock that ran ahead for a while has left, and events of the future with it: what is counted from the
    /// clock, or from the latest event, goes on from now.
    ///
    /// - Parameter now: a clock that is right again.
    package mutating func correctClock(now: Milliseconds) {
        for part in Self.parts { part.correctClock(&self, now) }
    }

    /// What it takes in memory, about, and in the log where nothing is outdated.
    package var bytes: Int { Self.parts.reduce(0) { $0 + $1.bytes(self) } }

    /// What it had to refuse or to forget.
    package var losses: StreamLosses {
        var losses = StreamLosses()
        losses.lateEvents = correlator.lateEvents + travels.lateEvents
        losses.forgottenEvents = correlator.forgottenEvents + travels.forgottenEvents + held.forgottenClears
        losses.evictedGroups = correlator.evictedGroups
        losses.evictedSessions = lineage.evicted
        losses.evictedCombinations = baselines.evicted
        losses.evictedTravellers = travels.evicted
        losses.releasedEarly = held.releasedEarly + unattributed.judgedEarly
        return losses
    }

    /// Joins of sessions with their makers that are remembered.
    package var sessionCount: Int { lineage.count }

    /// Groups of correlations that are remembered.
    package var groupCount: Int { correlator.groupCount }

    /// Combinations of baselines that are remembered.
    package var combinationCount: Int { baselines.count }

    /// Actors whose places are remembered.
    package var travellerCount: Int { travels.count }
}

/// How much of each kind a stream's state remembers. Of what is too much, that of the account goes first that has the most.
package struct StreamBounds: Sendable {
    package var groups = SigmaLimits.correlationGroups
    package var sessions = DetectLimits.lineageSessions
    package var combinations = DetectLimits.baselineEntries
    package var travellers = DetectLimits.travellers
    package var heldMatches = DetectLimits.heldMatches
    package var clearingEvents = DetectLimits.clearingEvents
    package var unattributedEvents = DetectLimits.unattributedEvents

    /// The figures of production.
    package init() {}

    /// The same figure for each.
    package init(all count: Int) {
        (groups, sessions, combinations, travellers) = (count, count, count, count)
        (heldMatches, clearingEvents, unattributedEvents) = (count, count, count)
    }
}

/// A match that the stream's state made, of the event at hand or of an earlier one.
package struct StreamMatch: Sendable {
    package let match: Match
    /// Whether its event came as history.
    package let historical: Bool
    /// Whether the detection is on trial in the account: then the match is counted, and raises no alert.
    package let isOnTrial: Bool
}

/// What a stream's state had to refuse or to forget before its time, since the start.
package struct StreamLosses: Sendable, Equatable {
    /// Events that came too late for a correlation.
    package var lateEvents = 0
    /// Events of groups that had too many.
    package var forgottenEvents = 0
    /// Groups that were too many.
    package var evictedGroups = 0
    /// Sessions that were too many.
    package var evictedSessions = 0
    /// Combinations of baselines that were too many.
    package var evictedCombinations = 0
    /// Actors whose places were too many to remember.
    package var evictedTravellers = 0
    /// Held matches and events that waited for their actor that were too many, and so were judged before their time.
    package var releasedEarly = 0

    package init() {}
}

// MARK: Rows

extension StreamState {
    /// What was learned since the last call; empty where it was nothing.
    package mutating func takeRow() -> [UInt8] {
        var row: [UInt8] = []
        for part in Self.parts { StreamRow.append(part.number, part.takeLog(&self), to: &row) }
        return row
    }

    /// Takes in a stored row.
    package mutating func replay(_ row: [UInt8], now: Milliseconds) {
        StreamRow.forEachPart(row) { number, bytes in
            Self.parts.first { $0.number == number }?.replay(&self, bytes, now)
        }
    }

    /// What still counts of stored rows, as it stands now.
    package func rewrite(_ rows: [[UInt8]]) -> [UInt8] {
        var live: [UInt8: [UInt8]] = [:]
        for row in rows {
            StreamRow.forEachPart(row) { number, bytes in
                guard let part = Self.parts.first(where: { $0.number == number }) else { return }
                live[number, default: []] += part.live(self, bytes)
            }
        }
        var row: [UInt8] = []
        for part in Self.parts { StreamRow.append(part.number, live[part.number] ?? [], to: &row) }
        return row
    }
}
