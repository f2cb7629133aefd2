// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a file of the collector's state can't be read or written.
package struct StateError: Error, Sendable, Hashable, CustomStringConvertible {
    /// In one line.
    package let description: String

    init(_ action: String, _ path: String, _ code: Int32) {
        description = "can't \(action) \(path): \(String(cString: strerror(code)))"
    }
}

/// Files that are whole on disk, or not there.
enum DurableFile {
    /// Writes a file in one step: whoever reads it sees all of it, before and after a crash. It is on disk under its name
    /// when this returns: what it holds may be deleted elsewhere then.
    static func write(_ bytes: [UInt8], to path: String) throws(StateError) {
        // Several tasks may write the same file at once: each has a temporary file of its own.
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StateError("write", path, errno) }
        var failure = writeAll(bytes, descriptor)
        if failure == nil, fsync(descriptor) != 0 { failure = errno }
        close(descriptor)
        if failure == nil, rename(temporary, path) != 0 { failure = errno }
        guard let failure else { return try syncFolder(of: path) }
        unlink(temporary)
        throw StateError("write", path, failure)
    }

    /// Brings a new name to the disk.
    private static func syncFolder(of path: String) throws(StateError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StateError("write", path, errno) }
        defer { close(descriptor) }
        // Some file systems can't sync folders, and say so.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw StateError("write", path, errno) }
    }

    /// Appends to an open file. The error number where that fails.
    static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { all in
            var sent = 0
            while sent < all.count {
                let count = Glibc.write(descriptor, all.baseAddress.map { $0 + sent }, all.count - sent)
                if count < 0, errno == EINTR { continue }
                if count < 0 { return errno }
                sent += count
            }
            return nil
        }
    }

    /// A whole file; nil where there is none.
    static func read(_ path: String, limit: Int) throws(StateError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw StateError("read", path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw StateError("read", path, errno) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }
}

/// Files that grow by lines.
enum AppendFile {
    /// Appends a text, on disk when it returns.
    static func append(_ text: String, to path: String) throws(StateError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StateError("write", path, errno) }
        defer { close(descriptor) }
        if let failure = DurableFile.writeAll(Array(text.utf8), descriptor) { throw StateError("write", path, failure) }
        guard fsync(descriptor) == 0 else { throw StateError("write", path, errno) }
    }
}
