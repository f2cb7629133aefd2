// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit

/// How a test's client reaches its server. Every test of calls runs over each.
enum Transport: CaseIterable, Sendable {
    case inProcess
    case socket
    case tls
}

/// A server and a client of it.
struct Rig: Sendable {
    let server: Server
    let client: Client
    let address: BoundAddress?
    let certificates: TestCertificates?

    /// Runs `body` with a server of these methods and a client over the transport; closes both afterwards.
    static func run<Result: Sendable>(
        _ transport: Transport,
        server configure: (inout ServerConfiguration) -> Void = { _ in },
        client configureClient: (inout ClientConfiguration) -> Void = { _ in },
        router build: (inout Router) -> Void = EchoService.add,
        _ body: (Rig) async throws -> Result
    ) async throws -> Result {
        var router = Router()
        build(&router)
        let certificates = transport == .tls ? try TestCertificates.shared() : nil
        var settings = ServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: 0)])
        settings.eventLoops = 2
        if let certificates {
            settings.tls = .server(
                certificateChainFile: certificates.server, privateKeyFile: certificates.serverKey,
                trustRoots: .file(certificates.authority), clientCertificates: .require)
        }
        configure(&settings)
        let server = try Server(configuration: settings, router: router)
        let address = transport == .inProcess ? nil : try await server.start().first
        var clientSettings = ClientConfiguration(
            target: .tcp(host: address?.host ?? "in-process", port: address?.port ?? 0))
        if let certificates {
            clientSettings.tls = .client(
                trustRoots: .file(certificates.authority), certificateChainFile: certificates.client,
                privateKeyFile: certificates.clientKey)
        }
        configureClient(&clientSettings)
        let client =
            transport == .inProcess
            ? server.makeInProcessClient(configuration: clientSettings) : try Client(configuration: clientSettings)
        let rig = Rig(server: server, client: client, address: address, certificates: certificates)
        do {
            let result = try await body(rig)
            await rig.close()
            return result
        } catch {
            await rig.close()
            throw error
        }
    }

    private func close() async {
        await client.close(now: true)
        await server.shutdown(gracePeriod: .seconds(1))
    }
}
