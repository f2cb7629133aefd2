// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization
import TestKit

/// A running `trailhoundd` on a port and a data folder of its own, which can be killed and started again.
final class Service: Sendable {
    let data: URL
    let port: Int
    private let process = Mutex<Process?>(nil)
    private let folder: TemporaryFolder
    private let options: [String]
    private let environment: [String: String]

    var server: String { "127.0.0.1:\(port)" }
    var pki: URL { data.appendingPathComponent("pki") }
    var log: URL { folder.url.appendingPathComponent("service.log") }
    var processIdentifier: Int32 { process.withLock { $0?.processIdentifier ?? 0 } }

    /// Starts the service and waits until it answers.
    init(
        rules: URL = Programs.root.appendingPathComponent("Rules"), options: [String] = [], accounts: [String] = [],
        environment: [String: String] = [:]
    ) async throws {
        folder = try TemporaryFolder()
        data = folder.url.appendingPathComponent("data")
        port = LoopbackPort.free()
        self.options = ["--rules", rules.path] + options
        self.environment = environment
        try await start()
        for account in accounts {
            let outcome = try await client("account", "onboard", account)
            guard outcome.status == 0 else { throw ServiceFailure(message: outcome.errors) }
        }
    }

    deinit { process.withLock { $0.map { _ = kill($0.processIdentifier, SIGKILL) } } }

    func start() async throws {
        let process = Process()
        process.executableURL = Programs.service
        process.arguments = ["serve", "--data-dir", data.path, "--listen", server] + options
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if !FileManager.default.fileExists(atPath: log.path) {
            _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: log)
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process.withLock { $0 = process }
        let end = ContinuousClock.now + .seconds(60)
        while !Self.answers(port) {
            guard process.isRunning, ContinuousClock.now < end else {
                throw ServiceFailure(message: "the service did not start: \(logText)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// SIGKILL: nothing of the process gets a chance to tidy up.
    func killNow() async throws { try await end(SIGKILL) }

    /// SIGTERM: the service drains and ends.
    func stop() async throws { try await end(SIGTERM) }

    /// SIGTERM, and a new process at once; returns when the old one has ended and the new one answers.
    func restart() async throws {
        guard let old = process.withLock({ $0 }) else { return }
        kill(old.processIdentifier, SIGTERM)
        try await start()
        while old.isRunning { try await Task.sleep(for: .milliseconds(2)) }
        let end = ContinuousClock.now + .seconds(60)
        while !Self.answers(port) {
            guard ContinuousClock.now < end else { throw ServiceFailure(message: "no restart: \(logText)") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func end(_ signal: Int32) async throws {
        guard let process = process.withLock({ $0 }) else { return }
        kill(process.processIdentifier, signal)
        while process.isRunning { try await Task.sleep(for: .milliseconds(2)) }
        self.process.withLock { $0 = nil }
    }

    /// Runs the CLI against this service.
    func client(_ arguments: String...) async throws -> Outcome { try await client(arguments) }

    /// Runs the client against the service.
    func client(_ arguments: [String]) async throws -> Outcome {
        try await run(Programs.client, arguments + ["--server", server, "--pki", pki.path])
    }

    /// Resident memory now, in bytes, as the kernel counts it.
    var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/\(processIdentifier)/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(getpagesize())
    }

    private static func answers(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port: port)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }
}

struct ServiceFailure: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}
