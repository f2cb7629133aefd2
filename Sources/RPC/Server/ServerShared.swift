// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// What all connections of a server share.
final class ServerShared: Sendable {
    let configuration: ServerConfiguration
    let routes: RouteTable
    let interceptors: [any ServerInterceptor]
    /// One for each scheduler, by its index.
    let counters: [LoopCounters]
    let tls: Mutex<TLSContext?>
    /// Handlers that have not returned, whatever became of their calls.
    let runningHandlers = Atomic<Int>(0)
    let isShutDown = Atomic<Bool>(false)
    /// In-process clients whose links still use this server's event loops.
    let inProcessClients = Atomic<Int>(0)
    private let connections = Mutex<[ObjectIdentifier: ServerConnection]>([:])
    private let methods: [MethodDescriptor]

    init(configuration: ServerConfiguration, router: Router, tls: TLSContext?, loops: Int) {
        self.configuration = configuration
        methods = router.methods
        // A route's index is its place among the methods: that is where its calls are counted.
        routes = RouteTable(
            methods.enumerated().compactMap { index, method in
                router.routes[method.path].map { Route($0, index: index) }
            })
        interceptors = router.interceptors
        counters = (0..<max(1, loops)).map { _ in LoopCounters(methodCount: router.routes.count) }
        self.tls = Mutex(tls)
    }

    func add(_ connection: ServerConnection) {
        connections.withLock { $0[ObjectIdentifier(connection)] = connection }
    }

    func remove(_ connection: ServerConnection) {
        connections.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    var openConnections: [ServerConnection] { connections.withLock { Array($0.values) } }
    var isFull: Bool { connections.withLock { $0.count >= configuration.limits.maxConnections } }

    /// A connection over a link, on its event loop. nil when there is no room for it.
    func makeConnection(_ link: any ByteLink, scheduler: LoopScheduler, isInProcess: Bool = false) -> ServerConnection?
    {
        guard !isFull else {
            counters(of: scheduler).add(.maxConnections)
            configuration.observer?.refused(
                by: .maxConnections, peer: Peer(address: link.peerAddress, certificate: nil))
            return nil
        }
        guard let session = HTTP2Session(role: .server, limits: configuration.limits) else { return nil }
        var tlsSession: TLSSession?
        if !isInProcess, let context = tls.withLock({ $0 }) {
            guard let made = TLSSession(context: context, host: nil) else { return nil }
            tlsSession = made
        }
        let core = ConnectionCore(scheduler: scheduler, link: link, session: session, tls: tlsSession)
        return ServerConnection(core: core, shared: self, counters: counters(of: scheduler))
    }

    private func counters(of scheduler: LoopScheduler) -> LoopCounters {
        counters[counters.indices.contains(scheduler.index) ? scheduler.index : 0]
    }

    var statistics: TransportStatistics {
        var statistics = TransportStatistics()
        statistics.methods = methods.map { MethodStatistics(method: $0) }
        for loop in counters { loop.add(to: &statistics) }
        return statistics
    }
}
