// SPDX-License-Identifier: Apache-2.0

import Sigma

/// The detections of a rules folder, and what is wrong with the files that could not be used.
package struct Catalog: Sendable {
    /// A rule file's text, from wherever it came.
    package struct RuleFile: Sendable {
        /// The path below the rules folder.
        package let path: String
        package let text: String

        package init(path: String, text: String) {
            self.path = path
            self.text = text
        }
    }

    /// One thing wrong with a rule file.
    package struct Problem: Sendable, Equatable, CustomStringConvertible {
        package let file: String
        /// Counted from 1; 0 where the whole file is meant.
        package let line: Int
        package let message: String
        /// True where the rule can't be used; false for a remark.
        package let isError: Bool

        package init(file: String, line: Int, message: String, isError: Bool = true) {
            self.file = file
            self.line = line
            self.message = message
            self.isError = isError
        }

        package var description: String {
            "\(file):\(line > 0 ? "\(line):" : "") \(isError ? "error" : "warning"): \(message)"
        }
    }

    /// The usable detections that are rules, in the order of their files.
    package internal(set) var detections: [Detection] = []
    /// The rule of each of `detections`, with the filters that are meant for it.
    package internal(set) var rules: [SigmaRule] = []
    /// The usable detections that are correlations, in the order of their files.
    package internal(set) var correlated: [Detection] = []
    /// The correlation of each of `correlated`. What each refers to is loaded.
    package internal(set) var correlations: [SigmaCorrelation] = []
    /// The filters, which are part of `rules` already.
    package internal(set) var filters: [SigmaFilter] = []
    /// The filters of rule files that have an owner, a reason and an end.
    package internal(set) var exceptions: [DetectionException] = []
    /// The ids of rules and correlations that stand for nothing but the correlations that refer to them, whether or not
    /// any of those runs.
    package internal(set) var silent: Set<String> = []
    /// In the order of files and lines.
    package internal(set) var problems: [Problem] = []

    /// Whether every file could be used.
    package var isSound: Bool { !problems.contains(where: \.isError) }

    /// Every detection: rules, then correlations.
    package var all: [Detection] { detections + correlated }

    /// The detection of an id, in either case of its letters.
    package func detection(id: String) -> Detection? {
        let lowered = id.lowercased()
        return all.first { $0.id == id || $0.id == lowered }
    }
}
