// SPDX-License-Identifier: Apache-2.0

import RPC
import Synchronization
import TestKit
import Testing

/// What a server tells of itself.
@Suite(.timeLimit(.minutes(2))) struct StatisticsTests {
    private final class Log: ServerObserver {
        let lines = Mutex<[String]>([])

        private func add(_ line: String) { lines.withLock { $0.append(line) } }
        func connectionEstablished(_ peer: Peer) { add("up") }
        func connectionClosed(_ peer: Peer) { add("down") }
        func handshakeFailed(_ failure: HandshakeFailure, address: String) { add("failed \(failure)") }
        func refused(by limit: LimitName, peer: Peer) { add("refused \(limit)") }
    }

    @Test(arguments: Transport.allCases) func callsByMethodAndStatus(_ transport: Transport) async throws {
        let started = Signal()
        let go = Signal()
        try await Rig.run(
            transport,
            router: { router in
                EchoService.add(to: &router)
                router.serverStreaming(EchoService.expand) { _, _, _ in
                    started.raise()
                    await go.wait()
                    throw RPCError(.notFound, "")
                }
                router.unary(EchoService.method("Odd", .unary)) { _, _ in throw RPCError(StatusCode(rawValue: 77), "") }
            }
        ) { rig in
            for _ in 0..<3 { _ = try await rig.client.unary(EchoService.unary, [1, 2, 3]) }
            _ = await rpcError { _ = try await rig.client.unary(EchoService.method("Odd", .unary), []) }
            _ = await rpcError { _ = try await rig.client.unary(EchoService.method("None", .unary), []) }
            let responses = try await rig.client.serverStreaming(EchoService.expand, [])
            await started.wait()
            let during = rig.server.statistics
            #expect(during.callsOpen == 1)
            #expect(during.methods.map(\.method.name) == ["Chat", "Collect", "Expand", "Odd", "Unary"])
            #expect(during.methods[2].open == 1)
            #expect(during.connectionsOpen == 1)
            #expect(during.handshakesOpen == 0)
            go.raise()
            _ = await rpcError { _ = try await responses.next() }
            let after = rig.server.statistics
            #expect(after.methods.map(\.finished) == [[:], [:], [.notFound: 1], [.unknown: 1], [.ok: 3]])
            #expect(after.methods[4].latency.count == 3)
            #expect(after.methods[4].latency.totalNanoseconds > 0)
            #expect(after.callsStarted == 5 && after.callsSucceeded == 3 && after.callsFailed == 2)
            #expect(after.requestsRefused == 1)
            #expect(after.bytesReceived > 100 && after.bytesSent > 100)
        }
    }

    @Test func observersHearOfConnections() async throws {
        let log = Log()
        try await Rig.run(
            .tls,
            server: {
                $0.observer = log
                $0.limits.maxConnections = 1
                $0.limits.maxReceiveMessageBytes = 10
            }
        ) { rig in
            _ = try await rig.client.unary(EchoService.unary, [1])
            let error = await rpcError {
                _ = try await rig.client.unary(EchoService.unary, Array(repeating: 0, count: 11))
            }
            #expect(error.code == .resourceExhausted)
            let other = try ScriptedPeer.connect(port: rig.address?.port ?? 0)
            while await !other.nextBytes().isEmpty {}
            try await eventually { rig.server.statistics.refusals == [.maxConnections: 1, .maxReceiveMessageBytes: 1] }
            await rig.client.close()
            try await eventually { rig.server.statistics.connectionsOpen == 0 }
            let garbage = try ScriptedPeer.connect(port: rig.address?.port ?? 0)
            garbage.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
            while await !garbage.nextBytes().isEmpty {}
            #expect(
                log.lines.withLock { $0 } == [
                    "up", "refused maxReceiveMessageBytes", "refused maxConnections", "down", "failed notTLS",
                ])
        }
    }

    @Test func latenciesFallIntoTheirBuckets() {
        var histogram = LatencyHistogram()
        #expect(LatencyHistogram.upperBounds.first == 65_536)
        #expect(LatencyHistogram.upperBounds.count + 1 == histogram.counts.count)
        #expect(histogram.upperBound(ofQuantile: 0.5) == nil)
        histogram.counts[0] = 98
        histogram.counts[3] = 1
        histogram.counts[histogram.counts.count - 1] = 1
        #expect(histogram.upperBound(ofQuantile: 0.5) == 65_536)
        #expect(histogram.upperBound(ofQuantile: 0.99) == 524_288)
        #expect(histogram.upperBound(ofQuantile: 1) == nil)
    }

    @Test func everyLimitHasTheNameOfItsProperty() {
        let limits = Mirror(reflecting: Limits()).children.compactMap(\.label)
        let settings = Mirror(reflecting: ServerConfiguration(addresses: [])).children.compactMap(\.label)
        // What the system has is nobody's setting.
        for name in LimitName.allCases where name != .memory {
            #expect((limits + settings).contains(name.rawValue), "\(name)")
        }
    }
}
