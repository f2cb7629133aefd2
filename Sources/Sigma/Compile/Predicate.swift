// SPDX-License-Identifier: Apache-2.0

import JSON

/// One question to one field, as plain data. Equal questions of any rules are one predicate, which is answered at most
/// once for each record.
struct Predicate {
    enum Kind: UInt8 {
        /// The text is one of a table's; or the number one of the plan's numbers.
        case oneOf
        /// The whole text.
        case exact
        case prefix
        case suffix
        case contains
        /// Any text.
        case anyText
        case wildcard
        case null
        case exists
        case compare
        case regex
        case network
        case fieldReference
        case datePart
    }

    var kind: Kind
    /// Whether letters have to be of the same case.
    var cased = false
    /// What `RecordExtractor.fill` has to be given before it is asked; mostly 0.
    var deferral: UInt64 = 0
    /// Whether the answer follows from the values of one field.
    var asksOneField: Bool { slot >= 0 && kind != .fieldReference }
    var comparison = SigmaComparison.equal
    var relation = SigmaTextRelation.equals
    var datePart = SigmaDatePart.year
    /// The field, or -1 for any value of the record.
    var slot: Int32
    /// The index in the plan's list of such things; of `fieldReference` the other field.
    var payload: Int32 = 0
    /// A text in the plan's bytes; of `oneOf` the numbers in the plan's numbers; of `regex` the
    /// wildcards without which it does not match, if any.
    var offset: Int32 = 0
    var length: Int32 = 0
    var number = 0.0
}

/// What a predicate is known by.
enum PredicateKey: Hashable {
    case match(SigmaMatch)
    case oneOf(field: String?, cased: Bool, texts: Set<[UInt8]>, numbers: Set<Double>)
}

/// A question over predicates.
indirect enum PredicateNode {
    case constant(Bool)
    case test(Int32)
    case all([PredicateNode])
    case any([PredicateNode])
    case atLeast(Int, [PredicateNode])
    case not(PredicateNode)
}

/// Collects the predicates of all rules.
struct PredicateBuilder {
    var predicates: [Predicate] = []
    private(set) var tables: [StringTable] = []
    private(set) var wildcards: [WildcardMatcher] = []
    private(set) var regexes: [CompiledRegex] = []
    private(set) var networks: [SigmaNetwork] = []
    private(set) var bytes: [UInt8] = []
    private(set) var numbers: [Double] = []
    private var known: [PredicateKey: Int32] = [:]
    var fields: FieldSet

    init(fields: FieldSet) { self.fields = fields }

    /// What testing a predicate costs beside the others.
    func cost(_ predicate: Int32) -> Int {
        let predicate = predicates[Int(predicate)]
        let base =
            switch predicate.kind {
            case .null, .exists: 1
            case .oneOf, .exact, .anyText: 2
            case .prefix, .suffix: 3
            case .contains, .compare, .datePart: 5
            case .fieldReference, .wildcard: 8
            case .network: 12
            case .regex: 30
            }
        return predicate.slot < 0 ? base + 100 : base
    }

    /// The node of an expression. Alternatives of whole texts of one field become one look-up.
    mutating func node(_ expression: SigmaExpression) throws(PlanError) -> PredicateNode {
        switch expression {
        case .all(let parts):
            var nodes: [PredicateNode] = []
            for part in parts { nodes.append(try node(part)) }
            return .all(nodes)
        case .any(let parts): return .any(try alternatives(parts))
        case .atLeast(let count, let parts):
            var nodes: [PredicateNode] = []
            for part in parts { nodes.append(try node(part)) }
            return .atLeast(count, nodes)
        case .not(let part): return .not(try node(part))
        case .match(let match):
            if case .number = match.test { return try alternatives([expression])[0] }
            return .test(try add(.match(match)))
        }
    }

    private struct Group: Hashable {
        var field: String?
        var cased: Bool
    }

    private mutating func alternatives(_ parts: [SigmaExpression]) throws(PlanError) -> [PredicateNode] {
        var nodes: [PredicateNode] = []
        var order: [Group] = []
        var texts: [Group: Set<[UInt8]>] = [:]
        var numbers: [Group: Set<Double>] = [:]
        for part in Self.flat(parts) {
            guard case .match(let match) = part else {
                nodes.append(try node(part))
                continue
            }
            switch match.test {
            case .text(let pattern, let cased):
                guard let literal = pattern.literal else { fallthrough }
                let group = Group(field: match.field, cased: cased)
                if texts[group] == nil { order.append(group) }
                texts[group, default: []].insert(cased ? literal : CaseFolding.fold(literal))
            default:
                guard case .number(let number, let text) = match.test else {
                    nodes.append(.test(try add(.match(match))))
                    continue
                }
                let group = Group(field: match.field, cased: false)
                if texts[group] == nil { order.append(group) }
                texts[group, default: []].insert(Array(text.utf8))
                // 1.50 is also the text that others write for it.
                if text.contains(".") { texts[group, default: []].insert(Array("\(number)".utf8)) }
                numbers[group, default: []].insert(number)
            }
        }
        for group in order {
            let key = PredicateKey.oneOf(
                field: group.field, cased: group.cased, texts: texts[group] ?? [], numbers: numbers[group] ?? [])
            nodes.append(.test(try add(key)))
        }
        return nodes
    }

    private static func flat(_ parts: [SigmaExpression]) -> [SigmaExpression] {
        parts.flatMap { if case .any(let inner) = $0 { flat(inner) } else { [$0] } }
    }

    private mutating func add(_ key: PredicateKey) throws(PlanError) -> Int32 {
        if let index = known[key] { return index }
        let predicate: Predicate
        switch key {
        case .match(let match): predicate = try self.predicate(match)
        case .oneOf(let field, let cased, let texts, let numbers):
            predicate = try oneOf(field, cased, texts, numbers)
        }
        let index = Int32(predicates.count)
        predicates.append(predicate)
        known[key] = index
        return index
    }

    private mutating func slot(_ field: String?) throws(PlanError) -> Int32 {
        guard let field else { return -1 }
        do {
            return Int32(try fields.insert(field))
        } catch {
            throw PlanError(message: error.description)
        }
    }

    private mutating func oneOf(
        _ field: String?, _ cased: Bool, _ texts: Set<[UInt8]>, _ numbers: Set<Double>
    ) throws(PlanError) -> Predicate {
        var predicate = Predicate(kind: .oneOf, cased: cased, slot: try slot(field))
        if let only = texts.first, texts.count == 1, numbers.isEmpty {
            predicate.kind = .exact
            place(only, in: &predicate)
            return predicate
        }
        predicate.payload = Int32(tables.count)
        tables.append(StringTable(texts.map { ($0, 0) }))
        predicate.offset = Int32(self.numbers.count)
        predicate.length = Int32(numbers.count)
        self.numbers += numbers.sorted()
        return predicate
    }

    private mutating func place(_ text: [UInt8], in predicate: inout Predicate) {
        predicate.offset = Int32(bytes.count)
        predicate.length = Int32(text.count)
        bytes += text
    }

    private mutating func predicate(_ match: SigmaMatch) throws(PlanError) -> Predicate {
        var predicate = Predicate(kind: .null, slot: try slot(match.field))
        switch match.test {
        case .text(let pattern, let cased):
            predicate.cased = cased
            text(pattern, &predicate)
        case .number(let number, let text):
            return try oneOf(match.field, false, [Array(text.utf8)], [number])
        case .null: predicate.kind = .null
        case .exists: predicate.kind = .exists
        case .compare(let comparison, let number):
            predicate.kind = .compare
            predicate.comparison = comparison
            predicate.number = number
        case .regex(let regex):
            predicate.kind = .regex
            predicate.cased = true
            predicate.payload = Int32(regexes.count)
            if let outline = RegexOutline(regex).pattern {
                predicate.offset = Int32(wildcards.count)
                predicate.length = 1
                wildcards.append(WildcardMatcher(outline))
            }
            do {
                regexes.append(try CompiledRegex(regex))
            } catch {
                throw PlanError(message: error.message)
            }
        case .network(let network):
            predicate.kind = .network
            predicate.cased = true
            predicate.payload = Int32(networks.count)
            networks.append(network)
        case .fieldReference(let field, let relation, let cased):
            predicate.kind = .fieldReference
            predicate.cased = cased
            predicate.relation = relation
            predicate.payload = try slot(field)
        case .datePart(let part, let comparison, let number):
            predicate.kind = .datePart
            predicate.cased = true
            predicate.datePart = part
            predicate.comparison = comparison
            predicate.number = Double(number)
        }
        return predicate
    }

    /// Finds the cheapest way to match a pattern.
    private mutating func text(_ pattern: SigmaPattern, _ predicate: inout Predicate) {
        var folded = pattern
        if !predicate.cased {
            folded = SigmaPattern(
                pattern.parts.map { part in
                    if case .literal(let bytes) = part { .literal(CaseFolding.fold(bytes)) } else { part }
                })
        }
        switch folded.parts.count {
        case 0: predicate.kind = .exact
        case 1 where folded.parts[0] == .anyText: predicate.kind = .anyText
        case 1:
            guard case .literal(let bytes) = folded.parts[0] else { fallthrough }
            predicate.kind = .exact
            place(bytes, in: &predicate)
        default:
            let starts = folded.parts.first == .anyText
            let ends = folded.parts.last == .anyText
            let inner = folded.parts.dropFirst(starts ? 1 : 0).dropLast(ends ? 1 : 0)
            guard inner.count == 1, case .literal(let bytes)? = inner.first else {
                predicate.kind = .wildcard
                predicate.payload = Int32(wildcards.count)
                wildcards.append(WildcardMatcher(folded))
                return
            }
            predicate.kind = starts ? (ends ? .contains : .suffix) : .prefix
            place(bytes, in: &predicate)
        }
    }
}
