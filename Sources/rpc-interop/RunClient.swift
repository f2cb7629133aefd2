// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import RPC

/// `rpc-interop client`: runs cases against a server, one line for each; fails when one fails.
struct RunClient: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client", abstract: "Run cases against a server of grpc.testing.TestService.")

    @Option(name: [.long, .customLong("server_host")], help: "The server's name or address.")
    var host = "127.0.0.1"

    @Option(name: [.long, .customLong("server_port")], help: "The server's port.")
    var port: Int

    @Option(
        name: [.customLong("case"), .customLong("test_case")],
        help: "The case's name, or all. Can be given several times.")
    var cases: [String]

    @Flag(help: "Speak TLS.")
    var tls = false

    @Option(name: .customLong("use_tls"), help: "The official spelling of --tls: true or false.")
    var useTLS = Switch.off

    @Option(help: "PEM file of the authority that the server's certificate is of; the system's where it is not given.")
    var ca: String?

    @Option(help: "PEM file of the client's own certificate.")
    var cert: String?

    @Option(help: "PEM file of its private key.")
    var key: String?

    @Option(
        name: [.long, .customLong("server_host_override")],
        help: "The name that the server's certificate must carry, where it is not its host.")
    var serverName: String?

    func run() async throws {
        var chosen: [TestCase] = []
        for name in cases {
            if name == "all" {
                chosen += TestCase.allCases
            } else if let one = TestCase(rawValue: name) {
                chosen.append(one)
            } else {
                let known = TestCase.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--case: \(name) is none of all, \(known)")
            }
        }
        var configuration = ClientConfiguration(target: .tcp(host: host, port: port))
        if tls || useTLS == .on {
            configuration.tls = .client(
                trustRoots: ca.map { .file($0) } ?? .system, certificateChainFile: cert, privateKeyFile: key,
                serverName: serverName)
        }
        let client = try Client(configuration: configuration)
        var failed = 0
        for one in chosen {
            do {
                try await one.run(client)
                print("ok \(one.rawValue)")
            } catch {
                failed += 1
                print("failed \(one.rawValue): \(error)")
            }
            fflush(nil)
        }
        await client.close(now: true)
        if failed > 0 { throw ExitCode.failure }
    }
}
