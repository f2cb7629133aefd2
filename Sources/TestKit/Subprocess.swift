// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A program that a test runs beside itself. It ends with this object.
///
/// Sendable because everything is constant but the reading end, which one task uses at a time by the tests' own order.
public final class Subprocess: @unchecked Sendable {
    private let child: pid_t
    private let input: Int32
    private let output: Int32
    private var buffered: [UInt8] = []

    /// The program could not be started.
    public struct StartFailed: Error {
        /// Its path.
        public let path: String
    }

    /// Starts the program with pipes for its input and output; its errors go where the test's go.
    public init(_ path: String, _ arguments: [String]) throws {
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw StartFailed(path: path) }
        for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        var strings: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        var child = pid_t()
        let result = posix_spawnp(&child, path, &actions, nil, &strings, environ)
        Glibc.close(toChild[0])
        Glibc.close(fromChild[1])
        self.child = child
        input = toChild[1]
        output = fromChild[0]
        guard result == 0 else { throw StartFailed(path: path) }
    }

    deinit {
        Glibc.close(input)
        Glibc.close(output)
        kill(child, SIGKILL)
        var status: Int32 = 0
        waitpid(child, &status, 0)
    }

    /// The next line of its output, without the line's end; nil after the last. Reads on a thread that may block.
    public func nextLine() async -> String? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.readLine()) }
        }
    }

    private func readLine() -> String? {
        while true {
            if let end = buffered.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffered[..<end], as: UTF8.self)
                buffered.removeSubrange(...end)
                return line
            }
            var part = [UInt8](repeating: 0, count: 4096)
            let count = read(output, &part, part.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return nil }
            buffered += part[..<count]
        }
    }
}
