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

    /// Handshakes that stop at some step: they may be as many as the limit for their address says and displace one another,
    /// others get through meanwhile, and when their time is up they are gone.
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
            #expect((90...200).contains(statistics.refusals[.handshakeTimeout] ?? 0))
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
            try await eventually { rig.server.statistics.handshakesOpen == 20 }
            #expect(rig.server.statistics.handshakeFailures[.displaced] == 180)
            // Those that came last are there.
            peers[199].sendClientPreface()
            try await eventually { rig.server.statistics.connectionsOpen == 2 }
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
        limits.maxConnections = 5
        limits.maxHandshakes = 3
        limits.maxHandshakesPerAddress = 2
        limits.maxConnectionsPerAddress = 4
        var admission = Admission()
        func begin(_ address: String?) -> Admission.Verdict { admission.begin(address, limits: limits) }
        #expect(begin("a") == .admitted(1))
        #expect(begin("a") == .admitted(2))
        #expect(begin("a") == .displacing(3, oldest: 1, .maxHandshakesPerAddress))
        admission.ended("a")
        #expect(begin(nil) == .admitted(4))
        // The oldest of the address that has most makes room for another's.
        #expect(begin("b") == .displacing(5, oldest: 2, .maxHandshakes))
        admission.ended("a")
        admission.handshakeEnded(2)
        #expect(admission.handshakes == 3)
        // Each has one: the oldest of all.
        #expect(begin("c") == .displacing(6, oldest: 3, .maxHandshakes))
        admission.ended("a")
        #expect(begin("a") == .displacing(7, oldest: 4, .maxHandshakes))
        admission.ended(nil)
        for ticket: Admission.Ticket in [5, 6, 7] { admission.handshakeEnded(ticket) }
        #expect(begin("a") == .admitted(8))
        #expect(begin("a") == .admitted(9))
        // Handshakes give way where connections are as many as may be; those that are up do not.
        #expect(begin("d") == .displacing(10, oldest: 8, .maxConnections))
        admission.ended("a")
        for ticket: Admission.Ticket in [9, 10] { admission.handshakeEnded(ticket) }
        #expect(begin("d") == .refused(.maxConnections))
        for name in ["b", "c", "d"] { admission.ended(name) }
        for ticket: Admission.Ticket in [11, 12] {
            #expect(begin("a") == .admitted(ticket))
            admission.handshakeEnded(ticket)
        }
        #expect(begin("a") == .refused(.maxConnectionsPerAddress))
        for _ in 0..<4 { admission.ended("a") }
        #expect(admission.isEmpty)
    }

    /// Whoever comes in whatever order: the limits hold, nobody is refused for handshakes of others, and one goes only for one
    /// that comes, the oldest of an address that has most.
    @Test(arguments: 0..<20) func anyOrderOfHandshakes(_ seed: UInt64) {
        var state = seed &* 2 &+ 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var limits = Limits()
        limits.maxHandshakes = 30
        limits.maxHandshakesPerAddress = 12
        var admission = Admission()
        var open: [Admission.Ticket: String] = [:]
        var up: [String] = []
        for _ in 0..<3_000 {
            // Some addresses come far more often than others.
            let name = "\(random(1 + random(9)))"
            switch random(4) {
            case 0 where !open.isEmpty:
                guard let ticket = open.keys.sorted().dropFirst(random(open.count)).first else { continue }
                admission.handshakeEnded(ticket)
                up.append(open.removeValue(forKey: ticket) ?? "")
            case 1 where !up.isEmpty: admission.ended(up.remove(at: random(up.count)))
            default:
                let counts = Dictionary(grouping: open.values, by: { $0 }).mapValues(\.count)
                switch admission.begin(name, limits: limits) {
                case .admitted(let ticket): open[ticket] = name
                case .displacing(let ticket, let oldest, let limit):
                    let owner = open.removeValue(forKey: oldest)
                    #expect(limit == .maxHandshakes || owner == name)
                    #expect(limit == .maxHandshakesPerAddress || counts[owner ?? ""] == counts.values.max())
                    #expect(!open.contains { $0.value == owner && $0.key < oldest })
                    open[ticket] = name
                    // It is closed, as the server does.
                    admission.ended(owner)
                case .refused(let limit): Issue.record("refused by \(limit)")
                }
            }
            #expect(admission.handshakes == open.count && open.count <= 30)
            #expect(admission.connections == open.count + up.count)
            #expect(admission.handshakes(of: name) == open.values.count { $0 == name })
            #expect(admission.handshakes(of: name) <= 12)
        }
        for (ticket, name) in open {
            admission.handshakeEnded(ticket)
            admission.ended(name)
        }
        for name in up { admission.ended(name) }
        #expect(admission.isEmpty)
    }

    @Test func addressesAreCountedByWhoHasThem() {
        #expect(AddressGroup.name("198.51.100.7") == "198.51.100.7")
        #expect(AddressGroup.name("[::ffff:198.51.100.7]") == "198.51.100.7")
        #expect(AddressGroup.name("[2001:db8:1:2:3:4:5:6]") == "2001:db8:1:2::/64")
        #expect(AddressGroup.name("[2001:db8:1:2::9]") == AddressGroup.name("2001:0db8:1:2:ffff::"))
        #expect(AddressGroup.name("[fe80::1%eth0]") == "fe80:0:0:0::/64")
        #expect(AddressGroup.name("[::1]") == "0:0:0:0::/64")
    }
}
