// SPDX-License-Identifier: Apache-2.0

import NIOEmbedded
import RPC
import TestKit
import Testing

/// A million streams that are opened and never ended, as fast as the server lets.
@Suite(.timeLimit(.minutes(5))) struct MillionStreamsTests {
    /// What a client sends that opens so many streams with a request that does not end, and never acknowledges the
    /// server's SETTINGS, since it may open no more than those allow from then on. After the first one a request is a few
    /// bytes: its fields are in the dynamic table.
    private static func requests(_ count: Int) -> [UInt8] {
        let fields = [
            (":method", "POST"), (":scheme", "http"), (":path", EchoService.chat.path), (":authority", "test"),
            ("te", "trailers"), ("content-type", "application/grpc"),
        ]
        var first: [UInt8] = []
        for (name, value) in fields {
            first += [0x40, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        // The newest entry is number 62.
        let others = (0..<fields.count).reversed().map { UInt8(0x80 | (62 + $0)) }
        var bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + ScriptedPeer.frame(type: 4)
        for number in 0..<Int32(count) {
            bytes += ScriptedPeer.frame(type: 1, flags: 4, stream: 2 * number + 1, number == 0 ? first : others)
        }
        return bytes
    }

    private static let lanes = 4

    /// The server ends a connection that opens more than it may, and the attacker makes the next: a million streams over
    /// the lives of nine hundred connections.
    @Test func overManyConnections() async throws {
        let goal = 1_000_000
        let limits = Limits()
        let requests = Self.requests(limits.maxConcurrentStreams + limits.maxRefusedStreamsPerSecond + 100)
        try await underAttack { port, rig in
            @Sendable func seen() -> Int {
                let statistics = rig.server.statistics
                return statistics.callsStarted + (statistics.refusals[.maxConcurrentStreams] ?? 0)
            }
            let connections = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.lanes {
                    group.addTask {
                        while seen() < goal {
                            let peer = try ScriptedPeer.connect(port: port)
                            peer.send(requests)
                            while await !peer.nextBytes().isEmpty {}
                            connections.add()
                        }
                    }
                }
                try await group.waitForAll()
            }
            let statistics = rig.server.statistics
            #expect(seen() >= goal)
            let ended = statistics.refusals[.maxRefusedStreamsPerSecond] ?? 0
            #expect(ended > 0 && ended <= connections.value)
            // Nothing of them is left.
            try await eventually { rig.server.statistics.connectionsOpen == 1 }
            try await eventually { rig.server.statistics.streamsOpen <= 1 }
        }
    }

    /// Over one connection, where an operator allows that: the answers pile up for an attacker who takes none of them.
    @Test func overOneConnectionThatReadsNothing() throws {
        let loop = EmbeddedEventLoop()
        var router = Router()
        EchoService.add(to: &router)
        var limits = Limits()
        limits.maxRefusedStreamsPerSecond = .max
        let server = DrivenServer(router: router, limits: limits, eventLoop: loop)
        let requests = Self.requests(limits.maxQueuedFrames + 10 * limits.maxConcurrentStreams)
        server.clientReads = false
        requests.withUnsafeBytes { bytes in
            // As the pieces that a socket is read in.
            for start in stride(from: 0, to: bytes.count, by: 16 * 1024) {
                server.receive(UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + 16 * 1024)]))
                loop.run()
            }
        }
        #expect(server.statistics.refusals[.maxQueuedFrames] == 1)
        #expect(server.statistics.connectionsOpen == 0 && !server.isOpen)
        server.end()
        loop.run()
        try loop.syncShutdownGracefully()
    }
}
