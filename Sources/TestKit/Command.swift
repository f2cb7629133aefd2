// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A command that a test runs to its end, without its output.
enum Command {
    /// It could not be started, or said that it failed.
    struct Failed: Error {
        /// What was run.
        let command: String
    }

    /// Runs the command and waits for it. Not by Foundation's Process: its waiting turns a run loop, which hangs when
    /// every thread of the cooperative pool does it.
    static func run(_ program: String, _ arguments: [String]) throws {
        let failure = Failed(command: ([program] + arguments).joined(separator: " "))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var strings: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        var child = pid_t()
        guard posix_spawnp(&child, program, &actions, nil, &strings, environ) == 0 else { throw failure }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        guard status == 0 else { throw failure }
    }
}
