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
    private(set) var peer: Peer
    /// Undelivered bytes of all streams.
    var pendingBytes = 0

    private var machine: ServerConnectionMachine
    private var head: RequestHead
    private var deadlines = DeadlineHeap<ServerStream>()
    private var timer: Scheduled<Void>?
    private var timerDue: NIODeadline?

    init(core: ConnectionCore, shared: ServerShared) {
        self.core = core
        self.shared = shared
        limits = shared.configuration.limits
        interceptors = shared.interceptors
        peer = Peer(address: core.peerAddress, certificate: nil)
        machine = ServerConnectionMachine(shared.configuration, now: .now())
        head = RequestHead(limit: limits.maxHeaderListBytes)
    }

    /// Starts, and answers the core that takes the link's bytes.
    func started() -> ConnectionCore {
        core.delegate = self
        core.session.delegate = self
        shared.add(self)
        core.start()
        scheduleTimer()
        return core
    }

    // MARK: The connection

    func connectionEstablished(peer certificate: PeerCertificate?) {
        peer = Peer(address: core.peerAddress, certificate: certificate)
        shared.counters.connectionsEstablished.add(1, ordering: .relaxed)
        shared.counters.connectionsOpen.add(1, ordering: .relaxed)
        isCounted = true
    }

    private var isCounted = false

    func connectionReceivedBytes() { machine.heard(now: .now()) }

    func connectionClosed(failure: HandshakeFailure?) {
        machine.closed()
        timer?.cancel()
        timer = nil
        if isCounted { shared.counters.connectionsOpen.subtract(1, ordering: .relaxed) }
        if let failure { shared.counters.countHandshakeFailure(failure) }
        shared.remove(self)
    }

    /// Serves what is open and takes nothing new.
    func drain(grace: Duration?) { perform(machine.drain(grace: grace, now: .now())) }

    func sessionReceivedSettings() { machine.settingsReceived(now: .now()) }

    func sessionReceivedPong() { perform(machine.pong()) }

    func sessionReceived(_ frame: CountedFrame) { perform(machine.received(frame, now: .now())) }

    func sessionSentContent() { machine.sentContent() }

    func sessionReceivedGoAway(lastStreamID: Int32, code: HTTP2ErrorCode, debug: UnsafeRawBufferPointer) {}

    private func perform(_ action: ServerConnectionMachine.Action) {
        switch action {
        case .none: return
        case .ping: core.session.ping()
        case .announce:
            core.session.submitShutdownNotice()
            core.session.ping()
        case .goAway: core.session.submitGoAway(.noError, debug: "draining")
        case .endForFlood:
            shared.counters.connectionsEndedForFlood.add(1, ordering: .relaxed)
            core.session.submitGoAway(.enhanceYourCalm, debug: "too_many_pings")
            core.closeSoon(nil)
        case .endForHandshake: core.closeSoon(.timeout)
        case .endForSilence:
            shared.counters.connectionsEndedForSilence.add(1, ordering: .relaxed)
            core.closeSoon(nil)
        case .endForGrace:
            core.session.terminate(.noError)
            core.closeSoon(nil)
        }
        core.markDirty()
        scheduleTimer()
    }

    // MARK: Requests

    func sessionBeganRequest(_ id: Int32) { head.reset() }

    func sessionReceivedRequestHeader(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        head.add(name: name, value: value)
    }

    func sessionReceivedRequest(_ id: Int32, endStream: Bool) {
        machine.streamOpened()
        if machine.openStreams == 1 { scheduleTimer() }
        switch head.verdict() {
        case .accept: accept(id, endStream: endStream)
        case .refuse(let error): refuse(id, error)
        case .refuseHTTP(let status):
            shared.counters.requestsRefused.add(1, ordering: .relaxed)
            var block = HeaderBlock()
            block.add(":status", status)
            if head.isOtherMethod { block.add("allow", "POST") }
            core.session.submitResponse(id, only: block)
        }
    }

    private func refuse(_ id: Int32, _ error: RPCError) {
        shared.counters.requestsRefused.add(1, ordering: .relaxed)
        let block = StatusTrailers.block(error, metadata: Metadata(), isTrailersOnly: true)
        core.session.submitResponse(id, only: block)
    }

    private func accept(_ id: Int32, endStream: Bool) {
        guard let route = shared.routes.route(head.path) else {
            let path = String(decoding: head.path, as: UTF8.self)
            return refuse(id, RPCError(.unimplemented, "The method '\(path)' is not served."))
        }
        let deadline = head.timeout.map { NIODeadline.now() + .nanoseconds(min($0, Int64.max / 4)) }
        let call = route.makeCall(self, route, head, deadline)
        core.session.attach(call, to: id)
        shared.counters.callsStarted.add(1, ordering: .relaxed)
        if deadline != nil {
            deadlines.insert(call)
            scheduleTimer()
        }
        if route.descriptor.shape.clientStreams { call.start() }
        if endStream { call.receivedEnd() }
    }

    func handlerStarted() { shared.runningHandlers.add(1, ordering: .relaxed) }
    func handlerEnded() { shared.runningHandlers.subtract(1, ordering: .relaxed) }

    /// The call has its status.
    func callEnded(_ call: ServerStream, _ error: RPCError?) {
        deadlines.remove(call)
        if error == nil {
            shared.counters.callsSucceeded.add(1, ordering: .relaxed)
        } else {
            shared.counters.callsFailed.add(1, ordering: .relaxed)
        }
    }

    func sessionClosedStream(_ id: Int32, hadStream: Bool) {
        machine.streamClosed(now: .now())
        if machine.openStreams == 0 { scheduleTimer() }
    }

    // MARK: Time

    private func scheduleTimer() {
        guard core.phase != .closed else { return }
        let due = [machine.nextTimer, deadlines.earliest].compactMap { $0 }.min()
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
