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
        #expect(registry.admission.begin("a", limits: limits) == nil)
        #expect(registry.add(early) == .serves)
        // Admitted, and not made yet, when the server takes its last look.
        #expect(registry.admission.begin("a", limits: limits) == nil)
        #expect(registry.shutDown().map { $0 === early } == [true])
        #expect(registry.add(late) == .mustDrain)
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
}
