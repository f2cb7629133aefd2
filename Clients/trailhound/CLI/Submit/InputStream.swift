// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file's bytes as they are, read piece by piece.
struct InputStream: ~Copyable {
    struct Problem: Error {
        /// A word of the service's vocabulary of rejections.
        let reason: String
        let detail: String
    }

    private let descriptor: Int32

    /// Opens a file, or standard input for `-`.
    init(path: String) throws(Problem) {
        descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Problem(reason: "unreadable_file", detail: SystemError.text(errno))
        }
    }

    deinit { close(descriptor) }

    /// Fills `room` as far as there are bytes; 0 at the end of the file. Of a pipe it takes what is there.
    mutating func read(into room: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        while true {
            let got = Glibc.read(descriptor, room.baseAddress, room.count)
            if got >= 0 { return got }
            if errno != EINTR { throw Problem(reason: "unreadable_file", detail: SystemError.text(errno)) }
        }
    }
}
