// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// What an event waits for on which a detection holds, before an alert is made of it or none.
package struct StreamWait: Sendable, Equatable {
    /// Why it waits.
    package enum Reason: Sendable {
        /// A following event may clear it.
        case clearing
        /// Who made its session is not known for certain.
        case actor
        /// An event more may undo what its correlation's windows hold.
        case correlation
    }

    package let detectionID: String
    package let reason: Reason
    /// It is over once the account has an event that is later; nil where the account's events say nothing of it,
    package let due: Milliseconds?
    /// or once the service's clock is.
    package let deadline: Milliseconds
}

extension StreamState {
    /// What the events of a batch wait for that were stored before. It takes a look-up for each match and observation.
    ///
    /// - Parameter batch: records that were evaluated with the detections as they stand now.
    package func waits(of batch: EvaluatedBatch) -> [StreamWait] {
        guard let plan = batch.plan else { return [] }
        var found = batch.matches.compactMap(held)
        for (match, isOnTrial) in batch.baselines.map({ ($0.match, $0.isOnTrial) })
            + batch.travels.map({ ($0.match, $0.isOnTrial) }) where !isOnTrial
        {
            if let wait = unattributed(match) ?? held(match) { found.append(wait) }
        }
        for observation in batch.observations {
            for group in observation.observations.direct + observation.observations.indirect {
                found += correlated(observation.event.reference, group.group, plan)
            }
        }
        return found
    }

    private func held(_ match: Match) -> StreamWait? {
        guard let hold = match.hold, let item = held.waiting(hold.key, Self.key(match)) else { return nil }
        return StreamWait(
            detectionID: match.detection.id, reason: .clearing, due: Self.due(item.due), deadline: item.deadline)
    }

    private func unattributed(_ match: Match) -> StreamWait? {
        let name = Unattributed.Name(rule: Unattributed.rule(match), event: Self.key(match))
        guard let item = unattributed.waiting[match.event.accountID]?[name] else { return nil }
        return StreamWait(
            detectionID: match.detection.id, reason: .actor, due: Self.due(item.due), deadline: item.deadline)
    }

    /// The wait of a correlation, which is that of those above it too.
    private func correlated(
        _ event: EventReference, _ group: CorrelationKey, _ plan: DetectionPlan
    ) -> [StreamWait] {
        let id = CorrelationEvent.ID(high: event.id.high, low: event.id.low)
        guard let wait = correlator.wait(of: id, at: event.time, in: group, plan.correlations) else { return [] }
        return ([wait.correlation] + plan.correlations.above(wait.correlation))
            .map { plan.plannedCorrelations[$0] }.filter(\.raisesAlerts)
            .map {
                StreamWait(
                    detectionID: $0.detection.id, reason: .correlation, due: wait.due, deadline: wait.deadline)
            }
    }

    private static func key(_ match: Match) -> HeldMatches.EventKey {
        HeldMatches.EventKey(time: match.event.reference.time, id: match.event.reference.id)
    }

    private static func due(_ due: Milliseconds) -> Milliseconds? { due == Watermarks.never ? nil : due }
}
