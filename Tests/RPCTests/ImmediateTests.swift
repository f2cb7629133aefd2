// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// Unary handlers that never wait and so run without a task.
@Suite(.timeLimit(.minutes(1))) struct ImmediateTests {
    static let fail = EchoService.method("Fail", .unary)

    /// Counts the calls that pass.
    struct Gate: ServerInterceptor {
        let passed: Counter

        func intercept(_ context: CallContext, next: @Sendable () async throws -> Void) async throws {
            passed.add()
            try await next()
        }
    }

    static func addService(to router: inout Router) {
        router.unary(
            EchoService.unary,
            immediate: { request, context in
                context.initialMetadata.add("agent", context.userAgent)
                context.trailingMetadata.add("length", String(request.count))
                return request
            })
        router.unary(fail, immediate: { _, _ in throw RPCError(.aborted, "not now", metadata: ["why": "because"]) })
    }

    @Test(arguments: Transport.allCases) func answersAndErrors(_ transport: Transport) async throws {
        try await Rig.run(transport, client: { $0.userAgent = "tests" }, router: Self.addService) { rig in
            for number in UInt8(0)..<20 {
                let response = try await rig.client.unaryWithMetadata(EchoService.unary, [number, 7])
                #expect(response.message == [number, 7])
                #expect(response.initialMetadata["agent"]?.hasPrefix("tests ") == true)
                #expect(response.trailingMetadata["length"] == "2")
            }
            let error = await rpcError { _ = try await rig.client.unary(Self.fail, []) }
            #expect(error.code == .aborted)
            #expect(error.message == "not now")
            #expect(error.metadata["why"] == "because")
            // Counted when the server has sent the status, perhaps after the client has it.
            try await eventually {
                rig.server.statistics.callsSucceeded == 20 && rig.server.statistics.callsFailed == 1
            }
        }
    }

    @Test func manyAtOnce() async throws {
        try await Rig.run(.tls, router: Self.addService) { rig in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in UInt8(0)..<200 {
                    group.addTask {
                        let response = try await rig.client.unary(EchoService.unary, [number])
                        #expect(response == [number])
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func interceptorsStandAround() async throws {
        let passed = Counter()
        try await Rig.run(
            .socket,
            router: { router in
                Self.addService(to: &router)
                router.interceptors = [Gate(passed: passed)]
            }
        ) { rig in
            let response = try await rig.client.unary(EchoService.unary, [1])
            #expect(response == [1])
            #expect(passed.value == 1)
        }
    }
}
