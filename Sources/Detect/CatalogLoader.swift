// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

extension Catalog {
    /// What the names of rule files end in.
    package static let ruleSuffixes = [".yml", ".yaml"]

    /// Reads every rule file below a folder. What is wrong with a file is a problem of the catalog.
    ///
    /// - Parameter placeholders: what the names that rules `expand` stand for.
    package static func load(
        folder: String, placeholders: [String: [String]] = [:]
    ) throws(FileTree.Failure) -> Catalog {
        let (found, skipped) = try FileTree.files(
            below: folder, suffixes: ruleSuffixes, limit: DetectLimits.ruleFiles)
        var problems = skipped.map { Problem(file: $0.path, line: 0, message: $0.message) }
        var files: [RuleFile] = []
        for file in found {
            do throws(FileTree.Failure) {
                let bytes = try FileTree.read(file.path, limit: DetectLimits.ruleFileBytes)
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    problems.append(Problem(file: file.name, line: 0, message: "not UTF-8"))
                    continue
                }
                files.append(RuleFile(path: file.name, text: text))
            } catch { problems.append(Problem(file: file.name, line: 0, message: error.message)) }
        }
        var catalog = read(files, placeholders: placeholders)
        catalog.problems = problems + catalog.problems
        return catalog
    }

    /// Reads rule files that are in memory.
    package static func read(_ files: [RuleFile], placeholders: [String: [String]] = [:]) -> Catalog {
        var reader = CatalogReader(placeholders: placeholders)
        for file in files { reader.read(file) }
        return reader.finish()
    }
}

/// Gathers the documents of all files before what refers to others is resolved.
private struct CatalogReader {
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
        for diagnostic in parsed.diagnostics {
            if let product = diagnostic.ruleProduct, product != "aws" { continue }
            catalog.problems.append(Catalog.Problem(diagnostic))
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
        } catch { catalog.problems += error.problems }
    }

    mutating func finish() -> Catalog {
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
        remarkIdleFilters()
        catalog.rules = catalog.rules.map { $0.filtered(by: catalog.filters) }
        catalog.dropUncompilable()
        catalog.dropUnlessUnresolved()
        resolveCorrelations()
        catalog.problems.sort { ($0.file, $0.line) < ($1.file, $1.line) }
        return catalog
    }

    /// Tells of filters that name what they are not added to: nobody would notice.
    private mutating func remarkIdleFilters() {
        for filter in catalog.filters {
            guard case .rules(let names) = filter.target else { continue }
            for name in names where !foreign.contains(name) && !foreign.contains(name.lowercased()) {
                let message: String
                if let index = catalog.rule(named: name) {
                    if filter.applies(to: catalog.rules[index]) { continue }
                    message = "the filter is for another log source than the rule '\(name)' that it names"
                } else if correlations.contains(where: { $0.correlation.metadata.isCalled(name) }) {
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
        let source = rule.logSource
        guard source.product ?? "aws" == "aws", source.service ?? "cloudtrail" == "cloudtrail" else {
            foreign.formUnion([rule.metadata.id, rule.metadata.name].compactMap { $0 })
            foreignRemarks.append(
                Catalog.Problem(
                    file: file.path, line: rule.metadata.line,
                    message: "'\(rule.metadata.title)' is for another log source than CloudTrail", isError: false))
            return
        }
        guard let detection = detection(rule.metadata, .rule, file) else { return }
        catalog.detections.append(detection)
        catalog.rules.append(rule)
    }

    /// Reads what a document says beside its condition, and takes its id.
    private mutating func detection(
        _ metadata: SigmaMetadata, _ kind: Detection.Kind, _ file: Catalog.RuleFile
    ) -> Detection? {
        var reader = DetectionReader(metadata, kind: kind, file: file, placeholders: placeholders)
        let detection = reader.detection()
        catalog.problems += reader.problems
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
        var kept: [(correlation: SigmaCorrelation, file: Catalog.RuleFile)] = []
        var rest = correlations
        var wasForeign = true
        while wasForeign {
            wasForeign = false
            kept = []
            for (correlation, file) in rest {
                guard correlation.rules.contains(where: { foreign.contains($0) || foreign.contains($0.lowercased()) })
                else {
                    kept.append((correlation, file))
                    continue
                }
                wasForeign = true
                foreign.formUnion([correlation.metadata.id, correlation.metadata.name].compactMap { $0 })
            }
            rest = kept
        }
        for (correlation, file) in rest {
            guard let detection = detection(correlation.metadata, .correlation, file) else { continue }
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
}

extension Catalog {
    /// The rule that an `unless` names.
    func rule(named name: String) -> Int? {
        rules.firstIndex { $0.metadata.isCalled(name) }
    }

    /// Leaves out the rules whose `unless` names no rule, or themselves.
    fileprivate mutating func dropUnlessUnresolved() {
        var sound: [Int] = []
        for index in rules.indices {
            let detection = detections[index]
            guard let name = detection.unless?.rule else {
                sound.append(index)
                continue
            }
            let named = rule(named: name)
            if let named, named != index {
                sound.append(index)
                continue
            }
            let message =
                named == nil
                ? "'unless' refers to '\(name)', which is no rule that is loaded" : "'unless' refers to its own rule"
            problems.append(Problem(file: detection.file, line: detection.line, message: message))
        }
        guard sound.count < rules.count else { return }
        detections = sound.map { detections[$0] }
        rules = sound.map { rules[$0] }
        // What was left out may be what another one names.
        dropUnlessUnresolved()
    }

    /// Leaves out the rules that exceed what rules may take.
    fileprivate mutating func dropUncompilable() {
        if (try? Plan(rules)) != nil { return }
        var sound: [Int] = []
        for index in rules.indices {
            do throws(PlanError) {
                _ = try Plan([rules[index]])
                sound.append(index)
            } catch {
                let detection = detections[index]
                problems.append(Problem(file: detection.file, line: detection.line, message: error.message))
            }
        }
        detections = sound.map { detections[$0] }
        rules = sound.map { rules[$0] }
    }
}

extension SigmaMetadata {
    /// Whether a text is its id, in letters of either case, or its name.
    fileprivate func isCalled(_ text: String) -> Bool { id?.lowercased() == text.lowercased() || name == text }
}

extension Catalog.Problem {
    /// A rule that calls itself unsupported is left out without being an error: its author knows.
    init(_ diagnostic: SigmaDiagnostic) {
        self.init(
            file: diagnostic.file, line: diagnostic.line, message: diagnostic.message,
            isError: diagnostic.severity == .error && diagnostic.ruleStatus != .unsupported)
    }
}
