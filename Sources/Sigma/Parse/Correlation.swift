// SPDX-License-Identifier: Apache-2.0

/// A correlation of matches within a span of time.
public struct SigmaCorrelation: Hashable, Sendable {
    /// What is counted.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case eventCount = "event_count"
        case valueCount = "value_count"
        case temporal
        case temporalOrdered = "temporal_ordered"
        case valueSum = "value_sum"
        case valueAverage = "value_avg"
        case valuePercentile = "value_percentile"

        /// Whether `field` says what to read.
        public var needsField: Bool {
            switch self {
            case .valueCount, .valueSum, .valueAverage, .valuePercentile: true
            case .eventCount, .temporal, .temporalOrdered: false
            }
        }
    }

    /// One bound of the condition.
    public struct Bound: Hashable, Sendable {
        public var comparison: SigmaComparison
        public var number: Double

        public init(comparison: SigmaComparison, number: Double) {
            self.comparison = comparison
            self.number = number
        }
    }

    public var metadata: SigmaMetadata
    public var kind: Kind
    /// The rules by id or name, as written.
    public var rules: [String]
    /// Fields or aliases whose values keep groups apart.
    public var groupBy: [String]
    public var timespanSeconds: Int
    /// All of them must hold.
    public var bounds: [Bound]
    /// The fields whose values are counted, summed up and so on.
    public var fields: [String]
    /// Which percentile, for `value_percentile`.
    public var percentile: Double
    /// For each alias: the field it stands for in the events of each rule.
    public var aliases: [String: [String: String]]
    /// Whether the rules it refers to stand for themselves too.
    public var generate: Bool
}

extension DocumentParser {
    mutating func correlation() -> SigmaCorrelation? {
        let metadata = metadata()
        guard let node = document["correlation"], node.mapping != nil else {
            problems.append(Problem("'correlation' must be a mapping", at: document["correlation"] ?? document))
            return nil
        }
        for key in ["detection", "logsource"] {
            if let extra = document[key] { problems.append(Problem("a correlation has no '\(key)'", at: extra)) }
        }
        guard let kind = attempt({ _ throws(Problem) in try Self.kind(node) }) else { return nil }
        let rules = attempt { _ throws(Problem) in try Self.names(node, "rules", isRequired: true) }
        let groupBy = attempt { _ throws(Problem) in try Self.names(node, "group-by", isRequired: false) }
        let timespan = attempt { _ throws(Problem) in try Self.timespan(node) }
        let condition = attempt { _ throws(Problem) in try Self.condition(node, kind, rules: rules?.count ?? 0) }
        let aliases = attempt { _ throws(Problem) in try Self.aliases(node) }
        guard problems.isEmpty, let rules, let groupBy, let timespan, let condition, let aliases else { return nil }
        let generate = node["generate"]?.bool ?? document["generate"]?.bool ?? false
        return SigmaCorrelation(
            metadata: metadata, kind: kind, rules: rules, groupBy: groupBy, timespanSeconds: timespan,
            bounds: condition.bounds, fields: condition.fields, percentile: condition.percentile, aliases: aliases,
            generate: generate)
    }

    private static func kind(_ node: YAMLNode) throws(Problem) -> SigmaCorrelation.Kind {
        guard let type = node["type"] else { throw Problem("'type' is missing", at: node) }
        guard let kind = type.string.flatMap(SigmaCorrelation.Kind.init) else {
            let names = SigmaCorrelation.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem("'type' must be one of: \(names)", at: type)
        }
        return kind
    }

    private static func names(_ node: YAMLNode, _ key: String, isRequired: Bool) throws(Problem) -> [String] {
        guard let value = node[key], value.value != .null else {
            if isRequired { throw Problem("'\(key)' is missing", at: node) }
            return []
        }
        if let name = value.text { return [name] }
        let names = (value.sequence ?? []).compactMap(\.text)
        guard !names.isEmpty, names.count == value.sequence?.count else {
            throw Problem("'\(key)' must be a list of texts", at: value)
        }
        if key == "rules", Set(names).count != names.count {
            throw Problem("a rule stands twice in 'rules'", at: value)
        }
        return names
    }

    private static func timespan(_ node: YAMLNode) throws(Problem) -> Int {
        guard let value = node["timespan"] ?? node["timeframe"] else {
            throw Problem("'timespan' is missing", at: node)
        }
        let text = value.text ?? ""
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let last = text.last, let unit = units[last], let number = Int(text.dropLast()), number > 0,
            number <= SigmaLimits.timespanSeconds / unit
        else {
            throw Problem(
                "'timespan' must be a number with s, m, h or d behind it, of at most "
                    + "\(SigmaLimits.timespanSeconds / 86_400) days", at: value)
        }
        return number * unit
    }

    private static func condition(
        _ node: YAMLNode, _ kind: SigmaCorrelation.Kind, rules: Int
    ) throws(Problem) -> (bounds: [SigmaCorrelation.Bound], fields: [String], percentile: Double) {
        let isTemporal = kind == .temporal || kind == .temporalOrdered
        guard let condition = node["condition"] else {
            guard isTemporal else { throw Problem("'condition' is missing", at: node) }
            return ([.init(comparison: .greaterOrEqual, number: Double(rules))], [], 0)
        }
        guard let members = condition.mapping else { throw Problem("'condition' must be a mapping", at: condition) }
        var bounds: [SigmaCorrelation.Bound] = []
        var fields: [String] = []
        var percentile = 50.0
        for member in members {
            let key = member.key.text ?? ""
            if let comparison = SigmaComparison(rawValue: key) {
                guard let number = self.number(member.value) else {
                    throw Problem("'\(key)' takes a number", at: member.value)
                }
                bounds.append(.init(comparison: comparison, number: number))
            } else if key == "field" {
                fields = try names(condition, "field", isRequired: true)
                for field in fields { try SearchParser.check(field: field, at: member.value) }
            } else if key == "percentile", kind == .valuePercentile {
                guard let number = self.number(member.value), 0...100 ~= number else {
                    throw Problem("'percentile' takes a number from 0 to 100", at: member.value)
                }
                percentile = number
            } else {
                throw Problem("unknown key '\(key)' in a correlation's condition", at: member.key)
            }
        }
        if bounds.isEmpty {
            guard isTemporal else { throw Problem("the condition has no bound such as 'gte: 5'", at: condition) }
            bounds = [.init(comparison: .greaterOrEqual, number: Double(rules))]
        }
        if kind.needsField != !fields.isEmpty {
            let what = kind.needsField ? "needs a 'field'" : "takes no 'field'"
            throw Problem("the condition of \(kind.rawValue) \(what)", at: condition)
        }
        return (bounds, fields, percentile)
    }

    private static func number(_ node: YAMLNode) -> Double? {
        switch node.value {
        case .integer(let number, _): Double(number)
        case .float(let number, _): number
        default: nil
        }
    }

    private static func aliases(_ node: YAMLNode) throws(Problem) -> [String: [String: String]] {
        guard let value = node["aliases"] else { return [:] }
        guard let members = value.mapping else { throw Problem("'aliases' must be a mapping", at: value) }
        var aliases: [String: [String: String]] = [:]
        for member in members {
            guard let name = member.key.text, let fields = member.value.mapping else {
                throw Problem("an alias must be a mapping from rules to fields", at: member.value)
            }
            for field in fields {
                guard let rule = field.key.text, let path = field.value.text else {
                    throw Problem("an alias must be a mapping from rules to fields", at: field.value)
                }
                try SearchParser.check(field: path, at: field.value)
                aliases[name, default: [:]][rule] = path
            }
        }
        return aliases
    }
}
