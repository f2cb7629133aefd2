// SPDX-License-Identifier: Apache-2.0

/// A Sigma filter: a condition that is added to rules which others wrote, so that they hold no more on what is expected
/// here. Sigma's filter specification 2.0; where it is silent, as pySigma reads it.
public struct SigmaFilter: Hashable, Sendable {
    /// The rules that it is added to, among those of its log source.
    public enum Target: Hashable, Sendable {
        /// All of them.
        case any
        /// By id or name.
        case rules([String])
    }

    public var metadata: SigmaMetadata
    /// What is set here has to be set alike in a rule.
    public var logSource: SigmaLogSource
    public var target: Target
    /// What stands under each search identifier, in the order of the file.
    public var searches: [SigmaSearch]
    public var condition: SigmaCondition
    /// What has to hold too where the rule holds: mostly `not selection`.
    public var expression: SigmaExpression

    /// Whether the filter is meant for a rule.
    public func applies(to rule: SigmaRule) -> Bool {
        guard logSource.contains(rule.logSource) else { return false }
        switch target {
        case .any: return true
        case .rules(let names):
            let known = [rule.metadata.id, rule.metadata.name].compactMap { $0 }
            return names.contains { known.contains($0) || known.contains($0.lowercased()) }
        }
    }
}

extension SigmaFilter {
    /// The filter as a rule of its own: it holds on records that the filter lets through.
    public var rule: SigmaRule {
        SigmaRule(
            metadata: metadata, logSource: logSource, searches: searches, condition: condition, expression: expression)
    }
}

extension SigmaLogSource {
    /// Whether all that is set here is set alike there.
    public func contains(_ other: SigmaLogSource) -> Bool {
        (category == nil || category == other.category) && (product == nil || product == other.product)
            && (service == nil || service == other.service)
    }
}

extension SigmaRule {
    /// The rule with those of the filters that are meant for it.
    public func filtered(by filters: [SigmaFilter]) -> SigmaRule {
        let own = filters.filter { $0.applies(to: self) }
        guard !own.isEmpty else { return self }
        var rule = self
        rule.filters += own
        rule.expression = .all([expression] + own.map(\.expression))
        return rule
    }
}

extension DocumentParser {
    mutating func filter() -> SigmaFilter? {
        let metadata = metadata()
        let logSource = logSource()
        guard let node = document["filter"], let members = node.mapping else {
            problems.append(Problem("'filter' must be a mapping", at: document["filter"] ?? document))
            return nil
        }
        for key in ["detection", "correlation"] {
            if let extra = document[key] { problems.append(Problem("a filter has no '\(key)'", at: extra)) }
        }
        let target = attempt { _ throws(Problem) in try Self.target(node) }
        if let condition = node["condition"], condition.sequence != nil {
            problems.append(Problem("a filter has one condition", at: condition))
            return nil
        }
        let rest = members.filter { $0.key.text != "rules" }
        guard let (searches, condition) = detection(YAMLNode(.mapping(rest), line: node.line, column: node.column)),
            let logSource, let target, problems.isEmpty
        else { return nil }
        let named = Dictionary(searches.map { ($0.name, $0.expression) }, uniquingKeysWith: { first, _ in first })
        return SigmaFilter(
            metadata: metadata, logSource: logSource, target: target, searches: searches, condition: condition,
            expression: condition.expression(named))
    }

    private static func target(_ node: YAMLNode) throws(Problem) -> SigmaFilter.Target {
        guard let value = node["rules"] else {
            throw Problem("'rules' is missing: name the rules, or write 'rules: any'", at: node)
        }
        if let name = value.string { return name.lowercased() == "any" ? .any : .rules([name]) }
        let names = (value.sequence ?? []).compactMap(\.text)
        guard let elements = value.sequence, names.count == elements.count else {
            throw Problem("'rules' must be 'any' or a list of rule ids and names", at: value)
        }
        return names.isEmpty ? .any : .rules(names)
    }
}
