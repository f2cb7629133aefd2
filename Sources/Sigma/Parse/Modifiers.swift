// SPDX-License-Identifier: Apache-2.0

/// The modifiers of one item, checked against each other.
struct Modifiers {
    /// What sort of question the modifiers make of the item.
    enum Kind: Equatable {
        case text, regex, network, exists, fieldReference
        case compare(SigmaComparison)
        case datePart(SigmaDatePart, SigmaComparison)
    }

    /// Changes of a text, in the order in which they apply.
    enum Transformation: Equatable {
        case relation(SigmaTextRelation)
        case base64, base64offset, utf16le, utf16be, utf16, windash, expand
    }

    var kind = Kind.text
    var transformations: [Transformation] = []
    var relation: SigmaTextRelation?
    var all = false
    var cased = false
    var negated = false
    var expands: Bool { transformations.contains(.expand) }
    private var regexFlags: Set<String> = []
    private var typeName: String?
    private var comparison: SigmaComparison?
    private var datePart: SigmaDatePart?

    /// Reads the names behind a field, in their order.
    init(_ names: [Substring], at node: YAMLNode) throws(Problem) {
        var seen: Set<Substring> = []
        for name in names {
            guard seen.insert(name).inserted else { throw Problem("the modifier '\(name)' stands twice", at: node) }
            try add(String(name), at: node)
        }
        try settle(at: node)
    }

    private mutating func add(_ name: String, at node: YAMLNode) throws(Problem) {
        if let relation = SigmaTextRelation(rawValue: name), relation != .equals {
            if let other = self.relation {
                throw Problem("the modifiers '\(other.rawValue)' and '\(name)' exclude each other", at: node)
            }
            self.relation = relation
            transformations.append(.relation(relation))
            return
        }
        switch name {
        case "all": all = true
        case "cased": cased = true
        case "neq": negated = true
        case "base64": transformations.append(.base64)
        case "base64offset": transformations.append(.base64offset)
        case "utf16le", "wide": transformations.append(.utf16le)
        case "utf16be": transformations.append(.utf16be)
        case "utf16": transformations.append(.utf16)
        case "windash": transformations.append(.windash)
        case "expand": transformations.append(.expand)
        case "re":
            guard transformations.isEmpty else {
                throw Problem("the modifier 're' must stand before what changes its value", at: node)
            }
            try type(name, .regex, at: node)
        case "cidr": try type(name, .network, at: node)
        case "exists": try type(name, .exists, at: node)
        case "fieldref": try type(name, .fieldReference, at: node)
        case "i", "m", "s", "ignorecase", "multiline", "dotall":
            guard kind == .regex else { throw Problem("the modifier '\(name)' must follow 're'", at: node) }
            regexFlags.insert(name == "dotall" ? "s" : String(name.prefix(1)))
        default:
            if let comparison = SigmaComparison(rawValue: name), comparison != .equal {
                guard self.comparison == nil else { throw Problem("two comparisons in one item", at: node) }
                self.comparison = comparison
                if datePart == nil { try type(name, .compare(comparison), at: node) }
            } else if let part = SigmaDatePart(rawValue: name) {
                guard comparison == nil else {
                    throw Problem("the modifier '\(name)' must stand before the comparison", at: node)
                }
                datePart = part
                try type(name, .datePart(part, .equal), at: node)
            } else {
                throw Problem("unknown modifier '\(name)'", at: node)
            }
        }
    }

    private mutating func type(_ name: String, _ kind: Kind, at node: YAMLNode) throws(Problem) {
        if let other = typeName {
            throw Problem("the modifiers '\(other)' and '\(name)' exclude each other", at: node)
        }
        typeName = name
        self.kind = kind
    }

    /// Checks what may stand beside the kind.
    private mutating func settle(at node: YAMLNode) throws(Problem) {
        if let part = datePart, let comparison { kind = .datePart(part, comparison) }
        guard let typeName else { return }
        func refuse(_ name: String) -> Problem {
            Problem("the modifiers '\(typeName)' and '\(name)' exclude each other", at: node)
        }
        for transformation in transformations {
            switch (kind, transformation) {
            case (.fieldReference, .relation), (.network, .expand), (.regex, .relation), (.regex, .expand): break
            case (_, .relation(let relation)): throw refuse(relation.rawValue)
            default: throw refuse("\(transformation)")
            }
        }
        if cased && kind != .fieldReference { throw refuse("cased") }
        if kind == .exists && all { throw refuse("all") }
        if kind == .exists && negated { throw refuse("neq") }
        if negated, case .compare = kind { throw refuse("neq") }
        if negated, comparison != nil { throw refuse("neq") }
    }

    /// The same, where the modifiers ask for it tied to the start or the end of the text. Anywhere else it is looked for
    /// in all of the text, which is what `contains` says.
    func anchored(_ pattern: String) -> SigmaRegex {
        switch relation {
        case .startsWith: regex("\\A(?:\(pattern))")
        case .endsWith: regex("(?:\(pattern))\\z")
        case .contains, .equals, nil: regex(pattern)
        }
    }

    /// A regular expression with the flags that the modifiers ask for.
    func regex(_ pattern: String) -> SigmaRegex {
        SigmaRegex(
            pattern: pattern, ignoresCase: regexFlags.contains("i"), multiline: regexFlags.contains("m"),
            dotMatchesNewline: regexFlags.contains("s"))
    }
}
