// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

extension Catalog {
    /// What the names of rule files end in.
    package static let ruleSuffixes = [".yml", ".yaml"]

    /// Reads every rule file below a folder. What is wrong with a file is a problem of the catalog.
    package static func load(folder: String) throws(FileTree.Failure) -> Catalog {
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
        var catalog = read(files)
        catalog.problems = problems + catalog.problems
        return catalog
    }

    /// Reads rule files that are in memory.
    package static func read(_ files: [RuleFile]) -> Catalog {
        var catalog = Catalog()
        var places: [String: String] = [:]
        for file in files {
            let parsed = SigmaParser().parse(file.text, file: file.path)
            catalog.problems += parsed.diagnostics.map(Problem.init)
            for correlation in parsed.correlations {
                catalog.problems.append(
                    Problem(
                        file: file.path, line: correlation.metadata.line,
                        message: "correlation rules are not evaluated: '\(correlation.metadata.title)'"))
            }
            for rule in parsed.rules { catalog.add(rule, file, &places) }
        }
        catalog.dropUncompilable()
        catalog.problems.sort { ($0.file, $0.line) < ($1.file, $1.line) }
        return catalog
    }

    private mutating func add(_ rule: SigmaRule, _ file: RuleFile, _ places: inout [String: String]) {
        var reader = DetectionReader(rule: rule, file: file)
        let detection = reader.detection()
        problems += reader.problems
        guard let detection else { return }
        if let other = places[detection.id] {
            problems.append(
                Problem(
                    file: file.path, line: detection.line, message: "the id \(detection.id) is that of \(other) too"))
            return
        }
        places[detection.id] = "\(file.path):\(detection.line)"
        detections.append(detection)
        rules.append(rule)
    }
}

extension Catalog {
    /// Leaves out the rules that exceed what rules may take.
    private mutating func dropUncompilable() {
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
    init(_ diagnostic: SigmaDiagnostic) {
        self.init(
            file: diagnostic.file, line: diagnostic.line, message: diagnostic.message,
            isError: diagnostic.severity == .error)
    }
}
