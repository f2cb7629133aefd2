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
    /// In-process clients whose links still use this server's event loops.
    let inProcessClients = Atomic<Int>(0)
    /// What one event loop may have open of `maxCalls`.
    let quota: StreamQuota
    /// The room for messages on their way in.
    let receiving: ReceiveBudget
    /// Answers that peers have not taken.
    let unsent: UnsentBudget
    private let registry = Mutex(ConnectionRegistry<ServerConnection>())
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
        quota = StreamQuota(configuration.limits, loops: loops)
        self.tls = Mutex(tls)
        receiving = ReceiveBudget(configuration.limits)
        unsent = UnsentBudget(configuration.limits)
    }

    /// The caller that a peer is, and what it may hold.
    func share(of peer: Peer) -> CallerShare {
        if let share = configuration.share { return share(peer) }
        let limits = configuration.limits
        return CallerShare(
            name: peer.certificate?.fingerprint ?? Self.host(peer.address) ?? peer.address,
            receivingBytes: max(limits.maxReceivingBytesPerCaller, limits.largestFrame),
            unsentBytes: limits.maxUnsentBytesPerCaller)
    }

    func remove(_ connection: ServerConnection) {
        registry.withLock { $0.remove(connection, host: Self.host(connection.peer.address)) }
    }

    /// A connection is up, or will never be.
    func handshakeEnded(_ ticket: Admission.Ticket) { registry.withLock { $0.handshakeEnded(ticket) } }

    var openConnections: [ServerConnection] { registry.withLock { $0.open } }
    var hasConnections: Bool { registry.withLock { !$0.isEmpty } }
    var isShutDown: Bool { registry.withLock { $0.isShutDown } }
    /// Whether these are the TLS settings that handshakes begin with now.
    func isCurrent(_ context: TLSContext) -> Bool { tls.withLock { $0 === context } }

    /// Takes in no more connections; answers those to drain, and whichever are still being made drain by themselves.
    func shutDown() -> [ServerConnection] { registry.withLock { $0.shutDown() } }

    /// A connection over a link, on its event loop. nil when there is no room for it.
    func makeConnection(_ link: any ByteLink, scheduler: LoopScheduler, isInProcess: Bool = false) -> ServerConnection?
    {
        let address = link.peerAddress
        let host = Self.host(address)
        let (verdict, displaced) = registry.withLock { $0.begin(host, limits: configuration.limits) }
        let ticket: Admission.Ticket
        switch verdict {
        case .refused(let limit):
            counters(of: scheduler).add(limit)
            configuration.observer?.refused(by: limit, peer: Peer(address: address, certificate: nil))
            return nil
        case .admitted(let admitted): ticket = admitted
        case .displacing(let admitted, oldest: _, let limit):
            ticket = admitted
            if let displaced { displaced.core.eventLoop.execute { displaced.displaced(by: limit) } }
        }
        guard let connection = made(link, ticket, scheduler: scheduler, isInProcess: isInProcess) else {
            registry.withLock { registry in
                registry.handshakeEnded(ticket)
                registry.admission.ended(host)
            }
            return nil
        }
        switch registry.withLock({ $0.add(connection, ticket) }) {
        case .serves: break
        case .mustDrain: connection.core.eventLoop.execute { connection.drain(grace: nil) }
        case .displaced: connection.core.eventLoop.execute { connection.displaced(by: .maxHandshakes) }
        }
        return connection
    }

    private func made(
        _ link: any ByteLink, _ ticket: Admission.Ticket, scheduler: LoopScheduler, isInProcess: Bool
    ) -> ServerConnection? {
        guard let session = HTTP2Session(role: .server, limits: configuration.limits, memory: scheduler.sessionMemory())
        else { return nil }
        var tlsSession: TLSSession?
        if !isInProcess, let context = tls.withLock({ $0 }) {
            guard let made = TLSSession(context: context, host: nil) else { return nil }
            tlsSession = made
        }
        let core = ConnectionCore(
            scheduler: scheduler, link: link, session: session, tls: tlsSession, limits: configuration.limits)
        return ServerConnection(core: core, shared: self, counters: counters(of: scheduler), handshake: ticket)
    }

    /// The address without its port, which is what the limits for an address count; nil for what is none.
    static func host(_ address: String) -> String? {
        guard let colon = address.lastIndex(of: ":") else { return nil }
        return AddressGroup.name(String(address[..<colon]))
    }

    private func counters(of scheduler: LoopScheduler) -> LoopCounters {
        counters[counters.indices.contains(scheduler.index) ? scheduler.index : 0]
    }

    var statistics: TransportStatistics {
        var statistics = TransportStatistics()
        statistics.methods = methods.map { MethodStatistics(method: $0) }
        for loop in counters { loop.add(to: &statistics) }
        let bytes = receiving.bytes
        (statistics.reservedBytes, statistics.heldBytes) = (bytes.reserved, bytes.held)
        statistics.unsentBytes = unsent.bytes
        return statistics
    }
}
