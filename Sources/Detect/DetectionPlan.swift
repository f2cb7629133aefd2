// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma

/// The enabled detections, compiled: an immutable snapshot that all workers share. A reload or a switched detection
/// makes a new one, which each worker takes up with its next batch.
package final class DetectionPlan: Sendable {
    /// The rules that are evaluated, by the index that the compiled ones have: the enabled ones, those that enabled
    /// correlations count and those that clear matches.
    package let rules: [PlannedRule]
    /// The correlations to count, over the indexes of `rules`: the enabled ones and those that these count.
    package let correlations: CorrelationPlan
    /// The detections of `correlations`, by the same index.
    package let plannedCorrelations: [PlannedCorrelation]
    /// Compiled behind the rules, and asked only where one of them holds.
    private let exceptions: [DetectionException]
    /// The compiled rules, whose fields include the envelope's and the evidence's: one pass reads all.
    let compiled: Plan
    let envelope: EnvelopeFields
    let sourceSlot: Slot
    /// `responseElements.ConsoleLogin`, which alone says how a sign-in went.
    let signInSlot: Slot
    /// `errorMessage`, where a rule asks for it.
    let errorMessageSlot: Slot?
    /// Whether anything waits until no late event can change it.
    package let waits: Bool
    /// Where addresses are.
    let geography: Geography
    let secret: CorrelationSecret
    /// Enabled detections that can't run for want of what they need.
    package let inactive: [(detection: Detection, needs: Geography.Knowledge)]
    /// `rules` by the ids of their detections.
    private let places: [String: Int]

    /// Compiles the detections of a catalog that run in any account.
    ///
    /// - Parameters:
    ///   - tuning: what operators changed.
    ///   - geography: where addresses are. A detection that needs to know is inactive where it can't be known.
    ///   - secret: what groups and values are hashed with.
    ///   - isEnabled: which detections run, whatever their authors and the tuning say; nil leaves it to them.
    package init(
        _ catalog: Catalog, tuning: Tuning = Tuning(), geography: Geography = .none,
        secret: CorrelationSecret = .none, isEnabled forced: ((Detection) -> Bool)? = nil
    ) throws {
        let choice = PlannedChoice(catalog, tuning, geography, forced)
        let exceptions = catalog.exceptions + tuning.exceptions
        let own = choice.rules.map { catalog.rules[$0] }
        var correlations = CorrelationPlan(
            choice.correlations.map { catalog.correlations[$0] }, rules: own, taxonomy: .cloudTrail, secret: secret)
        var fields = FieldSet()
        envelope = try EnvelopeFields(adding: &fields)
        let kept = fields.paths.count
        var rules: [PlannedRule] = []
        for (index, rule) in own.enumerated() {
            let detection = catalog.detections[choice.rules[index]]
            let isSilent = choice.isForced && correlations.silentRules.contains(index)
            rules.append(
                try PlannedRule(
                    detection, at: index, raisesAlerts: choice.speaks(detection) && !isSilent,
                    standings: choice.standings(of: detection),
                    exceptions: exceptions.indices.filter { exceptions[$0].filter.applies(to: rule) }, correlations,
                    fields: &fields))
        }
        choice.addClears(to: &rules)
        sourceSlot = try fields.insert("sourceIPAddress")
        signInSlot = try fields.insert("responseElements.ConsoleLogin")
        compiled = try Plan(
            own + exceptions.map { $0.filter.rule },
            indexFields: ["eventName", "eventSource", "userIdentity.type", "errorCode"], extraFields: fields,
            keeping: kept, remembering: EnvelopeFields.repeatedMember, onDemand: exceptions.count)
        errorMessageSlot = compiled.fields.fields.slot(of: "errorMessage")
        plannedCorrelations = choice.planned(correlations)
        correlations.bind(to: compiled.fields)
        waits =
            correlations.hasWaits
            || rules.contains {
                !$0.clears.isEmpty || $0.detection.travel != nil || $0.detection.baseline?.scope == .actor
            }
        places = Dictionary(
            rules.enumerated().map { ($1.detection.id, $0) }, uniquingKeysWith: { first, _ in first })
        inactive = choice.inactive
        (self.rules, self.correlations, self.exceptions) = (rules, correlations, exceptions)
        (self.geography, self.secret) = (geography, secret)
    }

    /// The rule of an id that makes matches, and how it stands in an account; nil where none does.
    package func rule(_ id: String, in account: AccountID) -> (detection: Detection, standing: Tuning.Standing)? {
        guard let place = places[id], rules[place].raisesAlerts else { return nil }
        let standing = rules[place].standings[account]
        return standing.isEnabled ? (rules[place].detection, standing) : nil
    }

    /// The exception that covers the event that the evaluator was last given, on which a rule holds; nil where none does.
    func exception(
        _ rule: Int, account: AccountID?, time: Milliseconds, _ evaluator: Evaluator, _ extractor: RecordExtractor
    ) -> DetectionException? {
        rules[rule].exceptions.lazy.first { index in
            exceptions[index].covers(account, time) && !evaluator.holds(rule: rules.count + index, extractor)
        }.map { exceptions[$0] }
    }

    /// A plan without detections: it checks records and finds nothing.
    package convenience init() throws { try self.init(Catalog()) }
}
