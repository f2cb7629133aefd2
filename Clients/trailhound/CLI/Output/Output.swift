// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// The forms that results are printed in.
package enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// Aligned columns for people.
    case table
    /// One JSON document.
    case json
    /// One JSON object a line.
    case jsonl
}

/// Standard output: buffered, and flushed line by line where a person is looking.
///
/// A reader that has gone away (`| head`) ends the program as it ends every other: silently, by SIGPIPE.
package final class Output {
    package let format: OutputFormat
    package let terminal: Terminal
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    package init(_ format: OutputFormat, descriptor: Int32 = STDOUT_FILENO, terminal: Terminal? = nil) {
        self.format = format
        self.descriptor = descriptor
        self.terminal = terminal ?? Terminal.of(descriptor: descriptor)
    }

    deinit { flush() }

    /// Writes bytes as they are.
    package func write(_ bytes: some Sequence<UInt8>) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Limits.outputBuffer { flush() }
    }

    /// Writes a line. The text must be safe for a terminal already (see `Escaping`).
    package func line(_ text: String) {
        write(text.utf8)
        write(CollectionOfOne(UInt8(ascii: "\n")))
        if terminal.isInteractive { flush() }
    }

    /// Writes a table's lines.
    package func table(_ table: Table) {
        for text in table.lines(width: terminal.width, colour: terminal.colour) { line(text) }
    }

    /// Writes one JSON value: indented for `json`, on one line otherwise.
    package func json(_ node: JSONNode) { record(format == .json ? node.pretty : node.compact) }

    /// Writes bytes from outside: as they are, unless a terminal would have to suffer them.
    package func safe(_ bytes: [UInt8]) {
        write(terminal.isInteractive ? bytes.withUnsafeBytes { Escaping.terminalSafe($0) } : bytes)
    }

    /// Writes bytes from outside, as `safe` does, and a newline.
    package func record(_ bytes: [UInt8]) {
        safe(bytes)
        line("")
    }

    /// Writes what a list command found: a table, a JSON array, or an object a line. `whenEmpty` is said to people only.
    package func list<Item>(
        _ items: [Item], whenEmpty: String, json: (Item) -> JSONNode, table: ([Item]) -> Table
    ) {
        switch format {
        case .table where items.isEmpty: Diagnostics.note(whenEmpty)
        case .table: self.table(table(items))
        case .json: self.json(.array(items.map(json)))
        case .jsonl: for item in items { self.json(json(item)) }
        }
    }

    /// Writes one thing in full.
    package func show(json: JSONNode, fields: FieldList) {
        if format == .table {
            for text in fields.lines(width: terminal.width, colour: terminal.colour) { line(text) }
        } else {
            self.json(json)
        }
    }

    /// Sends what is buffered.
    package func flush() {
        guard !buffer.isEmpty else { return }
        let failure = FileWriting.writeAll(buffer, to: descriptor)
        buffer.removeAll(keepingCapacity: true)
        guard let failure else { return }
        if failure == EPIPE { Diagnostics.endByBrokenPipe() }
        Diagnostics.failAndExit("standard output can't be written: \(SystemError.text(failure))", code: 1)
    }
}

/// Writing to descriptors.
package enum FileWriting {
    /// Writes every byte, over short writes, interruptions and full pipes. The error number where that fails.
    package static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { all in
            var sent = 0
            while sent < all.count {
                let count = Glibc.write(descriptor, all.baseAddress.map { $0 + sent }, all.count - sent)
                if count >= 0 {
                    sent += count
                    continue
                }
                switch errno {
                case EINTR: continue
                case EAGAIN:
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&waiting, 1, -1)
                default: return errno
                }
            }
            return nil
        }
    }
}
