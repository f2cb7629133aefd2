// SPDX-License-Identifier: Apache-2.0

import Foundation
import RPC
import TestKit
import Testing

/// The stock Python gRPC package, where `make deps` has installed it.
enum Python {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The interpreter with the package.
    static let interpreter = root.appendingPathComponent(".venv/bin/python").path
    /// Without it these tests are skipped.
    static let isInstalled = FileManager.default.isExecutableFile(atPath: interpreter)

    static func start(_ script: String, _ arguments: [String]) throws -> Subprocess {
        let path = root.appendingPathComponent("Tests/RPCTests/Python/\(script)").path
        return try Subprocess(interpreter, [path] + arguments)
    }

    static func tlsArguments(_ certificates: TestCertificates, isServer: Bool) -> [String] {
        [
            "--ca", certificates.authority, "--cert", isServer ? certificates.server : certificates.client, "--key",
            isServer ? certificates.serverKey : certificates.clientKey,
        ]
    }
}

/// Peers that nobody here wrote. Skipped where the Python package is missing (`make deps` installs it).
@Suite(.enabled(if: Python.isInstalled), .timeLimit(.minutes(5)))
struct PythonInteropTests {
    private static func addService(to router: inout Router) {
        EchoService.add(to: &router)
        let hanging = Counter()
        let cancelled = Counter()
        router.unary(EchoService.unary) { request, context in
            for entry in context.metadata where entry.name.hasPrefix("initial-") { context.initialMetadata.add(entry) }
            for entry in context.metadata where entry.name.hasPrefix("trailing-") {
                context.trailingMetadata.add(entry)
            }
            return request
        }
        router.unary(EchoService.method("Packed", .unary)) { request, context in
            context.compressesResponse = true
            return request
        }
        router.unary(EchoService.method("Fail", .unary)) { _, _ in
            throw RPCError(
                .notFound, "nicht da: 50% ü\n", metadata: ["why": "because"],
                details: [0x08, 0x05, 0x12, 0x02] + Array("no".utf8))
        }
        router.unary(EchoService.method("Hang", .unary)) { request, _ in
            hanging.add()
            defer {
                hanging.add(-1)
                cancelled.add()
            }
            try await Task.sleep(for: .seconds(3600))
            return request
        }
        router.unary(EchoService.method("CountHanging", .unary)) { _, _ in [UInt8(clamping: hanging.value)] }
        router.unary(EchoService.method("CountCancelled", .unary)) { _, _ in [UInt8(clamping: cancelled.value)] }
    }

    @Test(arguments: [Transport.socket, .tls]) func stockClientOurServer(_ transport: Transport) async throws {
        try await Rig.run(transport, router: Self.addService) { rig in
            let port = try #require(rig.address?.port)
            var arguments = ["localhost:\(port)"]
            if let certificates = rig.certificates {
                arguments += Python.tlsArguments(certificates, isServer: false)
            }
            let client = try Python.start("client_cases.py", arguments)
            var passed = 0
            while let line = await client.nextLine() {
                #expect(line.hasPrefix("ok "), "\(line)")
                if line.hasPrefix("ok ") { passed += 1 }
            }
            #expect(passed == 13)
        }
    }

    @Test(arguments: [false, true]) func ourClientStockServer(_ usesTLS: Bool) async throws {
        let certificates = usesTLS ? try TestCertificates.shared() : nil
        let server = try Python.start(
            "echo_server.py", certificates.map { Python.tlsArguments($0, isServer: true) } ?? [])
        let line = try #require(await server.nextLine())
        var settings = ClientConfiguration(target: .tcp(host: "127.0.0.1", port: try #require(Int(line))))
        if let certificates {
            settings.tls = .client(
                trustRoots: .file(certificates.authority), certificateChainFile: certificates.client,
                privateKeyFile: certificates.clientKey)
        }
        let client = try Client(configuration: settings)
        try await Self.shapes(client)
        try await Self.endings(client)
        try await Self.metadata(client)
        try await Self.aHundredAtOnce(client)
        await client.close()
    }

    @Test func ourClientTakesWhatTheStockServerPacks() async throws {
        let server = try Python.start("echo_server.py", ["--gzip"])
        let line = try #require(await server.nextLine())
        let client = try Client(
            configuration: ClientConfiguration(target: .tcp(host: "127.0.0.1", port: try #require(Int(line)))))
        let text = [UInt8](repeating: 66, count: 200_000)
        let response = try await client.unary(EchoService.unary, text, options: CallOptions(compresses: true))
        #expect(response == text)
        await client.close()
    }

    private static func shapes(_ client: Client) async throws {
        let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let echoed = try await client.unary(EchoService.unary, large)
        #expect(echoed == large)
        let all = try await client.clientStreaming(EchoService.collect) { requests in
            for byte in UInt8(0)..<100 { try await requests.write([byte]) }
        }
        #expect(all == Array(0..<100))
        let responses = try await client.serverStreaming(EchoService.expand, Array(0..<200))
        var seen: [UInt8] = []
        for try await response in responses { seen += response }
        #expect(seen == Array(0..<200))
        let call = try await client.bidirectional(EchoService.chat)
        for byte in UInt8(0)..<50 {
            try await call.requests.write([byte])
            let response = try await call.responses.next()
            #expect(response == [byte])
        }
        try await call.requests.finish()
        let end = try await call.responses.next()
        #expect(end == nil)
    }

    private static func endings(_ client: Client) async throws {
        let failure = await rpcError { _ = try await client.unary(EchoService.method("Fail", .unary), [1]) }
        #expect(failure.code == .notFound)
        #expect(failure.message == "nicht da: 50% ü")
        #expect(failure.metadata["why"] == "because")
        #expect(failure.details == [0x08, 0x05, 0x12, 0x02] + Array("no".utf8))
        let missing = await rpcError { _ = try await client.unary(EchoService.method("Missing", .unary), [1]) }
        #expect(missing.code == .unimplemented)
        let hang = EchoService.method("Hang", .unary)
        let late = await rpcError {
            _ = try await client.unary(hang, [], options: CallOptions(timeout: .milliseconds(50)))
        }
        #expect(late.code == .deadlineExceeded)
        let count = EchoService.method("CountCancelled", .unary)
        let task = Task { await rpcError { _ = try await client.unary(hang, []) } }
        task.cancel()
        #expect(await task.value.code == .cancelled)
        try await eventually { try await client.unary(count, []).first ?? 0 >= 1 }
    }

    private static func metadata(_ client: Client) async throws {
        var metadata: Metadata = ["initial-a": "x y", "trailing-a": "1"]
        metadata.add("trailing-a-bin", binary: Array(0...255))
        let response = try await client.unaryWithMetadata(
            EchoService.unary, [1], options: CallOptions(metadata: metadata))
        #expect(response.initialMetadata["initial-a"] == "x y")
        #expect(response.trailingMetadata["trailing-a"] == "1")
        #expect(response.trailingMetadata[binary: "trailing-a-bin"] == Array(0...255))
    }

    private static func aHundredAtOnce(_ client: Client) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in UInt8(0)..<100 {
                group.addTask {
                    let call = try await client.bidirectional(EchoService.chat)
                    for round in UInt8(0)..<3 {
                        try await call.requests.write([number, round])
                        let response = try await call.responses.next()
                        #expect(response == [number, round])
                    }
                    try await call.requests.finish()
                    let end = try await call.responses.next()
                    #expect(end == nil)
                }
            }
            try await group.waitForAll()
        }
    }
}
