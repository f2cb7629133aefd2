// SPDX-License-Identifier: Apache-2.0

import BenchKit
import Contract
import Foundation
import Messages
import NIOCore
import RPC

/// A service on a data folder of its own, which goes with this object, and with this process however it ends.
package final class RunningService {
    package let figures: ProcessFigures
    private let process = Process()
    private let folder: URL
    private let port: Int
    /// Ends when this process does, which is when it tidies up.
    private let heir = Process()
    private let heirsInput = Pipe()

    /// Starts the service, and returns once it listens.
    package init(program: String, rules: String, options: [String], parent: String) async throws {
        let parent = parent.isEmpty ? FileManager.default.temporaryDirectory : URL(fileURLWithPath: parent)
        folder = parent.appendingPathComponent("trailhound-bench-\(ProcessInfo.processInfo.processIdentifier)")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let log = folder.appendingPathComponent("log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments =
            ["serve", "--data-dir", folder.path, "--listen", "127.0.0.1:0", "--rules", rules] + options
        process.standardInput = FileHandle.nullDevice
        // Not this process's own output: whoever reads that would wait for the service's end as well.
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        heir.executableURL = URL(fileURLWithPath: "/bin/sh")
        heir.arguments = [
            "-c", "read end; kill -KILL $1 2>/dev/null; rm -rf \"$2\"", "sh", "\(process.processIdentifier)",
            folder.path,
        ]
        heir.standardInput = heirsInput
        heir.standardOutput = FileHandle.nullDevice
        heir.standardError = FileHandle.nullDevice
        try heir.run()
        figures = ProcessFigures(process.processIdentifier)
        var found: Int?
        while found == nil {
            let text = try String(contentsOf: log, encoding: .utf8)
            guard process.isRunning else { throw BenchFailure("the service did not start:\n\(text)") }
            found = Self.port(in: text)
            try await Task.sleep(for: .milliseconds(10))
        }
        port = found ?? 0
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    /// The port of the line that says where the service listens.
    private static func port(in log: String) -> Int? {
        guard let line = log.split(separator: "\n").first(where: { $0.contains("Serving on ") }) else { return nil }
        let address = line.split(separator: " ").first { $0.hasPrefix("127.0.0.1:") }
        return address?.split(separator: ":").last.flatMap { Int($0.prefix(while: \.isNumber)) }
    }

    /// A client with the admin's certificate, over TLS, on an event loop of `group` or of the process's own.
    package func connect(group: (any EventLoopGroup)? = nil) throws -> Client {
        let pki = folder.appendingPathComponent("pki")
        var configuration = ClientConfiguration(
            target: .tcp(host: "127.0.0.1", port: port),
            tls: .client(
                trustRoots: .file(pki.appendingPathComponent("ca.pem").path),
                certificateChainFile: pki.appendingPathComponent("admin.pem").path,
                privateKeyFile: pki.appendingPathComponent("admin-key.pem").path))
        configuration.limits.maxReceiveMessageBytes = 16 << 20
        return try Client(configuration: configuration, group: group)
    }

    package func onboard(_ accounts: [String]) async throws {
        let client = try connect()
        for account in accounts {
            let request = OnboardAccountRequest(accountID: account, name: "bench", owner: "bench@example.com")
            _ = try await client.unary(AccountService.onboardAccount, request)
        }
        await client.close()
    }

    /// Bytes of the store's files.
    package var storedBytes: Int {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)
            return sum + ((attributes?[.size] as? Int) ?? 0)
        }
    }

    /// The end of the service's log.
    package var lastWords: String {
        let text = (try? String(contentsOf: folder.appendingPathComponent("log"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(10).joined(separator: "\n")
    }

    /// SIGTERM, and waits for the end; SIGKILL for a service that does not end by itself.
    package func stop() async throws {
        defer { heir.terminate() }
        process.terminate()
        let end = ContinuousClock.now + .seconds(60)
        while process.isRunning {
            try await Task.sleep(for: .milliseconds(5))
            guard ContinuousClock.now < end else {
                kill(process.processIdentifier, SIGKILL)
                throw BenchFailure("the service did not end:\n\(lastWords)")
            }
        }
    }
}

/// Runs a benchmark to its end; what it fails of is one message, and the program's status.
package func benchmark(_ body: () async throws -> Void) async {
    do { try await body() } catch {
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        exit(1)
    }
}

package struct BenchFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
