// SPDX-License-Identifier: Apache-2.0

/// Something to tell about a rule file, with its place.
public struct SigmaDiagnostic: Error, Hashable, Sendable, CustomStringConvertible {
    /// How bad it is.
    public enum Severity: String, Hashable, Sendable {
        /// The rule is not loaded.
        case error
        /// The rule is loaded.
        case warning
    }

    public let severity: Severity
    /// The file as its source named it.
    public let file: String
    /// From 1; 0 when the whole file is meant.
    public let line: Int
    /// From 1; 0 when it is not known.
    public let column: Int
    public let message: String
    /// The rule's id where it is known.
    public internal(set) var ruleID: String?
    /// The rule's title where it is known.
    public internal(set) var ruleTitle: String?
    /// The rule's status where it is known: of an `unsupported` one nobody expects that it loads.
    public internal(set) var ruleStatus: SigmaStatus?
    /// The rule's log source in lower case, as far as it is known.
    public internal(set) var ruleLogSource: SigmaLogSource?
    /// The line at which the rule's document starts; 0 where no rule is meant.
    public internal(set) var ruleLine = 0
    /// The rule's name where it is known.
    public internal(set) var ruleName: String?
    /// True where the rule needs a placeholder that has no value here.
    public internal(set) var isMissingPlaceholder = false

    public init(
        severity: Severity = .error, file: String, line: Int, column: Int = 0, message: String,
        ruleID: String? = nil, ruleTitle: String? = nil
    ) {
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.ruleID = ruleID
        self.ruleTitle = ruleTitle
    }

    /// `file:line:column: severity: message`, as compilers have it.
    public var description: String {
        var place = file
        if line > 0 { place += ":\(line)" }
        if line > 0 && column > 0 { place += ":\(column)" }
        return "\(place): \(severity.rawValue): \(message)"
    }
}

/// A problem at a place of the file that is being read; the reader adds the file.
struct Problem: Error {
    let line: Int
    let column: Int
    let message: String
    /// True where the fault is not the rule's: it names a placeholder that has no value here.
    var isMissingPlaceholder = false

    init(_ message: String, at node: YAMLNode) {
        self.init(message, line: node.line, column: node.column)
    }

    /// A placeholder without a value.
    static func missing(placeholder: String, at node: YAMLNode) -> Problem {
        var problem = Problem("the placeholder '%\(placeholder)%' has no value here", at: node)
        problem.isMissingPlaceholder = true
        return problem
    }

    init(_ message: String, line: Int, column: Int = 0) {
        self.line = line
        self.column = column
        self.message = message
    }
}
