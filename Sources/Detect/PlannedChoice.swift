// SPDX-License-Identifier: Apache-2.0

import Sigma

/// The rules and correlations of a catalog that a plan runs, and which of them stand for themselves.
struct PlannedChoice {
    /// The rules to evaluate, by their places in the catalog: the enabled ones, those that enabled correlations count, and
    /// those that clear matches of enabled ones.
    let rules: [Int]
    /// The correlations to count, by their places in the catalog: the enabled ones and those that these count.
    let correlations: [Int]
    /// Enabled detections that can't run for want of what they need.
    let inactive: [(detection: Detection, needs: Geography.Knowledge)]
    /// True where the caller chose what runs, whatever the authors and the tuning say.
    let isForced: Bool
    /// Tells whether a detection is enabled and not silenced by the catalog.
    let speaks: (Detection) -> Bool
    private let catalog: Catalog
    private let tuning: Tuning
    private let names: RuleNames

    /// - Parameter forced: the caller's choice; nil leaves it to the authors and the tuning.
    init(_ catalog: Catalog, _ tuning: Tuning, _ geography: Geography, _ forced: ((Detection) -> Bool)?) {
        let isWanted = { (detection: Detection) in forced?(detection) ?? tuning.runsAnywhere(detection) }
        let isEnabled = { (detection: Detection) in
            isWanted(detection) && detection.needs.map(geography.has) ?? true
        }
        // A rule that correlations refer to is theirs, whether or not they run; who switched it on by hand wants its
        // alerts all the same. Who chose what runs gets everything that is not counted by what he chose.
        let isSilent = { (detection: Detection) in
            forced == nil && catalog.silent.contains(detection.id) && !tuning.isSwitchedOnAnywhere(detection.id)
        }
        let speaks = { (detection: Detection) in isEnabled(detection) && !isSilent(detection) }
        let speaking = catalog.detections.indices.filter { speaks(catalog.detections[$0]) }
        let names = RuleNames(catalog.rules.map(\.metadata))
        let clearing = speaking.compactMap { catalog.detections[$0].unless.flatMap { names.first($0.rule) } }
        let counted = catalog.counted { isEnabled($0) }
        rules = counted.rules.union(speaking).union(clearing).sorted()
        correlations = catalog.correlations.indices.filter(counted.correlations.contains)
        inactive = catalog.detections.compactMap { detection in
            guard isWanted(detection), let needs = detection.needs, !geography.has(needs) else { return nil }
            return (detection, needs)
        }
        isForced = forced != nil
        (self.speaks, self.catalog, self.tuning, self.names) = (speaks, catalog, tuning, names)
    }

    /// The standings of a detection in each account.
    func standings(of detection: Detection) -> PlannedStandings {
        PlannedStandings(
            detection, tuning, isForced: isForced, isSilent: !isForced && catalog.silent.contains(detection.id))
    }

    /// Adds to each of the planned rules the matches that its events clear.
    func addClears(to planned: inout [PlannedRule]) {
        let places = Dictionary(uniqueKeysWithValues: rules.enumerated().map { ($1, $0) })
        for rule in planned {
            guard let unless = rule.detection.unless, let named = names.first(unless.rule), let clearing = places[named]
            else { continue }
            planned[clearing].clears.append(
                PlannedRule.Clears(detectionID: rule.detection.id, unless: unless, values: rule.unless))
        }
    }

    /// The detections of a plan's correlations, which has them in an order of its own.
    func planned(_ plan: CorrelationPlan) -> [PlannedCorrelation] {
        let detections = Dictionary(
            correlations.map { (catalog.correlations[$0].metadata.reference, catalog.correlated[$0]) },
            uniquingKeysWith: { first, _ in first })
        let found = plan.correlations.compactMap { detections[$0.metadata.reference] }
        return found.enumerated().map { index, detection in
            PlannedCorrelation(
                detection: detection,
                raisesAlerts: speaks(detection) && !(isForced && plan.silentCorrelations.contains(index)),
                standings: standings(of: detection))
        }
    }
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
