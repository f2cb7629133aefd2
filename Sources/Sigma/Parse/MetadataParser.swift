// SPDX-License-Identifier: Apache-2.0

/// Reads what rules and correlations have in common. Problems are collected, so that a file's author sees all of them.
struct MetadataParser {
    /// Keys of the specification that other parsers read.
    static let otherKeys: Set<String> = ["logsource", "detection", "correlation", "filter"]

    let members: [YAMLMember]
    var problems: [Problem] = []

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
        guard let node = member("id") else { return nil }
        guard let id = node.string, Self.isUUID(id) else {
            problems.append(Problem("'id' must be a UUID", at: node))
            return nil
        }
        return id.lowercased()
    }

    static func isUUID(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.utf8.count) == [8, 4, 4, 4, 12] && groups.allSatisfy { $0.allSatisfy(\.isHexDigit) }
    }

    private mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let node = member(key) else { return nil }
        if let text = node.string, let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        problems.append(Problem("'\(key)' must be one of: \(names)", at: node))
        return nil
    }

    private mutating func date(_ key: String) -> String? {
        guard let node = member(key) else { return nil }
        let pieces = (node.text ?? "").split(whereSeparator: { $0 == "-" || $0 == "/" })
        guard let text = node.text, text.utf8.count == 10, pieces.map(\.utf8.count) == [4, 2, 2],
            let month = Int(pieces[1]), let day = Int(pieces[2]), Int(pieces[0]) != nil, 1...12 ~= month, 1...31 ~= day
        else {
            problems.append(Problem("'\(key)' must be a date such as 2026-01-31", at: node))
            return nil
        }
        return text
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

    private mutating func tags() -> [String] {
        let tags = list("tags")
        for (index, tag) in tags.enumerated() {
            let parts = tag.split(separator: ".", omittingEmptySubsequences: false)
            let isTag =
                parts.count >= 2
                && parts.allSatisfy { part in
                    !part.isEmpty
                        && part.utf8.allSatisfy { byte in
                            (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 95
                        }
                }
            guard !isTag, let node = member("tags") else { continue }
            problems.append(
                Problem("the tag '\(tag)' is not of the form namespace.name in lower case", at: node[index] ?? node))
        }
        return tags
    }

    private mutating func related() -> [SigmaRelation] {
        guard let node = member("related"), node.value != .null else { return [] }
        var relations: [SigmaRelation] = []
        for element in node.sequence ?? [node] {
            guard let id = element["id"]?.string, Self.isUUID(id), let type = element["type"]?.string,
                let kind = SigmaRelation.Kind(rawValue: type)
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
