// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization

/// A gRPC client of one service, at one address or several. It connects when the first call needs it, and again when a connection is lost.
public final class Client: Sendable {
    let configuration: ClientConfiguration
    let scheduler: LoopScheduler
    private let balancer: Balancer
    let retryThrottle = Mutex(RetryThrottle())

    /// A client on an event loop of `group`, where there is one, else of the process's shared group. Throws where
    /// certificate or key can't be loaded.
    public convenience init(
        configuration: ClientConfiguration, group: (any EventLoopGroup)? = nil
    ) throws(TLSConfigurationError) {
        let scheduler =
            if let group { LoopScheduler(eventLoop: group.next()) } else {
                LoopSchedulers.singleton.scheduler(of: MultiThreadedEventLoopGroup.singleton.next())
            }
        let tls: TLSContext?
        if let settings = configuration.tls { tls = try TLSContext(settings, role: .client) } else { tls = nil }
        self.init(
            configuration: configuration, scheduler: scheduler, tls: tls,
            connect: Self.connectSocket)
    }

    init(
        configuration: ClientConfiguration, scheduler: LoopScheduler, tls: TLSContext?,
        connect: @escaping Dialler.Connect
    ) {
        self.configuration = configuration
        self.scheduler = scheduler
        balancer = Balancer(configuration: configuration, scheduler: scheduler) { target, host in
            var settings = configuration
            settings.target = target
            return Dialler(
                configuration: settings, serverHost: host, scheduler: scheduler, tls: tls, connect: connect)
        }
    }

    private static func connectSocket(
        _ dialler: Dialler, _ failed: @escaping @Sendable (any Error) -> Void
    ) {
        let bootstrap = ClientBootstrap(group: dialler.scheduler.eventLoop)
            .connectTimeout(dialler.configuration.connectTimeout.timeAmount)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let link = ChannelLink { dialler.makeConnection($0) }
                    try channel.pipeline.syncOperations.addHandler(link)
                }
            }
        let connected: EventLoopFuture<any Channel>
        switch dialler.configuration.target {
        case .tcp(let host, let port):
            connected = bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: host, port: port)
        case .unix(let path): connected = bootstrap.connect(unixDomainSocketPath: path)
        }
        connected.whenFailure(failed)
    }

    /// Takes no more calls. Returns when the connection is closed: after its open calls, or at once when `now` is set.
    public func close(now: Bool = false) async {
        let balancer = balancer
        await withTaskExecutorPreference(scheduler) { await Self.close(balancer, now: now) }
    }

    private static func close(_ balancer: Balancer, now: Bool) async {
        balancer.close(cuttingCalls: now)
        while !balancer.isDrained {
            if Task.isCancelled { balancer.close(cuttingCalls: true) }
            // In a task of its own: a cancelled one's sleep ends at once, and a loop of those would keep the event loop
            // from what it waits for.
            await Task { try? await Task.sleep(for: .milliseconds(1)) }.value
        }
    }

    // MARK: Starting calls

    /// Starts a call: finds a connection, and opens a stream with the headers. On the event loop.
    func start<Request, Response>(
        _ method: Method<Request, Response>, _ options: CallOptions, deadline: NIODeadline?,
        earlierAttempts: Int = 0
    ) async throws -> ClientCall<Response> {
        while true {
            let connection = try await balancer.connection(
                waitsForReady: options.waitsForReady, deadline: deadline)
            let headers = try headers(
                method.path, options, deadline: deadline, earlierAttempts: earlierAttempts)
            let call = ClientCall(
                connection: connection, method: method.descriptor, marshaller: method.response, deadline: deadline,
                compresses: options.compresses)
            if connection.open(call, headers: headers) { return call }
            // It went away, or has used up its stream ids: the next one. A call and its queue hold each other till it ends.
            call.cancel(RPCError(.unavailable, "The connection takes no more calls."))
            connection.giveUp()
        }
    }

    private func headers(
        _ path: String, _ options: CallOptions, deadline: NIODeadline?, earlierAttempts: Int
    ) throws(RPCError) -> HeaderBlock {
        var block = HeaderBlock()
        block.add(":method", "POST")
        block.add(":scheme", configuration.tls == nil ? "http" : "https")
        block.add(":path", path.utf8)
        block.add(":authority", (configuration.tls?.serverName ?? configuration.target.description).utf8)
        block.add("te", "trailers")
        block.add("content-type", "application/grpc")
        let agent = "trailhound-swift/1"
        block.add("user-agent", (configuration.userAgent.map { "\($0) \(agent)" } ?? agent).utf8)
        block.add("grpc-accept-encoding", "identity,gzip")
        if options.compresses { block.add("grpc-encoding", "gzip") }
        if let deadline {
            block.add("grpc-timeout", TimeoutEncoding.encode(nanoseconds: (deadline - .now()).nanoseconds))
        }
        if earlierAttempts > 0 { block.add("grpc-previous-rpc-attempts", String(earlierAttempts).utf8) }
        try block.add(options.metadata)
        return block
    }

    /// Passes the options through the interceptors.
    func prepared(_ method: MethodDescriptor, _ options: CallOptions) async throws -> CallOptions {
        guard !configuration.interceptors.isEmpty else { return options }
        var options = options
        for interceptor in configuration.interceptors { try await interceptor.prepare(method, &options) }
        return options
    }

    func finished(_ method: MethodDescriptor, _ error: RPCError?) {
        for interceptor in configuration.interceptors { interceptor.finished(method, error: error) }
    }
}
