// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// Peers that want to do harm: each runs into its limit, while a well-behaved neighbour is served and the process does
/// not grow. More of them are in `ScriptedClientTests`.
@Suite(.timeLimit(.minutes(3))) struct AttackTests {
    private static func frames(_ count: Int, type: UInt8, flags: UInt8 = 0, _ payload: [UInt8]) -> [UInt8] {
        Array(repeatElement(ScriptedPeer.frame(type: type, flags: flags, stream: 0, payload), count: count).joined())
    }

    /// Floods of frames that nothing follows from, by their limits.
    @Test(arguments: [
        (UInt8(2), UInt8(0), [UInt8](repeating: 0, count: 5), LimitName.maxEmptyFramesPerSecond, Int32(1)),
        (0xF0, 0, [], .maxEmptyFramesPerSecond, 0), (8, 0, [0, 0, 0, 1], .maxWindowUpdatesPerSecond, 0),
        (6, 1, [UInt8](repeating: 0, count: 8), .maxPingStrikes, 0),
        (6, 1, [UInt8](repeating: 1, count: 8), .maxPingStrikes, 0),
    ])
    func floods(
        _ type: UInt8, _ flags: UInt8, _ payload: [UInt8], _ limit: LimitName, _ stream: Int32
    ) async throws {
        try await underAttack { port, rig in
            let peer = try ScriptedPeer.connect(port: port)
            peer.sendClientPreface()
            let frame = ScriptedPeer.frame(type: type, flags: flags, stream: stream, payload)
            peer.send(Array(repeatElement(frame, count: 5000).joined()))
            #expect(await peer.goAwayCodeAtEnd() == 11)
            #expect(rig.server.statistics.refusals == [limit: 1])
        }
    }

    /// DATA frames that carry padding and nothing else.
    @Test(arguments: [[UInt8(0)], [3, 0, 0, 0]]) func paddingAlone(_ payload: [UInt8]) async throws {
        try await underAttack { port, rig in
            let peer = try ScriptedPeer.connect(port: port)
            peer.sendClientPreface()
            peer.sendRequest(stream: 1, path: EchoService.collect.path)
            let frame = ScriptedPeer.frame(type: 0, flags: 8, stream: 1, payload)
            peer.send(Array(repeatElement(frame, count: 2000).joined()))
            #expect(await peer.goAwayCodeAtEnd() == 11)
            #expect(rig.server.statistics.refusals == [.maxEmptyFramesPerSecond: 1])
        }
    }

    /// CVE-2025-8671: the client breaks the rules on each stream so that the server resets it.
    @Test func resetsThatTheServerIsMadeToSend() async throws {
        try await underAttack {
            $0.limits.maxResetsPerSecond = 50
            $0.limits.maxConcurrentStreams = 1000
        } _: { port, rig in
            let peer = try ScriptedPeer.connect(port: port)
            peer.sendClientPreface()
            for number in Int32(0)..<500 {
                peer.sendRequest(
                    stream: 2 * number + 1, path: EchoService.chat.path, extra: [.init("content-length", "1")])
                peer.sendMessage(stream: 2 * number + 1, [1, 2, 3])
            }
            #expect(await peer.goAwayCodeAtEnd() == 11)
            #expect(rig.server.statistics.refusals == [.maxResetsPerSecond: 1])
        }
    }

    @Test func slowHeaders() async throws {
        try await underAttack {
            $0.limits.headersTimeout = .milliseconds(300)
        } _: { port, rig in
            let peer = try ScriptedPeer.connect(port: port)
            peer.sendClientPreface()
            peer.send(type: 1, flags: 0, stream: 1, ScriptedPeer.headerBlock([.init(":method", "POST")]))
            #expect(await peer.goAwayCodeAtEnd() == 11)
            // A frame whose payload does not come is the same.
            let other = try ScriptedPeer.connect(port: port)
            other.sendClientPreface()
            other.send([0, 0, 100, 1, 4, 0, 0, 0, 1])
            #expect(await other.goAwayCodeAtEnd() == 11)
            #expect(rig.server.statistics.refusals == [.headersTimeout: 2])
        }
    }

    @Test func slowBodies() async throws {
        try await underAttack {
            $0.limits.requestTimeout = .milliseconds(300)
        } _: { port, rig in
            let peer = try ScriptedPeer.connect(port: port)
            peer.sendClientPreface()
            peer.sendRequest(stream: 1, path: EchoService.unary.path)
            peer.send(type: 0, stream: 1, [0, 0, 0, 0, 9, 1])
            // A stream of requests has all the time that it wants.
            peer.sendRequest(stream: 3, path: EchoService.chat.path)
            #expect(await peer.end(ofStream: 1)?.value("grpc-status") == "4")
            peer.sendMessage(stream: 3, [1], endStream: true)
            #expect(await peer.end(ofStream: 3)?.value("grpc-status") == "0")
            #expect(rig.server.statistics.refusals == [.requestTimeout: 1])
        }
    }

    @Test func slowReaders() async throws {
        let message = [UInt8](repeating: 7, count: 64 * 1024)
        try await underAttack {
            $0.limits.sendTimeout = .milliseconds(500)
        } router: { router in
            EchoService.add(to: &router)
            router.serverStreaming(EchoService.expand) { _, responses, _ in
                while true { try await responses.write(message) }
            }
        } _: { port, rig in
            var peers: [ScriptedPeer] = []
            for _ in 0..<10 {
                let peer = try ScriptedPeer.connect(port: port)
                // All the window there is, and no byte is read.
                peer.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
                peer.send(type: 4, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF])
                peer.send(type: 4, flags: 1)
                peer.send(type: 8, [0x7F, 0, 0, 0])
                peer.sendRequest(stream: 1, path: EchoService.expand.path)
                peer.sendMessage(stream: 1, [], endStream: true)
                peers.append(peer)
            }
            try await eventually { rig.server.statistics.refusals == [.sendTimeout: 10] }
            try await eventually { rig.server.statistics.connectionsOpen == 1 }
            withExtendedLifetime(peers) {}
        }
    }

    /// A long field in the dynamic table, and a frame of references to it.
    @Test func compressionBombs() async throws {
        try await underAttack { port, rig in
            let peer = try ScriptedPeer.connect(port: port)
            peer.sendClientPreface()
            let long = ScriptedPeer.headerBlock([.init("x", String(repeating: "y", count: 4000))])
            var block = ScriptedPeer.headerBlock([
                .init(":method", "POST"), .init(":scheme", "http"), .init(":path", "/"), .init(":authority", "x"),
            ])
            block += [0x40] + long.dropFirst() + [UInt8](repeating: 0xBE, count: 10_000)
            peer.send(type: 1, flags: 5, stream: 1, block)
            #expect(await peer.goAwayCodeAtEnd() == 11)
            #expect(rig.server.statistics.refusals == [.maxHeaderListBytes: 1])
        }
    }
}
