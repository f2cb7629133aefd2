// SPDX-License-Identifier: Apache-2.0

import JSON

/// Why a rule holds on a record, or why it does not: the tree of its condition, with the verdict of every part.
public struct SigmaExplanation: Hashable, Sendable {
    /// What a part asks.
    public enum Kind: Hashable, Sendable {
        /// All parts hold.
        case all
        /// At least one part holds.
        case any
        /// At least this many parts hold.
        case atLeast(Int)
        /// The only part does not hold.
        case not
        /// What stands under a search identifier.
        case search(String)
        /// A filter, by its title: it holds where it lets the record through.
        case filter(String)
        /// A question to one field, or to all values where `field` is nil.
        case test
        /// So many alternatives for one field; `parts` has those that hold.
        case alternatives(Int)

        /// Its name in what programs read.
        package var name: String {
            switch self {
            case .all: "all"
            case .any: "any"
            case .atLeast: "at_least"
            case .not: "not"
            case .search: "search"
            case .filter: "filter"
            case .test: "test"
            case .alternatives: "alternatives"
            }
        }

        /// The kind of a name, without the number or text that some have; nil where there is none.
        package init?(named name: String) {
            let kinds: [Kind] = [
                .all, .any, .atLeast(0), .not, .search(""), .filter(""), .test, .alternatives(0),
            ]
            guard let kind = kinds.first(where: { $0.name == name }) else { return nil }
            self = kind
        }
    }

    public var kind: Kind
    /// The part in Sigma's words, for example `eventName|startswith: Delete`.
    public var text: String
    public var holds: Bool
    /// The field's path.
    public var field: String?
    /// The field's values in the record, up to a limit; nil where the record does not have the field.
    public var values: [String]?
    public var parts: [SigmaExplanation]

    package init(
        kind: Kind, text: String, holds: Bool, field: String? = nil, values: [String]? = nil,
        parts: [SigmaExplanation] = []
    ) {
        self.kind = kind
        self.text = text
        self.holds = holds
        self.field = field
        self.values = values
        self.parts = parts
    }
}

extension SigmaRule {
    /// Explains the rule on one record. Pure; the verdicts are those of the evaluator itself.
    ///
    /// - Parameter record: one JSON object.
    /// - Throws: a `JSONError` where the record is none, a `PlanError` where the rule exceeds what rules may take.
    public func explanation(on record: UnsafeRawBufferPointer) throws -> SigmaExplanation {
        var tree = ExplainedTree()
        let named = Dictionary(searches.map { ($0.name, $0.expression) }, uniquingKeysWith: { first, _ in first })
        let own = tree.add(condition, named, of: self)
        let added = filters.map { filter in
            let searches = Dictionary(
                filter.searches.map { ($0.name, $0.expression) }, uniquingKeysWith: { first, _ in first })
            return tree.node(
                .filter(filter.metadata.title), filter.expression, "filter '\(filter.metadata.title)'", of: self
            ) {
                [$0.add(filter.condition, searches, of: self)]
            }
        }
        let root =
            added.isEmpty
            ? own : tree.node(.all, expression, "the condition, and every filter", of: self) { _ in [own] + added }
        return try tree.explanation(of: root, record)
    }
}

/// The parts of a condition, each made a rule of its own, so that the evaluator itself gives the verdicts.
private struct ExplainedTree {
    private struct Node {
        var kind: SigmaExplanation.Kind
        var text: String
        var field: String?
        var parts: [Int]
    }

    private var nodes: [Node] = []
    private var rules: [SigmaRule] = []
    private var fields = FieldSet()

    /// Adds a part and what is below it.
    mutating func node(
        _ kind: SigmaExplanation.Kind, _ expression: SigmaExpression, _ text: String, field: String? = nil,
        of rule: SigmaRule, parts: (inout ExplainedTree) -> [Int] = { _ in [] }
    ) -> Int {
        let below = parts(&self)
        var own = rule
        own.expression = expression
        nodes.append(Node(kind: kind, text: text, field: field, parts: below))
        rules.append(own)
        return nodes.count - 1
    }

    mutating func add(
        _ condition: SigmaCondition, _ searches: [String: SigmaExpression], of rule: SigmaRule
    ) -> Int {
        let expression = condition.expression(searches)
        switch condition {
        case .search(let name): return search(name, expression, of: rule)
        case .of(let count, let pattern, let names):
            let kind: SigmaExplanation.Kind = count.map { $0 == 1 ? .any : .atLeast($0) } ?? .all
            return node(kind, expression, "\(count.map(String.init) ?? "all") of \(pattern)", of: rule) { tree in
                names.map { tree.search($0, searches[$0] ?? .any([]), of: rule) }
            }
        case .all(let parts):
            return node(.all, expression, "all of", of: rule) { tree in
                parts.map { tree.add($0, searches, of: rule) }
            }
        case .any(let parts):
            return node(.any, expression, "any of", of: rule) { tree in
                parts.map { tree.add($0, searches, of: rule) }
            }
        case .not(let part):
            return node(.not, expression, "not", of: rule) { [$0.add(part, searches, of: rule)] }
        }
    }

    private mutating func search(_ name: String, _ expression: SigmaExpression, of rule: SigmaRule) -> Int {
        node(.search(name), expression, name, of: rule) { tree in
            if case .all(let parts) = expression { return parts.map { tree.add($0, of: rule) } }
            return [tree.add(expression, of: rule)]
        }
    }

    private mutating func add(_ expression: SigmaExpression, of rule: SigmaRule) -> Int {
        switch expression {
        case .match(let match):
            return node(.test, expression, match.text, field: match.field, of: rule)
        case .not(let part): return node(.not, expression, "not", of: rule) { [$0.add(part, of: rule)] }
        case .any(let parts) where Self.isList(parts):
            let field = Self.field(parts.first)
            return node(
                .alternatives(parts.count), expression, "\(field ?? "any value"): one of \(parts.count)",
                field: field, of: rule
            ) { tree in parts.map { tree.add($0, of: rule) } }
        case .any(let parts):
            return node(.any, expression, "any of", of: rule) { tree in parts.map { tree.add($0, of: rule) } }
        case .all(let parts):
            return node(.all, expression, "all of", of: rule) { tree in parts.map { tree.add($0, of: rule) } }
        case .atLeast(let count, let parts):
            return node(.atLeast(count), expression, "\(count) of", of: rule) { tree in
                parts.map { tree.add($0, of: rule) }
            }
        }
    }

    /// Whether parts are alternatives for one field, too many to show all.
    private static func isList(_ parts: [SigmaExpression]) -> Bool {
        parts.count > SigmaLimits.explainedAlternatives
            && parts.allSatisfy { if case .match(let match) = $0 { match.field == field(parts.first) } else { false } }
    }

    private static func field(_ part: SigmaExpression?) -> String? {
        if case .match(let match)? = part { match.field } else { nil }
    }

    func explanation(of root: Int, _ record: UnsafeRawBufferPointer) throws -> SigmaExplanation {
        let plan = try Plan(rules)
        let extractor = RecordExtractor(plan.fields)
        try extractor.extract(record)
        var found: [Int] = []
        Evaluator(plan).evaluate(extractor, into: &found)
        return explained(root, Set(found), extractor)
    }

    private func explained(_ index: Int, _ held: Set<Int>, _ extractor: RecordExtractor) -> SigmaExplanation {
        let node = nodes[index]
        var parts = node.parts
        if case .alternatives = node.kind { parts = parts.filter(held.contains) }
        return SigmaExplanation(
            kind: node.kind, text: node.text, holds: held.contains(index), field: node.field,
            values: node.field.flatMap { values($0, extractor) },
            parts: parts.map { explained($0, held, extractor) })
    }

    private func values(_ field: String, _ extractor: RecordExtractor) -> [String]? {
        guard let slot = extractor.fields.fields.slot(of: field), extractor.exists(slot) else { return nil }
        return extractor.values(slot).prefix(SigmaLimits.explainedValues).map { value in
            guard value.hasText else { return "null" }
            let text = value.string
            guard text.utf8.count > SigmaLimits.explainedValueBytes else { return text }
            return String(text.prefix(SigmaLimits.explainedValueBytes)) + "…"
        }
    }
}

extension SigmaMatch {
    /// The question as a rule writes it.
    public var text: String {
        let name = field ?? "any value"
        switch test {
        case .text(let pattern, let cased): return "\(name)\(cased ? "|cased" : ""): \(pattern.text)"
        case .number(_, let text): return "\(name): \(text)"
        case .null: return "\(name): null"
        case .exists: return "\(name)|exists: true"
        case .compare(let comparison, let number):
            let isWhole = number == number.rounded() && abs(number) < 1e15
            let value = isWhole ? String(Int(number)) : String(number)
            return "\(name)|\(comparison.rawValue): \(value)"
        case .regex(let regex):
            let flags = [("i", regex.ignoresCase), ("m", regex.multiline), ("s", regex.dotMatchesNewline)]
            return "\(name)|re\(flags.filter(\.1).map { "|" + $0.0 }.joined()): \(regex.pattern)"
        case .network(let network): return "\(name)|cidr: \(network)"
        case .fieldReference(let other, let relation, let cased):
            let modifiers = "|fieldref" + (relation == .equals ? "" : "|\(relation.rawValue)") + (cased ? "|cased" : "")
            return "\(name)\(modifiers): \(other)"
        case .datePart(let part, let comparison, let number):
            return "\(name)|\(part.rawValue)\(comparison == .equal ? "" : "|\(comparison.rawValue)"): \(number)"
        }
    }
}

extension SigmaPattern {
    /// The pattern as a rule writes it: `*` and `?` for wildcards, a backslash before those that mean themselves.
    public var text: String {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let bytes):
                for character in String(decoding: bytes, as: UTF8.self) {
                    if character == "*" || character == "?" || character == "\\" { text.append("\\") }
                    text.append(character)
                }
            case .oneCharacter: text.append("?")
            case .anyText: text.append("*")
            case .placeholder(let name): text += "%\(name)%"
            }
        }
        return text
    }
}

extension SigmaNetwork: CustomStringConvertible {
    /// `10.0.0.0/8`; of IPv6 all eight groups.
    public var description: String {
        if high == 0, low >> 32 == 0xFFFF, prefix >= 96 {
            var bytes: [String] = []
            for place: UInt64 in [24, 16, 8, 0] { bytes.append(String(low >> place & 0xFF)) }
            return bytes.joined(separator: ".") + "/\(prefix - 96)"
        }
        var groups: [String] = []
        for half: UInt64 in [high, low] {
            for place: UInt64 in [48, 32, 16, 0] { groups.append(String(half >> place & 0xFFFF, radix: 16)) }
        }
        return groups.joined(separator: ":") + "/\(prefix)"
    }
}
