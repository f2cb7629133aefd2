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

    /// The usable detections, in the order of their files.
    package internal(set) var detections: [Detection] = []
    /// The rule of each detection.
    var rules: [SigmaRule] = []
    /// In the order of files and lines.
    package internal(set) var problems: [Problem] = []

    /// Whether every file could be used.
    package var isSound: Bool { !problems.contains(where: \.isError) }

    /// The detection of an id, in either case of its letters.
    package func detection(id: String) -> Detection? {
        detections.first { $0.id == id } ?? detections.first { $0.id == id.lowercased() }
    }
}
