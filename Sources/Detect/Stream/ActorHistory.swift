// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// Rules that ask what was seen before. Where it matters who acted, and who made the session is not known for certain,
/// an event waits until it is; so which of the two comes first decides nothing.
extension StreamState {
    /// Takes what an event brings, in the order in which events come, and gives the matches that it makes. Those of what
    /// has to wait come by `release`.
    package mutating func observe(
        _ observation: StreamObservation, _ plan: DetectionPlan, historical: Bool, now: Milliseconds
    ) -> [StreamMatch] {
        switch observation {
        case .correlated(let observation): return observe(observation, plan, historical: historical, now: now)
        case .travel(let observation): return observe(observation, plan, historical: historical, now: now)
        case .baseline(let observation):
            guard let match = judge(observation, plan, historical: historical, now: now) else { return [] }
            if match.hold != nil {
                hold(match, isOnTrial: observation.isOnTrial, historical: historical, now: now)
                return []
            }
            return [StreamMatch(match: match, historical: historical, isOnTrial: observation.isOnTrial)]
        }
    }

    /// The match of an event on which a rule with a baseline holds, where it is one.
    private mutating func judge(
        _ observation: BaselineObservation, _ plan: DetectionPlan, historical: Bool, now: Milliseconds
    ) -> Match? {
        let (match, baseline) = (observation.match, observation.baseline)
        guard baseline.scope == .actor else {
            let match = attribute(match)
            return baselines.judge(observation, match, now: now) ? match : nil
        }
        answer(before: match.event, plan, now: now)
        let resolution = lineage.resolve(match.event.actor)
        if let pending = resolution.pending {
            baselines.begin(match)
            unattributed.wait(
                match, .baseline(observation.values), isOnTrial: observation.isOnTrial, historical: historical,
                marks: marks, now: now, watched: pending.watched)
            return nil
        }
        let attributed = match.attributed(to: resolution)
        return baselines.judge(observation, attributed, now: now) ? attributed : nil
    }

    /// The matches that a sighting of an actor makes: its own, and those of later ones that came before it.
    private mutating func observe(
        _ observation: TravelObservation, _ plan: DetectionPlan, historical: Bool, now: Milliseconds
    ) -> [StreamMatch] {
        let match = observation.match
        answer(before: match.event, plan, now: now)
        let resolution = lineage.resolve(match.event.actor)
        if let pending = resolution.pending {
            unattributed.wait(
                match, .travel(observation.place), isOnTrial: observation.isOnTrial, historical: historical,
                marks: marks, now: now, watched: pending.watched)
            return []
        }
        return sight(observation, match.attributed(to: resolution), plan, historical: historical, now: now)
    }

    private mutating func sight(
        _ observation: TravelObservation, _ match: Match, _ plan: DetectionPlan, historical: Bool, now: Milliseconds
    ) -> [StreamMatch] {
        let id = match.event.reference.id
        let hits = travels.observe(observation, match, historical: historical, now: now)
        return hits.compactMap { hit in
            if hit.event.id == id {
                return StreamMatch(
                    match: observation.match.with(hit.evidence), historical: historical,
                    isOnTrial: observation.isOnTrial)
            }
            return recall(hit.context, hit.event, plan, evidence: [hit.evidence])
        }
    }

    /// Answers what is over by an event's time, and what is known by now, before the event is looked at.
    private mutating func answer(before event: MatchedEvent, _ plan: DetectionPlan, now: Milliseconds) {
        advance(event.accountID, to: event.reference.time, now: now)
        guard unattributed.count > 0 else { return }
        answerKnown(plan, now: now)
        for (place, item) in unattributed.takeDue(event.accountID, marks) { answer(place, item, plan, now: now) }
    }

    private mutating func answerKnown(_ plan: DetectionPlan, now: Milliseconds) {
        for (place, item) in unattributed.takeKnown() {
            let event = place.name.event
            guard let recalled = MatchContext.decode(item.context, time: event.time, id: event.id) else {
                unattributed.drop(place)
                continue
            }
            if let pending = lineage.resolve(recalled.event.actor).pending {
                unattributed.watch(place, pending.watched)
            } else {
                unattributed.drop(place)
                answer(place, item, plan, now: now)
            }
        }
    }

    /// Answers what waited and is known now, or by now as well as it ever will be.
    mutating func answerWaiting(_ moved: [AccountID], _ plan: DetectionPlan, now: Milliseconds, all: Bool) {
        guard unattributed.count > 0 else { return }
        answerKnown(plan, now: now)
        for account in moved {
            for (place, item) in unattributed.takeDue(account, marks) { answer(place, item, plan, now: now) }
        }
        for (place, item) in unattributed.takeOver(now: now, all: all) { answer(place, item, plan, now: now) }
    }

    /// Judges an event that waits no more. What comes of it is given by `release`.
    private mutating func answer(
        _ place: Unattributed.Place, _ item: Unattributed.Waiting, _ plan: DetectionPlan, now: Milliseconds
    ) {
        let event = place.name.event
        guard let recalled = MatchContext.decode(item.context, time: event.time, id: event.id),
            let rule = plan.rule(recalled.detectionID, in: place.account)
        else { return }
        let detection = rule.detection
        let hold = item.hold.flatMap { key in detection.unless.map { Hold(key: key, unless: $0) } }
        let match = recalled.match(detection, severity: rule.standing.severity, hold: hold)
        let resolution = lineage.resolve(recalled.event.actor, asOf: event.time + DetectLimits.lineageSkew)
        let attributed = match.attributed(to: resolution)
        switch item.question {
        case .baseline(let values):
            guard let baseline = detection.baseline else { return }
            let observation = BaselineObservation(match: match, baseline: baseline, values: values)
            guard baselines.judge(observation, attributed, now: now) else { return }
            if match.hold != nil {
                self.hold(match, isOnTrial: recalled.isOnTrial, historical: recalled.historical, now: now)
            } else {
                ready.append(
                    StreamMatch(match: match, historical: recalled.historical, isOnTrial: recalled.isOnTrial))
            }
        case .travel(let spot):
            guard let travel = detection.travel else { return }
            let observation = TravelObservation(
                match: match, isOnTrial: recalled.isOnTrial, travel: travel, place: spot)
            ready += sight(observation, attributed, plan, historical: recalled.historical, now: now)
        }
    }
}
