// SPDX-License-Identifier: Apache-2.0

/// Makes text from outside safe to show.
///
/// Records, alerts and the service's messages hold what an attacker chose (user agents, names, tags). Printed as it is,
/// such text could move the cursor, recolour the screen or reorder a line, so every character that commands a terminal
/// instead of being shown by it is replaced with a visible escape.
package enum Escaping {
    /// `text` on one line, with control characters, line separators and bidirectional overrides as `\n`, `\x1b`
    /// or `\u{202e}`.
    package static func visible(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var shown = ""
        shown.reserveCapacity(text.utf8.count + 8)
        for scalar in text.unicodeScalars {
            if commandsTerminal(scalar) {
                shown += escape(scalar)
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// `text` as the inside of a JSON string. Beside what JSON requires, DEL, the C1 controls and the bidirectional
    /// overrides are escaped, so that JSON on a terminal is as harmless as a table.
    package static func json(_ text: String, into out: inout [UInt8]) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: out.append(contentsOf: [0x5C, 0x22])
            case 0x5C: out.append(contentsOf: [0x5C, 0x5C])
            case 0x0A: out.append(contentsOf: [0x5C, 0x6E])
            case 0x0D: out.append(contentsOf: [0x5C, 0x72])
            case 0x09: out.append(contentsOf: [0x5C, 0x74])
            case 0x20..<0x7F: out.append(UInt8(truncatingIfNeeded: scalar.value))
            default:
                if commandsTerminal(scalar) {
                    out.append(contentsOf: "\\u".utf8)
                    out.append(contentsOf: hexadecimal(scalar.value, digits: 4).utf8)
                } else {
                    out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                }
            }
        }
    }

    /// Raw bytes made safe for a terminal: control bytes but newline and tab become `\u00XX`, which in a JSON record
    /// means the same character. Bytes that are no UTF-8 become U+FFFD.
    package static func terminalSafe(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let isLayout = scalar == "\n" || scalar == "\t"
            if commandsTerminal(scalar), !isLayout {
                out.append(contentsOf: "\\u".utf8)
                out.append(contentsOf: hexadecimal(scalar.value, digits: 4).utf8)
            } else {
                out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return out
    }

    /// True for C0 and C1 controls, DEL, line and paragraph separators, and bidirectional controls.
    static func commandsTerminal(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        case 0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default:
            scalar.value < 0x100
                ? "\\x" + hexadecimal(scalar.value, digits: 2)
                : "\\u{" + hexadecimal(scalar.value, digits: 4) + "}"
        }
    }

    private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
