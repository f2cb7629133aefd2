// SPDX-License-Identifier: Apache-2.0

/// A condition over search identifiers.
public indirect enum SigmaCondition: Hashable, Sendable {
    case search(String)
    /// So many of the searches with these names; nil for all of them. The pattern is as it was written.
    case of(Int?, pattern: String, names: [String])
    case all([SigmaCondition])
    case any([SigmaCondition])
    case not(SigmaCondition)

    /// The condition with every search put in.
    func expression(_ searches: [String: SigmaExpression]) -> SigmaExpression {
        switch self {
        case .search(let name): searches[name] ?? .any([])
        case .of(nil, _, let names): .all(names.compactMap { searches[$0] })
        case .of(1, _, let names): .any(names.compactMap { searches[$0] })
        case .of(let count?, _, let names): .atLeast(count, names.compactMap { searches[$0] })
        case .all(let parts): .all(parts.map { $0.expression(searches) })
        case .any(let parts): .any(parts.map { $0.expression(searches) })
        case .not(let part): .not(part.expression(searches))
        }
    }

    /// The names it uses.
    var names: Set<String> {
        switch self {
        case .search(let name): [name]
        case .of(_, _, let names): Set(names)
        case .all(let parts), .any(let parts): parts.reduce(into: []) { $0.formUnion($1.names) }
        case .not(let part): part.names
        }
    }
}

/// Reads one condition. `not` binds closest, then `and`, then `or`.
struct ConditionParser {
    private let tokens: [Substring]
    private let searches: [String]
    /// What the names stand for, in messages.
    private let owner: String
    private let node: YAMLNode
    private var at = 0

    /// Reads the condition that a node holds.
    static func parse(
        _ node: YAMLNode, searches: [String], owner: String = "the detection"
    ) throws(Problem) -> SigmaCondition {
        guard let text = node.string else { throw Problem("a condition must be a string", at: node) }
        guard text.utf8.count <= SigmaLimits.conditionBytes else {
            throw Problem("a condition longer than \(SigmaLimits.conditionBytes) bytes", at: node)
        }
        if let pipe = text.firstIndex(of: "|") {
            let aggregation = text[text.index(after: pipe)...].drop(while: \.isWhitespace)
            throw Problem(
                "the deprecated pipe syntax '| \(aggregation)' is not supported: write a Sigma correlation instead",
                at: node)
        }
        var parser = ConditionParser(tokens: Self.tokens(text), searches: searches, owner: owner, node: node)
        guard !parser.tokens.isEmpty else { throw Problem("the condition is empty", at: node) }
        let condition = try parser.or(depth: 0)
        guard parser.at == parser.tokens.count else { throw parser.unexpected }
        return condition
    }

    private init(tokens: [Substring], searches: [String], owner: String, node: YAMLNode) {
        self.tokens = tokens
        self.searches = searches
        self.owner = owner
        self.node = node
    }

    static func tokens(_ text: String) -> [Substring] {
        var tokens: [Substring] = []
        var rest = text[...]
        while true {
            rest = rest.drop(while: \.isWhitespace)
            guard let first = rest.first else { return tokens }
            if first == "(" || first == ")" {
                tokens.append(rest.prefix(1))
            } else {
                tokens.append(rest.prefix { !$0.isWhitespace && $0 != "(" && $0 != ")" })
            }
            rest = rest.dropFirst(tokens[tokens.count - 1].count)
        }
    }

    private var unexpected: Problem {
        at < tokens.count
            ? Problem("unexpected '\(tokens[at])' in the condition", at: node)
            : Problem("the condition ends too early", at: node)
    }

    private mutating func take(_ word: String) -> Bool {
        guard at < tokens.count, tokens[at] == word || tokens[at] == word.uppercased() else { return false }
        at += 1
        return true
    }

    private mutating func or(depth: Int) throws(Problem) -> SigmaCondition {
        var parts = [try and(depth: depth)]
        while take("or") { parts.append(try and(depth: depth)) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func and(depth: Int) throws(Problem) -> SigmaCondition {
        var parts = [try not(depth: depth)]
        while take("and") { parts.append(try not(depth: depth)) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func not(depth: Int) throws(Problem) -> SigmaCondition {
        guard depth < SigmaLimits.conditionDepth else {
            throw Problem("a condition nested deeper than \(SigmaLimits.conditionDepth) levels", at: node)
        }
        if take("not") { return .not(try not(depth: depth + 1)) }
        if take("(") {
            let inner = try or(depth: depth + 1)
            guard take(")") else { throw unexpected }
            return inner
        }
        return try search()
    }

    private mutating func search() throws(Problem) -> SigmaCondition {
        guard at < tokens.count, tokens[at] != ")" else { throw unexpected }
        let name = tokens[at]
        if at + 1 < tokens.count, tokens[at + 1] == "of" || tokens[at + 1] == "OF", !searches.contains(String(name)) {
            return try quantified()
        }
        for word in ["and", "or", "not", "of"] where name == word || name == word.uppercased() { throw unexpected }
        guard searches.contains(String(name)) else {
            if name.contains("*") {
                throw Problem("'\(name)' needs '1 of' or 'all of' before it", at: node)
            }
            throw Problem("the condition names '\(name)', which \(owner) does not have", at: node)
        }
        at += 1
        return .search(String(name))
    }

    private mutating func quantified() throws(Problem) -> SigmaCondition {
        let quantifier = tokens[at]
        var count: Int?
        switch quantifier {
        case "all", "ALL": count = nil
        case "any", "ANY": count = 1
        default:
            guard let number = Int(quantifier), number > 0 else {
                throw Problem("'\(quantifier) of' is neither '1 of' nor 'all of'", at: node)
            }
            count = number
        }
        at += 2
        guard at < tokens.count, tokens[at] != "(", tokens[at] != ")" else { throw unexpected }
        let pattern = String(tokens[at])
        at += 1
        let names = searches.filter { name in
            // An underscore keeps a search out of what is quantified, unless the pattern asks for it.
            guard pattern.hasPrefix("_") || !name.hasPrefix("_") else { return false }
            return pattern == "them" || Self.matches(Array(name.utf8), Array(pattern.utf8))
        }
        guard !names.isEmpty else { throw Problem("no search is named like '\(pattern)'", at: node) }
        if let count, count > names.count {
            throw Problem("'\(count) of \(pattern)' asks for more than the \(names.count) there are", at: node)
        }
        return .of(count, pattern: pattern, names: names)
    }

    /// Whether a name is like a pattern with `*`. Goes back to the last star only, so that it is never exponential.
    private static func matches(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
        var (at, place) = (0, 0)
        var star: (at: Int, place: Int)?
        while at < name.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (at, place)
                place += 1
            } else if place < pattern.count, pattern[place] == name[at] {
                at += 1
                place += 1
            } else if let last = star {
                star = (last.at + 1, last.place)
                at = last.at + 1
                place = last.place + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
