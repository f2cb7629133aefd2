// SPDX-License-Identifier: Apache-2.0

import RPC
import Synchronization
import TestKit
import Testing

/// Streams whose client takes nothing, many of one connection: what they hold together is bounded.
@Suite(.timeLimit(.minutes(3))) struct UnsentBytesTests {
    @Test func overTheLimitUntilHalfIsLeft() {
        var unsent = UnsentBytes(limit: 100)
        #expect(!unsent.change(by: 100) && !unsent.isOver)
        #expect(!unsent.change(by: 1) && unsent.isOver)
        #expect(!unsent.change(by: -50) && unsent.isOver)
        #expect(unsent.change(by: -1) && !unsent.isOver, "writers go on, once")
        #expect(!unsent.change(by: -50) && unsent.total == 0)
    }

    private static let limit = 256 * 1024
    private static let message = [UInt8](repeating: 7, count: 4 * 1024)
    /// With gRPC's five bytes before it.
    private static let framedBytes = 4 * 1024 + 5
    private static let streams = 100

    /// Opens streams that never get any window and a writer each.
    private static func stall(_ peer: ScriptedPeer) {
        peer.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
        peer.send(type: 4, [0, 4, 0, 0, 0, 0])
        peer.send(type: 4, flags: 1)
        for number in 0..<Int32(streams) {
            peer.sendRequest(stream: 2 * number + 1, path: EchoService.expand.path)
            peer.sendMessage(stream: 2 * number + 1, [], endStream: true)
        }
    }

    private static func writeForever(_ router: inout Router, _ written: Counter) {
        EchoService.add(to: &router)
        router.serverStreaming(EchoService.expand) { _, responses, _ in
            while true {
                try await responses.write(message)
                written.add()
            }
        }
    }

    /// Waits until no writer has gone on for a while, and answers how many messages there are. Only the answer's bounds
    /// are looked at: a machine that is slower sees fewer of them.
    private static func settled(_ written: Counter) async throws -> Int {
        while true {
            let before = written.value
            try await Task.sleep(for: .milliseconds(100))
            if written.value == before { return before }
        }
    }

    @Test func stalledStreamsOfOneConnection() async throws {
        let written = Counter()
        // Writers count a message once they may go on: one more of each is in its buffer.
        let most = Self.limit / Self.framedBytes + Self.streams
        try await underAttack {
            $0.limits.maxConnectionUnsentBytes = Self.limit
            $0.limits.maxConcurrentStreams = Self.streams
        } router: {
            Self.writeForever(&$0, written)
        } _: { port, rig in
            let peer = try ScriptedPeer.connect(port: port)
            Self.stall(peer)
            try await eventually { rig.server.statistics.streamsOpen >= Self.streams }
            let stalled = try await Self.settled(written)
            #expect(stalled <= most, "a hundred streams of one connection hold \(stalled) messages")
            // The one that gets window goes on, past everything that the limit allows, while the others wait.
            peer.send(type: 8, [0, 0x7F, 0, 0])
            peer.send(type: 8, stream: 1, [0, 0x20, 0, 0])
            let reader = Task { while await !peer.nextBytes().isEmpty {} }
            try await eventually { written.value > 2 * most + stalled }
            // All of them get some, and go on: nothing failed meanwhile.
            let before = rig.server.statistics
            #expect(before.callsFailed == 0 && before.refusals.isEmpty)
            for number in 1..<Int32(Self.streams) { peer.send(type: 8, stream: 2 * number + 1, [0, 0, 0x80, 0]) }
            let goal = written.value + Self.streams
            try await eventually { written.value > goal }
            // The server ends what has not ended when it is shut down.
            reader.cancel()
        }
    }

    /// Many such connections, at the default limit: what they could hold without it is more than the growth allowed.
    @Test func manyConnectionsOfStalledStreams() async throws {
        let written = Counter()
        try await underAttack {
            $0.limits.maxConcurrentStreams = Self.streams
        } router: {
            Self.writeForever(&$0, written)
        } _: { port, rig in
            var peers: [ScriptedPeer] = []
            for _ in 0..<20 {
                let peer = try ScriptedPeer.connect(port: port)
                Self.stall(peer)
                peers.append(peer)
            }
            try await eventually { rig.server.statistics.streamsOpen >= 20 * Self.streams }
            let most = 20 * (Limits().maxConnectionUnsentBytes / Self.framedBytes + Self.streams)
            #expect(try await Self.settled(written) <= most)
            withExtendedLifetime(peers) {}
        }
    }

    /// The same of a client's writers: a server that takes nothing of many streams.
    @Test func stalledRequests() async throws {
        let written = Counter()
        try await Rig.run(
            .socket,
            server: {
                $0.limits.initialWindowBytes = 16 * 1024
                $0.limits.maxWindowBytes = 16 * 1024
            },
            client: { $0.limits.maxConnectionUnsentBytes = 64 * 1024 },
            router: { router in
                router.bidirectional(EchoService.chat) { _, _, _ in try await Task.sleep(for: .seconds(3600)) }
            }
        ) { rig in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let call = try await rig.client.bidirectional(EchoService.chat)
                        while true {
                            do { try await call.requests.write(Self.message) } catch { return }
                            written.add()
                        }
                    }
                }
                try await eventually { written.value >= 20 }
                // What every stream's window and the connection's take, what the limit allows, and one of each.
                let most = (20 * 16 * 1024 + 64 * 1024) / Self.framedBytes + 20 + 20
                #expect(try await Self.settled(written) <= most)
                group.cancelAll()
            }
        }
    }
}
