// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Keeps a data directory to one process: an exclusive lock on a file in it, which the kernel lets go when the process
/// ends, however it ends.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// - Parameter patience: for how many milliseconds to wait for another process to end.
    init(directory: String, patience: Int = 0) throws {
        let path = directory + "/journal.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw JournalError(.inputOutput, "can't open \(path): \(String(cString: strerror(errno)))")
        }
        var waited = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let reason = errno
            if reason == EINTR { continue }
            if reason == EWOULDBLOCK, waited < patience {
                usleep(UInt32(JournalLimits.lockPollMilliseconds * 1_000))
                waited += JournalLimits.lockPollMilliseconds
                continue
            }
            close(descriptor)
            throw reason == EWOULDBLOCK
                ? JournalError(.inUse, "another process is using the data directory \(directory)")
                : JournalError(.inputOutput, "can't lock \(path): \(String(cString: strerror(reason)))")
        }
    }

    deinit {
        close(descriptor)
    }

    /// Makes a file that only its owner may read, where there is none: SQLite gives its other files the same mode.
    static func makePrivateFile(_ path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }
}
