// SPDX-License-Identifier: Apache-2.0

import NIOEmbedded
import RPC
import TestKit
import Testing

/// Connections that come while their server goes.
@Suite struct ConnectionRegistryTests {
    private final class Connection {}

    @Test func everyConnectionIsDrainedOnce() {
        var registry = ConnectionRegistry<Connection>()
        let limits = Limits()
        let early = Connection()
        let late = Connection()
        #expect(registry.begin("a", limits: limits).0 == .admitted(1))
        #expect(registry.add(early, 1) == .serves)
        // Admitted, and not made yet, when the server takes its last look.
        #expect(registry.begin("a", limits: limits).0 == .admitted(2))
        #expect(registry.shutDown().map { $0 === early } == [true])
        #expect(registry.add(late, 2) == .mustDrain)
        #expect(registry.open.count == 2 && !registry.isEmpty)
        for connection in [early, late, late] {
            registry.remove(connection, host: "a")
        }
        #expect(registry.isEmpty && registry.admission.connections == 0)
    }

    /// The same instant with a whole connection: the server has told its connections to go when this one is made.
    @Test func aConnectionThatComesTooLateForTheDrainIsClosed() throws {
        for isLate in [false, true] {
            let loop = EmbeddedEventLoop()
            var router = Router()
            EchoService.add(to: &router)
            let server = DrivenServer(router: router, eventLoop: loop, duringShutdown: isLate)
            loop.run()
            let hello = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + ScriptedPeer.frame(type: 4)
            hello.withUnsafeBytes { server.receive($0) }
            loop.run()
            #expect(server.statistics.connectionsEstablished == (isLate ? 0 : 1))
            #expect(server.isOpen == !isLate)
            server.end()
            loop.run()
            try loop.syncShutdownGracefully()
        }
    }

    @Test func theOldestHandshakeGoes() {
        var registry = ConnectionRegistry<Connection>()
        var limits = Limits()
        limits.maxHandshakesPerAddress = 1
        let (first, second) = (Connection(), Connection())
        #expect(registry.begin("a", limits: limits).0 == .admitted(1))
        #expect(registry.add(first, 1) == .serves)
        let (verdict, displaced) = registry.begin("a", limits: limits)
        #expect(verdict == .displacing(2, oldest: 1, .maxHandshakesPerAddress))
        #expect(displaced === first)
        #expect(registry.add(second, 2) == .serves)
        registry.handshakeEnded(2)
        #expect(registry.begin("a", limits: limits).0 == .admitted(3))
    }
}
