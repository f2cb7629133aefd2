// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization

/// A gRPC server: listens, and runs the router's handlers.
public final class Server: Sendable {
    let shared: ServerShared
    private let group: any EventLoopGroup
    private let ownsGroup: Bool
    let schedulers: LoopSchedulers
    private let listeners = Mutex<[any Channel]>([])

    /// A server that listens once it is started. On `group` where there is one, else on event loops of its own. Throws
    /// where certificate or key can't be loaded.
    public init(
        configuration: ServerConfiguration, router: Router, group: (any EventLoopGroup)? = nil
    ) throws(TLSConfigurationError) {
        let tls: TLSContext?
        if let settings = configuration.tls { tls = try TLSContext(settings, role: .server) } else { tls = nil }
        ownsGroup = group == nil
        let threads = configuration.eventLoops ?? System.coreCount
        self.group = group ?? MultiThreadedEventLoopGroup(numberOfThreads: threads)
        schedulers = LoopSchedulers(group: self.group)
        shared = ServerShared(configuration: configuration, router: router, tls: tls, loops: schedulers.all.count)
    }

    /// Listens on every address; answers where, in the same order. On an error it listens nowhere.
    public func start() async throws -> [BoundAddress] {
        var bound: [BoundAddress] = []
        do {
            for address in shared.configuration.addresses {
                let channel = try await bind(address)
                listeners.withLock { $0.append(channel) }
                bound.append(Self.describe(address, channel))
            }
        } catch {
            await closeListeners()
            throw error
        }
        return bound
    }

    private func bind(_ address: ListenAddress) async throws -> any Channel {
        let shared = shared
        let schedulers = schedulers
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: FixedLimits.minReceiveBytes, initial: FixedLimits.minReceiveBytes,
                    maximum: FixedLimits.maxReceiveBytes)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let scheduler = schedulers.scheduler(of: channel.eventLoop)
                    let link = ChannelLink { link in
                        guard let connection = shared.makeConnection(link, scheduler: scheduler) else { return nil }
                        return connection.started()
                    }
                    try channel.pipeline.syncOperations.addHandler(link)
                }
            }
        switch address {
        case .tcp(let host, let port):
            return
                try await bootstrap
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: host, port: port).get()
        case .unix(let path):
            return try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        }
    }

    private static func describe(_ address: ListenAddress, _ channel: any Channel) -> BoundAddress {
        switch address {
        case .tcp(let host, let port):
            let local = channel.localAddress
            return BoundAddress(host: local?.ipAddress ?? host, port: local?.port ?? port)
        case .unix(let path): return BoundAddress(host: path, port: 0)
        }
    }

    private func closeListeners() async {
        let closing = listeners.withLock { channels in
            defer { channels = [] }
            return channels
        }
        for channel in closing { try? await channel.close() }
    }

    /// Uses another certificate, key, trust, revocation list and `acceptsPeer` for handshakes that begin from now on.
    /// Those that have begun with the ones before come to nothing: their peers would be judged by what holds no longer.
    /// Connections that are open stay as they are: `closeConnections` ends those whose peers are no longer welcome. Throws
    /// where a file can't be loaded; the server goes on with what it had then.
    public func reloadTLS(_ configuration: TLSConfiguration) throws(TLSConfigurationError) {
        let context = try TLSContext(configuration, role: .server)
        shared.tls.withLock { $0 = context }
    }

    /// What the server has seen. Takes no lock that a call could wait for; reading it often is fine.
    public var statistics: TransportStatistics { shared.statistics }

    /// Ends the open connections whose peer `condition` names, each on its event loop and so a moment later: their calls
    /// are cancelled, and the client is told by GOAWAY. For certificates that were revoked.
    public func closeConnections(where condition: @escaping @Sendable (Peer) -> Bool) {
        for connection in shared.openConnections {
            connection.core.eventLoop.execute { if condition(connection.peer) { connection.cut() } }
        }
    }

    /// Stops listening, lets open calls end, and cuts what is open after the grace period: those handlers are cancelled.
    /// Returns when every connection is closed. A handler that does not heed its cancellation keeps the server's event
    /// loops alive.
    public func shutdown(gracePeriod: Duration = .seconds(10)) async {
        let connections = shared.shutDown()
        await closeListeners()
        for connection in connections {
            connection.core.eventLoop.execute { connection.drain(grace: gracePeriod) }
        }
        await wait(gracePeriod + FixedLimits.closeFlushTimeout) { !self.shared.hasConnections }
        for connection in shared.openConnections {
            connection.core.eventLoop.execute { connection.core.close(nil) }
        }
        let isIdle = await wait(FixedLimits.closeFlushTimeout) {
            !self.shared.hasConnections && self.shared.runningHandlers.load(ordering: .relaxed) == 0
                && self.shared.inProcessClients.load(ordering: .sequentiallyConsistent) == 0
        }
        if ownsGroup && isIdle { try? await group.shutdownGracefully() }
    }

    /// Returns when the condition holds, or after so long; answers whether it held.
    @discardableResult
    private func wait(_ longest: Duration, until condition: () -> Bool) async -> Bool {
        let end = ContinuousClock.now + longest
        while !condition() {
            guard ContinuousClock.now < end, !Task.isCancelled else { return false }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return true
    }
}
