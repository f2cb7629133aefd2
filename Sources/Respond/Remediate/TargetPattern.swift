// SPDX-License-Identifier: Apache-2.0

/// What is known of a target when a policy is asked. A nil is not known yet, or can't be known.
package struct TargetFacts: Sendable, Hashable, Codable {
    package var accessKeyIDs: [String] = []
    package var userName: String?
    package var roleName: String?
    /// The user's or role's path, with a slash at both ends.
    package var path: String?
    package var tags: [String: String]?
    /// IAM's own id of the user or role, which no later one of the same name gets: AIDA… or AROA….
    package var principalID: String?
    /// A trail's ARN or name.
    package var trail: String?

    package init(
        accessKeyIDs: [String] = [], userName: String? = nil, roleName: String? = nil, path: String? = nil,
        tags: [String: String]? = nil, trail: String? = nil
    ) {
        self.trail = trail
        self.accessKeyIDs = accessKeyIDs
        self.userName = userName
        self.roleName = roleName
        self.path = path
        self.tags = tags
    }
}

/// What else has to be read of a target before a policy can be decided.
package struct MissingFacts: OptionSet, Sendable, Hashable, Codable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The name of the key's user.
    package static let owner = MissingFacts(rawValue: 1)
    /// The user's path.
    package static let path = MissingFacts(rawValue: 2)
    /// The user's tags.
    package static let tags = MissingFacts(rawValue: 4)
}

/// An entry of a never-list or always-list:
///
///     key/AKIAIOSFODNN7EXAMPLE
///     user/alice            role/Deploy*
///     user/break-glass/*    (a path, and any name under it)
///     path/break-glass/     (the same for users and roles)
///     tag/trailhound=never  tag/owner
///     trail/main            (the name or the whole ARN)
///
/// `*` stands for any text, `?` for one character. Names compare without regard to case, since IAM has no two that
/// differ in case alone; tags and keys with it.
package struct TargetPattern: Sendable, Hashable, Codable {
    /// What a pattern looks at.
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case key
        case user
        case role
        case path
        case tag
        case trail
    }

    package let kind: Kind
    /// What follows the kind and its slash.
    package let pattern: String

    /// Reads an entry, or gives nil where it is none.
    package init?(_ text: String) {
        guard text.utf8.count <= RespondLimits.patternBytes, let slash = text.firstIndex(of: "/"),
            let kind = Kind(rawValue: String(text[..<slash]))
        else { return nil }
        let rest = String(text[text.index(after: slash)...])
        guard !rest.isEmpty, !rest.contains(where: \.isNewline) else { return nil }
        self.kind = kind
        pattern = rest
    }

    /// The entry as it is written.
    package var text: String { "\(kind.rawValue)/\(pattern)" }

    /// How a pattern stands to a target.
    package enum Match: Sendable, Hashable {
        case yes
        case no
        /// It depends on what is not known.
        case unknown(MissingFacts)
    }

    /// How the pattern stands to a target.
    package func match(_ facts: TargetFacts) -> Match {
        if facts.trail != nil, kind != .trail { return .no }
        switch kind {
        case .key:
            return facts.accessKeyIDs.contains { Glob.matches(pattern, $0) } ? .yes : .no
        case .user: return name(facts.userName, facts, isKnownOther: facts.roleName != nil)
        case .role: return name(facts.roleName, facts, isKnownOther: true)
        case .path:
            guard let path = facts.path else { return .unknown(.path) }
            let wanted = Self.slashed(pattern.lowercased())
            return path.lowercased().hasPrefix(wanted) || Glob.matches(wanted, path.lowercased()) ? .yes : .no
        case .tag:
            guard let tags = facts.tags else { return .unknown(.tags) }
            let parts = pattern.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : "*"
            let holds = tags.contains { Glob.matches(String(parts[0]), $0.key) && Glob.matches(value, $0.value) }
            return holds ? .yes : .no
        case .trail:
            guard let trail = facts.trail else { return .no }
            let name = trail.split(separator: "/").last.map(String.init) ?? trail
            return Glob.matches(pattern, trail) || Glob.matches(pattern, name) ? .yes : .no
        }
    }

    private func name(_ name: String?, _ facts: TargetFacts, isKnownOther: Bool) -> Match {
        guard let name else { return isKnownOther ? .no : .unknown(.owner) }
        let wanted = pattern.lowercased()
        if Glob.matches(wanted, name.lowercased()) { return .yes }
        guard wanted.contains("/") else { return .no }
        guard let path = facts.path else { return .unknown(.path) }
        // As in an ARN: path and name in one, without the slash before them.
        let qualified = (path.dropFirst() + name).lowercased()
        return Glob.matches(wanted, qualified) ? .yes : .no
    }

    /// `break-glass` and `/break-glass/` are the same path.
    private static func slashed(_ text: String) -> String {
        (text.hasPrefix("/") ? "" : "/") + text + (text.hasSuffix("/") || text.hasSuffix("*") ? "" : "/")
    }
}

/// Wildcards, in time that is at worst the product of both lengths.
enum Glob {
    /// Whether the whole of `text` is as `pattern` says.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let pattern = Array(pattern.unicodeScalars)
        let text = Array(text.unicodeScalars)
        var place = 0
        var index = 0
        var star: (place: Int, index: Int)?
        while index < text.count {
            if place < pattern.count, pattern[place] == "*" {
                star = (place, index)
                place += 1
            } else if place < pattern.count, pattern[place] == "?" || pattern[place] == text[index] {
                place += 1
                index += 1
            } else if let last = star {
                // Let the star take one character more.
                star = (last.place, last.index + 1)
                place = last.place + 1
                index = last.index + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }
}
