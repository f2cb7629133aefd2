// SPDX-License-Identifier: Apache-2.0

/// What modifiers make of a pattern.
struct PatternTransformer {
    /// What placeholders stand for.
    let placeholders: [String: [String]]

    /// The patterns that a modifier makes of one.
    func apply(
        _ change: Modifiers.Transformation, to pattern: SigmaPattern, at node: YAMLNode
    ) throws(Problem) -> [SigmaPattern] {
        switch change {
        case .relation(let relation): return [pattern.relating(relation)]
        case .expand: return try expand(pattern, at: node)
        case .windash: return try dashes(pattern, at: node)
        case .base64: return [Self.pattern(Base64.encode(try literal(pattern, "base64", at: node)))]
        case .base64offset:
            return Base64.encodeAtAnyOffset(try literal(pattern, "base64offset", at: node)).map(Self.pattern)
        case .utf16le: return [wide(pattern, bigEndian: false)]
        case .utf16be: return [wide(pattern, bigEndian: true)]
        case .utf16:
            let mark: [UInt8] = [0xFF, 0xFE]
            return [Self.pattern(mark + Self.utf16(try literal(pattern, "utf16", at: node), bigEndian: false))]
        }
    }

    private static func pattern(_ bytes: [UInt8]) -> SigmaPattern { SigmaPattern([.literal(bytes)]) }

    private func literal(_ pattern: SigmaPattern, _ name: String, at node: YAMLNode) throws(Problem) -> [UInt8] {
        guard let bytes = pattern.literal else {
            throw Problem("the modifier '\(name)' needs a value without wildcards", at: node)
        }
        return bytes
    }

    /// Wildcards stay what they are; one for a character stands for its two bytes.
    private func wide(_ pattern: SigmaPattern, bigEndian: Bool) -> SigmaPattern {
        SigmaPattern(
            pattern.parts.flatMap { part -> [SigmaPattern.Part] in
                switch part {
                case .literal(let bytes): [.literal(Self.utf16(bytes, bigEndian: bigEndian))]
                case .oneCharacter: [part, part]
                case .anyText, .placeholder: [part]
                }
            })
    }

    private static func utf16(_ bytes: [UInt8], bigEndian: Bool) -> [UInt8] {
        String(decoding: bytes, as: UTF8.self).utf16.flatMap { unit in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
            return bigEndian ? [high, low] : [low, high]
        }
    }

    /// Replaces every placeholder of a regular expression by each of its values, which are strings of a rule here too:
    /// their wildcards are wildcards, and nothing else in them means anything. `\%` is a percent sign.
    func expand(regex: String, at node: YAMLNode) throws(Problem) -> [String] {
        var variants = [""]
        for (index, piece) in SigmaPattern.placeholders(in: regex).enumerated() {
            guard index % 2 == 1 else {
                for index in variants.indices { variants[index] += piece }
                continue
            }
            let values = try values(of: piece, variants.count, at: node)
            variants = variants.flatMap { before in values.map { before + SigmaPattern(parsing: $0).regex } }
        }
        return variants
    }

    private func values(of placeholder: String, _ variants: Int, at node: YAMLNode) throws(Problem) -> [String] {
        guard let values = placeholders[placeholder], !values.isEmpty else {
            throw Problem.missing(placeholder: placeholder, at: node)
        }
        guard variants * values.count <= SigmaLimits.valuesPerItem else {
            throw Problem("the placeholders expand to more than \(SigmaLimits.valuesPerItem) values", at: node)
        }
        return values
    }

    /// Replaces every placeholder by each of its values.
    func expand(_ pattern: SigmaPattern, at node: YAMLNode) throws(Problem) -> [SigmaPattern] {
        var variants: [[SigmaPattern.Part]] = [[]]
        for part in pattern.parts {
            guard case .placeholder(let name) = part else {
                for index in variants.indices { variants[index].append(part) }
                continue
            }
            let values = try values(of: name, variants.count, at: node)
            variants = variants.flatMap { before in values.map { before + SigmaPattern(parsing: $0).parts } }
        }
        return variants.map { SigmaPattern($0) }
    }

    private static let dashes: [Unicode.Scalar] = ["-", "/", "\u{2013}", "\u{2014}", "\u{2015}"]

    /// All ways to write the dashes that can start a flag: one that no letter, digit or underscore stands before and
    /// that one stands behind.
    private func dashes(_ pattern: SigmaPattern, at node: YAMLNode) throws(Problem) -> [SigmaPattern] {
        var variants: [[SigmaPattern.Part]] = [[]]
        for part in pattern.parts {
            guard case .literal(let bytes) = part else {
                for index in variants.indices { variants[index].append(part) }
                continue
            }
            let scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
            func isWord(_ at: Int) -> Bool {
                guard scalars.indices.contains(at) else { return false }
                return scalars[at].properties.isAlphabetic || scalars[at].properties.numericType != nil
                    || scalars[at] == "_"
            }
            for at in scalars.indices {
                let isFlag = Self.dashes.contains(scalars[at]) && !isWord(at - 1) && isWord(at + 1)
                let choices = isFlag ? Self.dashes : [scalars[at]]
                guard variants.count * choices.count <= SigmaLimits.dashVariants else {
                    throw Problem("'windash' makes more than \(SigmaLimits.dashVariants) variants of this", at: node)
                }
                variants = variants.flatMap { before in
                    choices.map { before + [.literal(Array(String($0).utf8))] }
                }
            }
        }
        return variants.map { SigmaPattern($0) }
    }
}

/// Base64 of RFC 4648.
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word = group.reduce(0) { $0 << 8 | UInt32($1) }
            word <<= 8 * UInt32(3 - group.count)
            for place in 0..<4 {
                let digit = digits[Int(word >> UInt32(18 - 6 * place) & 63)]
                text.append(place <= group.count ? digit : UInt8(ascii: "="))
            }
        }
        return text
    }

    /// What is sure to stand in the encoding of a text that holds the bytes somewhere, for each place modulo three.
    static func encodeAtAnyOffset(_ bytes: [UInt8]) -> [[UInt8]] {
        (0..<3).map { offset in
            let text = encode([UInt8](repeating: 0x20, count: offset) + bytes)
            let start = [0, 2, 3][offset]
            let end = [0, 3, 2][(bytes.count + offset) % 3]
            return Array(text.dropFirst(start).dropLast(end))
        }
    }
}
