// SPDX-License-Identifier: Apache-2.0

import RPC
import Synchronization
import TestKit
import Testing

/// What stands around calls: interceptors, and attempts to make one again.
@Suite(.timeLimit(.minutes(2))) struct InterceptorTests {
    @Test(arguments: Transport.allCases) func retries(_ transport: Transport) async throws {
        let attempts = Counter()
        try await Rig.run(
            transport,
            router: { router in
                router.unary(EchoService.unary) { request, _ in
                    if attempts.add() < 3 { throw RPCError(.unavailable, "not yet") }
                    return request
                }
            }
        ) { rig in
            var policy = RetryPolicy()
            policy.backoff.initial = .milliseconds(1)
            let response = try await rig.client.unary(EchoService.unary, [1], options: CallOptions(retry: policy))
            #expect(response == [1])
            #expect(attempts.value == 3)
        }
    }

    /// The throttle of a client is one for all its calls.
    @Test func aServerInTroubleGetsNoRetries() async throws {
        let attempts = Counter()
        let isWell = Signal()
        try await Rig.run(
            .socket,
            router: { router in
                router.unary(EchoService.unary) { request, _ in
                    attempts.add()
                    if !isWell.isRaised || request == [9] { throw RPCError(.unavailable, "not now") }
                    return request
                }
            }
        ) { rig in
            var policy = RetryPolicy()
            policy.backoff.initial = .milliseconds(1)
            let options = CallOptions(retry: policy)
            func attempted(_ request: [UInt8]) async -> Int {
                let before = attempts.value
                _ = try? await rig.client.unary(EchoService.unary, request, options: options)
                return attempts.value - before
            }
            // Ten tokens: four failures leave six, the fifth leaves half, and there are no more retries.
            for expected in [4, 1, 1, 1] { #expect(await attempted([1]) == expected) }
            isWell.raise()
            // Three are left; thirty-five successes put three and a half back.
            for _ in 0..<35 { #expect(await attempted([1]) == 1) }
            #expect(await attempted([9]) == 2, "one retry until half is left")
        }
    }

    private final class Ends: ClientInterceptor {
        let seen = Mutex<[String]>([])

        func finished(_ method: MethodDescriptor, error: RPCError?) {
            seen.withLock { $0.append("\(method.name) \(error?.code ?? .ok)") }
        }
    }

    @Test(arguments: Transport.allCases) func clientsInterceptorsHearOfEveryEnd(_ transport: Transport) async throws {
        let ends = Ends()
        try await Rig.run(
            transport, client: { $0.interceptors = [ends] },
            router: { router in
                EchoService.add(to: &router)
                router.serverStreaming(EchoService.expand) { _, _, _ in throw RPCError(.notFound, "") }
            }
        ) { rig in
            func next(_ expected: String) async throws {
                try await eventually { ends.seen.withLock { !$0.isEmpty } }
                let seen = ends.seen.withLock { seen in
                    defer { seen = [] }
                    return seen
                }
                #expect(seen == [expected])
            }
            _ = try await rig.client.unary(EchoService.unary, [1])
            try await next("Unary OK")
            _ = try await rig.client.clientStreaming(EchoService.collect) { try await $0.write([1]) }
            try await next("Collect OK")
            _ = await rpcError {
                _ = try await rig.client.clientStreaming(EchoService.collect) { _ in throw RPCError(.aborted, "") }
            }
            try await next("Collect ABORTED")
            let responses = try await rig.client.serverStreaming(EchoService.expand, [])
            while (try? await responses.next()) != nil {}
            try await next("Expand NOT_FOUND")
            do {
                let call = try await rig.client.bidirectional(EchoService.chat)
                try await call.requests.write([1])
                #expect(try await call.responses.next() == [1])
            }
            try await next("Chat CANCELLED")
            await rig.client.close()
            _ = await rpcError { _ = try await rig.client.bidirectional(EchoService.chat) }
            try await next("Chat UNAVAILABLE")
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
        try await Rig.run(
            transport, client: { $0.interceptors = [Badge()] },
            router: { router in
                EchoService.add(to: &router)
                router.interceptors = [gate]
                router.serverStreaming(EchoService.expand) { _, _, _ in throw RPCError(.notFound, "") }
            }
        ) { rig in
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
}
