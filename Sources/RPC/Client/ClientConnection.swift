// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a connection tells the client that dialled it. On the event loop.
protocol ClientConnectionOwner: AnyObject {
    /// The server's SETTINGS came: calls may start.
    func connectionReady(_ connection: ClientConnection)
    /// No further calls may start on it.
    func connectionDraining(_ connection: ClientConnection)
    /// The server says that it is asked too often whether it lives.
    func connectionPingedTooMuch()
    /// It is over.
    func connectionLost(_ connection: ClientConnection, _ failure: HandshakeFailure?)
}

/// A connection to a server.
///
/// Sendable because it is confined to its event loop; other threads only hand it to that loop.
final class ClientConnection: ConnectionCoreDelegate, HTTP2SessionDelegate, @unchecked Sendable {
    let core: ConnectionCore
    let limits: Limits
    private let configuration: ClientConfiguration
    private var owner: (any ClientConnectionOwner)?
    private var keepalive: Keepalive
    private var floods = FloodCounter()
    private var deadlines = DeadlineHeap<ClientStream>()
    private var timer: Scheduled<Void>?
    private var timerDue: NIODeadline?
    private var isReady = false
    private var dialled = NIODeadline.now()
    private(set) var isDraining = false

    init(core: ConnectionCore, configuration: ClientConfiguration, owner: any ClientConnectionOwner) {
        self.core = core
        self.configuration = configuration
        self.owner = owner
        limits = configuration.limits
        keepalive = Keepalive(configuration.keepalive, now: .now())
    }

    /// Starts, and answers the core that takes the link's bytes.
    func started() -> ConnectionCore {
        core.delegate = self
        core.session.delegate = self
        core.start()
        scheduleTimer()
        return core
    }

    /// Opens the call's stream with its headers. False when the connection can't take another.
    func open(_ call: ClientStream, headers: HeaderBlock) -> Bool {
        guard core.phase == .established, !isDraining, core.session.open(call, headers: headers) else { return false }
        if call.deadline != nil { deadlines.insert(call) }
        scheduleTimer()
        core.markDirty()
        return true
    }

    func callEnded(_ call: ClientStream) { deadlines.remove(call) }

    /// It could not take a call: its dialler makes another.
    func giveUp() { owner?.connectionDraining(self) }

    /// Takes no new calls and closes after the open ones.
    func drain() {
        isDraining = true
        core.session.submitGoAway(.noError, debug: "")
        core.markDirty()
    }

    // MARK: Events

    func connectionEstablished(peer: PeerCertificate?) {}

    func connectionReceivedBytes(_ count: Int, now: NIODeadline) { keepalive.heard(now: now) }

    func connectionClosed(failure: HandshakeFailure?) {
        timer?.cancel()
        timer = nil
        isDraining = true
        // Closed without a word before it could be used: the server did not want us.
        owner?.connectionLost(self, failure ?? (isReady ? nil : .refusedByPeer))
        owner = nil
    }

    func sessionReceivedSettings() {
        guard !isReady else { return }
        isReady = true
        owner?.connectionReady(self)
        scheduleTimer()
    }

    func sessionReceivedGoAway(lastStreamID: Int32, code: HTTP2ErrorCode, debug: UnsafeRawBufferPointer) {
        isDraining = true
        if code == .enhanceYourCalm, debug.isEqual("too_many_pings") { owner?.connectionPingedTooMuch() }
        owner?.connectionDraining(self)
    }

    func sessionReceived(_ frame: CountedFrame) {
        // Resets are the server's answers; it decides on their number.
        guard frame != .reset, floods.isFlood(frame, limits: limits, now: .now()) else { return }
        core.session.terminate(.enhanceYourCalm)
    }

    func connectionSentBytes(_ count: Int) {
        let frames = core.session.takeSentContent()
        if frames > 0 { floods.sentContent(frames) }
    }

    func connectionHeaderBlock(isOpen: Bool) {}
    func connectionFlushed(unsent: Int) {}

    func connectionBlocked(_ isBlocked: Bool) {}
    func sessionRefusedStream() {}
    func sessionQueueOverflowed() {}
    func sessionSentSettings() {}
    func sessionReceivedSettingsAck() {}
    func sessionReceivedPong(_ purpose: PingPurpose) {}
    func sessionReceivedEndlessHeaders() { core.session.terminate(.enhanceYourCalm) }
    func sessionReceivedRequest(_ id: Int32, endStream: Bool) {}
    func sessionClosedStream(_ id: Int32, hadStream: Bool) {}

    // MARK: Time

    private var hasCalls: Bool { core.session.streams.count > 0 }

    private func scheduleTimer() {
        guard core.phase != .closed else { return }
        let handshakeEnd = isReady ? nil : dialled + limits.handshakeTimeout.timeAmount
        let due = [handshakeEnd, keepalive.nextTimer(hasCalls: hasCalls), deadlines.earliest].compactMap { $0 }.min()
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
        if !isReady, dialled + limits.handshakeTimeout.timeAmount <= now { core.closeSoon(.timeout) }
        switch keepalive.timer(now: now, hasCalls: hasCalls) {
        case .none: break
        case .ping:
            core.session.ping(.keepalive)
            core.markDirty()
        case .giveUp: core.closeSoon(nil)
        }
        scheduleTimer()
        core.scheduler.runTurn()
    }
}
