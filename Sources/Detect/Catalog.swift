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
        /// True where the rule can't be used and its author has to mend it; false for a remark.
        package let isError: Bool
        /// True where the rule does not run, be it by an error or for want of something here.
        package let leavesOut: Bool
        /// The line at which the rule starts.
        let rule: Int

        package init(
            file: String, line: Int, message: String, isError: Bool = true, leavesOut: Bool? = nil, rule: Int? = nil
        ) {
            self.file = file
            self.line = line
            self.message = message
            self.isError = isError
            self.leavesOut = leavesOut ?? isError
            self.rule = rule ?? line
        }

        /// The same of the rule that starts at a line.
        func of(rule: Int) -> Problem {
            Problem(file: file, line: line, message: message, isError: isError, leavesOut: leavesOut, rule: rule)
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

    /// How many rules are for other log sources than CloudTrail.
    package internal(set) var foreign = 0

    /// How many rules, and files that could not be read at all, do not run although they are for CloudTrail.
    package var leftOut: Int {
        Set(problems.lazy.filter(\.leavesOut).map { "\($0.file):\($0.rule)" }).count
    }

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
