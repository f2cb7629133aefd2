// SPDX-License-Identifier: Apache-2.0

/// Which rules are worth trying on a record: those that need one of its values of an index field, and those that need
/// none.
struct RuleIndex {
    /// One index field.
    struct Field {
        var slot: Int32
        /// From folded values to buckets.
        var table: StringTable
    }

    let fields: Frozen<Field>
    /// Where the rules of each bucket start; one more than there are buckets.
    let starts: Frozen<Int32>
    let rules: Frozen<Int32>
    /// Rules that are tried on every record.
    let always: Frozen<Int32>

    /// - Parameters:
    ///   - expressions: what each rule asks.
    ///   - fields: the index fields and their slots.
    init(_ expressions: [SigmaExpression], fields: [(path: String, slot: Int32)]) {
        let needs = expressions.map { expression in
            fields.map { Self.needed(expression, $0.path) }
        }
        // Of how many records a rule is tried is about the share that it needs of all values of a field. A field that the
        // caller names first is better than others of the same share.
        let variety = fields.indices.map { field in
            needs.reduce(into: Set<[UInt8]>()) { $0.formUnion($1[field] ?? []) }.count
        }
        func share(_ needs: Set<[UInt8]>?, _ field: Int) -> Double {
            Double(needs?.count ?? 0) / Double(max(1, variety[field]))
        }
        var always: [Int32] = []
        var buckets = fields.map { _ in [[UInt8]: [Int32]]() }
        for (rule, needs) in needs.enumerated() {
            let best = fields.indices.filter { needs[$0] != nil }.min {
                (share(needs[$0], $0), $0) < (share(needs[$1], $1), $1)
            }
            guard let best, let values = needs[best], values.count <= SigmaLimits.indexValuesPerRule else {
                always.append(Int32(rule))
                continue
            }
            for value in values { buckets[best][value, default: []].append(Int32(rule)) }
        }
        var starts: [Int32] = [0]
        var rules: [Int32] = []
        var tables: [Field] = []
        for (field, bucket) in zip(fields, buckets) {
            var items: [(key: [UInt8], value: Int32)] = []
            for (value, found) in bucket {
                items.append((value, Int32(starts.count - 1)))
                rules += found
                starts.append(Int32(rules.count))
            }
            tables.append(Field(slot: field.slot, table: StringTable(items)))
        }
        self.fields = Frozen(tables)
        self.starts = Frozen(starts)
        self.rules = Frozen(rules)
        self.always = Frozen(always)
    }

    func free() {
        for index in 0..<fields.count { fields[index].table.free() }
        fields.free()
        starts.free()
        rules.free()
        always.free()
    }

    /// The folded values of which a record's field must have one for the expression to hold; nil when it can hold
    /// without. Of parts that must all hold the one with the fewest values is taken, not what they have in common: an
    /// array can hold a value of each.
    static func needed(_ expression: SigmaExpression, _ field: String) -> Set<[UInt8]>? {
        switch expression {
        case .all(let parts):
            return parts.compactMap { needed($0, field) }.min { $0.count < $1.count }
        case .any(let parts), .atLeast(_, let parts):
            if case .atLeast(let count, _) = expression, count < 1 { return nil }
            var union: Set<[UInt8]> = []
            for part in parts {
                guard let values = needed(part, field) else { return nil }
                union.formUnion(values)
            }
            return union
        case .not: return nil
        case .match(let match):
            guard match.field == field, case .text(let pattern, _) = match.test, let literal = pattern.literal else {
                return nil
            }
            return [CaseFolding.fold(literal)]
        }
    }
}
