// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization

/// Stands between a client and a server. It passes on all that the server says, and of the client's only the first thing
/// until it is told to let go of the rest: a peer that waits in the middle of its handshake.
final class HoldingRelay: Sendable {
    private let hold: Hold
    private let listener: any Channel

    /// Listens on a port of its own, before the server's.
    init(before port: Int) async throws {
        let hold = Hold()
        self.hold = hold
        listener = try await ServerBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { client in
                let toClient = Passing(
                    to: { client.writeAndFlush($0, promise: nil) }, over: { client.close(promise: nil) })
                return ClientBootstrap(group: client.eventLoop)
                    .channelInitializer { $0.pipeline.addHandler(toClient) }
                    .connect(host: "127.0.0.1", port: port)
                    .flatMap { server in
                        hold.connected(server)
                        return client.pipeline.addHandler(
                            Passing(to: { hold.heard($0) }, over: { server.close(promise: nil) }))
                    }
                    .flatMap { client.setOption(.autoRead, value: true) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var port: Int { listener.localAddress?.port ?? 0 }

    /// Whether the client has said something that waits here.
    var isHolding: Bool { hold.isHolding }

    /// Passes on what was held, and from now on everything.
    func letGo() { hold.letGo() }

    func close() async { try? await listener.close() }
}

/// What the client has said.
private final class Hold: Sendable {
    private struct State {
        var held: [ByteBuffer] = []
        var server: (any Channel)?
        var heard = 0
        var isOpen = false
    }

    private let state = Mutex(State())

    var isHolding: Bool { state.withLock { !$0.held.isEmpty } }

    func connected(_ server: any Channel) { state.withLock { $0.server = server } }

    func heard(_ buffer: ByteBuffer) {
        state.withLock { state in
            state.heard += 1
            if state.isOpen || state.heard == 1 {
                state.server?.writeAndFlush(buffer, promise: nil)
            } else {
                state.held.append(buffer)
            }
        }
    }

    func letGo() {
        state.withLock { state in
            state.isOpen = true
            for buffer in state.held { state.server?.writeAndFlush(buffer, promise: nil) }
            state.held = []
        }
    }
}

/// Hands on what comes.
private final class Passing: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let receive: @Sendable (ByteBuffer) -> Void
    private let ended: @Sendable () -> Void

    init(to receive: @escaping @Sendable (ByteBuffer) -> Void, over ended: @escaping @Sendable () -> Void) {
        self.receive = receive
        self.ended = ended
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { receive(unwrapInboundIn(data)) }
    func channelInactive(context: ChannelHandlerContext) { ended() }
}
