// SPDX-License-Identifier: Apache-2.0

import AWS
import Foundation

/// A moto server of this process, an AWS that speaks the real wire protocols. It needs `moto[server]` of
/// Tests/requirements.txt in the repository's `.venv`.
public final class MotoServer: Sendable {
    /// The server's address, for AWS_ENDPOINT_URL.
    public let url: String
    private let input: FileHandle

    /// The repository's root.
    public static var root: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    private static var python: URL { root.appending(path: ".venv/bin/python") }

    /// Whether moto is installed; tests that need it are skipped where it is not.
    public static var isInstalled: Bool {
        let library = root.appending(path: ".venv/lib")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: library.path)) ?? []
        return versions.contains {
            FileManager.default.fileExists(atPath: library.appending(path: "\($0)/site-packages/moto/server.py").path)
        }
    }

    /// The server that tests share. Tests keep apart by accounts and names.
    public static let shared = Result { try MotoServer() }

    /// Starts a server and waits until it listens.
    ///
    /// - Parameters:
    ///   - environment: moto's settings, by their variables.
    ///   - isGuarded: Whether the policies of roles and users hold in it, as moto_guard.py says.
    ///   - isRecorded: Whether its calls are written down for `CallRecorder`.
    public init(environment: [String: String] = [:], isGuarded: Bool = false, isRecorded: Bool = true) throws {
        var variables = environment
        if isGuarded { variables["TRAILHOUND_GUARDED"] = "1" }
        if isRecorded { variables["TRAILHOUND_CALLS"] = CallRecorder.folder.path }
        let (port, input) = try Self.start("moto_server.py", arguments: [], environment: variables)
        url = "http://127.0.0.1:\(port)"
        self.input = input
    }

    /// Starts a server of this folder that prints its port and ends with its standard input.
    static func start(
        _ script: String, arguments: [String], environment: [String: String]
    ) throws -> (port: String, input: FileHandle) {
        let process = Process()
        process.executableURL = python
        process.arguments = [root.appending(path: "Tests/AWSTestKit").appending(path: script).path] + arguments
        var variables = ProcessInfo.processInfo.environment
        // Credentials of the machine that runs the tests have no business in the stand-in.
        for name in variables.keys where name.hasPrefix("AWS_") { variables[name] = nil }
        process.environment = variables.merging(environment) { _, new in new }
        let standardInput = Pipe()
        let standardOutput = Pipe()
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let more = standardOutput.fileHandleForReading.availableData
            guard !more.isEmpty else { throw MotoError("\(script) ended before it listened") }
            line.append(more)
        }
        let port = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return (port, standardInput.fileHandleForWriting)
    }

    deinit { try? input.close() }

    /// Runs a script of this folder with the Python that has moto, and returns what it prints.
    package static func run(_ script: String, input: Data) throws -> Data {
        let process = Process()
        process.executableURL = python
        process.arguments = [root.appending(path: "Tests/AWSTestKit").appending(path: script).path]
        let standardInput = Pipe()
        let standardOutput = Pipe()
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: input)
        try standardInput.fileHandleForWriting.close()
        let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw MotoError("\(script) failed") }
        return output
    }

    /// A client of the server with the key of `caller`.
    ///
    /// moto tells accounts apart by the key, whose account it reads from a key that AssumeRole gave.
    package func client(
        as caller: TestCaller = .stage, region: String = "us-east-1", transport: (any HTTPTransport)? = nil,
        clock: AWSClock = .system,
        credentials: (any CredentialsProvider)? = nil
    ) -> AWSClient {
        AWSClient(
            credentials: credentials
                ?? StaticCredentials(caller.credentials),
            region: region, endpoints: EndpointResolver(override: url), transport: transport ?? SocketTransport.shared,
            limiter: RateLimiter(), clock: clock)
    }
}

/// Whose key signs a call, so that the test of the printed policies knows what a call is to be held against.
public enum TestCaller: String, Sendable, CaseIterable {
    /// A test that sets its stage, or looks at what came of it.
    case stage = "AKIDTEST"
    /// The service, or whoever else of Trailhound takes the printed roles on and does nothing before.
    case service = "AKIDSERVICE"
    /// A collector whose own identity has the policy to read with, and which takes on no role.
    case collector = "AKIDCOLLECTOR"

    /// The key, with a secret that all share.
    package var credentials: Credentials { Credentials(accessKeyID: rawValue, secretAccessKey: "test-secret") }

    /// What a program needs to call a stand-in for AWS at `endpoint` with this key.
    public func environment(_ endpoint: String) -> [String: String] {
        [
            "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": rawValue,
            "AWS_SECRET_ACCESS_KEY": "test-secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }
}

/// Why a test has no moto.
public struct MotoError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
