// SPDX-License-Identifier: Apache-2.0

import JSON

/// Reads what stands under a search identifier.
struct SearchParser {
    let transformer: PatternTransformer
    let taxonomy: SigmaTaxonomy
    /// What is odd but no error.
    var warnings: [Problem] = []

    init(placeholders: [String: [String]], taxonomy: SigmaTaxonomy) {
        self.taxonomy = taxonomy
        transformer = PatternTransformer(placeholders: placeholders)
    }

    /// A mapping, a list of mappings, a list of keywords, or one keyword.
    mutating func search(_ node: YAMLNode) throws(Problem) -> SigmaExpression {
        switch node.value {
        case .mapping(let members): return try mapping(members, at: node)
        case .sequence(let elements):
            guard !elements.isEmpty else { throw Problem("an empty list matches nothing", at: node) }
            var alternatives: [SigmaExpression] = []
            for element in elements {
                switch element.value {
                case .mapping(let members): alternatives.append(try mapping(members, at: element))
                case .sequence: throw Problem("a list in a list", at: element)
                default: alternatives.append(try item(field: nil, Modifiers([], at: element), element, at: element))
                }
            }
            return alternatives.count == 1 ? alternatives[0] : .any(alternatives)
        case .null: throw Problem("a search without any field or keyword", at: node)
        default: return try item(field: nil, Modifiers([], at: node), node, at: node)
        }
    }

    private mutating func mapping(_ members: [YAMLMember], at node: YAMLNode) throws(Problem) -> SigmaExpression {
        guard !members.isEmpty else { throw Problem("an empty mapping matches everything", at: node) }
        var items: [SigmaExpression] = []
        for member in members {
            guard let key = member.key.text else { throw Problem("a field's name must be a string", at: member.key) }
            let pieces = key.split(separator: "|", omittingEmptySubsequences: false)
            let name = String(pieces[0])
            let modifiers = try Modifiers(Array(pieces.dropFirst()), at: member.key)
            if !name.isEmpty { try Self.check(field: name, at: member.key) }
            items.append(
                try item(field: name.isEmpty ? nil : name, modifiers, member.value, at: member.key))
        }
        return items.count == 1 ? items[0] : .all(items)
    }

    /// Checks that a path can be a slot.
    static func check(field: String, at node: YAMLNode) throws(Problem) {
        var fields = FieldSet()
        do {
            try fields.insert(field)
        } catch {
            throw Problem(error.description, at: node)
        }
    }

    private mutating func item(
        field: String?, _ modifiers: Modifiers, _ value: YAMLNode, at key: YAMLNode
    ) throws(Problem) -> SigmaExpression {
        var values = [value]
        if let elements = value.sequence {
            guard !elements.isEmpty else { throw Problem("an empty list of values matches nothing", at: value) }
            values = elements
        }
        if modifiers.all && values.count == 1 && !modifiers.expands {
            warnings.append(Problem("'all' has no meaning for a single value", at: key))
        }
        if field == nil, modifiers.kind != .text, modifiers.kind != .regex {
            throw Problem("keywords can't have this modifier", at: key)
        }
        if modifiers.kind == .exists && value.sequence != nil {
            throw Problem("'exists' takes one boolean", at: value)
        }
        var tests: [SigmaExpression] = []
        var count = 0
        for value in values {
            let variants = try expressions(field: field, modifiers, value)
            count += variants.count
            guard count <= SigmaLimits.valuesPerItem else {
                throw Problem("more than \(SigmaLimits.valuesPerItem) values", at: key)
            }
            // What `all` joins are the values as written; the variants that a modifier makes of one are alternatives.
            tests += modifiers.all && variants.count > 1 ? [.any(variants)] : variants
        }
        let joined: SigmaExpression =
            tests.count == 1 ? tests[0] : modifiers.all ? .all(tests) : .any(tests)
        return modifiers.negated ? .not(joined) : joined
    }

    private func expressions(
        field: String?, _ modifiers: Modifiers, _ value: YAMLNode
    ) throws(Problem) -> [SigmaExpression] {
        func match(_ test: SigmaTest) throws(Problem) -> SigmaExpression {
            guard let field else { return .match(SigmaMatch(field: nil, test: test)) }
            guard let expression = taxonomy.expression(field, test) else {
                throw Problem("'\(field)' has a few fixed values and can only be compared with texts", at: value)
            }
            return expression
        }
        func matches(_ tests: [SigmaTest]) throws(Problem) -> [SigmaExpression] {
            var variants: [SigmaExpression] = []
            for test in tests { variants.append(try match(test)) }
            return variants
        }
        switch modifiers.kind {
        case .text:
            return try matches(try textTests(modifiers, value, isKeyword: field == nil))
        case .regex: return try matches(try regexes(modifiers, value))
        case .network: return try matches(try networks(modifiers, value).map { .network($0) })
        case .exists:
            guard let flag = value.bool else { throw Problem("'exists' takes true or false", at: value) }
            return [flag ? try match(.exists) : .not(try match(.exists))]
        case .fieldReference:
            guard let other = value.string, !other.isEmpty, !other.contains("*"), !other.contains("?") else {
                throw Problem("'fieldref' takes a field's name", at: value)
            }
            try Self.check(field: other, at: value)
            return [try match(.fieldReference(other, modifiers.relation ?? .equals, cased: modifiers.cased))]
        case .compare(let comparison): return [try match(.compare(comparison, try number(value)))]
        case .datePart(let part, let comparison):
            guard let number = value.integer, comparison != .equal || part.range ~= number else {
                throw Problem(
                    "'\(part.rawValue)' takes a number from \(part.range.lowerBound) to \(part.range.upperBound)",
                    at: value)
            }
            return [try match(.datePart(part, comparison, number))]
        }
    }

    private func textTests(_ modifiers: Modifiers, _ value: YAMLNode, isKeyword: Bool) throws(Problem) -> [SigmaTest] {
        let changes = modifiers.transformations
        switch value.value {
        case .null:
            guard changes.isEmpty && !isKeyword else { throw Problem("null can't have a modifier", at: value) }
            return [.null]
        case .integer(let number, let text) where changes.isEmpty && !isKeyword:
            return [.number(Double(number), text: text)]
        case .float(let number, let text) where changes.isEmpty && !isKeyword: return [.number(number, text: text)]
        case .sequence, .mapping: throw Problem("\(value.value.kind) can't be a value", at: value)
        default: break
        }
        let text = value.text ?? ""
        if value.string == nil {
            for change in changes {
                guard case .relation = change else { throw Problem("this modifier needs a string", at: value) }
            }
        }
        guard text.utf8.count <= SigmaLimits.patternBytes else {
            throw Problem("a value longer than \(SigmaLimits.patternBytes) bytes", at: value)
        }
        var patterns = [SigmaPattern(parsing: text, placeholders: modifiers.expands)]
        for change in changes {
            var changed: [SigmaPattern] = []
            for pattern in patterns { changed += try transformer.apply(change, to: pattern, at: value) }
            patterns = changed
        }
        if isKeyword && modifiers.relation == nil { patterns = patterns.map { $0.relating(.contains) } }
        for pattern in patterns { try check(pattern, at: value) }
        return patterns.map { .text($0, cased: modifiers.cased) }
    }

    private func check(_ pattern: SigmaPattern, at node: YAMLNode) throws(Problem) {
        guard pattern.byteCount <= SigmaLimits.patternBytes else {
            throw Problem("a value longer than \(SigmaLimits.patternBytes) bytes", at: node)
        }
        for case .literal(let bytes) in pattern.parts where String(validating: bytes, as: UTF8.self) == nil {
            throw Problem("a UTF-16 encoding that is no text: 'base64' or 'base64offset' must follow", at: node)
        }
    }

    private func regexes(_ modifiers: Modifiers, _ value: YAMLNode) throws(Problem) -> [SigmaTest] {
        guard let text = value.text, value.bool == nil else { throw Problem("'re' takes a string", at: value) }
        var tests: [SigmaTest] = []
        for pattern in modifiers.expands ? try transformer.expand(regex: text, at: value) : [text] {
            for regex in [modifiers.regex(pattern), modifiers.anchored(pattern)] {
                do {
                    _ = try CompiledRegex(regex)
                } catch {
                    throw Problem("the regular expression can't be used: \(error.message)", at: value)
                }
            }
            tests.append(.regex(modifiers.anchored(pattern)))
        }
        return tests
    }

    private func networks(_ modifiers: Modifiers, _ value: YAMLNode) throws(Problem) -> [SigmaNetwork] {
        guard let text = value.string else { throw Problem("'cidr' takes a network such as 10.0.0.0/8", at: value) }
        var texts = [text]
        if modifiers.expands {
            let patterns = try transformer.expand(SigmaPattern(parsing: text, placeholders: true), at: value)
            texts = patterns.map { String(decoding: $0.literal ?? [], as: UTF8.self) }
        }
        var networks: [SigmaNetwork] = []
        for text in texts {
            guard let network = SigmaNetwork(text) else {
                throw Problem("'\(text)' is no network (or has bits set behind its prefix)", at: value)
            }
            networks.append(network)
        }
        return networks
    }

    private func number(_ value: YAMLNode) throws(Problem) -> Double {
        switch value.value {
        case .integer(let number, _): return Double(number)
        case .float(let number, _): return number
        default: throw Problem("a comparison takes a number", at: value)
        }
    }
}
