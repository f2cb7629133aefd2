// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TrailhoundCLI

@Suite struct EscapingTests {
    @Test(arguments: [
        ("plain ASCII", "plain ASCII"),
        ("Zoë 日本 🐕", "Zoë 日本 🐕"),
        ("\u{1B}[2Jgone", "\\x1b[2Jgone"),
        ("two\nlines\r\ttab", "two\\nlines\\r\\ttab"),
        ("bell\u{07}del\u{7F}", "bell\\x07del\\x7f"),
        ("c1\u{9B}31m", "c1\\x9b31m"),
        ("user\u{202E}gnp.exe", "user\\u{202e}gnp.exe"),
        ("sep\u{2028}arator", "sep\\u{2028}arator"),
        ("nul\0", "nul\\x00"),
    ])
    func commandsBecomeVisible(text: String, shown: String) {
        #expect(Escaping.visible(text) == shown)
    }

    @Test func jsonIsValidAndHarmless() {
        let node = JSONNode.object([.init("a\"b", "c\\d\n\u{1B}[0m\u{9B}\u{7F}é\u{202E}")])
        #expect(text(node.compact) == #"{"a\"b":"c\\d\n\u001b[0m\u009b\u007fé\u202e"}"#)
    }

    @Test func rawBytesKeepTheirLayoutOnATerminal() {
        let bytes: [UInt8] = Array("{\n\t\"a\": \"\u{9B}\"}".utf8) + [0xFF, 0x1B]
        let safe = bytes.withUnsafeBytes { Escaping.terminalSafe($0) }
        #expect(text(safe) == "{\n\t\"a\": \"\\u009b\"}\u{FFFD}\\u001b")
    }

    @Test func whatIsWrittenInPiecesIsSafeToo() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: file) }
        for (isInteractive, expected) in [(true, #"["\u009b","\u009b"]"#), (false, "[\"\u{9B}\",\"\u{9B}\"]")] {
            let descriptor = open(file, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
            defer { close(descriptor) }
            let terminal = Terminal(isInteractive: isInteractive, width: nil, colour: false)
            let output = Output(.json, descriptor: descriptor, terminal: terminal)
            for (start, end) in [("[", ","), ("", "]")] {
                output.write(start.utf8)
                output.safe(Array("\"\u{9B}\"".utf8))
                output.write(end.utf8)
            }
            output.flush()
            #expect(try String(contentsOfFile: file, encoding: .utf8) == expected)
        }
    }

    @Test func noByteOfACellCommandsATerminal() {
        let everything = String(String.UnicodeScalarView((0..<0x2070).compactMap { Unicode.Scalar($0 as Int) }))
        let cell = Cell(everything)
        #expect(!cell.text.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) })
    }
}

/// Bytes as text.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
