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
    /// Who calls, in the books of what messages on their way in may take; nil until the connection is up.
    private(set) var caller: ReceiveLedger.CallerID?

    // Unchecked: no access of these overlaps another, since what runs within one never calls back into the connection.
    @exclusivity(unchecked) private var machine: ServerConnectionMachine
    private let handshake: Admission.Ticket
    private var isCounted = false
    @exclusivity(unchecked) private var hasHeard = false
    /// When the last bytes came: what they hold began then.
    @exclusivity(unchecked) private(set) var lastReceived = NIODeadline.now()
    /// The route of the last path, and the count of its changes then.
    @exclusivity(unchecked) private var lastRoute: (changes: Int, route: Route?) = (0, nil)
    @exclusivity(unchecked) private var deadlines = DeadlineHeap<ServerStream>()
    /// When the oldest unfinished request is looked at.
    @exclusivity(unchecked) private var requestsDue: NIODeadline?
    /// Bytes that wait for the peer, as the books have them.
    @exclusivity(unchecked) private var countedUnsent = 0
    /// Streams that wait for room, and when it is looked at whose messages are overdue.
    private var waitingForRoom = 0
    private var overdueLook: NIODeadline?
    private var timer: Scheduled<Void>?
    private var timerDue: NIODeadline?

    init(core: ConnectionCore, shared: ServerShared, counters: LoopCounters, handshake: Admission.Ticket) {
        self.handshake = handshake
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
        core.start()
        scheduleTimer()
        return core
    }

    // MARK: The connection

    func connectionEstablished(peer certificate: PeerCertificate?) {
        // Judged by settings that were replaced meanwhile: a peer that was revoked could have waited in its handshake.
        if let context = core.tlsContext, !shared.isCurrent(context) { return core.close(.other) }
        peer = Peer(address: core.peerAddress, certificate: certificate)
        let share = shared.share(of: peer)
        receivingLimit = share.receivingBytes
        unsentLimit = share.unsentBytes
        caller = receiving.join(share)
    }

    func connectionReceivedBytes(_ count: Int, now: NIODeadline) {
        lastReceived = now
        hasHeard = true
        machine.heard(now: lastReceived)
        counters.add(.bytesReceived, count)
    }

    func connectionSentBytes(_ count: Int) {
        let frames = core.session.takeSentContent()
        if frames > 0 { machine.sentContent(frames) }
        counters.add(.bytesSent, count)
    }

    func connectionHeaderBlock(isOpen: Bool) {
        machine.headers(areOpen: isOpen, now: lastReceived)
        if isOpen { scheduleTimer() }
    }

    func connectionBlocked(_ isBlocked: Bool) {
        machine.link(isBlocked: isBlocked, now: .now())
        if isBlocked { scheduleTimer() }
    }

    func connectionClosed(failure: HandshakeFailure?) {
        if isCounted {
            counters.add(.connectionsClosed)
            observer?.connectionClosed(peer)
        } else {
            counters.add(.handshakesEnded)
            shared.handshakeEnded(handshake)
            // Whoever connects and goes without a word has not failed at anything.
            if let failure, hasHeard || failure != .refusedByPeer {
                counters.add(failure)
                observer?.handshakeFailed(failure, address: peer.address)
            }
        }
        machine.closed()
        if countedUnsent > 0 { shared.unsent.remove(self) }
        if let caller { receiving.leave(caller) }
        timer?.cancel()
        timer = nil
        shared.remove(self)
    }

    /// The room for messages on their way in, of all connections.
    var receiving: ReceiveBudget { shared.receiving }
    /// What of it this connection's caller may have.
    private(set) var receivingLimit = 0

    /// … and what of answers it may leave untaken.
    private var unsentLimit = 0

    /// A stream waits for room: whose messages are overdue is looked at from time to time.
    func waitForRoom() {
        waitingForRoom += 1
        guard overdueLook == nil else { return }
        overdueLook = .now() + FixedLimits.overdueInterval.timeAmount
        scheduleTimer()
    }

    /// … and waits no longer.
    func waitedForRoom() {
        waitingForRoom -= 1
        if waitingForRoom == 0 { overdueLook = nil }
    }

    /// Counts what a limit refused.
    func refused(by limit: LimitName) {
        counters.add(limit)
        observer?.refused(by: limit, peer: peer)
    }

    private var observer: (any ServerObserver)? { shared.configuration.observer }

    /// Serves what is open and takes nothing new.
    func drain(grace: Duration?) { perform(machine.drain(grace: grace, now: .now())) }

    /// Counts what waits for the peer where that is much, and where it no longer is.
    func connectionFlushed(unsent bytes: Int) {
        let count = bytes < FixedLimits.countedUnsentBytes ? 0 : bytes
        guard let caller, count != countedUnsent,
            count == 0 || countedUnsent == 0 || abs(count - countedUnsent) >= FixedLimits.countedUnsentBytes
        else { return }
        countedUnsent = count
        shared.unsent.update(self, of: caller, limit: unsentLimit, bytes: count)
    }

    /// Ends the connection of a peer that leaves its answers untaken while there are too many of those.
    func cutForSlowness(_ limit: LimitName) {
        guard core.phase != .closed else { return }
        refused(by: limit)
        core.session.submitGoAway(.enhanceYourCalm, debug: "too_slow")
        core.closeSoon(nil)
    }

    /// Ends a handshake that others' newcomers want the place of.
    func displaced(by limit: LimitName) {
        guard !isCounted, core.phase != .closed else { return }
        refused(by: limit)
        core.closeSoon(.displaced)
    }

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
        shared.handshakeEnded(handshake)
        counters.add(.connectionsEstablished)
        observer?.connectionEstablished(peer)
    }

    func sessionSentSettings() {
        machine.settingsSent(now: .now())
        scheduleTimer()
    }

    func sessionReceivedSettingsAck() { machine.settingsAcknowledged() }

    func sessionReceivedPong(_ purpose: PingPurpose) {
        switch purpose {
        // Any byte is a sign of life.
        case .keepalive: break
        case .drain: perform(machine.pong())
        case .measure: break
        }
    }

    func sessionReceivedEndlessHeaders() { perform(machine.endlessHeaders()) }

    func sessionReceived(_ frame: CountedFrame) { perform(machine.received(frame, now: lastReceived)) }

    func sessionReceivedGoAway(lastStreamID: Int32, code: HTTP2ErrorCode, debug: UnsafeRawBufferPointer) {}

    private func perform(_ action: ServerConnectionMachine.Action) {
        switch action {
        case .none: return
        case .ping: core.session.ping(.keepalive)
        case .announce(let limit):
            if let limit { refused(by: limit) }
            core.session.submitShutdownNotice()
            core.session.ping(.drain)
        case .goAway: core.session.submitGoAway(.noError, debug: "draining")
        case .endForFlood(let limit):
            counters.add(.endedForFlood)
            refused(by: limit)
            // The text that gRPC's clients know, and slow their keepalive down for.
            let isPing = limit == .maxPingsPerSecond || limit == .maxPingStrikes
            core.session.submitGoAway(.enhanceYourCalm, debug: isPing ? "too_many_pings" : "too_many_frames")
            core.closeSoon(nil)
        case .endForSettings:
            refused(by: .settingsTimeout)
            core.session.submitGoAway(.settingsTimeout, debug: "no acknowledgement of SETTINGS")
            core.closeSoon(nil)
        case .endForSlowness(let limit):
            refused(by: limit)
            core.session.submitGoAway(.enhanceYourCalm, debug: "too_slow")
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
        let hasRoom = shared.quota.admits(
            open: counters.openStreams, own: machine.openStreams, connections: counters.openConnections)
        machine.streamOpened()
        counters.add(.openStreams)
        if machine.openStreams == 1 { scheduleTimer() }
        guard hasRoom else {
            refused(by: .maxCalls)
            core.session.attach(RefusedRequest(session: core.session, isReceiving: !endStream), to: id)
            return core.session.reset(id, .refusedStream)
        }
        switch core.session.requestHead.verdict() {
        case .accept: accept(id, endStream: endStream)
        case .refuse(let error): refuse(id, error, isReceiving: !endStream)
        case .refuseHTTP(let status): refuseHTTP(id, status, isReceiving: !endStream)
        }
    }

    private func refuseHTTP(_ id: Int32, _ status: StaticString, isReceiving: Bool) {
        counters.add(.requestsRefused)
        if core.session.requestHead.isOverLimit { refused(by: .maxHeaderListBytes) }
        let body: StaticString =
            core.session.requestHead.isHead
            ? "" : "This is a gRPC server: it takes POST with the content type application/grpc.\n"
        var block = HeaderBlock()
        block.add(":status", status)
        if core.session.requestHead.isOtherMethod { block.add("allow", "POST") }
        if body.utf8CodeUnitCount > 0 {
            block.add("content-type", "text/plain")
            block.add("content-length", String(body.utf8CodeUnitCount).utf8)
        }
        let refusal = RefusedRequest(session: core.session, isReceiving: isReceiving)
        core.session.attach(refusal, to: id)
        let waits = isReceiving && core.session.requestHead.isPlain
        refusal.answer(block, body: body, atEndOfRequestSince: waits ? lastReceived : nil)
        if waits { expectRequest() }
    }

    private func refuse(_ id: Int32, _ error: RPCError, isReceiving: Bool) {
        counters.add(.requestsRefused)
        let block = StatusTrailers.block(error, metadata: Metadata(), isTrailersOnly: true)
        core.session.attach(RefusedRequest(session: core.session, isReceiving: isReceiving), to: id)
        core.session.submitResponse(id, only: block)
    }

    private func accept(_ id: Int32, endStream: Bool) {
        guard let route = requestedRoute() else {
            let path = String(decoding: core.session.requestHead.path, as: UTF8.self)
            return refuse(
                id, RPCError(.unimplemented, "The method '\(path)' is not served."), isReceiving: !endStream)
        }
        let deadline = core.session.requestHead.timeout.map { lastReceived + .nanoseconds(min($0, Int64.max / 4)) }
        let call = route.makeCall(self, route, deadline)
        core.session.attach(call, to: id)
        counters.callStarted(route.index)
        if deadline != nil {
            deadlines.insert(call)
            scheduleTimer()
        }
        if route.descriptor.shape.clientStreams { call.start() }
        if endStream {
            call.receivedEnd()
        } else if !route.descriptor.shape.clientStreams {
            expectRequest()
        }
    }

    /// A request has begun that is to end in time.
    private func expectRequest() {
        guard requestsDue == nil else { return }
        requestsDue = lastReceived + limits.requestTimeout.timeAmount
        scheduleTimer()
    }

    /// Ends the requests that have taken too long to come, and looks again when the next one will have.
    private func endSlowRequests(now: NIODeadline) {
        let latest = now - limits.requestTimeout.timeAmount
        var oldest: NIODeadline?
        var stream = core.session.streams.first
        while let open = stream {
            stream = open.next
            guard let request = open as? any TimedRequest, request.awaitsRequest else { continue }
            if request.started <= latest {
                request.requestTookTooLong()
                core.markDirty()
            } else {
                oldest = min(oldest ?? .distantFuture, request.started)
            }
        }
        requestsDue = oldest.map { $0 + limits.requestTimeout.timeAmount }
    }

    func handlerStarted() { shared.runningHandlers.add(1, ordering: .relaxed) }
    func handlerEnded() { shared.runningHandlers.subtract(1, ordering: .relaxed) }

    /// The route of the request's path: often the one of the request before.
    private func requestedRoute() -> Route? {
        let changes = core.session.requestHead.pathChanges
        if changes != lastRoute.changes {
            lastRoute = (changes, shared.routes.route(core.session.requestHead.path))
        }
        return lastRoute.route
    }

    /// The call has its status.
    func callEnded(_ call: ServerStream, _ error: RPCError?) {
        deadlines.remove(call)
        let duration = NIODeadline.now() - call.started
        counters.callEnded(call.route.index, error?.code ?? .ok, nanoseconds: max(0, duration.nanoseconds))
        if let exceeded = error?.cause as? LimitExceeded { refused(by: exceeded.limit) }
    }

    func sessionRefusedStream() {
        refused(by: .maxConcurrentStreams)
        perform(machine.received(.refusedStream, now: lastReceived))
    }

    func sessionQueueOverflowed() { perform(machine.queueOverflowed()) }

    func sessionClosedStream(_ id: Int32, hadStream: Bool) {
        // Others were malformed, and never became requests.
        guard hadStream else { return }
        machine.streamClosed(now: .now())
        counters.add(.openStreams, -1)
        if machine.openStreams == 0 { scheduleTimer() }
    }

    // MARK: Time

    private func scheduleTimer() {
        guard core.phase != .closed else { return }
        var due = machine.nextTimer
        if let earliest = deadlines.earliest, earliest < due ?? .distantFuture { due = earliest }
        if let requestsDue, requestsDue < due ?? .distantFuture { due = requestsDue }
        if let overdueLook, overdueLook < due ?? .distantFuture { due = overdueLook }
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
        if let requestsDue, requestsDue <= now { endSlowRequests(now: now) }
        if let overdueLook, overdueLook <= now {
            self.overdueLook = now + FixedLimits.overdueInterval.timeAmount
            receiving.endOverdue(now: now)
        }
        while true {
            let action = machine.timer(now: now)
            if action == .none { break }
            perform(action)
        }
        scheduleTimer()
        core.scheduler.runTurn()
    }
}
