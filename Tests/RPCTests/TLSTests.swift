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

    private static func refused(_ client: Client, _ reason: HandshakeFailure) async {
        let error = await rpcError { _ = try await client.unary(EchoService.unary, [1]) }
        #expect(error.code == .unavailable)
        #expect(error.handshakeFailure == reason)
        await client.close(now: true)
    }

    @Test func handlersKnowThePeer() async throws {
        let seen = Mutex<Peer?>(nil)
        try await Rig.run(
            .tls,
            router: { router in
                router.unary(EchoService.unary) { request, context in
                    seen.withLock { $0 = context.peer }
                    return request
                }
            }
        ) { rig in
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
            await Self.refused(try Self.client(rig, trust: .file(own.authority)), .ownCertificateMissing)
            await Self.refused(
                try Self.client(
                    rig, trust: .file(own.authority), certificate: others.client, key: others.clientKey),
                .ownCertificateUntrusted)
            try await eventually {
                let failures = rig.server.statistics.handshakeFailures
                return failures[.missingCertificate] == 1 && failures[.unknownAuthority] == 1
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
                    rig, trust: .file(others.authority), certificate: own.client, key: own.clientKey),
                .unknownAuthority)
            await Self.refused(
                try Self.client(
                    rig, trust: .file(own.authority), certificate: own.client, key: own.clientKey,
                    serverName: "elsewhere.test"), .wrongHost)
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
            await Self.refused(plain, .refusedByPeer)
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
                try Self.client(rig, trust: .file(own.authority), certificate: own.client, key: own.clientKey),
                .ownCertificateRevoked)
            try await eventually { rig.server.statistics.handshakeFailures[.revokedCertificate] == 1 }
        }
    }

    @Test func revocationEndsOpenConnections() async throws {
        try await Rig.run(.tls) { rig in
            let call = try await rig.client.bidirectional(EchoService.chat)
            try await call.requests.write([1])
            let first = try await call.responses.next()
            #expect(first == [1])
            rig.server.closeConnections { $0.certificate?.subject == "CN=somebody-else" }
            try await call.requests.write([2])
            let second = try await call.responses.next()
            #expect(second == [2])
            rig.server.closeConnections { $0.certificate?.subject == "CN=collector-7,O=Example" }
            let error = await rpcError { _ = try await call.responses.next() }
            #expect([.unavailable, .cancelled].contains(error.code))
            try await eventually { rig.server.statistics.connectionsOpen == 0 }
        }
    }

    @Test func revocationListsAreReloaded() async throws {
        let certificates = try TestCertificates()
        let revoked = try certificates.issued("revoked")
        func settings(revoking list: [String]) throws -> TLSConfiguration {
            var tls = TLSConfiguration.server(
                certificateChainFile: certificates.server, privateKeyFile: certificates.serverKey,
                trustRoots: .file(certificates.authority), clientCertificates: .require)
            tls.revocationListFile = try certificates.revocationList(of: list)
            return tls
        }
        try await Rig.run(.tls) { rig in
            func client() throws -> Client {
                try Self.client(
                    rig, trust: .file(certificates.authority), certificate: revoked.certificate, key: revoked.key)
            }
            try rig.server.reloadTLS(try settings(revoking: []))
            let welcome = try client()
            let response = try await welcome.unary(EchoService.unary, [1])
            #expect(response == [1])
            await welcome.close()
            try rig.server.reloadTLS(try settings(revoking: [revoked.certificate]))
            await Self.refused(try client(), .ownCertificateRevoked)
            let other = try Self.client(
                rig, trust: .file(certificates.authority), certificate: certificates.client,
                key: certificates.clientKey)
            let served = try await other.unary(EchoService.unary, [2])
            #expect(served == [2])
            await other.close()
            #expect(rig.server.statistics.handshakeFailures == [.revokedCertificate: 1])
        }
    }

    /// Who began a handshake while it was welcome can't finish it after its revocation, when no call of
    /// `closeConnections` would find it any more.
    @Test func revocationEndsHandshakesThatHaveBegun() async throws {
        let certificates = try TestCertificates()
        let revoked = try certificates.issued("revoked")
        func settings(revoking list: [String]) throws -> TLSConfiguration {
            var tls = TLSConfiguration.server(
                certificateChainFile: certificates.server, privateKeyFile: certificates.serverKey,
                trustRoots: .file(certificates.authority), clientCertificates: .require)
            tls.revocationListFile = try certificates.revocationList(of: list)
            return tls
        }
        try await Rig.run(.tls) { rig in
            try rig.server.reloadTLS(try settings(revoking: []))
            let relay = try await HoldingRelay(before: rig.address?.port ?? 0)
            var throughRelay = ClientConfiguration(target: .tcp(host: "127.0.0.1", port: relay.port))
            throughRelay.tls = .client(
                trustRoots: .file(certificates.authority), certificateChainFile: revoked.certificate,
                privateKeyFile: revoked.key)
            let client = try Client(configuration: throughRelay)
            let call = Task { try await client.unary(EchoService.unary, [1]) }
            try await eventually { relay.isHolding }
            try rig.server.reloadTLS(try settings(revoking: [revoked.certificate]))
            rig.server.closeConnections { $0.certificate?.uris == [TestCertificates.clientURI] }
            relay.letGo()
            let error = await rpcError { _ = try await call.value }
            #expect(error.code == .unavailable)
            #expect(rig.server.statistics.connectionsEstablished == 0)
            await client.close(now: true)
            await relay.close()
        }
    }

    /// A root, an authority that it certified, and lists of one of them or both.
    @Test func revokedAuthorities() async throws {
        let root = try TestCertificates()
        let issuing = try TestCertificates(under: root)
        let trust = try issuing.joined("trust.pem", [issuing.authority, root.authority])
        func settings(_ lists: [String]) throws -> TLSConfiguration {
            var tls = TLSConfiguration.server(
                certificateChainFile: root.server, privateKeyFile: root.serverKey, trustRoots: .file(trust),
                clientCertificates: .require)
            tls.revocationListFile = try issuing.joined("lists.pem", lists)
            return tls
        }
        try await Rig.run(.tls) { rig in
            func client() throws -> Client {
                try Self.client(
                    rig, trust: .file(root.authority), certificate: issuing.client, key: issuing.clientKey)
            }
            let own = try issuing.revocationList(of: [])
            // The root has no list: its authority is believed. With one, it is held against it.
            for lists in [[own], [own, try root.revocationList(of: [])]] {
                try rig.server.reloadTLS(try settings(lists))
                let welcome = try client()
                let response = try await welcome.unary(EchoService.unary, [1])
                #expect(response == [1])
                await welcome.close()
            }
            try rig.server.reloadTLS(try settings([own, try root.revocationList(of: [issuing.authority])]))
            await Self.refused(try client(), .ownCertificateRevoked)
            try await eventually { rig.server.statistics.handshakeFailures == [.revokedCertificate: 1] }
            // The list of the certificate's own authority may not be missing.
            try rig.server.reloadTLS(try settings([try root.revocationList(of: [])]))
            await Self.refused(try client(), .ownCertificateUntrusted)
            try await eventually { rig.server.statistics.handshakeFailures[.untrustedCertificate] == 1 }
        }
    }

    @Test func expiredCertificates() async throws {
        let certificates = try TestCertificates()
        let expired = try certificates.issued("expired", days: -1)
        try await Rig.run(.tls) { rig in
            try rig.server.reloadTLS(
                .server(
                    certificateChainFile: certificates.server, privateKeyFile: certificates.serverKey,
                    trustRoots: .file(certificates.authority), clientCertificates: .require))
            await Self.refused(
                try Self.client(
                    rig, trust: .file(certificates.authority), certificate: expired.certificate, key: expired.key),
                .ownCertificateExpired)
            try await eventually { rig.server.statistics.handshakeFailures[.expiredCertificate] == 1 }
            try rig.server.reloadTLS(
                .server(certificateChainFile: expired.certificate, privateKeyFile: expired.key))
            await Self.refused(try Self.client(rig, trust: .file(certificates.authority)), .expiredCertificate)
            try await eventually { rig.server.statistics.handshakeFailures[.ownCertificateExpired] == 1 }
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
