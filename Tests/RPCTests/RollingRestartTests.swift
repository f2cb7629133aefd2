// SPDX-License-Identifier: Apache-2.0

import RPC
import Synchronization
import TestKit
import Testing

/// Servers that are replaced while their clients call.
@Suite(.timeLimit(.minutes(3))) struct RollingRestartTests {
    private static func server(_ port: Int, _ build: (inout Router) -> Void) async throws -> Server {
        var router = Router()
        build(&router)
        let settings = ServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: port)])
        let server = try Server(configuration: settings, router: router)
        _ = try await server.start()
        return server
    }

    private static func client(_ port: Int) throws -> Client {
        var settings = ClientConfiguration(target: .tcp(host: "127.0.0.1", port: port))
        settings.backoff.initial = .milliseconds(20)
        settings.backoff.maximum = .milliseconds(200)
        return try Client(configuration: settings)
    }

    /// The request of the calls that come after the old server was told to go.
    private static let late: [UInt8] = [9]
    private static let options = CallOptions(waitsForReady: true, retry: RetryPolicy())

    /// 500 calls are with a server that is told to go: it answers each, while its successor takes the new ones.
    @Test func callsInFlightOutliveTheirServer() async throws {
        let port = LoopbackPort.free()
        let started = Counter()
        let go = Signal()
        let old = try await Self.server(port) { router in
            router.unary(EchoService.unary) { request, _ in
                if request != Self.late {
                    started.add()
                    await go.wait()
                }
                return request + [1]
            }
        }
        let clients = try (0..<10).map { _ in try Self.client(port) }
        let answers = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for number in 0..<500 {
                let request = [UInt8(truncatingIfNeeded: number), UInt8(number >> 8)]
                group.addTask {
                    try await clients[number % 10].unary(EchoService.unary, request, options: CallOptions())
                }
            }
            try await eventually { started.value == 500 }
            let shutdown = Task { await old.shutdown(gracePeriod: .seconds(120)) }
            // The old server has let go of the port when the new one can have it.
            let new = try await Self.successor(port)
            // What a client sends before it has read the GOAWAY is still the old one's to answer.
            for client in clients {
                while try await client.unary(EchoService.unary, Self.late, options: Self.options) != Self.late + [2] {}
            }
            go.raise()
            var answers: Set<[UInt8]> = []
            for try await answer in group { answers.insert(answer) }
            await shutdown.value
            #expect(old.statistics.callsSucceeded >= 500 && old.statistics.callsFailed == 0)
            #expect(new.statistics.callsSucceeded == 10)
            for client in clients { await client.close() }
            await new.shutdown()
            return answers
        }
        #expect(answers.count == 500)
        #expect(answers.allSatisfy { $0.last == 1 })
    }

    private static func successor(_ port: Int) async throws -> Server {
        while true {
            do {
                return try await server(port) { router in
                    router.unary(EchoService.unary) { request, _ in request + [2] }
                }
            } catch { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Clients call without a pause while their server is replaced again and again: no call fails.
    @Test func noCallFailsWhileServersAreReplaced() async throws {
        let port = LoopbackPort.free()
        let current = Mutex<Server?>(nil)
        current.withLock { $0 = nil }
        let first = try await Self.successor(port)
        current.withLock { $0 = first }
        let isOver = Signal()
        let calls = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 {
                let client = try Self.client(port)
                group.addTask {
                    try await withThrowingTaskGroup(of: Void.self) { inner in
                        for _ in 0..<4 {
                            inner.addTask {
                                while !isOver.isRaised {
                                    let response = try await client.unary(
                                        EchoService.unary, [7], options: Self.options)
                                    #expect(response == [7, 2])
                                    calls.add()
                                }
                            }
                        }
                        try await inner.waitForAll()
                    }
                    await client.close()
                }
            }
            for _ in 0..<5 {
                let before = calls.value
                try await eventually { calls.value > before + 50 }
                let old = current.withLock { $0 }
                let shutdown = Task { await old?.shutdown(gracePeriod: .seconds(60)) }
                let next = try await Self.successor(port)
                current.withLock { $0 = next }
                await shutdown.value
                #expect(old?.statistics.callsFailed == 0)
            }
            isOver.raise()
            try await group.waitForAll()
        }
        await current.withLock { $0 }?.shutdown()
    }
}
