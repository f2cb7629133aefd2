// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What carries a connection's bytes: a socket, or the other end in the same process. Used on the event loop.
protocol ByteLink: AnyObject {
    /// False while the link holds enough unsent bytes; `ConnectionCore.writabilityChanged` tells when it changes.
    var isWritable: Bool { get }
    /// Bytes that were sent and that the link still holds.
    var bufferedBytes: Int { get }
    /// Sends the bytes, now.
    func send(_ bytes: ByteBuffer)
    /// Closes the link after what was sent before.
    func close()
    /// Closes the link now: nothing was sent that the peer should read.
    func abort()
    /// Who is at the other end.
    var peerAddress: String { get }
}

/// A socket's end of a connection: the one handler in its NIO channel.
///
/// Sendable because NIO calls it on the channel's event loop only, and so does the connection.
final class ChannelLink: ChannelInboundHandler, ByteLink, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let makeConnection: (ChannelLink) -> ConnectionCore?
    private var connection: ConnectionCore?
    private var context: ChannelHandlerContext?
    private var isClosing = false

    /// The connection is made when the channel is active; nil closes the channel.
    init(_ makeConnection: @escaping (ChannelLink) -> ConnectionCore?) { self.makeConnection = makeConnection }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    var bufferedBytes: Int {
        guard let options = context?.channel.syncOptions else { return 0 }
        return (try? options.getOption(.bufferedWritableBytes)) ?? 0
    }

    var peerAddress: String {
        guard let address = context?.channel.remoteAddress else { return "" }
        guard let host = address.ipAddress, let port = address.port else { return address.pathname ?? "" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    func send(_ bytes: ByteBuffer) {
        guard !isClosing else { return }
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func close() {
        guard !isClosing, let context else { return }
        isClosing = true
        // Our half first, once everything before it has gone; then the peer's, or ours alone when it takes too long.
        // A socket closed while bytes of the peer are unread would be reset, and the peer lose our last words (an
        // alert, a GOAWAY). What it still sends is read and dropped.
        let channel = context.channel
        let timer = context.eventLoop.scheduleTask(in: FixedLimits.closeFlushTimeout.timeAmount) {
            channel.close(promise: nil)
        }
        channel.closeFuture.whenComplete { _ in timer.cancel() }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            channel.close(mode: .output).whenFailure { _ in channel.close(promise: nil) }
        }
    }

    func abort() {
        guard !isClosing, let context else { return }
        isClosing = true
        context.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { start() }
    }

    func channelActive(context: ChannelHandlerContext) { start() }

    private func start() {
        guard connection == nil, !isClosing else { return }
        connection = makeConnection(self)
        // At once: connections that are refused may be many, and each holds a descriptor.
        if connection == nil { abort() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection?.received(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) { connection?.receiveTurnEnded() }

    func channelWritabilityChanged(context: ChannelHandlerContext) { connection?.writabilityChanged() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        connection?.linkClosed()
        connection = nil
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connection?.linkClosed()
        connection = nil
        self.context = nil
    }
}

extension Duration {
    /// NIO's kind of duration.
    var timeAmount: TimeAmount {
        let (seconds, attoseconds) = components
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return .nanoseconds(seconds < 0 ? 0 : Int64.max / 4) }
        return .nanoseconds(min(Int64.max / 4, nanoseconds &+ attoseconds / 1_000_000_000))
    }
}
