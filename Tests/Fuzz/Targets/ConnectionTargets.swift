// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import RPC

/// The methods of `fuzz.Echo`, which both ends know.
package enum FuzzService {
    static func method(_ name: String, _ shape: CallShape) -> Method<[UInt8], [UInt8]> {
        Method(service: "fuzz.Echo", name: name, shape: shape, request: .bytes, response: .bytes)
    }

    /// A handler of each shape; the answers go compressed where the client takes it.
    package static func router() -> Router {
        var router = Router()
        router.unary(method("Now", .unary), immediate: { request, _ in request })
        router.unary(method("Unary", .unary)) { request, context in
            context.compressesResponse = true
            for entry in context.metadata { context.trailingMetadata.add(entry) }
            return request
        }
        router.clientStreaming(method("Collect", .clientStreaming)) { requests, _ in
            var count = 0
            for try await request in requests { count += request.count }
            return [UInt8(truncatingIfNeeded: count)]
        }
        router.serverStreaming(method("Expand", .serverStreaming)) { request, responses, _ in
            for byte in request { try await responses.write([byte]) }
        }
        router.bidirectional(method("Chat", .bidirectional)) { requests, responses, context in
            context.compressesResponse = true
            for try await request in requests { try await responses.write(request) }
        }
        return router
    }

    /// Small limits, which inputs of a fuzzer can reach.
    package static var limits: Limits {
        var limits = Limits()
        limits.maxConcurrentStreams = 8
        limits.maxHeaderListBytes = 1024
        limits.maxReceiveMessageBytes = 4096
        limits.maxConnectionPendingBytes = 16 * 1024
        limits.initialWindowBytes = 16 * 1024
        limits.maxWindowBytes = 64 * 1024
        return limits
    }
}

extension FuzzTarget {
    /// What a client sends, to a server's connection.
    package static let serverFrames = FuzzTarget("server-frames") { input in
        _ = serve(input)
    }

    /// Serves a conversation to its end, and tells what the server saw. Nothing of the connection stays in memory.
    package static func serve(_ input: UnsafeRawBufferPointer) -> TransportStatistics {
        let loop = EmbeddedEventLoop()
        let (statistics, remains) = serve(input, on: loop)
        try? loop.syncShutdownGracefully()
        require(!remains(), "the connection is still in memory after its end")
        return statistics
    }

    private static func serve(
        _ input: UnsafeRawBufferPointer, on loop: EmbeddedEventLoop
    ) -> (TransportStatistics, remains: () -> Bool) {
        let server = DrivenServer(router: FuzzService.router(), limits: FuzzService.limits, eventLoop: loop)
        Conversation(input, isFromClient: true).forEachPiece { piece in
            server.receive(piece)
            loop.run()
        }
        server.end()
        loop.run()
        let statistics = server.statistics
        require(statistics.connectionsOpen == 0, "the connection is still open after its end")
        require(statistics.callsOpen == 0, "\(statistics.callsOpen) calls are still open after the connection's end")
        return (statistics, server.remains)
    }

    /// What a server sends, to a client's connection with a call of each shape.
    package static let clientFrames = FuzzTarget("client-frames") { input in
        _ = callAll(input)
    }

    /// Makes the calls on streams 1, 3, 5 and 7, answers them with a conversation, and tells which ones got a response.
    /// Nothing of connection and calls stays in memory.
    package static func callAll(_ input: UnsafeRawBufferPointer) -> Set<String> {
        let loop = EmbeddedEventLoop()
        let outcome = Outcome()
        let remains = callAll(input, on: loop, outcome)
        try? loop.syncShutdownGracefully()
        require(!remains(), "the connection is still in memory after its end")
        return outcome.answered
    }

    private static func callAll(
        _ input: UnsafeRawBufferPointer, on loop: EmbeddedEventLoop, _ outcome: Outcome
    ) -> () -> Bool {
        let client = DrivenClient(limits: FuzzService.limits, eventLoop: loop)
        client.start { client in
            let response = try? await client.unary(FuzzService.method("Unary", .unary), [1, 2, 3])
            outcome.ended("unary", response != nil)
        }
        client.start { client in
            let response = try? await client.clientStreaming(FuzzService.method("Collect", .clientStreaming)) {
                for byte in UInt8(0)..<3 { try await $0.write([byte]) }
            }
            outcome.ended("collect", response != nil)
        }
        client.start { client in
            var count = 0
            if let responses = try? await client.serverStreaming(FuzzService.method("Expand", .serverStreaming), [1]) {
                while (try? await responses.next()) != nil { count += 1 }
            }
            outcome.ended("expand", count > 0)
        }
        client.start { client in
            var count = 0
            if let call = try? await client.bidirectional(FuzzService.method("Chat", .bidirectional)) {
                try? await call.requests.write([1])
                while (try? await call.responses.next()) != nil { count += 1 }
            }
            outcome.ended("chat", count > 0)
        }
        loop.run()
        Conversation(input, isFromClient: false).forEachPiece { piece in
            client.receive(piece)
            loop.run()
        }
        client.end()
        loop.run()
        require(outcome.count == 4, "\(4 - outcome.count) calls hang after the connection's end")
        return client.remains
    }
}

/// How the calls of a client ended.
///
/// Sendable because the calls run on one event loop, which the thread that reads it turns.
private final class Outcome: @unchecked Sendable {
    private(set) var count = 0
    private(set) var answered: Set<String> = []

    func ended(_ name: String, _ hasAnswer: Bool) {
        count += 1
        if hasAnswer { answered.insert(name) }
    }
}
