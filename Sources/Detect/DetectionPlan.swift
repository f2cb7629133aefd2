// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma

/// The enabled detections, compiled: an immutable snapshot that all workers share. A reload or a switched detection
/// makes a new one, which each worker takes up with its next batch.
package final class DetectionPlan: Sendable {
    /// The rules that are evaluated, by the index that the compiled ones have: the enabled ones and those that enabled
    /// correlations count.
    package let detections: [Detection]
    /// Whether each of `detections` stands for itself. One that only correlations count makes no match.
    package let alerts: [Bool]
    /// The correlations to count, over the indexes of `detections`: the enabled ones and those that these count.
    package let correlations: CorrelationPlan
    /// The detection of each correlation of `correlations`.
    package let correlated: [Detection]
    /// Whether each of `correlated` stands for itself. One that only other correlations count makes no alert.
    package let correlationAlerts: [Bool]
    /// How each of `detections` stands, and what is excepted from it.
    private let tuned: [Tuned]
    /// How each of `correlated` stands.
    private let correlationsTuned: [Tuned]
    /// Compiled behind the rules, and asked only where one of them holds.
    private let exceptions: [DetectionException]
    /// The compiled rules, whose fields include the envelope's and the evidence's: one pass reads all.
    let rules: Plan
    let envelope: EnvelopeFields
    /// The slots of each detection's evidence fields.
    let evidenceSlots: [[Slot]]

    /// What explains a rule's part in correlations: names and slots of the fields that these group by and count.
    let observationSlots: [[(name: String, slot: Slot)]]

    /// For each rule with a baseline or a merge key of its own: the fields that these combine; nil for the source's network.
    let baselineSlots: [[Slot?]]
    let mergeSlots: [[Slot?]]
    let sourceSlot: Slot

    /// How a detection stands in each account.
    private struct Tuned: Sendable {
        var elsewhere: Tuning.Standing
        var accounts: [AccountID: Tuning.Standing]
        /// Indexes of exceptions.
        var exceptions: [Int] = []

        init(_ detection: Detection, _ tuning: Tuning, isForced: Bool) {
            func standing(_ account: AccountID?) -> Tuning.Standing {
                let standing = tuning.standing(of: detection, in: account)
                guard isForced else { return standing }
                return Tuning.Standing(isEnabled: true, severity: standing.severity, isOnTrial: standing.isOnTrial)
            }
            elsewhere = standing(nil)
            accounts = Dictionary(
                tuning.accounts(tuning: detection.id).map { ($0, standing($0)) },
                uniquingKeysWith: { first, _ in first })
        }
    }

    /// Compiles the detections of a catalog that run in any account.
    ///
    /// - Parameters:
    ///   - tuning: what operators changed.
    ///   - isEnabled: which detections run, whatever their authors and the tuning say; nil leaves it to them.
    package init(
        _ catalog: Catalog, tuning: Tuning = Tuning(), isEnabled forced: ((Detection) -> Bool)? = nil
    ) throws {
        let isEnabled = { (detection: Detection) in forced?(detection) ?? tuning.runsAnywhere(detection) }
        let counted = catalog.counted { isEnabled($0) }
        let included = catalog.detections.indices.filter {
            counted.rules.contains($0) || isEnabled(catalog.detections[$0])
        }
        detections = included.map { catalog.detections[$0] }
        let chosen = catalog.correlations.indices.filter(counted.correlations.contains)
        let own = included.map { catalog.rules[$0] }
        correlations = CorrelationPlan(chosen.map { catalog.correlations[$0] }, rules: own, taxonomy: .cloudTrail)
        let places = Dictionary(
            chosen.map { (catalog.correlations[$0].metadata.reference, catalog.correlated[$0]) },
            uniquingKeysWith: { first, _ in first })
        // The plan has them in an order of its own.
        correlated = correlations.correlations.compactMap { places[$0.metadata.reference] }
        let silentRules = correlations.silentRules
        let silentCorrelations = correlations.silentCorrelations
        // Who switched a rule on by hand wants its alerts, whoever counts it.
        let isWanted = { (detection: Detection) in tuning.everywhere[detection.id]?.enabled == true }
        alerts = detections.enumerated().map {
            isEnabled($1) && (!silentRules.contains($0) || isWanted($1))
        }
        correlationAlerts = correlated.enumerated().map {
            isEnabled($1) && (!silentCorrelations.contains($0) || isWanted($1))
        }
        let exceptions = catalog.exceptions + tuning.exceptions
        tuned = zip(detections, own).map { detection, rule in
            var tuned = Tuned(detection, tuning, isForced: forced != nil)
            tuned.exceptions = exceptions.indices.filter { exceptions[$0].filter.applies(to: rule) }
            return tuned
        }
        correlationsTuned = correlated.map { Tuned($0, tuning, isForced: forced != nil) }
        self.exceptions = exceptions
        var paths = FieldSet()
        envelope = try EnvelopeFields(adding: &paths)
        let kept = paths.paths.count
        var evidence: [[Slot]] = []
        for detection in detections {
            var slots: [Slot] = []
            for path in detection.evidenceFields { slots.append(try paths.insert(path)) }
            evidence.append(slots)
        }
        var observed: [[(name: String, slot: Slot)]] = []
        for rule in own.indices {
            var fields: [(name: String, slot: Slot)] = []
            for path in correlations.fields(rule: rule).joined() {
                let slot = try paths.insert(path)
                if fields.count < DetectLimits.observationEvidence { fields.append((path, slot)) }
            }
            observed.append(fields)
        }
        observationSlots = observed
        sourceSlot = try paths.insert("sourceIPAddress")
        func slots(_ names: [String]) throws -> [Slot?] {
            try names.map { $0 == Baseline.network ? nil : try paths.insert($0) }
        }
        baselineSlots = try detections.map { try slots($0.baseline?.fields ?? []) }
        mergeSlots = try detections.map { detection in
            if case .fields(let names) = detection.merging.key { try slots(names) } else { [] }
        }
        evidenceSlots = evidence
        rules = try Plan(
            own + exceptions.map { $0.filter.rule },
            indexFields: ["eventName", "eventSource", "userIdentity.type", "errorCode"], extraFields: paths,
            keeping: kept, onDemand: exceptions.count)
    }

    /// How a rule of the plan stands in an account.
    package func standing(ofRule rule: Int, in account: AccountID) -> Tuning.Standing {
        tuned[rule].accounts[account] ?? tuned[rule].elsewhere
    }

    /// How a correlation of the plan stands in an account.
    package func standing(ofCorrelation correlation: Int, in account: AccountID) -> Tuning.Standing {
        correlationsTuned[correlation].accounts[account] ?? correlationsTuned[correlation].elsewhere
    }

    /// Whether an exception covers the event that the evaluator was last given, on which a rule holds.
    func isExcepted(
        _ rule: Int, account: AccountID?, time: Milliseconds, _ evaluator: Evaluator, _ extractor: RecordExtractor
    ) -> Bool {
        tuned[rule].exceptions.contains { index in
            exceptions[index].covers(account, time) && !evaluator.holds(rule: detections.count + index, extractor)
        }
    }

    /// A plan without detections: it checks records and finds nothing.
    package convenience init() throws { try self.init(Catalog()) }
}

extension Catalog {
    /// What enabled correlations count, be it through others: rules and correlations by index, the enabled correlations
    /// among them.
    func counted(_ isEnabled: (Detection) -> Bool) -> (rules: Set<Int>, correlations: Set<Int>) {
        var known: [String: (rule: Int?, correlation: Int?)] = [:]
        for (index, rule) in rules.enumerated() {
            for name in [rule.metadata.id, rule.metadata.name].compactMap({ $0 }) { known[name] = (index, nil) }
        }
        for (index, correlation) in correlations.enumerated() {
            for name in [correlation.metadata.id, correlation.metadata.name].compactMap({ $0 }) {
                known[name] = (nil, index)
            }
        }
        var found: (rules: Set<Int>, correlations: Set<Int>) = ([], [])
        var waiting = correlated.indices.filter { isEnabled(correlated[$0]) }
        while let index = waiting.popLast() {
            guard found.correlations.insert(index).inserted else { continue }
            for name in correlations[index].rules {
                guard let member = known[name] ?? known[name.lowercased()] else { continue }
                if let rule = member.rule { found.rules.insert(rule) }
                if let below = member.correlation { waiting.append(below) }
            }
        }
        return found
    }
}
