// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import RPC
import TestKit
import Testing

/// A peer that vanishes without a word. Skipped where namespaces are not permitted.
@Suite(.enabled(if: CuttableCable.isPermitted, "network namespaces are not permitted here"), .timeLimit(.minutes(2)))
struct CutCableTests {
    /// Keepalives answer within a second or two; without them TCP would try for a quarter of an hour, and the test's time
    /// limit end it.
    @Test func bothSidesNoticeACutCable() async throws {
        let cable = try CuttableCable()
        var settings = ServerConfiguration(addresses: [.tcp(host: cable.address, port: 0)])
        settings.keepalive = KeepaliveConfiguration(interval: .seconds(1), timeout: .seconds(1))
        settings.limits.minPingInterval = .milliseconds(100)
        let ended = Signal()
        var router = Router()
        EchoService.add(to: &router)
        router.bidirectional(EchoService.chat) { requests, responses, _ in
            defer { ended.raise() }
            for try await request in requests { try await responses.write(request) }
        }
        let server = try Server(configuration: settings, router: router)
        let port = try #require(try await server.start().first?.port)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await group.next().submit { try cable.moveThisThreadThere() }.get()
        var client = ClientConfiguration(target: .tcp(host: cable.address, port: port))
        client.keepalive = KeepaliveConfiguration(interval: .seconds(1), timeout: .seconds(1))
        let far = try Client(configuration: client, group: group)
        let call = try await far.bidirectional(EchoService.chat)
        try await call.requests.write([1])
        let response = try await call.responses.next()
        #expect(response == [1])
        try cable.cut()
        let error = await rpcError { _ = try await call.responses.next() }
        #expect(error.code == .unavailable)
        await ended.wait()
        try await eventually { server.statistics.connectionsOpen == 0 }
        #expect(server.statistics.connectionsEndedForSilence == 1)
        #expect(server.statistics.refusals == [.keepalive: 1])
        await far.close(now: true)
        await server.shutdown(gracePeriod: .zero)
        try await group.shutdownGracefully()
    }
}
