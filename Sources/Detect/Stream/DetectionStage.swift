// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// The stateful step of detection, between the evaluation of records and the commit: it attributes sessions, correlates,
/// keeps baselines and sightings, holds matches and releases them, and merges matches into alerts. A value that does no I/O
/// and takes time as an argument.
///
/// The order of one commit group: `apply` for each batch, `release` for each look at the clock, `takeChanges` once, then
/// `commit` when the changes are durable. Where they are not, `rollback` takes the alerts back; what the state has learned
/// can't be taken back, so the caller replays the stored rows into a new state and gives that to `restore`.
///
/// Which alerts come of a set of events does not depend on the order, the batches or the restarts in between, as long as
/// events come within the lateness.
///
/// Invalid operations: none.
package struct DetectionStage: Sendable {
    /// Everything that is remembered beside the alerts.
    package private(set) var state: StreamState
    /// The alerts that can grow. What people and the service itself change goes to it directly, in the same group.
    package var merger: AlertMerger
    private let reportsMatches: Bool

    /// - Parameters:
    ///   - reportsMatches: lists every match in the results, for callers that ask for events and not for alerts.
    package init(
        state: StreamState = StreamState(), merger: AlertMerger = AlertMerger(), reportsMatches: Bool = false
    ) {
        self.state = state
        self.merger = merger
        self.reportsMatches = reportsMatches
    }

    /// Applies the new events of a batch and releases what is due by them.
    ///
    /// - Parameters:
    ///   - new: which events of the batch to take, and which of these were not seen before. The others change nothing.
    ///   - historical: the events are history that was fetched later.
    ///   - plan: the detections as they stand now, for what is released; asked only where something waits. The batch's own
    ///     plan is what its observations are indexes of.
    ///   - now: the service's clock.
    ///   - stored: finds alerts that are no longer in memory.
    package mutating func apply(
        _ batch: EvaluatedBatch, new: NewEvents, historical: Bool, releasing plan: @autoclosure () -> DetectionPlan,
        now: Milliseconds, stored: AlertMerger.Lookup
    ) rethrows -> StageResult {
        var result = StageResult()
        result.accounts = Self.count(batch, new)
        // Who made which session and what clears is known of the whole batch before any match is looked at.
        if batch.kinds.contains(.issuance) {
            try attributeSessions(batch, new, now: now, stored: stored)
        }
        if batch.kinds.contains(.clearing) {
            for case .clearing(let clearing) in batch.inputs where new[clearing.eventIndex] {
                state.clear(clearing, now: now)
            }
        }
        if batch.kinds.contains(.match) {
            for input in batch.inputs where new[input.eventIndex] {
                try take(input, historical: historical, now: now, &result, stored: stored)
            }
        }
        if let plan = batch.plan {
            try batch.forEachObservation(in: new) { observation in
                for found in state.observe(observation, plan, historical: historical, now: now) {
                    try add(found, now: now, &result, stored: stored)
                }
            }
        }
        if batch.plan?.waits == true {
            for count in result.accounts where count.new > 0 {
                state.advance(count.account, to: count.latest, now: now)
            }
        }
        try release(plan(), now: now, into: &result, stored: stored)
        return result
    }

    /// Applies a batch whose events are all new, where every alert that may grow is in memory.
    package mutating func apply(_ batch: EvaluatedBatch, historical: Bool = false, now: Milliseconds) -> StageResult {
        guard let plan = batch.plan else { return StageResult() }
        return apply(batch, new: NewEvents(all: batch), historical: historical, releasing: plan, now: now) { _, _ in
            []
        }
    }

    /// Releases what no late event can change any more, by the clock.
    ///
    /// - Parameters:
    ///   - plan: the detections as they stand now; asked only where something waits.
    ///   - all: nothing more will come, so that everything is released.
    package mutating func release(
        _ plan: @autoclosure () -> DetectionPlan, now: Milliseconds, all: Bool = false, stored: AlertMerger.Lookup
    ) rethrows -> StageResult {
        var result = StageResult()
        try release(plan(), now: now, all: all, into: &result, stored: stored)
        return result
    }

    /// Releases what is due, where every alert that may grow is in memory.
    package mutating func release(_ plan: DetectionPlan, now: Milliseconds, all: Bool = false) -> StageResult {
        release(plan, now: now, all: all) { _, _ in [] }
    }
}

// MARK: Commit groups and time

extension DetectionStage {
    /// The changes of this group.
    package mutating func takeChanges() -> StageChanges {
        StageChanges(alerts: merger.takeChanges(), row: state.takeRow())
    }

    /// The changes are durable.
    package mutating func commit() { merger.commit() }

    /// The changes are lost: the alerts are as before the group. The state has to be restored before the next one.
    package mutating func rollback() { merger.rollback() }

    /// Replaces the state by one that was replayed from the stored rows.
    package mutating func restore(_ state: StreamState) { self.state = state }

    /// Forgets what no event in time can reach any more. Call it from time to time.
    package mutating func expire(now: Milliseconds) { state.expire(now: now) }

    /// Undoes what a clock that ran ahead has left in the state.
    ///
    /// - Parameter now: a clock that is right again.
    package mutating func correctClock(now: Milliseconds) { state.correctClock(now: now) }
}

// MARK: The steps

extension DetectionStage {
    private static func count(_ batch: EvaluatedBatch, _ new: NewEvents) -> [StageResult.AccountCount] {
        var counts = batch.accounts.map { StageResult.AccountCount(account: $0) }
        for place in new.places {
            let event = batch.events[place]
            let account = Int(event.account)
            if new[place] {
                counts[account].new += 1
                counts[account].latest = max(counts[account].latest, event.time)
            } else {
                counts[account].known += 1
            }
        }
        counts.removeAll { $0.new + $0.known == 0 }
        return counts
    }

    /// Learns who made which session; alerts of sessions that wait for it go to their actor.
    private mutating func attributeSessions(
        _ batch: EvaluatedBatch, _ new: NewEvents, now: Milliseconds, stored: AlertMerger.Lookup
    ) rethrows {
        for case .issuance(let index, let issuance) in batch.inputs where new[index] {
            let known = state.learn(issuance, now: now)
            for session in merger.sessions(watching: known) {
                let resolution = state.resolve(session)
                try merger.reattribute(
                    session.id, to: resolution.principal, pending: resolution.pending, now: now, stored: stored)
            }
        }
    }

    /// Takes a match of an event at hand, if the input is one: a match that a later event may clear is held.
    private mutating func take(
        _ input: StageInput, historical: Bool, now: Milliseconds, _ result: inout StageResult,
        stored: AlertMerger.Lookup
    ) rethrows {
        let found: StreamMatch
        switch input {
        case .match(let match): found = StreamMatch(match: match, historical: historical, isOnTrial: false)
        case .trialMatch(let match): found = StreamMatch(match: match, historical: historical, isOnTrial: true)
        case .excepted(let match):
            result.exceptedMatches.append(match)
            return
        case .issuance, .clearing, .observation: return
        }
        if found.match.hold != nil {
            state.hold(found.match, isOnTrial: found.isOnTrial, historical: historical, now: now)
        } else {
            try add(found, now: now, &result, stored: stored)
        }
    }

    /// Adds a match that waits for nothing to the alerts of whoever stands behind it, or to the matches on trial.
    private mutating func add(
        _ found: StreamMatch, now: Milliseconds, _ result: inout StageResult, stored: AlertMerger.Lookup
    ) rethrows {
        if reportsMatches { result.matches.append(found) }
        if found.isOnTrial {
            result.trialMatches.append(found.match)
        } else {
            try merger.add(state.attribute(found.match), historical: found.historical, now: now, stored: stored)
        }
    }

    private mutating func release(
        _ plan: @autoclosure () -> DetectionPlan, now: Milliseconds, all: Bool = false, into result: inout StageResult,
        stored: AlertMerger.Lookup
    ) rethrows {
        guard state.waitingCount > 0 else { return }
        for found in state.release(plan(), now: now, all: all) {
            try add(found, now: now, &result, stored: stored)
        }
    }
}
