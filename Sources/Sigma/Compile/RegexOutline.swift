// SPDX-License-Identifier: Apache-2.0

/// The texts that every match of a regular expression holds, one behind the other: `:role/[^/]+/i-\d` holds `:role/` and
/// behind it `/i-`.
///
/// Most texts lack one of them, and looking for them costs a hundredth of what a run of the expression may. What is not
/// plain is no part of it: where this reader knows a construct not for certain, there is no text at all.
package struct RegexOutline {
    /// The texts in their order; empty where none is known.
    package private(set) var literals: [[UInt8]] = []
    private var run: [UInt8] = []
    private var rest: Substring.UTF8View

    /// Reads the syntax of PCRE2 (pcre2pattern), as far as it needs to.
    package init(_ regex: SigmaRegex) {
        rest = regex.pattern[...].utf8
        // Letters stand for others too, then.
        guard !regex.ignoresCase else { return }
        if !readSequence() { literals = [] }
    }

    /// The texts with anything before, between and behind them; nil where there are none.
    var pattern: SigmaPattern? {
        guard !literals.isEmpty else { return nil }
        return SigmaPattern(literals.flatMap { [.anyText, .literal($0)] } + [.anyText])
    }

    /// Reads the expression's outermost level; false where anything there is not known, or alternatives.
    private mutating func readSequence() -> Bool {
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "|"), UInt8(ascii: ")"): return false
            case UInt8(ascii: "("):
                end()
                guard skipGroup() else { return false }
            case UInt8(ascii: "["):
                end()
                guard skipClass() else { return false }
            case UInt8(ascii: "{"):
                _ = run.popLast()
                end()
                guard skipCount() else { return false }
            case UInt8(ascii: "*"), UInt8(ascii: "?"):
                // The character before may be missing.
                _ = run.popLast()
                end()
            case UInt8(ascii: "+"), UInt8(ascii: "^"), UInt8(ascii: "$"), UInt8(ascii: "."): end()
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst(), readEscape(escaped) else { return false }
            case 0x80...: end()
            default: run.append(byte)
            }
        }
        end()
        return true
    }

    /// Ends a run of plain characters.
    private mutating func end() {
        if !run.isEmpty { literals.append(run) }
        run.removeAll(keepingCapacity: true)
    }

    /// An escaped mark stands for itself; of the letters only those that take nothing after them are known.
    private mutating func readEscape(_ byte: UInt8) -> Bool {
        if Self.isWordCharacter(byte) || byte >= 0x80 {
            end()
            return "dDwWsSbBAzZnrt".utf8.contains(byte)
        }
        run.append(byte)
        return true
    }

    private static func isWordCharacter(_ byte: UInt8) -> Bool {
        byte &- 48 < 10 || (byte | 0x20) &- 97 < 26 || byte == UInt8(ascii: "_")
    }

    /// Passes over a group behind its opening parenthesis: a plain one, or one that only groups.
    private mutating func skipGroup() -> Bool {
        var depth = 1
        guard beginsPlainly() else { return false }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst(), escaped != UInt8(ascii: "Q") else { return false }
            case UInt8(ascii: "["):
                guard skipClass() else { return false }
            case UInt8(ascii: "("):
                guard beginsPlainly() else { return false }
                depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return true }
            default: break
            }
        }
        return false
    }

    /// Whether a group begins with nothing that changes how the rest is read.
    private mutating func beginsPlainly() -> Bool {
        if rest.first == UInt8(ascii: "*") { return false }
        guard rest.first == UInt8(ascii: "?") else { return true }
        return rest.dropFirst().first == UInt8(ascii: ":")
    }

    /// Passes over a class of characters behind its opening bracket.
    private mutating func skipClass() -> Bool {
        if rest.first == UInt8(ascii: "^") { rest.removeFirst() }
        // A closing bracket that stands first is a member.
        if rest.first == UInt8(ascii: "]") { rest.removeFirst() }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "]"): return true
            case UInt8(ascii: "["): return false
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst(), escaped != UInt8(ascii: "Q"), escaped != UInt8(ascii: "E") else {
                    return false
                }
            default: break
            }
        }
        return false
    }

    /// Passes over how often something stands, behind the opening brace.
    private mutating func skipCount() -> Bool {
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "}") { return true }
            guard byte &- 48 < 10 || byte == UInt8(ascii: ",") else { return false }
        }
        return false
    }
}
