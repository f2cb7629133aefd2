// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A client's connection on a server: makes calls of requests, and carries out what its state machine decides.
///
/// Sendable because it is confined to its event loop; other threads only hand it to that loop.
final class ServerConnection: ConnectionCoreDelegate, HTTP2SessionDelegate, @unchecked Sendable {
    let core: ConnectionCore
    let limits: Limits
    let interceptors: [any ServerInterceptor]
    private let shared: ServerShared
    private let counters: LoopCounters
    private(set) var peer: Peer
    /// Undelivered bytes of all streams.
    @exclusivity(unchecked) var pendingBytes = 0

    // Unchecked: no access of these overlaps another, since what runs within one never calls back into the connection.
    @exclusivity(unchecked) private var machine: ServerConnectionMachine
    private var isCounted = false
    /// When the last bytes came: what they hold began then.
    @exclusivity(unchecked) private(set) var lastReceived = NIODeadline.now()
    private var lastRoute: Route?
    @exclusivity(unchecked) private var deadlines = DeadlineHeap<ServerStream>()
    private var timer: Scheduled<Void>?
    private var timerDue: NIODeadline?

    init(core: ConnectionCore, shared: ServerShared, counters: LoopCounters) {
        self.core = core
        self.shared = shared
        self.counters = counters
        limits = shared.configuration.limits
        interceptors = shared.interceptors
        peer = Peer(address: core.peerAddress, certificate: nil)
        machine = ServerConnectionMachine(shared.configuration, now: .now())
    }

    /// Starts, and answers the core that takes the link's bytes.
    func started() -> ConnectionCore {
        core.delegate = self
        core.session.delegate = self
        counters.add(.connectionsStarted)
        shared.add(self)
        core.start()
        scheduleTimer()
        return core
    }

    // MARK: The connection

    func connectionEstablished(peer certificate: PeerCertificate?) {
        peer = Peer(address: core.peerAddress, certificate: certificate)
    }

    func connectionReceivedBytes(_ count: Int) {
        lastReceived = .now()
        machine.heard(now: lastReceived)
        counters.add(.bytesReceived, count)
    }

    func connectionSentBytes(_ count: Int) {
        if core.session.takeSentContent() { machine.sentContent() }
        counters.add(.bytesSent, count)
    }

    func connectionClosed(failure: HandshakeFailure?) {
        if isCounted {
            counters.add(.connectionsClosed)
            observer?.connectionClosed(peer)
        } else {
            counters.add(.handshakesEnded)
            // Whoever connects and goes without a word has not failed at anything.
            if let failure {
                counters.add(failure)
                observer?.handshakeFailed(failure, address: peer.address)
            }
        }
        machine.closed()
        timer?.cancel()
        timer = nil
        shared.remove(self)
    }

    /// Counts what a limit refused.
    func refused(by limit: LimitName) {
        counters.add(limit)
        observer?.refused(by: limit, peer: peer)
    }

    private var observer: (any ServerObserver)? { shared.configuration.observer }

    /// Serves what is open and takes nothing new.
    func drain(grace: Duration?) { perform(machine.drain(grace: grace, now: .now())) }

    /// Ends the connection at once; the client is told.
    func cut() {
        core.session.terminate(.noError)
        core.closeSoon(nil)
    }

    func sessionReceivedSettings() {
        machine.settingsReceived(now: .now())
        guard !isCounted else { return }
        isCounted = true
        counters.add(.handshakesEnded)
        counters.add(.connectionsEstablished)
        observer?.connectionEstablished(peer)
    }

    func sessionReceivedPong() { perform(machine.pong()) }

    func sessionReceived(_ frame: CountedFrame) { perform(machine.received(frame, now: .now())) }

    func sessionReceivedGoAway(lastStreamID: Int32, code: HTTP2ErrorCode, debug: UnsafeRawBufferPointer) {}

    private func perform(_ action: ServerConnectionMachine.Action) {
        switch action {
        case .none: return
        case .ping: core.session.ping()
        case .announce(let limit):
            if let limit { refused(by: limit) }
            core.session.submitShutdownNotice()
            core.session.ping()
        case .goAway: core.session.submitGoAway(.noError, debug: "draining")
        case .endForFlood(let limit):
            counters.add(.endedForFlood)
            refused(by: limit)
            // The text that gRPC's clients know, and slow their keepalive down for.
            let isPing = limit == .maxPingsPerSecond || limit == .maxPingStrikes
            core.session.submitGoAway(.enhanceYourCalm, debug: isPing ? "too_many_pings" : "too_many_frames")
            core.closeSoon(nil)
        case .endForHandshake:
            refused(by: .handshakeTimeout)
            core.closeSoon(.timeout)
        case .endForSilence:
            counters.add(.endedForSilence)
            refused(by: .keepalive)
            core.closeSoon(nil)
        case .endForGrace: cut()
        }
        core.markDirty()
        scheduleTimer()
    }

    // MARK: Requests

    func sessionReceivedRequest(_ id: Int32, endStream: Bool) {
        machine.streamOpened()
        if machine.openStreams == 1 { scheduleTimer() }
        switch core.session.requestHead.verdict() {
        case .accept: accept(id, endStream: endStream)
        case .refuse(let error): refuse(id, error)
        case .refuseHTTP(let status):
            counters.add(.requestsRefused)
            var block = HeaderBlock()
            block.add(":status", status)
            if core.session.requestHead.isOtherMethod { block.add("allow", "POST") }
            if core.session.requestHead.isOverLimit { refused(by: .maxHeaderListBytes) }
            core.session.submitResponse(id, only: block)
        }
    }

    private func refuse(_ id: Int32, _ error: RPCError) {
        counters.add(.requestsRefused)
        let block = StatusTrailers.block(error, metadata: Metadata(), isTrailersOnly: true)
        core.session.submitResponse(id, only: block)
    }

    private func accept(_ id: Int32, endStream: Bool) {
        guard let route = route(core.session.requestHead.path) else {
            let path = String(decoding: core.session.requestHead.path, as: UTF8.self)
            return refuse(id, RPCError(.unimplemented, "The method '\(path)' is not served."))
        }
        let deadline = core.session.requestHead.timeout.map { NIODeadline.now() + .nanoseconds(min($0, Int64.max / 4)) }
        let call = route.makeCall(self, route, deadline)
        core.session.attach(call, to: id)
        counters.callStarted(route.index)
        if deadline != nil {
            deadlines.insert(call)
            scheduleTimer()
        }
        if route.descriptor.shape.clientStreams { call.start() }
        if endStream { call.receivedEnd() }
    }

    func handlerStarted() { shared.runningHandlers.add(1, ordering: .relaxed) }
    func handlerEnded() { shared.runningHandlers.subtract(1, ordering: .relaxed) }

    /// The route of the path: often the one of the request before.
    private func route(_ path: [UInt8]) -> Route? {
        if let lastRoute, path.withUnsafeBytes({ $0.isEqual(lastRoute.path) }) { return lastRoute }
        let route = shared.routes.route(path)
        lastRoute = route
        return route
    }

    /// The call has its status.
    func callEnded(_ call: ServerStream, _ error: RPCError?) {
        deadlines.remove(call)
        let duration = NIODeadline.now() - call.started
        counters.callEnded(call.route.index, error?.code ?? .ok, nanoseconds: max(0, duration.nanoseconds))
        if let exceeded = error?.cause as? LimitExceeded { refused(by: exceeded.limit) }
    }

    func sessionRefusedStream() { refused(by: .maxConcurrentStreams) }

    func sessionClosedStream(_ id: Int32, hadStream: Bool) {
        machine.streamClosed(now: .now())
        if machine.openStreams == 0 { scheduleTimer() }
    }

    // MARK: Time

    private func scheduleTimer() {
        guard core.phase != .closed else { return }
        var due = machine.nextTimer
        if let earliest = deadlines.earliest, earliest < due ?? .distantFuture { due = earliest }
        guard let due, due < timerDue ?? .distantFuture else { return }
        timer?.cancel()
        timerDue = due
        timer = core.eventLoop.scheduleTask(deadline: due) { self.timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerDue = nil
        let now = NIODeadline.now()
        while let call = deadlines.popDue(now) { call.deadlinePassed() }
        while true {
            let action = machine.timer(now: now)
            if action == .none { break }
            perform(action)
        }
        scheduleTimer()
        core.scheduler.runTurn()
    }
}
