// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Serve
import Synchronization
import Testing

/// Lines of the service's log.
@Suite struct LogTests {
    private static func lines(
        _ format: LineLogHandler.Format, level: Logger.Level = .info, _ body: (Logger) -> Void
    ) -> [String] {
        let sink = Sink()
        let log = Logger(label: "test") { _ in LineLogHandler(format: format, level: level) { sink.append($0) } }
        body(log)
        return String(decoding: sink.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private final class Sink: Sendable {
        private let written = Mutex<[UInt8]>([])
        func append(_ line: [UInt8]) { written.withLock { $0 += line } }
        var bytes: [UInt8] { written.withLock { $0 } }
    }

    @Test func pairsAreOneLineEach() throws {
        let lines = Self.lines(.text) { log in
            log.notice("two words", metadata: ["peer": "127.0.0.1:1", "empty": "", "odd key=": "x"])
            log.info(
                "a\nlevel=error message=forged",
                metadata: ["quote": #"say "hi""#, "escape": "\u{1B}[31m\u{9B}\u{202E}"])
        }
        #expect(lines.count == 2)
        let first = try #require(lines.first)
        #expect(first.hasPrefix("time=20"))
        #expect(first.hasSuffix(#" level=notice message="two words" empty="" odd_key_=x peer=127.0.0.1:1"#))
        #expect(
            lines[1].hasSuffix(
                #" level=info message="a\nlevel=error message=forged" escape="\u001b[31m\u009b\u202e""#
                    + #" quote="say \"hi\"""#))
    }

    @Test func objectsAreJSON() throws {
        let lines = Self.lines(.json) { log in
            log.warning("ä \u{0}\"\\\n", metadata: ["list": ["a", "b"], "nested": ["k": "v"]])
        }
        let object = try JSONSerialization.jsonObject(with: Data(try #require(lines.first).utf8)) as? [String: String]
        #expect(object?["message"] == "ä \u{0}\"\\\n" && object?["level"] == "warning")
        #expect(object?.keys.sorted() == ["level", "list", "message", "nested", "time"])
        let time = try #require(object?["time"])
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        #expect(abs(try #require(formatter.date(from: time)).timeIntervalSinceNow) < 60)
    }

    @Test func levelsAreKept() {
        let lines = Self.lines(.text, level: .warning) { log in
            log.debug("no")
            log.notice("no")
            log.error("yes")
        }
        #expect(lines.count == 1)
    }
}
