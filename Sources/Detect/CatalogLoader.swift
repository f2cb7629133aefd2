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

    /// Reads rule files that are in memory, unless nobody wants them any more.
    ///
    /// - Parameter isCancelled: is asked between the files, and before what they come to is resolved.
    package static func read(
        _ files: [RuleFile], placeholders: [String: [String]], isCancelled: () -> Bool
    ) throws(CancellationError) -> Catalog {
        var reader = CatalogReader(placeholders: placeholders)
        for file in files {
            if isCancelled() { throw CancellationError() }
            reader.read(file)
        }
        if isCancelled() { throw CancellationError() }
        return reader.finish()
    }
}

extension Catalog {
    /// Leaves out the rules whose `unless` names no rule, or themselves.
    mutating func dropUnlessUnresolved() {
        var users: [String: [Int]] = [:]
        for (index, detection) in detections.enumerated() {
            if let name = detection.unless?.rule { users[name.lowercased(), default: []].append(index) }
        }
        guard !users.isEmpty else { return }
        var names = RuleNames(rules.map(\.metadata))
        var left: Set<Int> = []
        var pending = Array(users.values.joined()).sorted()
        while let index = pending.popLast() {
            guard !left.contains(index), let name = detections[index].unless?.rule else { continue }
            let named = names.first(name)
            if let named, named != index { continue }
            let message =
                named == nil
                ? "'unless' refers to '\(name)', which is no rule that is loaded" : "'unless' refers to its own rule"
            problems.append(Problem(file: detections[index].file, line: detections[index].line, message: message))
            left.insert(index)
            names.remove(index)
            // What was left out may be what another one names.
            for own in [rules[index].metadata.id, rules[index].metadata.name] {
                pending += own.flatMap { users[$0.lowercased()] } ?? []
            }
        }
        guard !left.isEmpty else { return }
        let sound = rules.indices.filter { !left.contains($0) }
        detections = sound.map { detections[$0] }
        rules = sound.map { rules[$0] }
    }

    /// Tells of rules that ask for what was seen before or after, which the correlations that count them do not ask.
    mutating func remarkUnaskedExtensions() {
        let names = RuleNames(rules.map(\.metadata))
        var told: Set<Int> = []
        for correlation in correlations {
            for index in correlation.rules.compactMap(names.first) where told.insert(index).inserted {
                let detection = detections[index]
                guard let key = detection.streamKey else { continue }
                let effect =
                    silent.contains(detection.id)
                    ? "'\(key)' has no effect" : "'\(key)' decides about the rule's own alerts only"
                problems.append(
                    Problem(
                        file: detection.file, line: detection.line,
                        message:
                            "\(effect): the correlation '\(correlation.metadata.title)' counts all events of the rule",
                        isError: false))
            }
        }
    }

    /// Leaves out the rules that exceed what rules may take.
    mutating func dropUncompilable() {
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

extension Catalog.Problem {
    /// A rule that calls itself unsupported is left out without being an error: its author knows. So is one that needs a
    /// placeholder which has no value here.
    init(_ diagnostic: SigmaDiagnostic) {
        self.init(
            file: diagnostic.file, line: diagnostic.line, message: diagnostic.message,
            isError: diagnostic.severity == .error && diagnostic.ruleStatus != .unsupported
                && !diagnostic.isMissingPlaceholder,
            leavesOut: diagnostic.severity == .error,
            rule: diagnostic.ruleLine > 0 ? diagnostic.ruleLine : nil)
    }
}
