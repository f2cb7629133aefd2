// SPDX-License-Identifier: Apache-2.0

import CZlib
import Glibc

/// A file's bytes, decompressed where it is gzip (of any number of members), read piece by piece.
struct InputStream: ~Copyable {
    struct Problem: Error {
        /// A word of the service's vocabulary of rejections.
        let reason: String
        let detail: String
    }

    private let handle: gzFile

    /// Opens a file, or standard input for `-`. A small `buffer` is for looking at a file's first bytes only.
    init(path: String, buffer: Int) throws(Problem) {
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Problem(reason: "unreadable_file", detail: SystemError.text(errno))
        }
        guard let handle = gzdopen(descriptor, "rb") else {
            close(descriptor)
            throw Problem(reason: "unreadable_file", detail: "out of memory")
        }
        gzbuffer(handle, UInt32(buffer))
        self.handle = handle
    }

    deinit { gzclose(handle) }

    /// Appends up to `count` bytes. False at the end of the file.
    mutating func read(_ count: Int, into buffer: inout [UInt8]) throws(Problem) -> Bool {
        let chunk = [UInt8](unsafeUninitializedCapacity: count) { room, filled in
            filled = Int(max(0, gzread(handle, room.baseAddress, UInt32(room.count))))
        }
        buffer.append(contentsOf: chunk)
        if !chunk.isEmpty { return true }
        var code: Int32 = Z_OK
        let text = gzerror(handle, &code).map { String(cString: $0) } ?? ""
        switch code {
        case Z_OK, Z_STREAM_END: return false
        case Z_BUF_ERROR: throw Problem(reason: "truncated_gzip", detail: "the file ends before its gzip stream does")
        case Z_ERRNO: throw Problem(reason: "unreadable_file", detail: SystemError.text(errno))
        default: throw Problem(reason: "invalid_gzip", detail: text)
        }
    }

    /// Bytes of the file itself that have been taken in.
    var consumed: UInt64 { UInt64(max(0, gzoffset(handle))) }
}
