// SPDX-License-Identifier: Apache-2.0

import Glibc

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Folders of the collector's state.
enum StateFolder {
    /// Makes a folder and those above it, where they are missing.
    static func make(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// The names in a folder.
    static func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
}

/// One collector at a time keeps its state in a folder: two would overwrite each other's.
package final class StateLock: Sendable {
    private let descriptor: Int32

    /// Locks a folder for as long as this lives; a process that ends in any way lets go.
    package init(folder: String) throws {
        try StateFolder.make(folder)
        let path = folder + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StateError("open", path, errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw SinkError("another collector keeps its state in \(folder): give each a folder with --state")
        }
    }

    deinit { close(descriptor) }
}
