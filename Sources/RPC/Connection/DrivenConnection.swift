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
    private var isClosed = false

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    var isWritable: Bool { !isClosed }
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

    /// A connection that was just accepted.
    package init(router: Router, limits: Limits = Limits(), eventLoop: any EventLoop) {
        var configuration = ServerConfiguration(addresses: [])
        configuration.limits = limits
        shared = ServerShared(configuration: configuration, router: router, tls: nil, loops: 1)
        link = DrivenLink(eventLoop: eventLoop)
        link.connection = shared.makeConnection(
            link, scheduler: LoopScheduler(eventLoop: eventLoop), isInProcess: true)?.started()
    }

    /// Bytes come from the client.
    package func receive(_ bytes: UnsafeRawBufferPointer) { link.receive(bytes) }

    /// The client is gone.
    package func end() { link.close() }

    /// What the server has sent so far.
    package var sentBytes: Int { link.sentBytes }

    /// What the server has seen.
    package var statistics: TransportStatistics { shared.statistics }
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
}
