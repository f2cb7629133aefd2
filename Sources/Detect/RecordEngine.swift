// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma

/// One worker's parser and evaluator for one plan.
final class RecordEngine {
    let plan: DetectionPlan
    let extractor: RecordExtractor
    private let evaluator: Evaluator
    /// Behind pointers, so that no access to them is checked.
    private let matched: UnsafeMutablePointer<[Int]>
    private let kept: UnsafeMutablePointer<Kept>

    private let texts = TextCache()

    /// What is kept from record to record.
    private struct Kept {
        var actors = ActorCache()
        /// Room for the values of fields together.
        var values: [UInt8] = []
    }

    init(_ plan: DetectionPlan) {
        self.plan = plan
        extractor = RecordExtractor(plan.compiled.fields)
        evaluator = Evaluator(plan.compiled)
        matched = .allocate(capacity: 1)
        matched.initialize(to: [])
        kept = .allocate(capacity: 1)
        kept.initialize(to: Kept())
    }

    deinit {
        matched.deinitialize(count: 1)
        matched.deallocate()
        kept.deinitialize(count: 1)
        kept.deallocate()
    }

    /// Evaluates the record that the extractor holds: the indexes of the detections that match it, in order.
    func matchingRules() -> [Int] {
        clearEmptyErrors(extractor, plan.envelope)
        matched.pointee.removeAll(keepingCapacity: true)
        evaluator.evaluate(extractor, into: &matched.pointee)
        return matched.pointee
    }

    /// Evaluates the record that the extractor holds and gives its matches to the builder.
    @inline(__always)
    func appendMatches(
        _ envelope: Envelope, _ extractor: RecordExtractor, _ fields: EnvelopeFields, eventIndex: Int,
        to builder: inout BatchBuilder
    ) {
        clearEmptyErrors(extractor, fields)
        if Issuance.isPossible(envelope, extractor, fields) {
            appendIssuance(envelope, eventIndex: eventIndex, to: &builder)
        }
        if !matched.pointee.isEmpty { matched.pointee.removeAll(keepingCapacity: true) }
        evaluator.evaluate(extractor, into: &matched.pointee)
        if !matched.pointee.isEmpty { append(matched.pointee, envelope, eventIndex: eventIndex, to: &builder) }
    }

    /// Takes an empty `errorCode` or `errorMessage` for none: AWS writes neither, and rules ask whether there is one.
    @inline(__always)
    private func clearEmptyErrors(_ extractor: RecordExtractor, _ fields: EnvelopeFields) {
        fields.clearEmptyErrorCode(in: extractor)
        if let slot = plan.errorMessageSlot { extractor.clearEmpty(slot) }
    }

    @inline(never)
    private func appendIssuance(_ envelope: Envelope, eventIndex: Int, to builder: inout BatchBuilder) {
        if let issuance = Issuance(envelope, extractor, plan.envelope) {
            builder.append(.issuance(eventIndex: eventIndex, issuance))
        }
    }

    @inline(never)
    private func append(_ rules: [Int], _ envelope: Envelope, eventIndex: Int, to builder: inout BatchBuilder) {
        extractor.fill()
        let event = matchedEvent(envelope)
        for rule in rules {
            if let exception = exception(rule, account: event.accountID, time: event.reference.time) {
                builder.append(
                    .excepted(ExceptedMatch(eventIndex: eventIndex, exceptionID: exception.id, event: event)))
                continue
            }
            if plan.correlations.concerns(rule: rule) {
                let observation = Observation(
                    eventIndex: eventIndex, rule: rule, event: event,
                    observations: plan.correlations.observations(
                        rule: rule, extractor, tenant: event.accountID.number),
                    evidence: facts(plan.rules[rule].observed))
                builder.append(.observation(.correlated(observation)))
            }
            for clears in plan.rules[rule].clears {
                guard let values = combination(clears.values) else { continue }
                let key = Hold.key(clears.detectionID, event.accountID, values, plan.secret)
                let clearing = Clearing(
                    eventIndex: eventIndex, event: event.reference, accountID: event.accountID,
                    hold: Hold(key: key, unless: clears.unless))
                builder.append(.clearing(clearing))
            }
            guard plan.rules[rule].raisesAlerts else { continue }
            let standing = plan.rules[rule].standings[event.accountID]
            guard standing.isEnabled else { continue }
            let detection = plan.rules[rule].detection
            let match = Match(
                eventIndex: eventIndex, detection: detection, severity: standing.severity, event: event,
                evidence: evidence(rule), mergeKey: mergeKey(detection, plan.rules[rule].merge),
                hold: hold(detection, plan.rules[rule].unless, event))
            if let travel = detection.travel {
                if let place = place(travel, event) {
                    let observation = TravelObservation(
                        match: match, isOnTrial: standing.isOnTrial, travel: travel, place: place)
                    builder.append(.observation(.travel(observation)))
                }
                continue
            }
            guard let baseline = detection.baseline else {
                builder.append(standing.isOnTrial ? .trialMatch(match) : .match(match))
                continue
            }
            if gather(plan.rules[rule].baseline) {
                let key = kept.pointee.values.withUnsafeBytes {
                    StableKey(detection.id, event.accountID, $0, secret: plan.secret)
                }
                let observation = BaselineObservation(
                    match: match, isOnTrial: standing.isOnTrial, baseline: baseline, values: key.value)
                builder.append(.observation(.baseline(observation)))
            }
        }
    }

    private func matchedEvent(_ envelope: Envelope) -> MatchedEvent {
        let fields = plan.envelope
        let source = texts.string(envelope.eventSource)
        return MatchedEvent(
            reference: EventReference(time: envelope.time, id: envelope.id, text: envelope.eventID),
            accountID: envelope.account, shared: kept.pointee.actors.actor(extractor, fields, texts),
            region: texts.string(envelope.region),
            eventSource: source,
            eventName: texts.string(envelope.eventName),
            errorCode: errorCode(source))
    }

    /// The record's error, or what stands for one in a sign-in to the console, which has none when it fails.
    private func errorCode(_ source: String) -> String {
        let code = texts.string(plan.envelope.errorCode(of: extractor), limit: CloudTrailLimits.nameBytes)
        guard code.isEmpty, source == MatchedEvent.signInSource else { return code }
        let answer = extractor.first(plan.signInSlot)
        return answer.hasText && answer.string == "Success" ? "" : MatchedEvent.unprovedSignIn
    }

    /// Puts the values of fields together into `kept.values`, each behind its length; false where the record lacks one.
    private func gather(_ parts: [PlannedRule.CombinedValue]) -> Bool {
        kept.pointee.values.removeAll(keepingCapacity: true)
        for part in parts {
            switch part {
            case .field(let slot):
                guard let value = extractor.values(slot).first(where: \.hasText) else { return false }
                append(value.bytes)
            case .network:
                guard var name = network else { return false }
                name.withUTF8 { append(UnsafeRawBufferPointer($0)) }
            case .autonomousSystem:
                guard var name = autonomousSystem else { return false }
                name.withUTF8 { append(UnsafeRawBufferPointer($0)) }
            }
        }
        return true
    }

    private func append(_ value: UnsafeRawBufferPointer) {
        kept.pointee.values.append(contentsOf: String(value.count).utf8)
        kept.pointee.values.append(UInt8(ascii: ":"))
        kept.pointee.values.append(contentsOf: value)
    }

    /// The values of fields together; nil where the record lacks one.
    private func combination(_ parts: [PlannedRule.CombinedValue]) -> String? {
        gather(parts) ? String(decoding: kept.pointee.values, as: UTF8.self) : nil
    }

    /// What keeps a match back; nil where nothing clears it, be it that it lacks a field.
    private func hold(_ detection: Detection, _ parts: [PlannedRule.CombinedValue], _ event: MatchedEvent) -> Hold? {
        guard let unless = detection.unless, let values = combination(parts) else { return nil }
        return Hold(key: Hold.key(detection.id, event.accountID, values, plan.secret), unless: unless)
    }

    /// Where a successful event came from, if that says anything of where its actor is.
    private func place(_ travel: ImpossibleTravel, _ event: MatchedEvent) -> Geography.Place? {
        let address = event.actor.sourceIP
        guard event.errorCode.isEmpty || event.errorCode == MatchedEvent.unprovedSignIn,
            travel.ignored.contains(address) == false
        else { return nil }
        return plan.geography.place(of: address)
    }

    /// The autonomous system of the source address.
    private var autonomousSystem: String? {
        let address = extractor.first(plan.sourceSlot)
        guard address.hasText else { return nil }
        return plan.geography.network(of: address.string).map { "AS\($0)" } ?? network
    }

    /// The network of the source address.
    private var network: String? {
        let address = extractor.first(plan.sourceSlot)
        return address.hasText ? SourceNetwork.name(of: address.string) : nil
    }

    private func mergeKey(_ detection: Detection, _ parts: [PlannedRule.CombinedValue]) -> String? {
        switch detection.merging.key {
        case .actor: nil
        case .account: ""
        case .fields: combination(parts)
        }
    }

    /// The exception that covers the record that the extractor holds, on which a rule holds; nil where none does.
    func exception(_ rule: Int, account: AccountID?, time: Milliseconds) -> DetectionException? {
        plan.exception(rule, account: account, time: time, evaluator, extractor)
    }

    /// What explains a match of the record that the extractor holds: the distinct values of the detection's evidence
    /// fields.
    func evidence(_ rule: Int) -> [Evidence] {
        extractor.fill()
        return facts(plan.rules[rule].evidence)
    }

    private func facts(_ fields: [(name: String, slot: Slot)]) -> [Evidence] {
        var result: [Evidence] = []
        result.reserveCapacity(min(fields.count, DetectLimits.matchEvidence))
        for (name, slot) in fields {
            let first = result.count
            for value in extractor.values(slot) where value.hasText {
                guard result.count < DetectLimits.matchEvidence else { return result }
                let text = texts.string(value.bytes, limit: DetectLimits.evidenceBytes)
                // Each field has a name of its own.
                if result[first...].contains(where: { $0.value == text }) { continue }
                result.append(Evidence(name: name, value: text))
            }
        }
        return result
    }
}
