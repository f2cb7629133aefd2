// SPDX-License-Identifier: Apache-2.0

import Contract
import Messages
import RPC
import Testing

@Suite(.timeLimit(.minutes(1))) struct HealthTests {
    private let health = Health(services: [IngestService.name])

    @Test(arguments: Transport.allCases)
    func checksTellTheStatus(transport: Transport) async throws {
        try await withClient(transport, { $0.register(health) }) { client async throws in
            let checks = GrpcHealthV1HealthClient(client)
            func status(_ service: String) async throws -> Health.Status {
                try await checks.check(.init(service: service)).status
            }
            #expect(try await status("") == .serving)
            #expect(try await status(IngestService.name) == .serving)
            health.set(.notServing, for: IngestService.name)
            #expect(try await status(IngestService.name) == .notServing)
            #expect(try await status("") == .serving)
            let error = await #expect(throws: RPCError.self) { try await status("no.such.Service") }
            #expect(error?.code == .notFound)
            health.shutDown()
            health.set(.serving)
            #expect(try await status("") == .notServing)
        }
    }

    @Test(arguments: Transport.allCases)
    func watchesTellEachChangeOnce(transport: Transport) async throws {
        try await withClient(transport, { $0.register(health) }) { client async throws in
            let watch = try await GrpcHealthV1HealthClient(client).watch(.init(service: "later"))
            // A service that is not known yet may become known.
            #expect(try await watch.next()?.status == .serviceUnknown)
            health.set(.serving, for: "other")
            health.set(.serving, for: "later")
            #expect(try await watch.next()?.status == .serving)
            health.set(.serving, for: "later")
            health.shutDown()
            #expect(try await watch.next()?.status == .notServing)
            watch.cancel()
        }
    }

    @Test func watchersThatLeaveMakeRoom() async throws {
        try await withClient(.inProcess, { $0.register(health) }) { client async throws in
            for _ in 0..<50 {
                let watch = try await GrpcHealthV1HealthClient(client).watch(.init())
                #expect(try await watch.next()?.status == .serving)
                watch.cancel()
            }
            while health.watcherCount > 0 { await Task.yield() }
        }
    }
}
