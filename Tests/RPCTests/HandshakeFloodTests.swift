// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// Connections that come in numbers, and handshakes that cost the server more than their clients.
@Suite(.timeLimit(.minutes(3))) struct HandshakeFloodTests {
    private static func flood(_ mode: String, _ count: Int, _ port: Int, _ rig: Rig) throws -> Subprocess {
        let certificates = try #require(rig.certificates)
        return try Python.start(
            "handshake_flood.py",
            [mode, "--port", "\(port)", "--count", "\(count)"]
                + Python.tlsArguments(certificates, isServer: false))
    }

    /// Calls over a connection of its own, which is made now.
    private static func newNeighbour(_ port: Int, _ rig: Rig) async throws {
        let certificates = try #require(rig.certificates)
        var settings = ClientConfiguration(target: .tcp(host: "127.0.0.1", port: port))
        settings.tls = .client(
            trustRoots: .file(certificates.authority), certificateChainFile: certificates.client,
            privateKeyFile: certificates.clientKey)
        let client = try Client(configuration: settings)
        #expect(try await client.unary(EchoService.unary, [5]) == [5])
        await client.close()
    }

    /// Whole handshakes, one after the other on eight lanes: each costs the server a signature, and nothing stays of it.
    @Test(.enabled(if: Python.isInstalled)) func handshakesThatGo() async throws {
        try await underAttack(.tls) { port, rig in
            let attacker = try Self.flood("go", 300, port, rig)
            try await eventually { rig.server.statistics.bytesReceived > 100_000 }
            try await Self.newNeighbour(port, rig)
            #expect(await attacker.nextLine() == "300")
            try await eventually { rig.server.statistics.handshakesOpen == 0 }
            #expect(rig.server.statistics.connectionsEstablished == 2)
            #expect(rig.server.statistics.refusals.isEmpty)
        }
    }

    /// Handshakes that stop at some step: they may be as many as the limit for their address says, others get through
    /// meanwhile, and when their time is up they are gone.
    @Test(.enabled(if: Python.isInstalled), arguments: ["stall", "half", "whole"])
    func handshakesThatStop(_ mode: String) async throws {
        try await underAttack(.tls) {
            $0.limits.maxHandshakes = 130
            $0.limits.maxHandshakesPerAddress = 100
            $0.limits.handshakeTimeout = .seconds(4)
        } _: { port, rig in
            let attacker = try Self.flood(mode, 300, port, rig)
            try await eventually { (rig.server.statistics.refusals[.maxHandshakesPerAddress] ?? 0) >= 100 }
            try await Self.newNeighbour(port, rig)
            try await eventually { rig.server.statistics.handshakesOpen == 0 }
            let statistics = rig.server.statistics
            #expect(statistics.connectionsEstablished == 2)
            #expect((100...200).contains(statistics.refusals[.handshakeTimeout] ?? 0))
            #expect(statistics.handshakeFailures[.timeout] == statistics.refusals[.handshakeTimeout])
            #expect(statistics.refusals[.maxHandshakes] == nil)
            withExtendedLifetime(attacker) {}
        }
    }

    /// What a handshake holds that has begun: so much, and as many times as the limit says, is all that a flood can take.
    @Test(.enabled(if: Python.isInstalled)) func aHandshakeIsSmall() async throws {
        try await underAttack(.tls) {
            $0.limits.handshakeTimeout = .seconds(120)
        } _: { port, rig in
            let first = try Self.flood("half", 50, port, rig)
            #expect(await first.nextLine() == "50")
            let before = ResidentMemory.bytes()
            let more = try Self.flood("half", 400, port, rig)
            #expect(await more.nextLine() == "400")
            let each = (ResidentMemory.bytes() - before) / 400
            #expect(each < 100_000)
            withExtendedLifetime((first, more)) {}
        }
    }

    @Test func floodsOfHandshakes() async throws {
        try await underAttack {
            $0.limits.maxHandshakes = 30
            $0.limits.maxHandshakesPerAddress = 20
        } _: { port, rig in
            let peers = try (0..<200).map { _ in try ScriptedPeer.connect(port: port) }
            try await eventually { rig.server.statistics.refusals == [.maxHandshakesPerAddress: 180] }
            #expect(rig.server.statistics.handshakesOpen == 20)
            withExtendedLifetime(peers) {}
        }
    }

    @Test func connectionsOfOneAddress() async throws {
        try await underAttack {
            $0.limits.maxConnectionsPerAddress = 5
        } _: { port, rig in
            let peers = try (0..<20).map { _ in try ScriptedPeer.connect(port: port) }
            for peer in peers { peer.sendClientPreface() }
            try await eventually { rig.server.statistics.refusals == [.maxConnectionsPerAddress: 16] }
            try await eventually { rig.server.statistics.connectionsOpen == 5 }
            withExtendedLifetime(peers) {}
        }
    }

    @Test func admissionCounts() {
        var limits = Limits()
        limits.maxConnections = 4
        limits.maxHandshakes = 3
        limits.maxHandshakesPerAddress = 2
        limits.maxConnectionsPerAddress = 3
        var admission = Admission()
        func begin(_ address: String?) -> LimitName? { admission.begin(address, limits: limits) }
        #expect(begin("a") == nil)
        #expect(begin("a") == nil)
        #expect(begin("a") == .maxHandshakesPerAddress)
        #expect(begin(nil) == nil)
        #expect(begin("b") == .maxHandshakes)
        admission.handshakeEnded("a")
        #expect(begin("a") == nil)
        admission.handshakeEnded("a")
        #expect(begin("a") == .maxConnections)
        admission.handshakeEnded(nil)
        admission.ended(nil)
        #expect(begin("a") == .maxConnectionsPerAddress)
        for _ in 0..<3 { admission.ended("a") }
        admission.handshakeEnded("a")
        #expect(admission == Admission())
    }
}
