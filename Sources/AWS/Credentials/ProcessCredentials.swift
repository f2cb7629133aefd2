// SPDX-License-Identifier: Apache-2.0

import Dispatch

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Credentials that a profile's `credential_process` prints.
///
/// Source: "Process credential provider" in the AWS SDKs and tools reference.
struct ProcessCredentials: CredentialsProvider {
    let profile: String
    let command: String

    private struct Printed: Decodable {
        let version: Int
        let accessKeyID: String
        let secretAccessKey: String
        let sessionToken: String?
        let expiration: String?

        private enum CodingKeys: String, CodingKey {
            case version = "Version"
            case accessKeyID = "AccessKeyId"
            case secretAccessKey = "SecretAccessKey"
            case sessionToken = "SessionToken"
            case expiration = "Expiration"
        }
    }

    func credentials() async throws -> Credentials {
        let command = command
        let result = await withCheckedContinuation { done in
            // It waits for another process, which no thread of the concurrency runtime may.
            DispatchQueue.global().async { done.resume(returning: ChildProcess.output(of: command)) }
        }
        let output: [UInt8]
        switch result {
        case .success(let bytes): output = bytes
        case .failure(let problem):
            throw CredentialsError(.unavailable, "the credential_process of profile '\(profile)' \(problem.text)")
        }
        guard let printed = try? JSONDecoder().decode(Printed.self, from: Data(output)), printed.version == 1 else {
            throw CredentialsError(
                .unavailable, "the credential_process of profile '\(profile)' prints no credentials of version 1")
        }
        var end: Date?
        if let expiration = printed.expiration {
            guard let date = TimeText.iso8601(expiration) else {
                throw CredentialsError(
                    .unavailable, "the credential_process of profile '\(profile)' prints an Expiration that is no time")
            }
            end = date
        }
        return Credentials(
            accessKeyID: printed.accessKeyID, secretAccessKey: printed.secretAccessKey,
            sessionToken: printed.sessionToken, expiration: end)
    }
}

/// A command of the shell, run for what it prints. Its standard error is this process's: it may have a person to ask.
enum ChildProcess {
    /// What went wrong, to follow the name of the command.
    struct Problem: Error {
        let text: String
    }

    /// Everything that the command prints, within the limits of time and size.
    static func output(of command: String) -> Result<[UInt8], Problem> {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return .failure(Problem(text: "can't be started")) }
        // Another child that is started meanwhile would keep the pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        var child: pid_t = 0
        let started = withArguments(["sh", "-c", command]) { arguments in
            posix_spawn(&child, "/bin/sh", &actions, nil, arguments, environ)
        }
        close(ends[1])
        defer { close(ends[0]) }
        guard started == 0 else { return .failure(Problem(text: "can't be started")) }
        let output = read(ends[0])
        if case .failure = output { kill(child, SIGKILL) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard case .success = output else { return output }
        guard status == 0 else {
            // The exit code is in the second byte, a signal in the first.
            let code = status >> 8 & 0xFF
            return .failure(Problem(text: status & 0x7F == 0 ? "ended with exit code \(code)" : "was killed"))
        }
        return output
    }

    private static func read(_ descriptor: Int32) -> Result<[UInt8], Problem> {
        let end = ContinuousClock.now + AWSLimits.credentialProcessTimeout
        var output: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4_096)
        while true {
            let left = (end - .now).components.seconds
            guard left > 0 else {
                return .failure(Problem(text: "did not end within \(AWSLimits.credentialProcessTimeout)"))
            }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Int32(left) * 1_000) > 0 else { continue }
            let count = part.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .success(output) }
            output += part.prefix(count)
            guard output.count <= AWSLimits.metadataBytes else { return .failure(Problem(text: "prints too much")) }
        }
    }

    private static func withArguments<Result>(
        _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            // It has the closing nil at least.
            body(buffer.baseAddress.unsafelyUnwrapped)
        }
    }
}
