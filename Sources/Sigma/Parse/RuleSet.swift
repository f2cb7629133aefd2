// SPDX-License-Identifier: Apache-2.0

/// The rules of any number of files, with what is wrong with them.
public struct SigmaRuleSet: Sendable {
    /// In the order of the files.
    public private(set) var rules: [SigmaRule] = []
    public private(set) var correlations: [SigmaCorrelation] = []
    public private(set) var filters: [SigmaFilter] = []
    /// Errors and warnings in the order of the files. A rule with an error is not among the rules.
    public private(set) var diagnostics: [SigmaDiagnostic] = []
    private var ids: [String: String] = [:]
    private var names: [String: String] = [:]

    public init() {}

    /// Adds a file. `name` is what its diagnostics call it.
    public mutating func add(_ text: String, file name: String, parser: SigmaParser = SigmaParser()) {
        let file = parser.parse(text, file: name)
        diagnostics += file.diagnostics
        for rule in file.rules where claim(rule.metadata) {
            guard rules.count < SigmaLimits.rules else {
                report("more than \(SigmaLimits.rules) rules", rule.metadata)
                return
            }
            rules.append(rule)
        }
        for filter in file.filters where claim(filter.metadata) { filters.append(filter) }
        for correlation in file.correlations where claim(correlation.metadata) { correlations.append(correlation) }
    }

    /// The rules with the filters of all files.
    public var filteredRules: [SigmaRule] { rules.map { $0.filtered(by: filters) } }

    /// The errors among the diagnostics.
    public var errors: [SigmaDiagnostic] { diagnostics.filter { $0.severity == .error } }

    /// Takes a document's id and name, unless another document has one of them.
    private mutating func claim(_ metadata: SigmaMetadata) -> Bool {
        let place = "\(metadata.file):\(metadata.line)"
        if let id = metadata.id, let other = ids[id] {
            report("the id '\(id)' is already used in \(other)", metadata)
            return false
        }
        if let name = metadata.name, let other = names[name] {
            report("the name '\(name)' is already used in \(other)", metadata)
            return false
        }
        if let id = metadata.id { ids[id] = place }
        if let name = metadata.name { names[name] = place }
        return true
    }

    private mutating func report(_ message: String, _ metadata: SigmaMetadata) {
        diagnostics.append(
            SigmaDiagnostic(
                file: metadata.file, line: metadata.line, message: message, ruleID: metadata.id,
                ruleTitle: metadata.title))
    }
}
