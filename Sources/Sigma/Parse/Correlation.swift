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
        case valueMedian = "value_median"

        /// Whether `field` says what to read.
        public var needsField: Bool {
            switch self {
            case .valueCount, .valueSum, .valueAverage, .valuePercentile, .valueMedian: true
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
    /// One alternative of a condition over rules, such as `a and not b`.
    public struct Clause: Hashable, Sendable {
        /// Places in `rules`, ascending: each of these has an event in the window.
        public var present: [Int]
        /// Places in `rules`, ascending: none of these has.
        public var absent: [Int]
    }

    /// All of them must hold. None where the condition is over rules.
    public var bounds: [Bound]
    /// Where the condition of a temporal correlation names rules: its alternatives, one of which must hold.
    public var clauses: [Clause]
    /// The fields whose values are counted, summed up and so on.
    public var fields: [String]
    /// Which percentile, for `value_percentile`; 50 for `value_median`.
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
        let isExtended = node["condition"]?.string != nil
        let rules = attempt { _ throws(Problem) in try Self.rules(node, isRequired: !isExtended) }
        let groupBy = attempt { _ throws(Problem) in try Self.names(node, "group-by", isRequired: false) }
        let timespan = attempt { _ throws(Problem) in try Self.timespan(node) }
        let condition = attempt { _ throws(Problem) in try Self.condition(node, kind, rules: rules ?? []) }
        let aliases = attempt { _ throws(Problem) in try Self.aliases(node) }
        let generate = attempt { parser throws(Problem) in
            // The specification lists it with the document's keys, pySigma reads it with the correlation's.
            if let flag = try Self.flag(node, "generate") { return flag }
            return try Self.flag(parser.document, "generate") ?? false
        }
        guard problems.isEmpty, let generate, let rules, let groupBy, let timespan, let condition, let aliases else {
            return nil
        }
        for member in node.mapping ?? [] where !Self.correlationKeys.contains(member.key.text ?? "") {
            warnings.append(Problem("unknown key '\(member.key.text ?? "")' in a correlation", at: member.key))
        }
        if kind == .valuePercentile, let node = node["condition"], node["percentile"] == nil {
            warnings.append(Problem("without 'percentile' it is the median that is compared", at: node))
        }
        return SigmaCorrelation(
            metadata: metadata, kind: kind, rules: rules, groupBy: groupBy, timespanSeconds: timespan,
            bounds: condition.bounds, clauses: condition.clauses, fields: condition.fields,
            percentile: condition.percentile, aliases: aliases, generate: generate)
    }

    private static func kind(_ node: YAMLNode) throws(Problem) -> SigmaCorrelation.Kind {
        guard let type = node["type"] else { throw Problem("'type' is missing", at: node) }
        guard let kind = type.string.flatMap(SigmaCorrelation.Kind.init) else {
            let names = SigmaCorrelation.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem("'type' must be one of: \(names)", at: type)
        }
        return kind
    }

    private static let correlationKeys: Set<String> = [
        "type", "rules", "group-by", "timespan", "timeframe", "condition", "aliases", "generate",
    ]

    private static func flag(_ node: YAMLNode, _ key: String) throws(Problem) -> Bool? {
        guard let value = node[key] else { return nil }
        guard let flag = value.bool else { throw Problem("'\(key)' must be true or false", at: value) }
        return flag
    }

    private static func names(_ node: YAMLNode, _ key: String, isRequired: Bool) throws(Problem) -> [String] {
        guard let value = node[key], value.value != .null else {
            if isRequired { throw Problem("'\(key)' is missing", at: node) }
            return []
        }
        if let name = value.text { return [name] }
        let names = (value.sequence ?? []).compactMap(\.text)
        guard !names.isEmpty || !isRequired, names.count == value.sequence?.count else {
            throw Problem("'\(key)' must be a list of texts", at: value)
        }
        return names
    }

    /// The rules; where the condition is over rules and there is no list, those it names.
    private static func rules(_ node: YAMLNode, isRequired: Bool) throws(Problem) -> [String] {
        let names = try names(node, "rules", isRequired: isRequired)
        if names.isEmpty, let condition = node["condition"] { return RuleCondition.names(condition) }
        guard Set(names).count == names.count, let value = node["rules"] else {
            throw Problem("a rule stands twice in 'rules'", at: node["rules"] ?? node)
        }
        guard names.count <= SigmaLimits.rulesPerCorrelation else {
            throw Problem("a correlation of more than \(SigmaLimits.rulesPerCorrelation) rules", at: value)
        }
        return names
    }

    private static func timespan(_ node: YAMLNode) throws(Problem) -> Int {
        guard let value = node["timespan"] ?? node["timeframe"] else {
            throw Problem("'timespan' is missing", at: node)
        }
        let text = value.text ?? ""
        // A month and a year are those of the Gregorian calendar in the mean, as pySigma has them.
        let units: [Character: Int] = [
            "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "M": 2_629_746, "y": 31_556_952,
        ]
        guard let last = text.last, let unit = units[last], let number = Int(text.dropLast()), number > 0,
            number <= SigmaLimits.timespanSeconds / unit
        else {
            throw Problem(
                "'timespan' must be a number with s, m, h, d, w, M or y behind it, of at most "
                    + "\(SigmaLimits.timespanSeconds / 86_400) days", at: value)
        }
        return number * unit
    }

    private struct Condition {
        var bounds: [SigmaCorrelation.Bound] = []
        var clauses: [SigmaCorrelation.Clause] = []
        var fields: [String] = []
        var percentile = 50.0
    }

    private static func condition(
        _ node: YAMLNode, _ kind: SigmaCorrelation.Kind, rules: [String]
    ) throws(Problem) -> Condition {
        let isTemporal = kind == .temporal || kind == .temporalOrdered
        let all = SigmaCorrelation.Bound(comparison: .greaterOrEqual, number: Double(rules.count))
        guard let condition = node["condition"] else {
            guard isTemporal else { throw Problem("'condition' is missing", at: node) }
            return Condition(bounds: [all])
        }
        if condition.string != nil {
            guard isTemporal else {
                throw Problem("only temporal correlations have a condition over rules", at: condition)
            }
            return Condition(clauses: try RuleCondition.clauses(condition, rules: rules))
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
            bounds = [all]
        }
        if kind.needsField != !fields.isEmpty {
            let what = kind.needsField ? "needs a 'field'" : "takes no 'field'"
            throw Problem("the condition of \(kind.rawValue) \(what)", at: condition)
        }
        if kind != .valueCount, fields.count > 1 {
            throw Problem("the condition of \(kind.rawValue) takes one 'field'", at: condition)
        }
        return Condition(bounds: bounds, fields: fields, percentile: percentile)
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
