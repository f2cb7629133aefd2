// SPDX-License-Identifier: Apache-2.0

/// How many columns of a terminal a text takes.
package enum DisplayWidth {
    /// The columns of `text`: two for East Asian wide characters and emoji, none for combining marks.
    package static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// The columns of one character.
    package static func of(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        let isEmoji = scalar.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}")
        return isEmoji || isWide(scalar.value) ? 2 : 1
    }

    /// `text` cut to at most `columns`, with `…` at its end where something was cut.
    package static func truncated(_ text: String, to columns: Int) -> String {
        guard of(text) > columns else { return text }
        guard columns > 0 else { return "" }
        var kept = ""
        var used = 0
        for character in text {
            let width = of(character)
            if used + width > columns - 1 { break }
            kept.append(character)
            used += width
        }
        return kept + "…"
    }

    /// `text` in lines of at most `columns`, cut between words; a word that is longer stays whole, so that it can be
    /// copied.
    package static func wrapped(_ text: String, to columns: Int) -> [String] {
        guard of(text) > columns else { return [text] }
        var lines: [String] = []
        var line = ""
        var used = 0
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            // Blanks between columns stay, but for those at a cut.
            if word.isEmpty, used == 0 { continue }
            let width = of(String(word))
            if used > 0, used + 1 + width > columns {
                lines.append(line)
                line = ""
                used = 0
            }
            line += (used > 0 ? " " : "") + word
            used += (used > 0 ? 1 : 0) + width
        }
        return lines + [line]
    }

    /// `text` cut anywhere into pieces of at most `columns`.
    package static func pieces(of text: String, to columns: Int) -> [String] {
        var (pieces, used) = ([""], 0)
        for character in text {
            let width = of(character)
            if used > 0, used + width > columns {
                pieces.append("")
                used = 0
            }
            pieces[pieces.count - 1].append(character)
            used += width
        }
        return pieces
    }

    /// `text` as `wrapped` cuts it, with every line as far in as the first; `columns` is nil where nothing needs to fit.
    package static func wrappedWithIndentation(_ text: String, to columns: Int?) -> [String] {
        guard let columns, of(text) > columns else { return [text] }
        let margin = String(text.prefix { $0 == " " })
        let room = max(Limits.narrowestTerminal, columns - margin.count)
        return wrapped(String(text.dropFirst(margin.count)), to: room).map { margin + $0 }
    }

    /// The blocks that Unicode's EastAsianWidth.txt gives as wide or fullwidth, without its small holes.
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
