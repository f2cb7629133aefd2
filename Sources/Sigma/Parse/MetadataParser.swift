// SPDX-License-Identifier: Apache-2.0

/// Reads what rules and correlations have in common. Problems are collected, so that a file's author sees all of them.
struct MetadataParser {
    /// Keys of the specification that other parsers read.
    static let otherKeys: Set<String> = ["logsource", "detection", "correlation", "filter"]

    let members: [YAMLMember]
    var problems: [Problem] = []
    /// What is written otherwise than the specification has it, and taken as other tools take it.
    var warnings: [Problem] = []

    init(_ members: [YAMLMember]) { self.members = members }

    private func member(_ key: String) -> YAMLNode? { members.first { $0.key.string == key }?.value }

    mutating func metadata(file: String, line: Int) -> SigmaMetadata {
        var metadata = SigmaMetadata()
        metadata.file = file
        metadata.line = line
        metadata.title = title(line: line)
        metadata.id = id()
        metadata.name = text("name")
        metadata.status = choice("status", SigmaStatus.self)
        metadata.level = choice("level", SigmaLevel.self)
        metadata.description = text("description", limit: SigmaLimits.descriptionCharacters)
        metadata.license = text("license")
        metadata.author = text("author")
        metadata.taxonomy = text("taxonomy")
        metadata.date = date("date")
        metadata.modified = date("modified")
        metadata.references = list("references")
        metadata.tags = tags()
        metadata.fields = list("fields")
        metadata.falsePositives = list("falsepositives")
        metadata.scope = list("scope")
        metadata.related = related()
        for member in members {
            guard let key = member.key.text else {
                problems.append(Problem("a key must be a string", at: member.key))
                continue
            }
            if !Self.keys.contains(key) && !Self.otherKeys.contains(key) { metadata.custom[key] = member.value }
        }
        return metadata
    }

    private static let keys: Set<String> = [
        "title", "id", "name", "status", "level", "description", "license", "author", "taxonomy", "date", "modified",
        "references", "tags", "fields", "falsepositives", "scope", "related",
    ]

    private mutating func title(line: Int) -> String {
        guard let node = member("title") else {
            problems.append(Problem("'title' is missing", line: line))
            return ""
        }
        guard let title = node.text, !title.isEmpty, title.count <= SigmaLimits.titleCharacters else {
            problems.append(
                Problem("'title' must be a text of 1 to \(SigmaLimits.titleCharacters) characters", at: node))
            return ""
        }
        return title
    }

    private mutating func text(_ key: String, limit: Int = SigmaLimits.descriptionCharacters) -> String? {
        guard let node = member(key), node.value != .null else { return nil }
        guard let text = node.text, text.count <= limit else {
            problems.append(Problem("'\(key)' must be a text of at most \(limit) characters", at: node))
            return nil
        }
        return text
    }

    private mutating func id() -> String? {
        guard let node = member("id"), node.value != .null else { return nil }
        if let id = node.string, Self.isUUID(id) { return id.lowercased() }
        guard let id = node.text.flatMap(Self.looseUUID) else {
            problems.append(Problem("'id' must be a UUID", at: node))
            return nil
        }
        warnings.append(Problem("'id' is read as \(id)", at: node))
        return id
    }

    /// A UUID in braces, as a URN or without hyphens, in the usual form.
    private static func looseUUID(_ text: String) -> String? {
        var digits = text.lowercased()[...]
        for prefix in ["urn:", "uuid:"] where digits.hasPrefix(prefix) { digits = digits.dropFirst(prefix.count) }
        var hex = Array(digits.filter { !"{}-".contains($0) })
        guard hex.count == 32, hex.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
        for place in [20, 16, 12, 8] { hex.insert("-", at: place) }
        return String(hex)
    }

    static func isUUID(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.utf8.count) == [8, 4, 4, 4, 12] && groups.allSatisfy { $0.allSatisfy(\.isHexDigit) }
    }

    private mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let node = member(key), node.value != .null else { return nil }
        if let text = node.string, let choice = Choice(rawValue: text) { return choice }
        if let text = node.string, let choice = Choice(rawValue: text.lowercased()) {
            warnings.append(Problem("'\(key)' is read in lower case: '\(choice.rawValue)'", at: node))
            return choice
        }
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        problems.append(Problem("'\(key)' must be one of: \(names)", at: node))
        return nil
    }

    private mutating func date(_ key: String) -> String? {
        guard let node = member(key), node.value != .null else { return nil }
        let text = node.text ?? ""
        let pieces = text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "-" || $0 == "/" })
        guard pieces.count == 3, pieces[0].utf8.count == 4,
            pieces.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
            pieces.dropFirst().allSatisfy({ (1...2).contains($0.utf8.count) }),
            let month = Int(pieces[1]), let day = Int(pieces[2]), 1...12 ~= month, 1...31 ~= day
        else {
            problems.append(Problem("'\(key)' must be a date such as 2026-01-31", at: node))
            return nil
        }
        if pieces.map(\.utf8.count) == [4, 2, 2] { return text }
        let whole = pieces.map { $0.utf8.count == 1 ? "0" + $0 : String($0) }.joined(separator: "-")
        warnings.append(Problem("'\(key)' is read as \(whole)", at: node))
        return whole
    }

    /// A list of texts; a single text stands for a list of one.
    private mutating func list(_ key: String) -> [String] {
        guard let node = member(key), node.value != .null else { return [] }
        if let text = node.text { return [text] }
        guard let elements = node.sequence else {
            problems.append(Problem("'\(key)' must be a list of texts", at: node))
            return []
        }
        var texts: [String] = []
        for element in elements {
            if let text = element.text {
                texts.append(text)
            } else {
                problems.append(Problem("'\(key)' must be a list of texts", at: element))
            }
        }
        return texts
    }

    /// Tags in lower case. What is wrong with one concerns its readers and not the rule.
    private mutating func tags() -> [String] {
        let written = list("tags")
        var tags: [String] = []
        for (index, tag) in written.enumerated() {
            let node = member("tags")
            let place = node?[index] ?? node ?? YAMLNode(.null)
            let parts = tag.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }) else {
                problems.append(Problem("the tag '\(tag)' is not of the form namespace.name in lower case", at: place))
                continue
            }
            let isTag = tag.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 95 || byte == 46
            }
            tags.append(tag.lowercased())
            guard !isTag else { continue }
            warnings.append(Problem("the tag '\(tag)' is not of the form namespace.name in lower case", at: place))
        }
        return tags
    }

    private mutating func related() -> [SigmaRelation] {
        guard let node = member("related"), node.value != .null else { return [] }
        var relations: [SigmaRelation] = []
        for element in node.sequence ?? [node] {
            guard let id = element["id"]?.string, Self.isUUID(id), let type = element["type"]?.string,
                let kind = SigmaRelation.Kind(rawValue: type.lowercased())
            else {
                problems.append(Problem("'related' must be a list of rule ids, each with a known type", at: element))
                continue
            }
            relations.append(SigmaRelation(id: id.lowercased(), kind: kind))
        }
        return relations
    }
}

extension YAMLNode {
    /// The element of a sequence, or nil.
    subscript(index: Int) -> YAMLNode? {
        guard let elements = sequence, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}
