// SPDX-License-Identifier: Apache-2.0

import RPC
import Synchronization
import TestKit
import Testing

/// Who may connect, and what becomes of those who may not.
@Suite(.timeLimit(.minutes(2))) struct TLSTests {
    /// A client of the rig's server with another identity and trust.
    private static func client(
        _ rig: Rig, trust: TLSConfiguration.TrustRoots, certificate: String? = nil, key: String? = nil,
        serverName: String? = nil
    ) throws -> Client {
        var settings = ClientConfiguration(target: .tcp(host: "127.0.0.1", port: rig.address?.port ?? 0))
        settings.tls = .client(
            trustRoots: trust, certificateChainFile: certificate, privateKeyFile: key, serverName: serverName)
        return try Client(configuration: settings)
    }

    private static func refused(_ client: Client) async {
        let error = await rpcError { _ = try await client.unary(EchoService.unary, [1]) }
        #expect(error.code == .unavailable)
        await client.close(now: true)
    }

    @Test func handlersKnowThePeer() async throws {
        let seen = Mutex<Peer?>(nil)
        try await Rig.run(.tls, router: { router in
            router.unary(EchoService.unary) { request, context in
                seen.withLock { $0 = context.peer }
                return request
            }
        }) { rig in
            _ = try await rig.client.unary(EchoService.unary, [1])
            let peer = try #require(seen.withLock { $0 })
            #expect(peer.address.hasPrefix("127.0.0.1:"))
            let certificate = try #require(peer.certificate)
            #expect(certificate.subject == "CN=collector-7,O=Example")
            #expect(certificate.uris == [TestCertificates.clientURI])
            #expect(certificate.dnsNames == [])
            #expect(certificate.fingerprint.count == 64)
            #expect(!certificate.serial.isEmpty)
            #expect(certificate.notAfter > 1_700_000_000)
        }
    }

    @Test func clientsWithoutATrustedCertificate() async throws {
        let others = try TestCertificates()
        try await Rig.run(.tls) { rig in
            let own = try #require(rig.certificates)
            await Self.refused(try Self.client(rig, trust: .file(own.authority)))
            await Self.refused(
                try Self.client(
                    rig, trust: .file(own.authority), certificate: others.client, key: others.clientKey))
            try await eventually {
                let failures = rig.server.statistics.handshakeFailures
                return failures[.missingCertificate] == 1 && failures[.untrustedCertificate] == 1
            }
            let response = try await rig.client.unary(EchoService.unary, [1])
            #expect(response == [1])
        }
    }

    @Test func serversThatAreNotWhoTheyShouldBe() async throws {
        let others = try TestCertificates()
        try await Rig.run(.tls) { rig in
            let own = try #require(rig.certificates)
            await Self.refused(
                try Self.client(
                    rig, trust: .file(others.authority), certificate: own.client, key: own.clientKey))
            await Self.refused(
                try Self.client(
                    rig, trust: .file(own.authority), certificate: own.client, key: own.clientKey,
                    serverName: "elsewhere.test"))
            let byName = try Self.client(
                rig, trust: .file(own.authority), certificate: own.client, key: own.clientKey,
                serverName: "localhost")
            let response = try await byName.unary(EchoService.unary, [1])
            #expect(response == [1])
            await byName.close()
        }
    }

    @Test func garbageInsteadOfTLS() async throws {
        try await Rig.run(.tls) { rig in
            let peer = try ScriptedPeer.connect(port: rig.address?.port ?? 0)
            peer.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
            while await !peer.nextBytes().isEmpty {}
            let random = try ScriptedPeer.connect(port: rig.address?.port ?? 0)
            random.send((0..<300).map { UInt8(truncatingIfNeeded: $0 &* 77 &+ 13) })
            while await !random.nextBytes().isEmpty {}
            #expect(rig.server.statistics.handshakeFailures[.notTLS] == 2)
            let response = try await rig.client.unary(EchoService.unary, [1])
            #expect(response == [1])
        }
    }

    @Test func silenceInsteadOfTLS() async throws {
        try await Rig.run(.tls, server: { $0.limits.handshakeTimeout = .milliseconds(500) }) { rig in
            let peer = try ScriptedPeer.connect(port: rig.address?.port ?? 0)
            while await !peer.nextBytes().isEmpty {}
            #expect(rig.server.statistics.handshakeFailures[.timeout] == 1)
        }
    }

    @Test func aPlainClientOfATLSServer() async throws {
        try await Rig.run(.tls) { rig in
            let plain = try Client(
                configuration: ClientConfiguration(target: .tcp(host: "127.0.0.1", port: rig.address?.port ?? 0)))
            await Self.refused(plain)
        }
    }

    @Test func revokedPeers() async throws {
        let isRevoked = Mutex(false)
        try await Rig.run(
            .tls, server: { $0.tls?.acceptsPeer = { _ in isRevoked.withLock { !$0 } } }
        ) { rig in
            let response = try await rig.client.unary(EchoService.unary, [1])
            #expect(response == [1])
            isRevoked.withLock { $0 = true }
            let own = try #require(rig.certificates)
            await Self.refused(
                try Self.client(rig, trust: .file(own.authority), certificate: own.client, key: own.clientKey))
            try await eventually { rig.server.statistics.handshakeFailures[.untrustedCertificate] == 1 }
        }
    }

    @Test func certificatesAreReloaded() async throws {
        let next = try TestCertificates()
        try await Rig.run(.tls) { rig in
            try rig.server.reloadTLS(
                .server(
                    certificateChainFile: next.server, privateKeyFile: next.serverKey,
                    trustRoots: .file(next.authority), clientCertificates: .require))
            let client = try Self.client(
                rig, trust: .file(next.authority), certificate: next.client, key: next.clientKey)
            let response = try await client.unary(EchoService.unary, [1])
            #expect(response == [1])
            await client.close()
        }
    }

    @Test func filesThatAreWrong() throws {
        let good = try TestCertificates.shared()
        let wrong: [TLSConfiguration] = [
            .server(certificateChainFile: "/nonexistent", privateKeyFile: good.serverKey),
            .server(certificateChainFile: good.server, privateKeyFile: good.clientKey),
            .server(certificateChainFile: good.serverKey, privateKeyFile: good.serverKey),
            .server(
                certificateChainFile: good.server, privateKeyFile: good.serverKey,
                trustRoots: .file(good.serverKey)),
            .server(
                certificateChainFile: good.server, privateKeyFile: good.serverKey, clientCertificates: .require),
        ]
        for tls in wrong {
            let error = #expect(throws: TLSConfigurationError.self) {
                _ = try Server(configuration: ServerConfiguration(addresses: [], tls: tls), router: Router())
            }
            #expect(error?.description.isEmpty == false)
        }
    }
}
