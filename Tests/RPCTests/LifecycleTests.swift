// SPDX-License-Identifier: Apache-2.0

import RPC
import Synchronization
import TestKit
import Testing

/// Connections that come and go, interceptors, retries.
@Suite(.timeLimit(.minutes(2))) struct LifecycleTests {
    @Test(arguments: Transport.allCases) func shutdownLetsCallsEnd(_ transport: Transport) async throws {
        let started = Signal()
        let go = Signal()
        try await Rig.run(transport, router: { router in
            router.unary(EchoService.unary) { request, _ in
                started.raise()
                await go.wait()
                return request
            }
        }) { rig in
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
        try await Rig.run(transport, router: { router in
            router.unary(EchoService.unary) { request, _ in
                started.raise()
                try await Task.sleep(for: .seconds(3600))
                return request
            }
        }) { rig in
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

    @Test(arguments: Transport.allCases) func retries(_ transport: Transport) async throws {
        let attempts = Counter()
        try await Rig.run(transport, router: { router in
            router.unary(EchoService.unary) { request, _ in
                if attempts.add() < 3 { throw RPCError(.unavailable, "not yet") }
                return request
            }
        }) { rig in
            var policy = RetryPolicy()
            policy.backoff.initial = .milliseconds(1)
            let response = try await rig.client.unary(EchoService.unary, [1], options: CallOptions(retry: policy))
            #expect(response == [1])
            #expect(attempts.value == 3)
        }
    }

    private final class Gate: ServerInterceptor {
        let seen = Mutex<[String]>([])

        func intercept(_ context: CallContext, next: @Sendable () async throws -> Void) async throws {
            guard context.metadata["role"] == "admin" else { throw RPCError(.permissionDenied, "admins only") }
            do {
                try await next()
                seen.withLock { $0.append("\(context.method.name) OK") }
            } catch {
                seen.withLock { $0.append("\(context.method.name) \(RPCError.from(error).code)") }
                throw error
            }
        }
    }

    private struct Badge: ClientInterceptor {
        func prepare(_ method: MethodDescriptor, _ options: inout CallOptions) async throws {
            if method.name != "Collect" { options.metadata.add("role", "admin") }
        }
    }

    @Test(arguments: Transport.allCases) func interceptorsOnBothSides(_ transport: Transport) async throws {
        let gate = Gate()
        try await Rig.run(transport, client: { $0.interceptors = [Badge()] }, router: { router in
            EchoService.add(to: &router)
            router.interceptors = [gate]
            router.serverStreaming(EchoService.expand) { _, _, _ in throw RPCError(.notFound, "") }
        }) { rig in
            let response = try await rig.client.unary(EchoService.unary, [1])
            #expect(response == [1])
            let refused = await rpcError { _ = try await rig.client.clientStreaming(EchoService.collect) { _ in } }
            #expect(refused.code == .permissionDenied)
            let responses = try await rig.client.serverStreaming(EchoService.expand, [])
            let failed = await rpcError { _ = try await responses.next() }
            #expect(failed.code == .notFound)
            #expect(gate.seen.withLock { $0 } == ["Unary OK", "Expand NOT_FOUND"])
        }
    }

    @Test func theRouterListsItsMethods() {
        var router = Router()
        EchoService.add(to: &router)
        #expect(router.services == ["test.Echo"])
        #expect(router.methods.map(\.name) == ["Chat", "Collect", "Expand", "Unary"])
        #expect(router.methods.first?.shape == .bidirectional)
    }
}
