// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging

/// The file descriptors that the process may have, of which each connection takes one.
///
/// Without a free one a connection can't even be refused, and the store can't open its files: so connections get what is left
/// beside the service's own.
package struct Descriptors: Sendable, Equatable {
    /// As many as may be open at a time.
    package let limit: Int
    /// Those that the service needs beside its connections.
    package let own: Int

    /// The process's own; throws where they are too few to serve at all.
    package init(loops: Int) throws(ConfigurationError) {
        var limits = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0
        try self.init(limit: isKnown ? Int(clamping: limits.rlim_cur) : .max, loops: loops)
    }

    /// As many as are said.
    package init(limit: Int, loops: Int) throws(ConfigurationError) {
        self.limit = limit
        own = Limits.ownDescriptors + Limits.descriptorsPerLoop * loops
        guard limit > own else {
            throw ConfigurationError(
                "the process may open \(limit) files (RLIMIT_NOFILE), and needs more than \(own) with \(loops) event loops: "
                    + "raise it with ulimit -n, or with LimitNOFILE= of systemd")
        }
    }

    /// Connections that fit, of those that are wanted.
    package func connections(wanted: Int) -> Int { min(wanted, limit - own) }

    /// As above; says where they are few.
    func connections(wanted: Int, _ problems: ServiceProblems, _ log: Logger) -> Int {
        let count = connections(wanted: wanted)
        guard count < wanted, count < Limits.fewConnections else { return count }
        let message =
            "\(limit) files may be open (RLIMIT_NOFILE): \(count) connections fit, where \(wanted) are the limit"
        problems.set(.fewDescriptors, message)
        log.warning("\(message)")
        return count
    }
}

/// The folder that everything of the service lies in.
package enum DataDirectory {
    /// Warns where others than the owner may write into it, or read what is in it.
    static func check(_ path: String, _ problems: ServiceProblems, _ log: Logger) {
        var status = stat()
        guard stat(path, &status) == 0, let message = warning(path, mode: status.st_mode) else { return }
        problems.set(.dataDirectoryOpen, message)
        log.warning("\(message)")
    }

    /// What to say of a folder of this mode; nil where it is the owner's alone to write and its group's to read at most.
    package static func warning(_ path: String, mode: UInt32) -> String? {
        let rights = mode & 0o777
        guard rights & 0o027 != 0 else { return nil }
        let text = String(rights, radix: 8)
        let who = rights & 0o022 != 0 ? "others may write into it" : "others may read it"
        return "the data directory \(path) has mode \(text), and \(who): chmod 700 makes it the service's own"
    }
}
