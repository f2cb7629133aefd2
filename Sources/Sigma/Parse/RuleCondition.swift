// SPDX-License-Identifier: Apache-2.0

/// Reads the condition of a temporal correlation where it is a text over rules, such as `a and not (b or c)`: what
/// pySigma calls an extended condition.
enum RuleCondition {
    private static let words: Set<String> = ["and", "or", "not", "(", ")", "AND", "OR", "NOT"]

    /// The rules that a condition names, in its order.
    static func names(_ node: YAMLNode) -> [String] {
        var names: [String] = []
        for token in ConditionParser.tokens(node.string ?? "").map(String.init)
        where !words.contains(token) && !names.contains(token) { names.append(token) }
        return names
    }

    /// The alternatives that a condition comes to.
    static func clauses(_ node: YAMLNode, rules: [String]) throws(Problem) -> [SigmaCorrelation.Clause] {
        let condition = try ConditionParser.parse(node, searches: rules, owner: "'rules'")
        for rule in rules where !condition.names.contains(rule) {
            throw Problem("the condition does not name '\(rule)', which stands in 'rules'", at: node)
        }
        let places = Dictionary(rules.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let terms = try terms(condition, isNegated: false, places, node)
        guard terms.allSatisfy({ !$0.present.isEmpty }) else {
            throw Problem("each alternative of the condition needs a rule that has to occur", at: node)
        }
        return terms.map { SigmaCorrelation.Clause(present: $0.present.sorted(), absent: $0.absent.sorted()) }
    }

    private struct Term: Hashable {
        var present: Set<Int> = []
        var absent: Set<Int> = []
    }

    /// The disjunctive normal form, without terms that contradict themselves.
    private static func terms(
        _ condition: SigmaCondition, isNegated: Bool, _ places: [String: Int], _ node: YAMLNode
    ) throws(Problem) -> [Term] {
        switch condition {
        case .search(let name):
            let place: Set<Int> = places[name].map { [$0] } ?? []
            return [isNegated ? Term(absent: place) : Term(present: place)]
        case .not(let part): return try terms(part, isNegated: !isNegated, places, node)
        case .of:
            throw Problem("a condition over rules has 'and', 'or' and 'not' only", at: node)
        case .all(let parts) where !isNegated, .any(let parts) where isNegated:
            var product = [Term()]
            for part in parts {
                let factors = try terms(part, isNegated: isNegated, places, node)
                guard product.count * factors.count <= SigmaLimits.correlationClauses else {
                    throw Problem(
                        "the condition comes to more than \(SigmaLimits.correlationClauses) alternatives", at: node)
                }
                product = product.flatMap { left in
                    factors.map {
                        Term(present: left.present.union($0.present), absent: left.absent.union($0.absent))
                    }
                }.filter { $0.present.isDisjoint(with: $0.absent) }
            }
            return product
        case .all(let parts), .any(let parts):
            var sum: [Term] = []
            for part in parts { sum += try terms(part, isNegated: isNegated, places, node) }
            guard sum.count <= SigmaLimits.correlationClauses else {
                throw Problem(
                    "the condition comes to more than \(SigmaLimits.correlationClauses) alternatives", at: node)
            }
            return sum
        }
    }
}
