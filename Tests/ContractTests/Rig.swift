// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import PKI
import RPC

/// How a test's client reaches its server.
enum Transport: CaseIterable, Sendable {
    case inProcess
    case plaintext
    /// With certificates of the project's own minting on both sides.
    case tls
}

/// Runs `body` with a client of a server with these services, and closes both.
func withClient<Result: Sendable>(
    _ transport: Transport, _ services: (inout Router) -> Void, _ body: (Client) async throws -> Result
) async throws -> Result {
    var router = Router()
    services(&router)
    var serverSettings = ServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: 0)])
    serverSettings.eventLoops = 1
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("trailhound-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var clientTLS: TLSConfiguration?
    if transport == .tls {
        let pki = try DevelopmentPKI.ensure(in: folder)
        let roots = TLSConfiguration.TrustRoots.file(pki.certificatePath("ca"))
        serverSettings.tls = .server(
            certificateChainFile: pki.certificatePath("server"), privateKeyFile: pki.keyPath("server"),
            trustRoots: roots, clientCertificates: .require)
        clientTLS = .client(
            trustRoots: roots, certificateChainFile: pki.certificatePath("admin"),
            privateKeyFile: pki.keyPath("admin"))
    }
    let server = try Server(configuration: serverSettings, router: router)
    let client: Client
    if transport == .inProcess {
        client = server.makeInProcessClient()
    } else {
        let address = try await server.start()[0]
        client = try Client(
            configuration: ClientConfiguration(target: .tcp(host: address.host, port: address.port), tls: clientTLS))
    }
    let outcome: Swift.Result<Result, any Error>
    do { outcome = .success(try await body(client)) } catch { outcome = .failure(error) }
    await client.close(now: true)
    await server.shutdown(gracePeriod: .seconds(1))
    return try outcome.get()
}

/// A method of a contract's service whose bytes the test writes and reads by hand.
func rawMethod(_ service: String, _ name: String, _ shape: CallShape) -> RPC.Method<[UInt8], [UInt8]> {
    RPC.Method(service: service, name: name, shape: shape, request: .bytes, response: .bytes)
}
