// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPC
import TestKit
import Testing

/// Answers that peers leave untaken.
@Suite(.timeLimit(.minutes(3))) struct UnsentLedgerTests {
    private static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds + 1) }

    @Test func theSlowestGoes() {
        var ledger = UnsentLedger<Int>(limit: 100)
        func update(_ id: Int, _ bytes: Int, _ seconds: Int64, of caller: Int = 0) -> [Int] {
            ledger.update(id, of: caller, limit: 60, bytes: bytes, now: Self.at(seconds)).map { $0.0 }
        }
        #expect(update(1, 20, 0) == [])
        #expect(update(2, 20, 1) == [])
        #expect(update(3, 20, 2) == [])
        // The first has taken some, so the second is the slowest.
        #expect(update(1, 10, 3) == [])
        #expect(update(4, 20, 4) == [2])
        // Another caller's are its own, up to the limit of all.
        #expect(update(5, 50, 5, of: 1) == [])
        #expect(ledger.total == 100)
        #expect(update(6, 1, 6, of: 1) == [3])
        for id in [1, 4, 5, 6] { ledger.remove(id) }
        #expect(ledger.isEmpty)
    }

    @Test(arguments: 0..<10) func anyOrder(_ seed: UInt64) {
        var state = seed &* 2 &+ 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var ledger = UnsentLedger<Int>(limit: 500)
        var bytes: [Int: Int] = [:]
        for step in 0..<3_000 {
            let id = random(40)
            if random(5) == 0 {
                ledger.remove(id)
                bytes[id] = nil
            } else {
                let count = random(60)
                bytes[id] = count > 0 ? count : nil
                for (closed, limit) in ledger.update(
                    id, of: id % 4, limit: 200, bytes: count, now: Self.at(Int64(step)))
                {
                    #expect(limit == .maxUnsentBytes || closed % 4 == id % 4)
                    #expect(bytes.removeValue(forKey: closed) != nil)
                }
            }
            #expect(ledger.total == bytes.values.reduce(0, +) && ledger.total <= 500)
            for caller in 0..<4 { #expect(ledger.bytes(of: caller) <= 200) }
        }
        for id in 0..<40 { ledger.remove(id) }
        #expect(ledger.isEmpty)
    }

    /// Peers that take nothing, while one that reads goes on.
    @Test func peersThatTakeNothing() async throws {
        let message = [UInt8](repeating: 7, count: 256 * 1024)
        let large = EchoService.method("Large", .unary)
        try await underAttack(.socket) {
            $0.limits.maxUnsentBytesPerCaller = 4 << 20
            $0.limits.maxUnsentBytes = 8 << 20
        } router: { router in
            EchoService.add(to: &router)
            router.unary(large) { _, _ in message }
        } _: { port, rig in
            var peers: [ScriptedPeer] = []
            for _ in 0..<40 {
                let peer = try ScriptedPeer.connect(port: port)
                peer.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
                // No window for any stream.
                peer.send(type: 4, [0, 4, 0, 0, 0, 0])
                peer.send(type: 4, flags: 1)
                for stream in Int32(0)..<4 {
                    peer.sendRequest(stream: 2 * stream + 1, path: large.path)
                    peer.sendMessage(stream: 2 * stream + 1, [1], endStream: true)
                }
                peers.append(peer)
            }
            try await eventually { rig.server.statistics.refusals[.maxUnsentBytesPerCaller] ?? 0 >= 35 }
            #expect(rig.server.statistics.unsentBytes <= 4 << 20)
            withExtendedLifetime(peers) {}
        }
    }
}
