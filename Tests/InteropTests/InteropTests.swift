// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

/// The program under test, and the stock Python implementation of the same service and cases.
enum Programs {
    /// The built `rpc-interop`, beside the program of the tests.
    static let interop = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("rpc-interop").path

    private static let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    /// The interpreter with the stock package, where `make deps` has installed it.
    static let python = here.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".venv/bin/python").path

    static let hasPython = FileManager.default.isExecutableFile(atPath: python)

    static func start(python script: String, _ arguments: [String]) throws -> Subprocess {
        try Subprocess(python, [here.appendingPathComponent("Python/\(script)").path] + arguments)
    }
}

/// gRPC's interoperability cases by the built program, both ways. Those against the stock Python implementation are
/// skipped where it is missing (`make deps` installs it).
@Suite(.timeLimit(.minutes(5)))
struct InteropTests {
    /// The official names of the cases that need no cloud.
    static let cases = [
        "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream",
        "cancel_after_begin", "cancel_after_first_response", "timeout_on_sleeping_server", "status_code_and_message",
        "special_status_message", "unimplemented_method", "unimplemented_service", "custom_metadata",
        "client_compressed_unary", "server_compressed_unary", "client_compressed_streaming",
        "server_compressed_streaming",
    ]

    /// Every case was run, in whatever order, and said that it holds.
    private func expectAll(_ client: Subprocess) async {
        var seen: [String] = []
        while let line = await client.nextLine() {
            let words = line.split(separator: " ", maxSplits: 1)
            #expect(words.first == "ok", "\(line)")
            if words.count == 2, words[0] == "ok" { seen.append(String(words[1])) }
        }
        #expect(seen.sorted() == Self.cases.sorted())
    }

    private func serve(_ certificates: TestCertificates?) async throws -> (server: Subprocess, port: String) {
        var arguments = ["serve", "--port", "0"]
        if let certificates {
            arguments += ["--tls", "--cert", certificates.server, "--key", certificates.serverKey]
        }
        let server = try Subprocess(Programs.interop, arguments)
        return (server, try #require(await server.nextLine()))
    }

    @Test(.enabled(if: Programs.hasPython), arguments: [false, true])
    func stockClientOurServer(_ usesTLS: Bool) async throws {
        let certificates = usesTLS ? try TestCertificates.shared() : nil
        let (server, port) = try await serve(certificates)
        let client = try Programs.start(
            python: "interop_client.py",
            ["localhost:\(port)"] + (certificates.map { ["--ca", $0.authority] } ?? []))
        await expectAll(client)
        withExtendedLifetime(server) {}
    }

    @Test(.enabled(if: Programs.hasPython), arguments: [false, true])
    func ourClientStockServer(_ usesTLS: Bool) async throws {
        let certificates = usesTLS ? try TestCertificates.shared() : nil
        let server = try Programs.start(
            python: "interop_server.py",
            certificates.map { ["--cert", $0.server, "--key", $0.serverKey] } ?? [])
        let port = try #require(await server.nextLine())
        let client = try Subprocess(
            Programs.interop,
            ["client", "--host", "localhost", "--port", port, "--case", "all"]
                + (certificates.map { ["--tls", "--ca", $0.authority] } ?? []))
        await expectAll(client)
        withExtendedLifetime(server) {}
    }

    @Test func officialSpellings() async throws {
        let certificates = try TestCertificates.shared()
        let server = try Subprocess(
            Programs.interop,
            [
                "serve", "--port=0", "--use_tls=true", "--tls_cert_file=\(certificates.server)",
                "--tls_key_file=\(certificates.serverKey)",
            ])
        let port = try #require(await server.nextLine())
        let client = try Subprocess(
            Programs.interop,
            [
                "client", "--server_host=127.0.0.1", "--server_host_override=localhost", "--server_port=\(port)",
                "--use_tls=true", "--ca=\(certificates.authority)", "--test_case=large_unary", "--test_case=ping_pong",
            ])
        let lines = [await client.nextLine(), await client.nextLine(), await client.nextLine()]
        #expect(lines == ["ok large_unary", "ok ping_pong", nil])
        withExtendedLifetime(server) {}
    }

    /// A case that does not hold is told: a server that serves nothing of the kind fails those that need an answer.
    @Test func failuresAreTold() async throws {
        let certificates = try TestCertificates.shared()
        let (server, port) = try await serve(certificates)
        let client = try Subprocess(
            Programs.interop, ["client", "--port", port, "--case", "empty_unary"])
        let line = try #require(await client.nextLine())
        #expect(line.hasPrefix("failed empty_unary: UNAVAILABLE"), "\(line)")
        withExtendedLifetime(server) {}
    }
}
