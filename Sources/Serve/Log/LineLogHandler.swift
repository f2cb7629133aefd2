// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging

/// Writes a log entry as one line to standard error: `key=value` pairs, or a JSON object. Whatever a value holds, it can't
/// begin another line or another key.
package struct LineLogHandler: LogHandler {
    /// The forms of a line.
    package enum Format: String, CaseIterable, Sendable {
        case text
        case json
    }

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let format: Format
    private let write: @Sendable ([UInt8]) -> Void

    /// A handler that writes to standard error, a line with each call of the system.
    package init(format: Format, level: Logger.Level) {
        self.init(format: format, level: level, write: Self.writeToStandardError)
    }

    /// A handler that writes elsewhere.
    package init(format: Format, level: Logger.Level, write: @escaping @Sendable ([UInt8]) -> Void) {
        self.format = format
        logLevel = level
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var fields = [
            ("time", Self.time(Clock.milliseconds())), ("level", event.level.rawValue),
            ("message", event.message.description),
        ]
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { fields.append((key, value.description)) }
        if let error = event.error { fields.append(("error", "\(error)")) }
        write(Array((Self.line(fields, format) + "\n").utf8))
    }

    /// One line, without its end.
    static func line(_ fields: [(String, String)], _ format: Format) -> String {
        switch format {
        case .text:
            return fields.map { "\(key($0.0))=\(value($0.1))" }.joined(separator: " ")
        case .json:
            return "{" + fields.map { "\(quoted($0.0)):\(quoted($0.1))" }.joined(separator: ",") + "}"
        }
    }

    /// Letters that a key of a pair may have; others become underscores.
    private static func key(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" })
    }

    /// As it is where nothing in it could be misread, otherwise quoted.
    private static func value(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
                    && $0 != UInt8(ascii: "\\")
            }
        return isPlain ? text : quoted(text)
    }

    /// A JSON string. Control characters are escaped, those of Unicode's C1 block and of the direction of text too, which
    /// a terminal may obey.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for letter in text.unicodeScalars {
            switch letter {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where commandsTerminal(letter.value):
                let digits = String(letter.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(letter)
            }
        }
        return result + "\""
    }

    private static func commandsTerminal(_ value: UInt32) -> Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// RFC 3339 with milliseconds, in UTC.
    private static func time(_ milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func digits(_ number: Int32, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        return "\(digits(parts.tm_year + 1_900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))T"
            + "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
            + ".\(digits(Int32(milliseconds % 1_000), 3))Z"
    }

    /// One call of the system a line: lines of several threads, or processes, don't mix.
    private static func writeToStandardError(_ line: [UInt8]) {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }
}
