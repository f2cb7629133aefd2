// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One end of a pair that carries bytes between a client and a server in one process, without a socket.
///
/// Each end lives on its own event loop and hands bytes over by a task on the other's. Sendable because every property
/// is touched on `scheduler`'s loop only; `peer` and `connection` are set before the first byte goes.
final class InProcessLink: ByteLink, @unchecked Sendable {
    private let scheduler: LoopScheduler
    private var peer: InProcessLink?
    private var connection: ConnectionCore?
    private var unread = 0
    private var isClosed = false

    private init(scheduler: LoopScheduler) { self.scheduler = scheduler }

    /// Joins both ends, each on its loop: the server's first, so that it is there when the client speaks. `failed` is
    /// called when the server does not take the connection.
    static func connect(
        client clientScheduler: LoopScheduler, server serverScheduler: LoopScheduler,
        makeClient: @escaping @Sendable (InProcessLink) -> ConnectionCore?,
        makeServer: @escaping @Sendable (InProcessLink) -> ConnectionCore?,
        failed: @escaping @Sendable () -> Void
    ) {
        let client = InProcessLink(scheduler: clientScheduler)
        let server = InProcessLink(scheduler: serverScheduler)
        serverScheduler.eventLoop.execute {
            server.peer = client
            server.connection = makeServer(server)
            guard server.connection != nil else { return failed() }
            clientScheduler.eventLoop.execute {
                client.peer = server
                client.connection = makeClient(client)
                if client.connection == nil { client.close() }
            }
        }
    }

    var isWritable: Bool { !isClosed && unread < FixedLimits.inProcessWindowBytes }
    var peerAddress: String { "in-process" }

    func send(_ bytes: ByteBuffer) {
        guard !isClosed, let peer else { return }
        unread += bytes.readableBytes
        peer.scheduler.eventLoop.execute {
            peer.connection?.received(bytes)
            peer.connection?.receiveTurnEnded()
            self.scheduler.eventLoop.execute { self.taken(bytes.readableBytes) }
        }
    }

    private func taken(_ count: Int) {
        let wasWritable = isWritable
        unread -= count
        if !wasWritable && isWritable { connection?.writabilityChanged() }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        let peer = peer
        self.peer = nil
        let connection = connection
        self.connection = nil
        // Like a socket, the own side hears of its end later, and the other after the bytes on their way.
        scheduler.eventLoop.execute { connection?.linkClosed() }
        peer?.scheduler.eventLoop.execute { peer?.peerClosed() }
    }

    private func peerClosed() {
        isClosed = true
        peer = nil
        connection?.linkClosed()
        connection = nil
    }
}

extension Server {
    /// A client of this server in the same process: the same bytes as over a socket, without the socket and without
    /// TLS. For tests, and for services that call themselves.
    public func makeInProcessClient(
        configuration: ClientConfiguration = ClientConfiguration(target: .unix(path: "in-process"))
    ) -> Client {
        let shared = shared
        guard let serverScheduler = schedulers.all.first else {
            preconditionFailure("An event loop group has at least one loop.")
        }
        let clientScheduler = LoopScheduler(eventLoop: (schedulers.all.last ?? serverScheduler).eventLoop)
        return Client(configuration: configuration, scheduler: clientScheduler, tls: nil) { dialler, failed in
            InProcessLink.connect(
                client: clientScheduler, server: serverScheduler,
                makeClient: { dialler.makeConnection($0, isInProcess: true) },
                makeServer: {
                    shared.makeConnection($0, scheduler: serverScheduler, isInProcess: true)?.started()
                },
                failed: { failed(RPCError(.unavailable, "The server takes no connections.")) })
        }
    }
}
