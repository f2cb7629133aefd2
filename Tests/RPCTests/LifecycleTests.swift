// SPDX-License-Identifier: Apache-2.0

import RPC
import Synchronization
import TestKit
import Testing

/// Connections that come and go, and calls that wait for one.
@Suite(.timeLimit(.minutes(2))) struct LifecycleTests {
    @Test(arguments: Transport.allCases) func shutdownLetsCallsEnd(_ transport: Transport) async throws {
        let started = Signal()
        let go = Signal()
        try await Rig.run(
            transport,
            router: { router in
                router.unary(EchoService.unary) { request, _ in
                    started.raise()
                    await go.wait()
                    return request
                }
            }
        ) { rig in
            let call = Task { try await rig.client.unary(EchoService.unary, [1]) }
            await started.wait()
            let shutdown = Task { await rig.server.shutdown(gracePeriod: .seconds(60)) }
            go.raise()
            let value = try await call.value
            #expect(value == [1])
            await shutdown.value
            #expect(rig.server.statistics.callsSucceeded == 1)
            #expect(rig.server.statistics.connectionsOpen == 0)
        }
    }

    @Test(arguments: Transport.allCases) func shutdownCutsWhatOutstaysTheGrace(_ transport: Transport) async throws {
        let started = Signal()
        try await Rig.run(
            transport,
            router: { router in
                router.unary(EchoService.unary) { request, _ in
                    started.raise()
                    try await Task.sleep(for: .seconds(3600))
                    return request
                }
            }
        ) { rig in
            let call = Task { await rpcError { _ = try await rig.client.unary(EchoService.unary, [1]) } }
            await started.wait()
            await rig.server.shutdown(gracePeriod: .milliseconds(50))
            #expect([.unavailable, .cancelled].contains(await call.value.code))
        }
    }

    @Test func oldConnectionsAreReplacedWithoutLosingCalls() async throws {
        try await Rig.run(
            .socket,
            server: {
                $0.maxConnectionAge = .milliseconds(5)
                $0.maxConnectionAgeGrace = .seconds(60)
            }
        ) { rig in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        for number in 0..<100 {
                            let request = [UInt8(number)]
                            let response = try await rig.client.unary(
                                EchoService.unary, request, options: CallOptions(waitsForReady: true))
                            #expect(response == request)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually {
                try await rig.client.unary(EchoService.unary, [], options: CallOptions(waitsForReady: true)) == []
                    && rig.server.statistics.connectionsEstablished > 1
            }
        }
    }

    @Test func idleConnectionsAreClosedAndMadeAnew() async throws {
        try await Rig.run(.socket, server: { $0.maxConnectionIdle = .milliseconds(20) }) { rig in
            for number in 1...3 {
                let response = try await rig.client.unary(
                    EchoService.unary, [1], options: CallOptions(waitsForReady: true, retry: RetryPolicy()))
                #expect(response == [1])
                try await eventually { rig.server.statistics.refusals[.maxConnectionIdle] ?? 0 >= number }
                try await eventually { rig.server.statistics.connectionsOpen == 0 }
            }
            #expect(rig.server.statistics.callsFailed == 0)
        }
    }

    /// A server that allows two streams: further calls of a client wait for those, their deadlines hold meanwhile.
    @Test(arguments: Transport.allCases) func callsWaitForTheStreamsThatTheServerAllows(
        _ transport: Transport
    ) async throws {
        let running = Counter()
        let most = Mutex(0)
        let held = Signal()
        try await Rig.run(
            transport, server: { $0.limits.maxConcurrentStreams = 2 },
            router: { router in
                router.unary(EchoService.unary) { request, _ in
                    let now = running.add()
                    most.withLock { $0 = max($0, now) }
                    if request == [0] { await held.wait() } else { try await Task.sleep(for: .milliseconds(1)) }
                    running.add(-1)
                    return request
                }
            }
        ) { rig in
            let holders = (0..<2).map { _ in Task { try await rig.client.unary(EchoService.unary, [0]) } }
            try await eventually { running.value == 2 }
            let late = await rpcError {
                let options = CallOptions(timeout: .milliseconds(30))
                _ = try await rig.client.unary(EchoService.unary, [1], options: options)
            }
            #expect(late.code == .deadlineExceeded)
            let calls = (1...30).map { number in
                Task { try await rig.client.unary(EchoService.unary, [UInt8(number)]) }
            }
            held.raise()
            for (index, call) in calls.enumerated() { #expect(try await call.value == [UInt8(index + 1)]) }
            for holder in holders { #expect(try await holder.value == [0]) }
            #expect(most.withLock { $0 } == 2)
            #expect(rig.server.statistics.refusals.isEmpty)
            #expect(rig.server.statistics.connectionsEstablished == 1)
        }
    }

    @Test func clientsReconnect() async throws {
        var router = Router()
        EchoService.add(to: &router)
        let first = try Server(
            configuration: ServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: 0)]), router: router)
        let port = try #require(try await first.start().first?.port)
        var settings = ClientConfiguration(target: .tcp(host: "127.0.0.1", port: port))
        settings.backoff.initial = .milliseconds(5)
        settings.backoff.maximum = .milliseconds(20)
        let client = try Client(configuration: settings)
        let before = try await client.unary(EchoService.unary, [1])
        #expect(before == [1])
        await first.shutdown(gracePeriod: .zero)
        let error = await rpcError { while true { _ = try await client.unary(EchoService.unary, [2]) } }
        #expect(error.code == .unavailable)
        let waiting = Task {
            try await client.unary(EchoService.unary, [3], options: CallOptions(waitsForReady: true))
        }
        let second = try Server(
            configuration: ServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: port)]), router: router)
        _ = try await second.start()
        #expect(try await waiting.value == [3])
        await client.close()
        let closed = await rpcError { _ = try await client.unary(EchoService.unary, [4]) }
        #expect(closed.code == .unavailable)
        await second.shutdown(gracePeriod: .zero)
    }

    @Test func waitingForAConnectionHasADeadline() async throws {
        var settings = ClientConfiguration(target: .tcp(host: "127.0.0.1", port: 1))
        settings.backoff.initial = .milliseconds(5)
        let client = try Client(configuration: settings)
        let error = await rpcError {
            _ = try await client.unary(
                EchoService.unary, [], options: CallOptions(timeout: .milliseconds(50), waitsForReady: true))
        }
        #expect(error.code == .deadlineExceeded)
        await client.close()
    }

    @Test func theRouterListsItsMethods() {
        var router = Router()
        EchoService.add(to: &router)
        #expect(router.services == ["test.Echo"])
        #expect(router.methods.map(\.name) == ["Chat", "Collect", "Expand", "Unary"])
        #expect(router.methods.first?.shape == .bidirectional)
    }
}
