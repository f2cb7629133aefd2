// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

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
    /// Called once, when this end will touch the other's event loop no more.
    private var released: (@Sendable () -> Void)?

    private init(scheduler: LoopScheduler) { self.scheduler = scheduler }

    /// Joins both ends, each on its loop: the server's first, so that it is there when the client speaks. `failed` is
    /// called when the server does not take the connection, `released` when the client needs the server's loop no more.
    static func connect(
        client clientScheduler: LoopScheduler, server serverScheduler: LoopScheduler,
        makeClient: @escaping @Sendable (InProcessLink) -> ConnectionCore?,
        makeServer: @escaping @Sendable (InProcessLink) -> ConnectionCore?,
        failed: @escaping @Sendable () -> Void,
        released: @escaping @Sendable () -> Void
    ) {
        let client = InProcessLink(scheduler: clientScheduler)
        let server = InProcessLink(scheduler: serverScheduler)
        serverScheduler.eventLoop.execute {
            server.peer = client
            server.connection = makeServer(server)
            guard server.connection != nil else {
                released()
                return failed()
            }
            clientScheduler.eventLoop.execute {
                client.peer = server
                client.released = released
                client.connection = makeClient(client)
                if client.connection == nil { client.close() }
            }
        }
    }

    var bufferedBytes: Int { 0 }
    func abort() { close() }
    var isWritable: Bool { !isClosed && unread < FixedLimits.inProcessWindowBytes }
    var peerAddress: String { "in-process" }

    func send(_ bytes: ByteBuffer) {
        guard !isClosed, let peer else { return }
        unread += bytes.readableBytes
        peer.scheduler.eventLoop.execute {
            guard !peer.isClosed else { return }
            peer.connection?.received(bytes)
            peer.connection?.receiveTurnEnded()
            // `self` waits for this end to be closed before its loop may go.
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
        let released = released
        self.released = nil
        guard let peer else {
            released?()
            return
        }
        peer.scheduler.eventLoop.execute {
            peer.peerClosed()
            released?()
        }
    }

    private func peerClosed() {
        isClosed = true
        peer = nil
        released?()
        released = nil
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
        // Not a loop of the server's: the client may outlive it.
        let clientScheduler = LoopSchedulers.singleton.scheduler(
            of: MultiThreadedEventLoopGroup.singleton.next())
        return Client(configuration: configuration, scheduler: clientScheduler, tls: nil) { dialler, failed in
            shared.inProcessClients.add(1, ordering: .sequentiallyConsistent)
            guard !shared.isShutDown else {
                shared.inProcessClients.subtract(1, ordering: .sequentiallyConsistent)
                return failed(RPCError(.unavailable, "The server is shut down."))
            }
            InProcessLink.connect(
                client: clientScheduler, server: serverScheduler,
                makeClient: { dialler.makeConnection($0, isInProcess: true) },
                makeServer: {
                    shared.makeConnection($0, scheduler: serverScheduler, isInProcess: true)?.started()
                },
                failed: { failed(RPCError(.unavailable, "The server takes no connections.")) },
                released: { shared.inProcessClients.subtract(1, ordering: .sequentiallyConsistent) })
        }
    }
}
