// SPDX-License-Identifier: Apache-2.0

import Dispatch
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Answers `GET /metrics` on a loopback address of its own, in plain HTTP/1.1. Nothing else is to be had there.
package final class MetricsListener: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel

    /// Where it listens.
    package let port: Int
    /// The page to ask for.
    package let address: String

    /// Listens. `metrics` runs on a thread that may block.
    init(host: String, port: Int, metrics: @escaping @Sendable () -> String) async throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let open = Connections()
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 16)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard open.enter() else { return channel.close() }
                channel.closeFuture.whenComplete { _ in open.leave() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        IdleStateHandler(allTimeout: .seconds(Limits.metricsIdleSeconds)))
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: true)
                    try pipeline.addHandler(MetricsHandler(metrics: metrics))
                }
            }
        do { channel = try await bootstrap.bind(host: host, port: port).get() } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        self.port = channel.localAddress?.port ?? port
        address = "http://\(host.contains(":") ? "[\(host)]" : host):\(self.port)/metrics"
    }

    /// Stops listening, and closes what is open.
    func stop() async {
        try? await channel.close()
        try? await group.shutdownGracefully()
    }

    /// Counts connections against the limit.
    private final class Connections: Sendable {
        private let count = Mutex(0)

        func enter() -> Bool {
            count.withLock { count in
                guard count < Limits.metricsConnections else { return false }
                count += 1
                return true
            }
        }

        func leave() { count.withLock { $0 -= 1 } }
    }
}

/// One connection of a scraper. Confined to its event loop.
private final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let metrics: @Sendable () -> String
    private var head: HTTPRequestHead?

    init(metrics: @escaping @Sendable () -> String) { self.metrics = metrics }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let path = request.uri.prefix { $0 != "?" }
        guard path == "/metrics" else {
            return send(.notFound, "Ask for /metrics.\n", request, context)
        }
        guard request.method == .GET || request.method == .HEAD else {
            return send(.methodNotAllowed, "Use GET.\n", request, context)
        }
        let loop = context.eventLoop
        let promise = loop.makePromise(of: String.self)
        let metrics = metrics
        DispatchQueue.global().async { promise.succeed(metrics()) }
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        promise.futureResult.whenSuccess { text in
            let (handler, context) = bound.value
            handler.send(.ok, text, request, context)
        }
    }

    private func send(
        _ status: HTTPResponseStatus, _ text: String, _ request: HTTPRequestHead, _ context: ChannelHandlerContext
    ) {
        var head = HTTPResponseHead(version: request.version, status: status)
        let type = status == .ok ? Exposition.contentType : "text/plain; charset=utf-8"
        head.headers.add(name: "Content-Type", value: type)
        head.headers.add(name: "Content-Length", value: String(text.utf8.count))
        if status == .methodNotAllowed { head.headers.add(name: "Allow", value: "GET, HEAD") }
        let keepsAlive = request.isKeepAlive
        if !keepsAlive { head.headers.add(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        }
        let done = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        guard !keepsAlive else { return }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        done.whenComplete { _ in bound.value.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
