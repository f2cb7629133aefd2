// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// Suspends until the task is cancelled, and says so.
private func hang(_ cancelled: Signal) async throws {
    do { try await Task.sleep(for: .seconds(3600)) } catch {
        cancelled.raise()
        throw error
    }
}

/// Deadlines, cancellation and pressure, over every transport.
@Suite(.timeLimit(.minutes(2))) struct CancellationTests {
    @Test(arguments: Transport.allCases) func deadlinesCancelTheHandler(_ transport: Transport) async throws {
        let started = Counter()
        let cancelled = Signal()
        try await Rig.run(
            transport,
            router: { router in
                router.unary(EchoService.unary) { request, context in
                    started.add()
                    #expect(context.deadline != nil)
                    #expect((context.timeRemaining ?? .seconds(3600)) < .seconds(3600))
                    try await hang(cancelled)
                    return request
                }
            }
        ) { rig in
            var timeout = Duration.milliseconds(20)
            // On a busy machine a short deadline may pass before the handler starts.
            while started.value == 0 {
                timeout = timeout * 2
                let error = await rpcError {
                    _ = try await rig.client.unary(EchoService.unary, [1], options: CallOptions(timeout: timeout))
                }
                #expect(error.code == .deadlineExceeded)
            }
            await cancelled.wait()
        }
    }

    @Test(arguments: Transport.allCases) func cancellingTheTaskCancelsTheHandler(_ transport: Transport) async throws {
        let started = Signal()
        let cancelled = Signal()
        try await Rig.run(
            transport,
            router: { router in
                router.unary(EchoService.unary) { request, _ in
                    started.raise()
                    try await hang(cancelled)
                    return request
                }
            }
        ) { rig in
            let task = Task { await rpcError { _ = try await rig.client.unary(EchoService.unary, [1]) } }
            await started.wait()
            task.cancel()
            #expect(await task.value.code == .cancelled)
            await cancelled.wait()
        }
    }

    @Test(arguments: Transport.allCases) func droppingTheResponsesCancelsTheHandler(_ transport: Transport) async throws
    {
        let cancelled = Signal()
        try await Rig.run(
            transport,
            router: { router in
                router.serverStreaming(EchoService.expand) { _, responses, _ in
                    try await responses.write([1])
                    try await hang(cancelled)
                }
            }
        ) { rig in
            do {
                let responses = try await rig.client.serverStreaming(EchoService.expand, [])
                #expect(try await responses.next() == [1])
            }
            await cancelled.wait()
        }
    }

    @Test(arguments: Transport.allCases) func aLostConnectionCancelsTheHandler(_ transport: Transport) async throws {
        let started = Signal()
        let cancelled = Signal()
        try await Rig.run(
            transport,
            router: { router in
                router.bidirectional(EchoService.chat) { requests, _, _ in
                    started.raise()
                    do { while try await requests.next() != nil {} } catch {
                        cancelled.raise()
                        throw error
                    }
                }
            }
        ) { rig in
            let call = try await rig.client.bidirectional(EchoService.chat)
            await started.wait()
            await rig.client.close(now: true)
            let error = await rpcError { _ = try await call.responses.next() }
            #expect(error.code == .unavailable)
            await cancelled.wait()
        }
    }

    @Test(arguments: Transport.allCases) func aReaderCanBeCancelledAlone(_ transport: Transport) async throws {
        try await Rig.run(
            transport,
            router: { router in
                router.bidirectional(EchoService.chat) { requests, responses, _ in
                    let reader = Task { try await requests.next() }
                    reader.cancel()
                    let result = await reader.result
                    #expect(throws: CancellationError.self) { try result.get() }
                    try await responses.write([])
                    try await responses.write(try await requests.next() ?? [])
                }
            }
        ) { rig in
            let call = try await rig.client.bidirectional(EchoService.chat)
            #expect(try await call.responses.next() == [])
            try await call.requests.write([7])
            #expect(try await call.responses.next() == [7])
        }
    }

    @Test(arguments: Transport.allCases) func slowReadersHoldTheServer(_ transport: Transport) async throws {
        let written = Counter()
        let message = [UInt8](repeating: 1, count: 64 * 1024)
        try await Rig.run(
            transport,
            client: {
                $0.limits.initialWindowBytes = 128 * 1024; $0.limits.maxWindowBytes = 128 * 1024
            },
            router: { router in
                router.serverStreaming(EchoService.expand) { _, responses, _ in
                    for _ in 0..<200 {
                        try await responses.write(message)
                        written.add()
                    }
                }
            }
        ) { rig in
            let responses = try await rig.client.serverStreaming(EchoService.expand, [])
            #expect(try await responses.next() == message)
            // Whatever the order of things: more than windows, marks and one message each can't have been written.
            for _ in 0..<50 {
                try await Task.sleep(for: .milliseconds(1))
                #expect(written.value <= 10)
            }
            var count = 1
            while try await responses.next() != nil { count += 1 }
            #expect(count == 200)
        }
    }

    @Test(arguments: Transport.allCases) func slowHandlersHoldTheClient(_ transport: Transport) async throws {
        let go = Signal()
        let written = Counter()
        let message = [UInt8](repeating: 1, count: 64 * 1024)
        try await Rig.run(
            transport,
            server: {
                $0.limits.initialWindowBytes = 128 * 1024; $0.limits.maxWindowBytes = 128 * 1024
            },
            router: { router in
                router.clientStreaming(EchoService.collect) { requests, _ in
                    await go.wait()
                    var count = 0
                    for try await _ in requests { count += 1 }
                    return [UInt8(count)]
                }
            }
        ) { rig in
            let result = Task {
                try await rig.client.clientStreaming(EchoService.collect) { requests in
                    for _ in 0..<200 {
                        try await requests.write(message)
                        written.add()
                    }
                }
            }
            for _ in 0..<50 {
                try await Task.sleep(for: .milliseconds(1))
                #expect(written.value <= 10)
            }
            go.raise()
            #expect(try await result.value == [200])
        }
    }

    @Test(arguments: Transport.allCases) func undeliveredBytesHaveALimit(_ transport: Transport) async throws {
        let go = Signal()
        try await Rig.run(
            transport, server: { $0.limits.maxConnectionPendingBytes = 50_000 },
            router: { router in
                router.clientStreaming(EchoService.collect) { _, _ in
                    await go.wait()
                    return []
                }
            }
        ) { rig in
            let error = await rpcError {
                _ = try await rig.client.clientStreaming(EchoService.collect) { requests in
                    for _ in 0..<100 { try await requests.write([UInt8](repeating: 1, count: 1000)) }
                }
            }
            #expect(error.code == .resourceExhausted)
            go.raise()
        }
    }

    @Test(arguments: Transport.allCases) func writersWorkFromAnyTask(_ transport: Transport) async throws {
        try await Rig.run(
            transport,
            router: { router in
                router.bidirectional(EchoService.chat) { requests, responses, _ in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in UInt8(0)..<10 {
                            group.addTask(executorPreference: globalConcurrentExecutor) {
                                for _ in 0..<20 { try await responses.write([number]) }
                            }
                        }
                        try await group.waitForAll()
                    }
                    let last = try await Task.detached { try await requests.next() }.value
                    try await responses.write(last ?? [])
                }
            }
        ) { rig in
            let call = try await rig.client.bidirectional(EchoService.chat)
            try await call.requests.write([99])
            try await call.requests.finish()
            var counts: [UInt8: Int] = [:]
            for try await response in call.responses { counts[response.first ?? 255, default: 0] += 1 }
            #expect(counts[99] == 1)
            #expect((UInt8(0)..<10).allSatisfy { counts[$0] == 20 })
        }
    }
}
