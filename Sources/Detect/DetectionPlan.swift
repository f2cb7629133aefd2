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
    /// Names and slots of each detection's evidence fields.
    let evidenceSlots: [[(name: String, slot: Slot)]]

    /// What explains a rule's part in correlations: names and slots of the fields that these group by and count.
    let observationSlots: [[(name: String, slot: Slot)]]

    /// What a baseline, a merge key or an `unless` combines.
    enum Part: Sendable {
        case field(Slot)
        /// The source's network.
        case network
        /// The source's autonomous system.
        case autonomousSystem
    }

    /// For each rule with a baseline, a merge key of its own or an `unless`: what these combine.
    let baselineParts: [[Part]]
    let mergeParts: [[Part]]
    let unlessParts: [[Part]]
    let sourceSlot: Slot
    /// `responseElements.ConsoleLogin`, which alone says how a sign-in went.
    let signInSlot: Slot
    /// `errorMessage`, where a rule asks for it.
    let errorMessageSlot: Slot?

    /// What an event of a rule clears: matches of others, told by the values of their fields.
    struct Clears: Sendable {
        let detectionID: String
        let unless: Unless
        let parts: [Part]
    }

    /// For each rule: what its events clear.
    let clears: [[Clears]]
    /// Whether anything waits until no late event can change it.
    package let waits: Bool
    /// Where addresses are.
    let geography: Geography
    let secret: CorrelationSecret
    /// Enabled detections that can't run for want of what they need.
    package let inactive: [(detection: Detection, needs: Geography.Knowledge)]
    /// `detections` by id.
    private let places: [String: Int]

    /// How a detection stands in each account.
    private struct Tuned: Sendable {
        var elsewhere: Tuning.Standing
        var accounts: [AccountID: Tuning.Standing]
        /// Indexes of exceptions.
        var exceptions: [Int] = []

        /// - Parameter isSilent: whether it alerts only where somebody switched it on by hand.
        init(_ detection: Detection, _ tuning: Tuning, isForced: Bool, isSilent: Bool) {
            func standing(_ account: AccountID?) -> Tuning.Standing {
                let standing = tuning.standing(of: detection, in: account)
                let isEnabled =
                    isForced || standing.isEnabled && (!isSilent || tuning.isSwitchedOn(detection.id, in: account))
                return Tuning.Standing(
                    isEnabled: isEnabled, severity: standing.severity, isOnTrial: standing.isOnTrial)
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
    ///   - geography: where addresses are. A detection that needs to know is inactive where it can't be known.
    ///   - secret: what groups and values are hashed with.
    ///   - isEnabled: which detections run, whatever their authors and the tuning say; nil leaves it to them.
    package init(
        _ catalog: Catalog, tuning: Tuning = Tuning(), geography: Geography = .none,
        secret: CorrelationSecret = .none, isEnabled forced: ((Detection) -> Bool)? = nil
    ) throws {
        let isWanted = { (detection: Detection) in forced?(detection) ?? tuning.runsAnywhere(detection) }
        let isEnabled = { (detection: Detection) in
            isWanted(detection) && detection.needs.map(geography.has) ?? true
        }
        self.geography = geography
        self.secret = secret
        inactive = catalog.detections.compactMap { detection in
            guard isWanted(detection), let needs = detection.needs, !geography.has(needs) else { return nil }
            return (detection, needs)
        }
        let counted = catalog.counted { isEnabled($0) }
        // A rule that correlations refer to is theirs, whether or not they run; who switched it on by hand wants its
        // alerts all the same. Who chose what runs gets everything that is not counted by what he chose.
        let isSilent = { (detection: Detection) in
            forced == nil && catalog.silent.contains(detection.id) && !tuning.isSwitchedOnAnywhere(detection.id)
        }
        let speaking = catalog.detections.indices.filter {
            isEnabled(catalog.detections[$0]) && !isSilent(catalog.detections[$0])
        }
        let names = RuleNames(catalog.rules.map(\.metadata))
        let clearing = speaking.compactMap { catalog.detections[$0].unless.flatMap { names.first($0.rule) } }
        let included = counted.rules.union(speaking).union(clearing).sorted()
        let placesOfRules = Dictionary(uniqueKeysWithValues: included.enumerated().map { ($1, $0) })
        detections = included.map { catalog.detections[$0] }
        places = Dictionary(detections.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        let chosen = catalog.correlations.indices.filter(counted.correlations.contains)
        let own = included.map { catalog.rules[$0] }
        var correlations = CorrelationPlan(
            chosen.map { catalog.correlations[$0] }, rules: own, taxonomy: .cloudTrail, secret: secret)
        let places = Dictionary(
            chosen.map { (catalog.correlations[$0].metadata.reference, catalog.correlated[$0]) },
            uniquingKeysWith: { first, _ in first })
        // The plan has them in an order of its own.
        correlated = correlations.correlations.compactMap { places[$0.metadata.reference] }
        let (silentRules, silentCorrelations) =
            forced == nil ? ([], []) : (correlations.silentRules, correlations.silentCorrelations)
        alerts = detections.enumerated().map { isEnabled($1) && !isSilent($1) && !silentRules.contains($0) }
        correlationAlerts = correlated.enumerated().map {
            isEnabled($1) && !isSilent($1) && !silentCorrelations.contains($0)
        }
        let exceptions = catalog.exceptions + tuning.exceptions
        func tuned(_ detection: Detection) -> Tuned {
            Tuned(
                detection, tuning, isForced: forced != nil,
                isSilent: forced == nil && catalog.silent.contains(detection.id))
        }
        self.tuned = zip(detections, own).map { detection, rule in
            var tuned = tuned(detection)
            tuned.exceptions = exceptions.indices.filter { exceptions[$0].filter.applies(to: rule) }
            return tuned
        }
        correlationsTuned = correlated.map(tuned)
        self.exceptions = exceptions
        var paths = FieldSet()
        envelope = try EnvelopeFields(adding: &paths)
        let kept = paths.paths.count
        var evidence: [[(name: String, slot: Slot)]] = []
        for detection in detections {
            var slots: [(name: String, slot: Slot)] = []
            for path in detection.evidenceFields { slots.append((path, try paths.insert(path))) }
            evidence.append(slots)
        }
        var observed: [[(name: String, slot: Slot)]] = []
        for rule in own.indices {
            var fields: [(name: String, slot: Slot)] = []
            for path in correlations.fields(rule: rule).joined() {
                let slot = try paths.insert(path)
                if fields.count < DetectLimits.observationEvidence { fields.append((path, slot)) }
            }
            // What the rule itself would tell, so that an alert of the correlation says what happened in its events.
            guard correlations.concerns(rule: rule) else {
                observed.append(fields)
                continue
            }
            for path in detections[rule].evidenceFields where !fields.contains(where: { $0.name == path }) {
                guard fields.count < DetectLimits.observationEvidence else { break }
                fields.append((path, try paths.insert(path)))
            }
            observed.append(fields)
        }
        observationSlots = observed
        sourceSlot = try paths.insert("sourceIPAddress")
        signInSlot = try paths.insert("responseElements.ConsoleLogin")
        func parts(_ names: [String]) throws -> [Part] {
            try names.map { name in
                switch name {
                case Baseline.network: .network
                case Baseline.autonomousSystem: .autonomousSystem
                default: .field(try paths.insert(name))
                }
            }
        }
        baselineParts = try detections.map { try parts($0.baseline?.fields ?? []) }
        mergeParts = try detections.map { detection in
            if case .fields(let names) = detection.merging.key { try parts(names) } else { [] }
        }
        let unlessParts = try detections.map { try parts($0.unless?.fields ?? []) }
        self.unlessParts = unlessParts
        var clears = [[Clears]](repeating: [], count: detections.count)
        for (index, detection) in detections.enumerated() {
            guard let unless = detection.unless, let named = names.first(unless.rule),
                let clearing = placesOfRules[named]
            else { continue }
            clears[clearing].append(Clears(detectionID: detection.id, unless: unless, parts: unlessParts[index]))
        }
        self.clears = clears
        waits =
            clears.contains { !$0.isEmpty } || correlations.hasWaits
            || detections.contains { $0.travel != nil || $0.baseline?.scope == .actor }
        evidenceSlots = evidence
        rules = try Plan(
            own + exceptions.map { $0.filter.rule },
            indexFields: ["eventName", "eventSource", "userIdentity.type", "errorCode"], extraFields: paths,
            keeping: kept, remembering: EnvelopeFields.repeatedMember, onDemand: exceptions.count)
        errorMessageSlot = rules.fields.fields.slot(of: "errorMessage")
        correlations.bind(to: rules.fields)
        self.correlations = correlations
    }

    /// How a rule of the plan stands in an account.
    package func standing(ofRule rule: Int, in account: AccountID) -> Tuning.Standing {
        tuned[rule].accounts[account] ?? tuned[rule].elsewhere
    }

    /// The rule of an id that makes matches, and how it stands in an account; nil where none does.
    package func rule(_ id: String, in account: AccountID) -> (detection: Detection, standing: Tuning.Standing)? {
        guard let place = places[id], alerts[place] else { return nil }
        let standing = standing(ofRule: place, in: account)
        return standing.isEnabled ? (detections[place], standing) : nil
    }

    /// How a correlation of the plan stands in an account.
    package func standing(ofCorrelation correlation: Int, in account: AccountID) -> Tuning.Standing {
        correlationsTuned[correlation].accounts[account] ?? correlationsTuned[correlation].elsewhere
    }

    /// The exception that covers the event that the evaluator was last given, on which a rule holds; nil where none does.
    func exception(
        _ rule: Int, account: AccountID?, time: Milliseconds, _ evaluator: Evaluator, _ extractor: RecordExtractor
    ) -> DetectionException? {
        tuned[rule].exceptions.lazy.first { index in
            exceptions[index].covers(account, time) && !evaluator.holds(rule: detections.count + index, extractor)
        }.map { exceptions[$0] }
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
