// SPDX-License-Identifier: Apache-2.0

/// A string of a rule: literal bytes and wildcards.
public struct SigmaPattern: Hashable, Sendable {
    /// A piece of a pattern.
    public enum Part: Hashable, Sendable {
        case literal([UInt8])
        /// `?`
        case oneCharacter
        /// `*`
        case anyText
        /// A placeholder that is still to be replaced.
        case placeholder(String)
    }

    /// Never two literals or two `anyText` in a row, and no empty literal.
    public private(set) var parts: [Part] = []

    /// A pattern of these parts.
    public init(_ parts: some Sequence<Part>) {
        for part in parts { append(part) }
    }

    /// A pattern without wildcards.
    public init(literal: String) {
        append(.literal(Array(literal.utf8)))
    }

    /// Reads a string of a rule: `*` and `?` are wildcards, `\*`, `\?` and `\\` their characters, and a backslash
    /// before anything else is a backslash. With `placeholders`, `%name%` is one and `\%` a percent sign.
    public init(parsing text: String, placeholders: Bool = false) {
        var literal: [UInt8] = []
        let bytes = Array(text.utf8)
        var at = 0
        func flush(_ pattern: inout SigmaPattern) {
            pattern.append(.literal(literal))
            literal = []
        }
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\\") where at < bytes.count && Self.isEscapable(bytes[at], placeholders):
                literal.append(bytes[at])
                at += 1
            case UInt8(ascii: "*"):
                flush(&self)
                append(.anyText)
            case UInt8(ascii: "?"):
                flush(&self)
                append(.oneCharacter)
            case UInt8(ascii: "%") where placeholders:
                guard let name = Self.placeholder(bytes[at...]) else {
                    literal.append(byte)
                    continue
                }
                at += name.utf8.count + 1
                flush(&self)
                append(.placeholder(name))
            default: literal.append(byte)
            }
        }
        flush(&self)
    }

    private static func isEscapable(_ byte: UInt8, _ placeholders: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "\\"): true
        case UInt8(ascii: "%"): placeholders
        default: false
        }
    }

    /// The name before the next percent sign, when it looks like one.
    private static func placeholder(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "%")), end > bytes.startIndex else { return nil }
        let name = String(decoding: bytes[..<end], as: UTF8.self)
        return name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == "." } ? name : nil
    }

    /// A text cut at its placeholders: every second piece is the name of one. A `\%` starts none.
    static func placeholders(in text: String) -> [String] {
        var pieces: [String] = []
        var piece: [UInt8] = []
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "%"), let name = placeholder(bytes[at...]) {
                pieces += [String(decoding: piece, as: UTF8.self), name]
                piece = []
                at += name.utf8.count + 1
                continue
            }
            piece.append(byte)
            if byte == UInt8(ascii: "\\"), at < bytes.count {
                piece.append(bytes[at])
                at += 1
            }
        }
        return pieces + [String(decoding: piece, as: UTF8.self)]
    }

    /// The regular expression that matches what the pattern does, as one piece of a larger one.
    var regex: String {
        let parts = parts.map { part in
            switch part {
            case .literal(let bytes):
                String(decoding: bytes, as: UTF8.self).unicodeScalars.map { scalar in
                    scalar.isASCII && !scalar.properties.isAlphabetic && !("0"..."9" ~= scalar)
                        ? "\\\(scalar)" : "\(scalar)"
                }.joined()
            case .oneCharacter: "(?s:.)"
            case .anyText: "(?s:.*)"
            case .placeholder(let name): "%\(name)%"
            }
        }
        return "(?:\(parts.joined()))"
    }

    private mutating func append(_ part: Part) {
        switch (part, parts.last) {
        case (.literal(let bytes), _) where bytes.isEmpty: break
        case (.literal(let bytes), .literal(let before)): parts[parts.count - 1] = .literal(before + bytes)
        case (.anyText, .anyText): break
        default: parts.append(part)
        }
    }

    /// The pattern with `*` around it.
    public func relating(_ relation: SigmaTextRelation) -> SigmaPattern {
        switch relation {
        case .equals: self
        case .contains: SigmaPattern([.anyText] + parts + [.anyText])
        case .startsWith: SigmaPattern(parts + [.anyText])
        case .endsWith: SigmaPattern([.anyText] + parts)
        }
    }

    /// The bytes, when there is no wildcard and no placeholder.
    public var literal: [UInt8]? {
        switch parts.count {
        case 0: return []
        case 1: if case .literal(let bytes) = parts[0] { return bytes } else { return nil }
        default: return nil
        }
    }

    /// How long its literals are together.
    var byteCount: Int {
        parts.reduce(0) { count, part in
            if case .literal(let bytes) = part { count + bytes.count } else { count + 1 }
        }
    }

    /// The names of its placeholders.
    var placeholders: [String] {
        parts.compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
    }
}
