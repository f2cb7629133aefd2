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
    @inline(__always)
    func appendMatches(
        _ envelope: Envelope, _ extractor: RecordExtractor, _ fields: EnvelopeFields, eventIndex: Int,
        to builder: inout BatchBuilder
    ) {
        if let issuance = Issuance(envelope, extractor, fields) { builder.append(issuance, eventIndex: eventIndex) }
        matched.removeAll(keepingCapacity: true)
        evaluator.evaluate(extractor, into: &matched)
        if !matched.isEmpty { append(matched, envelope, eventIndex: eventIndex, to: &builder) }
    }

    @inline(never)
    private func append(_ rules: [Int], _ envelope: Envelope, eventIndex: Int, to builder: inout BatchBuilder) {
        let event = MatchedEvent(EventSummary(envelope, extractor, plan.envelope))
        for rule in rules where !isExcepted(rule, account: event.accountID, time: event.reference.time) {
            if plan.correlations.concerns(rule: rule) {
                extractor.fill()
                builder.append(
                    Observation(
                        eventIndex: eventIndex, rule: rule, event: event,
                        observations: plan.correlations.observations(
                            rule: rule, extractor, tenant: event.accountID.number),
                        evidence: facts(plan.observationSlots[rule])))
            }
            let standing = plan.standing(ofRule: rule, in: event.accountID)
            guard plan.alerts[rule], standing.isEnabled else { continue }
            let detection = plan.detections[rule]
            let match = Match(
                eventIndex: eventIndex, detection: detection, severity: standing.severity, event: event,
                evidence: evidence(rule), mergeKey: mergeKey(detection, plan.mergeSlots[rule]))
            guard let baseline = detection.baseline else {
                if standing.isOnTrial { builder.append(onTrial: match) } else { builder.append(match) }
                continue
            }
            if let values = combination(plan.baselineSlots[rule]) {
                builder.append(
                    BaselineObservation(
                        match: match, isOnTrial: standing.isOnTrial, baseline: baseline,
                        values: StableKey(detection.id, event.accountID, values).value))
            }
        }
    }

    /// The values of fields together; nil where the record lacks one.
    private func combination(_ slots: [Slot?]) -> String? {
        var text = ""
        for slot in slots {
            guard let value = slot.map({ slot in extractor.values(slot).first(where: \.hasText)?.string }) ?? network
            else { return nil }
            text += "\(value.utf8.count):\(value)"
        }
        return text
    }

    /// The network of the source address.
    private var network: String? {
        let address = extractor.first(plan.sourceSlot)
        return address.hasText ? SourceNetwork.name(of: address.string) : nil
    }

    private func mergeKey(_ detection: Detection, _ slots: [Slot?]) -> String? {
        switch detection.merging.key {
        case .actor: nil
        case .account: ""
        case .fields: combination(slots)
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
        return facts(Array(zip(plan.detections[rule].evidenceFields, plan.evidenceSlots[rule])))
    }

    private func facts(_ fields: [(name: String, slot: Slot)]) -> [Evidence] {
        var result: [Evidence] = []
        for (name, slot) in fields {
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
