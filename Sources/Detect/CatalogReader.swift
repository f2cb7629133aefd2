// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// Gathers the documents of all files before what refers to others is resolved.
struct CatalogReader {
    private let parser: SigmaParser
    private let placeholders: [String: [String]]
    private var catalog = Catalog()
    /// Where each id stands.
    private var places: [String: String] = [:]
    /// Rules for other log sources: known by id and name, so that who refers to them is left out too, and no error.
    private var foreign: Set<String> = []
    private var foreignRemarks: [Catalog.Problem] = []
    private var correlations: [(correlation: SigmaCorrelation, file: Catalog.RuleFile)] = []

    init(placeholders: [String: [String]]) {
        self.placeholders = placeholders
        parser = SigmaParser(placeholders: placeholders, taxonomy: .cloudTrail)
    }

    mutating func read(_ file: Catalog.RuleFile) {
        let parsed = parser.parse(file.text, file: file.path)
        var refused: Set<Int> = []
        for diagnostic in parsed.diagnostics {
            guard let source = diagnostic.ruleLogSource, !source.isCloudTrail else {
                catalog.problems.append(Catalog.Problem(diagnostic))
                continue
            }
            // Its faults are nobody's here, and it is counted as what it is.
            guard diagnostic.severity == .error, refused.insert(diagnostic.ruleLine).inserted else { continue }
            leaveOut(
                [diagnostic.ruleID?.lowercased(), diagnostic.ruleName], diagnostic.ruleTitle ?? "", file.path,
                diagnostic.ruleLine)
        }
        for rule in parsed.rules { add(rule, file) }
        for correlation in parsed.correlations { correlations.append((correlation, file)) }
        for filter in parsed.filters { add(filter, file) }
    }

    /// A filter with the key `trailhound` is an exception; any other becomes part of the rules.
    private mutating func add(_ filter: SigmaFilter, _ file: Catalog.RuleFile) {
        guard filter.metadata.custom["trailhound"] != nil else {
            catalog.filters.append(filter)
            return
        }
        do throws(DetectionException.Failure) {
            let exception = try DetectionException(filter, text: file.text, file: file.path, named: file.path)
            catalog.exceptions.append(exception)
        } catch { catalog.problems += error.problems.map { $0.of(rule: filter.metadata.line) } }
    }

    mutating func finish() -> Catalog {
        remarkIdleFilters()
        applyFilters()
        catalog.dropUncompilable()
        catalog.dropUnlessUnresolved()
        resolveCorrelations()
        catalog.remarkUnaskedExtensions()
        remarkForeign()
        catalog.problems.sort { ($0.file, $0.line) < ($1.file, $1.line) }
        return catalog
    }

    /// Adds the filters to the rules that they are meant for.
    private mutating func applyFilters() {
        var budget = DetectLimits.filteredRules
        catalog.filters.removeAll { filter in
            budget -= catalog.rules.count { filter.applies(to: $0) }
            guard budget < 0 else { return false }
            catalog.problems.append(
                Catalog.Problem(
                    file: filter.metadata.file, line: filter.metadata.line,
                    message: "the filters are for more than \(DetectLimits.filteredRules) rules, each counted for each")
            )
            return true
        }
        catalog.rules = catalog.rules.map { $0.filtered(by: catalog.filters) }
    }

    /// Tells of the rules for other log sources: one by one, or how many there are.
    private mutating func remarkForeign() {
        catalog.foreign = foreignRemarks.count
        if foreignRemarks.count > DetectLimits.foreignRuleRemarks {
            catalog.problems.append(
                Catalog.Problem(
                    file: foreignRemarks[0].file, line: foreignRemarks[0].line,
                    message:
                        "this rule and \(foreignRemarks.count - 1) others are for other log sources than CloudTrail",
                    isError: false))
        } else {
            catalog.problems += foreignRemarks
        }
    }

    private mutating func leaveOut(_ names: [String?], _ title: String, _ file: String, _ line: Int) {
        foreign.formUnion(names.compactMap { $0 })
        foreignRemarks.append(
            Catalog.Problem(
                file: file, line: line, message: "'\(title)' is for another log source than CloudTrail", isError: false)
        )
    }

    /// Tells of filters that name what they are not added to: nobody would notice.
    private mutating func remarkIdleFilters() {
        guard !catalog.filters.isEmpty else { return }
        let known = RuleNames(catalog.rules.map(\.metadata))
        let counting = RuleNames(correlations.map(\.correlation.metadata))
        for filter in catalog.filters {
            guard case .rules(let names) = filter.target else { continue }
            for name in names where !foreign.contains(name) && !foreign.contains(name.lowercased()) {
                let message: String
                if let index = known.first(name) {
                    if filter.applies(to: catalog.rules[index]) { continue }
                    message = "the filter is for another log source than the rule '\(name)' that it names"
                } else if counting.first(name) != nil {
                    message = "the filter names the correlation '\(name)': a filter is for rules, name those it counts"
                } else {
                    message = "the filter names '\(name)', which is not loaded"
                }
                catalog.problems.append(
                    Catalog.Problem(
                        file: filter.metadata.file, line: filter.metadata.line, message: message, isError: false))
            }
        }
    }

    private mutating func add(_ rule: SigmaRule, _ file: Catalog.RuleFile) {
        guard rule.logSource.isCloudTrail else {
            leaveOut([rule.metadata.id, rule.metadata.name], rule.metadata.title, file.path, rule.metadata.line)
            return
        }
        guard let detection = detection(rule.metadata, .rule, file) else { return }
        catalog.detections.append(detection)
        catalog.rules.append(rule)
    }

    /// Reads what a document says beside its condition, and takes its id.
    private mutating func detection(
        _ metadata: SigmaMetadata, _ kind: Detection.Kind, _ file: Catalog.RuleFile, groupedBy: [String] = []
    ) -> Detection? {
        var reader = DetectionReader(
            metadata, kind: kind, file: file, placeholders: placeholders, groupedBy: groupedBy)
        let detection = reader.detection()
        catalog.problems += reader.problems.map { $0.of(rule: metadata.line) }
        guard let detection else { return nil }
        if let other = places[detection.id] {
            catalog.problems.append(
                Catalog.Problem(
                    file: file.path, line: detection.line, message: "the id \(detection.id) is that of \(other) too"))
            return nil
        }
        places[detection.id] = "\(file.path):\(detection.line)"
        return detection
    }

    /// Keeps the correlations whose rules are there. One over rules of other log sources is left out like them.
    private mutating func resolveCorrelations() {
        let rest = withoutForeign()
        for (correlation, file) in rest {
            guard let detection = detection(correlation.metadata, .correlation, file, groupedBy: correlation.groupBy)
            else { continue }
            catalog.correlated.append(detection)
            catalog.correlations.append(correlation)
        }
        let plan = CorrelationPlan(catalog.correlations, rules: catalog.rules, taxonomy: .cloudTrail)
        catalog.problems += plan.diagnostics.map(Catalog.Problem.init)
        let sound = Set(plan.correlations.map(\.metadata.reference))
        let indices = catalog.correlations.indices.filter {
            sound.contains(catalog.correlations[$0].metadata.reference)
        }
        catalog.correlated = indices.map { catalog.correlated[$0] }
        catalog.correlations = indices.map { catalog.correlations[$0] }
        catalog.silent = Set(plan.silentRules.map { catalog.detections[$0].id })
        let silent = Set(plan.silentCorrelations.map { plan.correlations[$0].metadata.reference })
        for (detection, correlation) in zip(catalog.correlated, catalog.correlations)
        where silent.contains(correlation.metadata.reference) { catalog.silent.insert(detection.id) }
    }

    /// The correlations but those over rules of other log sources, be it through others.
    private mutating func withoutForeign() -> [(correlation: SigmaCorrelation, file: Catalog.RuleFile)] {
        var counting: [String: [Int]] = [:]
        for (index, (correlation, _)) in correlations.enumerated() {
            for name in correlation.rules { counting[name.lowercased(), default: []].append(index) }
        }
        var left: Set<Int> = []
        var names = foreign.map { $0.lowercased() }
        while let name = names.popLast() {
            for index in counting[name] ?? [] where left.insert(index).inserted {
                let (correlation, file) = correlations[index]
                let own = [correlation.metadata.id, correlation.metadata.name]
                leaveOut(own, correlation.metadata.title, file.path, correlation.metadata.line)
                names += own.compactMap { $0?.lowercased() }
            }
        }
        return correlations.indices.filter { !left.contains($0) }.map { correlations[$0] }
    }
}
