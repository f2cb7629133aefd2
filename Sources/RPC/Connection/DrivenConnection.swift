// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A link whose other end is a test or a fuzzer: what it hands over is received, what is sent is only counted.
///
/// Sendable because it is confined to its event loop.
private final class DrivenLink: ByteLink, @unchecked Sendable {
    private let eventLoop: any EventLoop
    var connection: ConnectionCore? {
        didSet { isUnused = false }
    }
    private(set) var isUnused = true
    private(set) var sentBytes = 0
    private(set) var isClosed = false

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// The other end reads.
    var takesBytes = true
    var bufferedBytes: Int { 0 }
    func abort() { close() }
    var isWritable: Bool { !isClosed && takesBytes }
    var peerAddress: String { "driven" }

    func send(_ bytes: ByteBuffer) { sentBytes += bytes.readableBytes }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        connection?.received(ByteBuffer(bytes: bytes))
        connection?.receiveTurnEnded()
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        let connection = connection
        self.connection = nil
        // Like a socket, the own side hears of its end later.
        eventLoop.execute { connection?.linkClosed() }
    }
}

/// A server's connection without socket, TLS or threads: every byte that it receives is handed to it, on an event loop
/// that the caller turns. For fuzzing, and for tests that need every step to be theirs.
package final class DrivenServer {
    private let shared: ServerShared
    private let link: DrivenLink
    private let scheduler: LoopScheduler

    /// A connection that was just accepted. `duringShutdown`: by a server that has told its connections to go meanwhile.
    package init(
        router: Router, limits: Limits = Limits(), eventLoop: any EventLoop, duringShutdown: Bool = false
    ) {
        var configuration = ServerConfiguration(addresses: [])
        configuration.limits = limits
        shared = ServerShared(configuration: configuration, router: router, tls: nil, loops: 1)
        if duringShutdown { _ = shared.shutDown() }
        link = DrivenLink(eventLoop: eventLoop)
        scheduler = LoopScheduler(eventLoop: eventLoop)
        link.connection = shared.makeConnection(link, scheduler: scheduler, isInProcess: true)?.started()
    }

    /// Whether the client reads what is sent.
    package var clientReads: Bool {
        get { link.takesBytes }
        set { link.takesBytes = newValue }
    }

    /// Bytes come from the client.
    package func receive(_ bytes: UnsafeRawBufferPointer) { link.receive(bytes) }

    /// The client is gone.
    package func end() { link.close() }

    /// The server has not closed the connection.
    package var isOpen: Bool { !link.isClosed }

    /// What the server has sent so far, in bytes.
    package var sentBytes: Int { link.sentBytes }

    /// What the server has seen.
    package var statistics: TransportStatistics { shared.statistics }

    /// Tells, once this object is gone, whether anything of its connection is still in memory.
    package var remains: () -> Bool { scheduler.isInMemory }
}

/// A client's connection without socket, TLS or threads, as `DrivenServer` is a server's.
package final class DrivenClient {
    private let client: Client
    private let link: DrivenLink

    /// A client that connects with its first call, and never again.
    package init(limits: Limits = Limits(), eventLoop: any EventLoop) {
        var configuration = ClientConfiguration(target: .unix(path: "driven"))
        configuration.limits = limits
        let link = DrivenLink(eventLoop: eventLoop)
        self.link = link
        client = Client(configuration: configuration, scheduler: LoopScheduler(eventLoop: eventLoop), tls: nil) {
            dialler, failed in
            guard link.isUnused else { return failed(RPCError(.unavailable, "The one connection is over.")) }
            link.connection = dialler.makeConnection(link)
        }
    }

    /// Runs calls in a task on the event loop.
    package func start(_ body: @escaping @Sendable (Client) async -> Void) {
        let client = client
        Task(executorPreference: client.scheduler) { await body(client) }
    }

    /// Bytes come from the server.
    package func receive(_ bytes: UnsafeRawBufferPointer) { link.receive(bytes) }

    /// The server is gone.
    package func end() { link.close() }

    /// Tells, once this object is gone, whether anything of its connection or its calls is still in memory.
    package var remains: () -> Bool { client.scheduler.isInMemory }
}

extension LoopScheduler {
    /// Everything of a connection holds its scheduler, which holds nothing once its turns are over.
    fileprivate var isInMemory: () -> Bool { { [weak self] in self != nil } }
}
