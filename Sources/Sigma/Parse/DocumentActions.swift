// SPDX-License-Identifier: Apache-2.0

/// Resolves the `action` documents of older rule files, as pySigma does: `global` is merged into the documents after it,
/// `repeat` is merged over the rule before it, `reset` ends a `global`.
struct DocumentActions {
    /// A document to read as a rule, and remarks on how it came about.
    struct Resolved {
        let document: YAMLNode
        var remarks: [Problem] = []
    }

    private var global: YAMLNode?
    private var previous: YAMLNode?
    /// How many documents have each identity so far.
    private var shares: [String: Int] = [:]
    /// Merged nodes are read again with each document: they count against the limit of the file.
    private var budget = SigmaLimits.yamlNodes

    /// Returns the document with what is merged into it; nil where it is no rule of its own.
    mutating func resolve(_ document: YAMLNode) throws(Problem) -> Resolved? {
        guard document.mapping != nil else { return Resolved(document: document) }
        let action = document["action"]
        switch action?.string?.lowercased() {
        case "global":
            global = document.without("action")
            previous = global
            return nil
        case "reset":
            global = nil
            return nil
        case "repeat":
            guard let base = previous else { throw Problem("'action: repeat' has no rule before it", at: document) }
            return try merged(document.without("action"), over: base, isRepeated: true)
        default:
            // With a detection of its own, `action` is a custom key.
            if let action, document["detection"] == nil {
                throw Problem("'action' must be global, reset or repeat", at: action)
            }
            guard let global else {
                previous = document
                return Resolved(document: document)
            }
            return try merged(global, over: document, isRepeated: false)
        }
    }

    private mutating func merged(_ top: YAMLNode, over base: YAMLNode, isRepeated: Bool) throws(Problem) -> Resolved {
        let own = isRepeated ? top : base
        budget -= top.count + base.count
        guard budget >= 0 else {
            throw Problem("'action' documents merge to more than \(SigmaLimits.yamlNodes) YAML nodes", at: own)
        }
        var document = YAMLNode(base.merged(with: top).value, line: own.line, column: own.column)
        previous = document
        var remarks = [
            Problem(
                "'action: \(isRepeated ? "repeat" : "global")' is of an older Sigma; the documents are merged", at: own)
        ]
        if let id = own["id"] { document = document.with("id", id) }
        if own["id"] == nil, let identity = (document["id"] ?? document["title"])?.text {
            let share = shares[identity.lowercased(), default: 0]
            shares[identity.lowercased()] = share + 1
            if share > 0 {
                let id = Self.derivedID(identity.lowercased(), share)
                document = document.with("id", YAMLNode(.string(id), line: own.line, column: own.column))
                if own["name"] == nil { document = document.without("name") }
                remarks.append(Problem("it shares its identity with a document before it; its id is \(id)", at: own))
            }
        }
        return Resolved(document: document, remarks: remarks)
    }

    /// An id that stays the same as long as the document keeps its place among those that share an identity.
    private static func derivedID(_ identity: String, _ share: Int) -> String {
        var hasher = CorrelationHasher(2)
        hasher.combine(identity)
        hasher.combine(UInt64(share))
        let digits = [hasher.key.high, hasher.key.low].map { word in
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
        var rest = digits[...]
        return [8, 4, 4, 4, 12].map { length in
            defer { rest = rest.dropFirst(length) }
            return String(rest.prefix(length))
        }.joined(separator: "-")
    }
}

extension YAMLNode {
    /// The number of nodes, itself included.
    fileprivate var count: Int {
        switch value {
        case .sequence(let elements): elements.reduce(1) { $0 + $1.count }
        case .mapping(let members): members.reduce(1) { $0 + 1 + $1.value.count }
        default: 1
        }
    }

    fileprivate func without(_ key: String) -> YAMLNode {
        guard let members = mapping else { return self }
        return YAMLNode(.mapping(members.filter { $0.key.string != key }), line: line, column: column)
    }

    fileprivate func with(_ key: String, _ value: YAMLNode) -> YAMLNode {
        let rest = without(key).mapping ?? []
        let member = YAMLMember(key: YAMLNode(.string(key), line: value.line, column: value.column), value: value)
        return YAMLNode(.mapping([member] + rest), line: line, column: column)
    }

    /// The node with the members of another: mappings are merged, anything else is replaced.
    fileprivate func merged(with other: YAMLNode) -> YAMLNode {
        guard let own = mapping, let others = other.mapping else { return other }
        var members = own
        for member in others {
            if let place = members.firstIndex(where: { $0.key.value == member.key.value }) {
                members[place].value = members[place].value.merged(with: member.value)
            } else {
                members.append(member)
            }
        }
        return YAMLNode(.mapping(members), line: line, column: column)
    }
}
