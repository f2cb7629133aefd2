// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma

/// One worker's parser and evaluator for one plan.
final class RecordEngine {
    let plan: DetectionPlan
    let extractor: RecordExtractor
    private let evaluator: Evaluator
    private var matched: [Int] = []

    init(_ plan: DetectionPlan) {
        self.plan = plan
        extractor = RecordExtractor(plan.rules.fields)
        evaluator = Evaluator(plan.rules)
    }

    /// Evaluates the record that the extractor holds: the indexes of the detections that match it, in order.
    func matchingRules() -> [Int] {
        matched.removeAll(keepingCapacity: true)
        evaluator.evaluate(extractor, into: &matched)
        return matched
    }

    /// Evaluates the record that the extractor holds and gives its matches to the builder.
    func appendMatches(_ envelope: Envelope, eventIndex: Int, to builder: inout BatchBuilder) {
        let rules = matchingRules()
        guard !rules.isEmpty else { return }
        let event = MatchedEvent(EventSummary(envelope, extractor, plan.envelope))
        for rule in rules where !isExcepted(rule, account: event.accountID, time: event.reference.time) {
            if plan.correlations.concerns(rule: rule) {
                extractor.fill()
                builder.append(
                    Observation(
                        eventIndex: eventIndex, rule: rule, event: event,
                        observations: plan.correlations.observations(rule: rule, extractor)))
            }
            let standing = plan.standing(ofRule: rule, in: event.accountID)
            guard plan.alerts[rule], standing.isEnabled else { continue }
            let match = Match(
                eventIndex: eventIndex, detection: plan.detections[rule], severity: standing.severity, event: event,
                evidence: evidence(rule))
            if standing.isOnTrial { builder.append(onTrial: match) } else { builder.append(match) }
        }
    }

    /// Whether an exception covers the record that the extractor holds, on which a rule holds.
    func isExcepted(_ rule: Int, account: AccountID?, time: Milliseconds) -> Bool {
        plan.isExcepted(rule, account: account, time: time, evaluator, extractor)
    }

    /// What explains a match of the record that the extractor holds: the distinct values of the detection's evidence
    /// fields.
    func evidence(_ rule: Int) -> [Evidence] {
        extractor.fill()
        var result: [Evidence] = []
        for (name, slot) in zip(plan.detections[rule].evidenceFields, plan.evidenceSlots[rule]) {
            for value in extractor.values(slot) where value.hasText {
                guard result.count < DetectLimits.matchEvidence else { return result }
                let fact = Evidence(name: name, value: value.bytes.string(limit: DetectLimits.evidenceBytes))
                if !result.contains(fact) { result.append(fact) }
            }
        }
        return result
    }
}

extension MatchedEvent {
    convenience init(_ summary: EventSummary) {
        self.init(
            reference: summary.reference, accountID: summary.account, actor: summary.actor, region: summary.region,
            eventSource: summary.eventSource, eventName: summary.eventName, errorCode: summary.errorCode)
    }
}
