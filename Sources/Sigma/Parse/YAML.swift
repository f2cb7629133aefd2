// SPDX-License-Identifier: Apache-2.0

import Yams

/// A YAML value with its place in the file.
public struct YAMLNode: Hashable, Sendable {
    public var value: YAMLValue
    /// From 1.
    public var line: Int
    /// From 1.
    public var column: Int

    public init(_ value: YAMLValue, line: Int = 0, column: Int = 0) {
        self.value = value
        self.line = line
        self.column = column
    }

    /// The member of a mapping, or nil.
    public subscript(key: String) -> YAMLNode? {
        guard case .mapping(let members) = value else { return nil }
        return members.first { $0.key.string == key }?.value
    }

    /// The text of a string, or nil.
    public var string: String? { if case .string(let text) = value { text } else { nil } }
    /// The text of any scalar but null, or nil.
    public var text: String? {
        switch value {
        case .string(let text), .integer(_, let text), .float(_, let text): text
        case .bool(let flag): flag ? "true" : "false"
        default: nil
        }
    }
    /// The boolean, or nil.
    public var bool: Bool? { if case .bool(let flag) = value { flag } else { nil } }
    /// The integer, or nil.
    public var integer: Int? { if case .integer(let number, _) = value { number } else { nil } }
    /// The elements of a sequence, or nil.
    public var sequence: [YAMLNode]? { if case .sequence(let elements) = value { elements } else { nil } }
    /// The members of a mapping, or nil.
    public var mapping: [YAMLMember]? { if case .mapping(let members) = value { members } else { nil } }
}

extension YAMLNode {
    /// Reads a text of one document, under the limits that rule files have. An empty text is null.
    public init(parsing text: String) throws(SigmaDiagnostic) {
        let (documents, problem) = YAMLReader.documents(text)
        if let problem {
            throw SigmaDiagnostic(file: "text", line: problem.line, column: problem.column, message: problem.message)
        }
        guard documents.count <= 1 else {
            throw SigmaDiagnostic(file: "text", line: documents[1].line, message: "more than one YAML document")
        }
        self = documents.first ?? YAMLNode(.null, line: 1)
    }
}

/// A member of a mapping.
public struct YAMLMember: Hashable, Sendable {
    public var key: YAMLNode
    public var value: YAMLNode

    public init(key: YAMLNode, value: YAMLNode) {
        self.key = key
        self.value = value
    }
}

/// A YAML value.
public indirect enum YAMLValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// An integer and how it was written.
    case integer(Int, text: String)
    /// A number with a fraction or an exponent and how it was written.
    case float(Double, text: String)
    case string(String)
    case sequence([YAMLNode])
    case mapping([YAMLMember])

    /// What it is called in messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .float: "a number"
        case .string: "a string"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// Reads YAML files into trees.
enum YAMLReader {
    /// The documents of a file, as far as they can be read, and what stopped the reading.
    static func documents(_ text: String) -> (documents: [YAMLNode], problem: Problem?) {
        guard text.utf8.count <= SigmaLimits.fileBytes else {
            return ([], Problem("the file is larger than \(SigmaLimits.fileBytes) bytes", line: 0))
        }
        // libyaml takes a byte-order mark that stands before UTF-8 text as part of the first key.
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        var documents: [YAMLNode] = []
        var budget = SigmaLimits.yamlNodes
        do {
            var nodes = try Yams.compose_all(yaml: text, .basic)
            while let node = nodes.next() {
                documents.append(try convert(node, depth: 0, budget: &budget))
            }
            if let error = nodes.error { throw error }
            return (documents, nil)
        } catch let problem as Problem {
            return (documents, problem)
        } catch {
            return (documents, problem(error))
        }
    }

    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            Problem("not valid YAML: \(problem)", line: mark.line, column: mark.column)
        case YamlError.duplicatedKeysInMapping(let duplicates, let context):
            Problem(
                "the key '\(duplicates.first ?? "")' stands twice in one mapping", line: context.mark.line,
                column: context.mark.column)
        case YamlError.reader(let problem, _, _, _): Problem("not valid YAML: \(problem)", line: 0)
        default: Problem("not valid YAML", line: 0)
        }
    }

    private static func convert(_ node: Node, depth: Int, budget: inout Int) throws(Problem) -> YAMLNode {
        let line = node.mark?.line ?? 0
        let column = node.mark?.column ?? 0
        budget -= 1
        guard budget >= 0 else {
            throw Problem("more than \(SigmaLimits.yamlNodes) YAML nodes (aliases counted)", line: line, column: column)
        }
        guard depth < SigmaLimits.yamlDepth else {
            throw Problem("YAML nested deeper than \(SigmaLimits.yamlDepth) levels", line: line, column: column)
        }
        let value: YAMLValue
        switch node {
        case .scalar(let scalar):
            value = scalar.style == .plain || scalar.style == .any ? plain(scalar.string) : .string(scalar.string)
        case .sequence(let sequence):
            var elements: [YAMLNode] = []
            for element in sequence { elements.append(try convert(element, depth: depth + 1, budget: &budget)) }
            value = .sequence(elements)
        case .mapping(let mapping):
            var members: [YAMLMember] = []
            var merged: [YAMLMember] = []
            for (key, member) in mapping {
                let node = try convert(member, depth: depth + 1, budget: &budget)
                if isMergeKey(key) {
                    merged += try merging(node)
                } else {
                    members.append(YAMLMember(key: try convert(key, depth: depth + 1, budget: &budget), value: node))
                }
            }
            value = .mapping(merged.isEmpty ? members : combined(members, merged))
        case .alias: throw Problem("an alias without its anchor", line: line, column: column)
        }
        return YAMLNode(value, line: line, column: column)
    }

    private static func isMergeKey(_ key: Node) -> Bool {
        guard case .scalar(let scalar) = key else { return false }
        return scalar.string == "<<" && (scalar.style == .plain || scalar.style == .any)
    }

    /// The members that a merge key of YAML 1.1 brings: those of a mapping, or of the mappings of a list.
    private static func merging(_ node: YAMLNode) throws(Problem) -> [YAMLMember] {
        var members: [YAMLMember] = []
        for element in node.sequence ?? [node] {
            guard let own = element.mapping else {
                throw Problem("'<<' merges a mapping or a list of mappings, not \(element.value.kind)", at: element)
            }
            members += own
        }
        return members
    }

    /// A mapping's own members before those that were merged in; of a key that stands twice the first counts.
    private static func combined(_ own: [YAMLMember], _ merged: [YAMLMember]) -> [YAMLMember] {
        var seen: Set<YAMLValue> = []
        return (own + merged).filter { seen.insert($0.key.value).inserted }
    }

    /// What an unquoted scalar is by the rules of YAML 1.1, but for its numbers of base 2, 8 and 60: a number with
    /// leading zeros or colons is the text that its author sees.
    static func plain(_ text: String) -> YAMLValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
        default: return number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> YAMLValue? {
        var digits = Substring(text)
        if digits.first == "-" || digits.first == "+" { digits.removeFirst() }
        guard let first = digits.utf8.first, isDigit(first) || first == UInt8(ascii: ".") else { return nil }
        if digits.hasPrefix("0x") {
            guard let value = Int(digits.dropFirst(2), radix: 16) else { return nil }
            return .integer(text.hasPrefix("-") ? -value : value, text: String(text.hasPrefix("-") ? -value : value))
        }
        let leadingZero = first == UInt8(ascii: "0") && digits.utf8.count > 1
        if digits.utf8.allSatisfy(isDigit) {
            guard !leadingZero, let value = Int(text) else { return nil }
            return .integer(value, text: String(value))
        }
        guard digits.utf8.allSatisfy({ isDigit($0) || [UInt8](".eE+-".utf8).contains($0) }), digits.contains("."),
            let value = Double(digits.hasPrefix(".") ? "0\(digits)" : String(digits)), value.isFinite
        else { return nil }
        return .float(text.hasPrefix("-") ? -value : value, text: text)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
