// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that remembers how far `alerts tail` has come. It is replaced in one step, so that it is never half written.
package struct CursorFile: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// The stored cursor, nil where there is no file yet.
    package func read() throws(Failure) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw Failure("can't read \(path): \(SystemError.text(errno))") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Limits.cursor + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw Failure("can't read \(path): \(SystemError.text(errno))") }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
        guard count <= Limits.cursor, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Failure("\(path) holds no cursor: remove it to start over")
        }
        return text.isEmpty ? nil : String(text)
    }

    /// Stores a cursor.
    package func write(_ cursor: String) throws(Failure) {
        let temporary = "\(path).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure("can't write \(path): \(SystemError.text(errno))") }
        let failure = FileWriting.writeAll(Array((cursor + "\n").utf8), to: descriptor)
        close(descriptor)
        if let failure {
            unlink(temporary)
            throw Failure("can't write \(path): \(SystemError.text(failure))")
        }
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw Failure("can't write \(path): \(SystemError.text(code))")
        }
    }
}
