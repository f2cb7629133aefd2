// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// Streams that are opened and left so, over as many connections as it takes.
@Suite(.timeLimit(.minutes(3))) struct StreamQuotaTests {
    @Test func halfOpenStreamsOverManyConnections() async throws {
        try await underAttack {
            $0.limits.maxCalls = 400
            $0.limits.maxConnections = 100
            $0.eventLoops = 2
        } _: { port, rig in
            var peers: [ScriptedPeer] = []
            for _ in 0..<20 {
                let peer = try ScriptedPeer.connect(port: port)
                peer.sendClientPreface()
                for stream in Int32(0)..<100 { peer.sendRequest(stream: 2 * stream + 1, path: EchoService.chat.path) }
                peers.append(peer)
            }
            for peer in peers {
                peer.send(type: 6, [9, 9, 9, 9, 9, 9, 9, 9])
                #expect(await peer.next(type: 6) != nil)
            }
            #expect(rig.server.statistics.streamsOpen <= 400)
            try await eventually {
                let statistics = rig.server.statistics
                return statistics.callsOpen + (statistics.refusals[.maxCalls] ?? 0) >= 2000
            }
            withExtendedLifetime(peers) {}
        }
    }

    /// Calls that have their status count as well while the client takes no byte of it.
    @Test func answersThatNobodyTakes() async throws {
        try await underAttack {
            $0.limits.maxCalls = 200
            $0.limits.maxConnections = 50
            $0.eventLoops = 1
        } _: { port, rig in
            var peers: [ScriptedPeer] = []
            for _ in 0..<10 {
                let peer = try ScriptedPeer.connect(port: port)
                peer.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
                // No window for any stream.
                peer.send(type: 4, [0, 4, 0, 0, 0, 0])
                peer.send(type: 4, flags: 1)
                for stream in Int32(0)..<100 {
                    peer.sendRequest(stream: 2 * stream + 1, path: EchoService.unary.path)
                    peer.sendMessage(stream: 2 * stream + 1, [UInt8](repeating: 7, count: 1000), endStream: true)
                }
                peers.append(peer)
            }
            for peer in peers {
                peer.send(type: 6, [9, 9, 9, 9, 9, 9, 9, 9])
                #expect(await peer.next(type: 6) != nil)
            }
            // The PING may have been the server's own, which measures the network: the last requests may be on their way.
            try await eventually { rig.server.statistics.refusals[.maxCalls] ?? 0 >= 800 }
            #expect((100...200).contains(rig.server.statistics.streamsOpen))
            withExtendedLifetime(peers) {}
        }
    }

    /// However many connections come, and whatever they take: the bound holds, and each gets what is its own.
    @Test(arguments: [(100_000, 20_000, 2), (400, 100, 2), (100, 100, 1), (10, 1000, 3), (1, 1, 1), (100_000, 4, 2)])
    func quotaIsHard(_ calls: Int, _ connections: Int, _ loops: Int) {
        var limits = Limits()
        limits.maxCalls = calls
        limits.maxConnections = connections
        let quota = StreamQuota(limits, loops: loops)
        var all = 0
        for loop in 0..<loops {
            var open = 0
            // As many come to this loop as are left for it.
            for number in 1...max(1, connections / loops + (loop < connections % loops ? 1 : 0)) {
                var own = 0
                while own < limits.maxConcurrentStreams, quota.admits(open: open, own: own, connections: number) {
                    own += 1
                    open += 1
                }
                #expect(own >= min(quota.guaranteed, limits.maxConcurrentStreams))
            }
            all += open
        }
        #expect(all <= max(calls, calls / 2 + max(connections, loops)))
        #expect(quota.guaranteed >= 1)
    }
}
