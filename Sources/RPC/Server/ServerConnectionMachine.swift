// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The life of a server's connection: handshake, service, draining, end. No I/O; time is an argument.
///
/// Draining, as gRPC servers do it: a GOAWAY that names no last stream and a PING; when the PING is answered (or takes
/// too long) every request that was on its way has come, and a second GOAWAY names the last one. The connection closes
/// when those are served, or when the grace is over.
/// - The peer's faults: floods. They end the connection.
/// - Legitimately ignored: a pong nobody waits for, a drain that is under way.
package struct ServerConnectionMachine: Equatable {
    private enum Phase: Equatable {
        case handshaking(since: NIODeadline)
        case serving
        /// The first GOAWAY is out.
        case announced(at: NIODeadline, forceAt: NIODeadline?)
        /// The second one is.
        case draining(forceAt: NIODeadline?)
        case closed
    }

    /// What the connection has to do.
    package enum Action: Equatable {
        case none
        case ping
        /// The GOAWAY that names no last stream, and a PING. With the limit that the connection has reached, if it is
        /// not the server that ends.
        case announce(LimitName?)
        /// The GOAWAY that names the last stream.
        case goAway
        /// GOAWAY with ENHANCE_YOUR_CALM, then close: the peer went over this limit.
        case endForFlood(LimitName)
        /// Close: the handshake took too long.
        case endForHandshake
        /// GOAWAY with SETTINGS_TIMEOUT, then close.
        case endForSettings
        /// GOAWAY with ENHANCE_YOUR_CALM, then close: this took the peer too long.
        case endForSlowness(LimitName)
        /// Close: the peer is gone.
        case endForSilence
        /// Close: the grace is over.
        case endForGrace
    }

    private let limits: Limits
    private let maxIdle: TimeAmount?
    private let maxAge: TimeAmount?
    private let maxAgeGrace: TimeAmount?
    private var phase: Phase
    private var keepalive: Keepalive
    private var floods = FloodCounter()
    private var strikes = PingStrikes()
    private var established: NIODeadline?
    private var idleSince: NIODeadline?
    /// When what the peer owes us must have come.
    private var settingsDue: NIODeadline?
    private var headersDue: NIODeadline?
    private var sendDue: NIODeadline?
    /// Streams that are open now.
    package private(set) var openStreams = 0

    /// A connection that was just accepted.
    package init(_ configuration: ServerConfiguration, now: NIODeadline) {
        limits = configuration.limits
        maxIdle = configuration.maxConnectionIdle?.timeAmount
        maxAge = configuration.maxConnectionAge?.timeAmount
        maxAgeGrace = configuration.maxConnectionAgeGrace?.timeAmount
        keepalive = Keepalive(configuration.keepalive, now: now)
        phase = .handshaking(since: now)
    }

    /// The preface came: the connection serves.
    package mutating func settingsReceived(now: NIODeadline) {
        guard case .handshaking = phase else { return }
        phase = .serving
        established = now
        idleSince = now
    }

    /// The handshake is not over: TLS is not up, or the preface has not come.
    package var isHandshaking: Bool { if case .handshaking = phase { true } else { false } }

    /// Bytes came.
    package mutating func heard(now: NIODeadline) { keepalive.heard(now: now) }

    /// A frame that floods are made of came.
    package mutating func received(_ frame: CountedFrame, now: NIODeadline) -> Action {
        guard phase != .closed else { return .none }
        let isAbuse = frame == .ping && strikes.isAbuse(limits: limits, now: now)
        if floods.isFlood(frame, limits: limits, now: now) { return end(.endForFlood(frame.limit)) }
        return isAbuse ? end(.endForFlood(.maxPingStrikes)) : .none
    }

    /// So many frames with headers or data were sent.
    package mutating func sentContent(_ frames: Int = 1) {
        strikes.sentContent()
        floods.sentContent(frames)
    }

    /// SETTINGS were sent: they are to be acknowledged.
    package mutating func settingsSent(now: NIODeadline) {
        settingsDue = settingsDue ?? now + limits.settingsTimeout.timeAmount
    }

    /// … and were.
    package mutating func settingsAcknowledged() { settingsDue = nil }

    /// A header block began, or is complete.
    package mutating func headers(areOpen: Bool, now: NIODeadline) {
        headersDue = areOpen ? now + limits.headersTimeout.timeAmount : nil
    }

    /// The link takes no more bytes, or takes them again.
    package mutating func link(isBlocked: Bool, now: NIODeadline) {
        sendDue = isBlocked ? sendDue ?? now + limits.sendTimeout.timeAmount : nil
    }

    /// A header block came that is many times as long as the limit.
    package mutating func endlessHeaders() -> Action {
        phase == .closed ? .none : end(.endForFlood(.maxHeaderListBytes))
    }

    /// The peer takes none of the frames that wait for it.
    package mutating func queueOverflowed() -> Action {
        phase == .closed ? .none : end(.endForFlood(.maxQueuedFrames))
    }

    /// A request came.
    package mutating func streamOpened() {
        openStreams += 1
        idleSince = nil
    }

    /// A stream is over.
    package mutating func streamClosed(now: @autoclosure () -> NIODeadline) {
        openStreams -= 1
        if openStreams == 0 { idleSince = now() }
    }

    /// Drain and close; what is still open after `grace` is cut.
    package mutating func drain(grace: Duration?, now: NIODeadline) -> Action {
        startDrain(nil, forceAt: grace.map { now + $0.timeAmount }, now: now)
    }

    private mutating func startDrain(_ limit: LimitName?, forceAt: NIODeadline?, now: NIODeadline) -> Action {
        switch phase {
        case .handshaking:
            phase = .closed
            return .endForGrace
        case .serving:
            phase = .announced(at: now, forceAt: forceAt)
            return .announce(limit)
        case .announced(let at, let earlier):
            phase = .announced(at: at, forceAt: Self.earliest(earlier, forceAt))
            return .none
        case .draining(let earlier):
            phase = .draining(forceAt: Self.earliest(earlier, forceAt))
            return .none
        case .closed: return .none
        }
    }

    /// Our PING was answered.
    package mutating func pong() -> Action {
        guard case .announced(_, let forceAt) = phase else { return .none }
        phase = .draining(forceAt: forceAt)
        return .goAway
    }

    /// The connection is over.
    package mutating func closed() { phase = .closed }

    /// When the first of the peer's debts is due.
    private var debtDue: NIODeadline? {
        isHandshaking ? nil : Self.earliest(Self.earliest(settingsDue, headersDue), sendDue)
    }

    private mutating func overdue(now: NIODeadline) -> Action? {
        guard let debtDue, debtDue <= now else { return nil }
        if let settingsDue, settingsDue <= now { return end(.endForSettings) }
        if let headersDue, headersDue <= now { return end(.endForSlowness(.headersTimeout)) }
        return end(.endForSlowness(.sendTimeout))
    }

    /// When `timer` wants to be called, if ever.
    package var nextTimer: NIODeadline? {
        guard phase != .closed else { return nil }
        return Self.earliest(phaseTimer, debtDue)
    }

    private var phaseTimer: NIODeadline? {
        switch phase {
        case .handshaking(let since): return since + limits.handshakeTimeout.timeAmount
        case .closed: return nil
        case .announced(let at, let forceAt):
            return Self.earliest(at + Self.announceWait, forceAt)
        case .draining(let forceAt):
            return Self.earliest(forceAt, keepalive.nextTimer(hasCalls: openStreams > 0))
        case .serving:
            let idleEnd = maxIdle.flatMap { idle in idleSince.map { $0 + idle } }
            let ageEnd = maxAge.flatMap { age in established.map { $0 + age } }
            return Self.earliest(
                Self.earliest(idleEnd, ageEnd), keepalive.nextTimer(hasCalls: openStreams > 0))
        }
    }

    /// Time has passed. Call again until the answer is `none`.
    package mutating func timer(now: NIODeadline) -> Action {
        guard let due = nextTimer, due <= now else { return .none }
        if let action = overdue(now: now) { return action }
        switch phase {
        case .handshaking:
            phase = .closed
            return .endForHandshake
        case .announced(_, let forceAt):
            if let forceAt, forceAt <= now { return end(.endForGrace) }
            phase = .draining(forceAt: forceAt)
            return .goAway
        case .draining(let forceAt):
            if let forceAt, forceAt <= now { return end(.endForGrace) }
            return keepaliveAction(now: now)
        case .serving:
            if let maxAge, let established, established + maxAge <= now {
                return startDrain(.maxConnectionAge, forceAt: maxAgeGrace.map { now + $0 }, now: now)
            }
            if let maxIdle, let idleSince, idleSince + maxIdle <= now {
                return startDrain(.maxConnectionIdle, forceAt: nil, now: now)
            }
            return keepaliveAction(now: now)
        case .closed: return .none
        }
    }

    private mutating func end(_ action: Action) -> Action {
        phase = .closed
        return action
    }

    private mutating func keepaliveAction(now: NIODeadline) -> Action {
        switch keepalive.timer(now: now, hasCalls: openStreams > 0) {
        case .none: .none
        case .ping: .ping
        case .giveUp: end(.endForSilence)
        }
    }

    /// How long the first GOAWAY waits for its pong.
    private static let announceWait = TimeAmount.seconds(2)

    private static func earliest(_ left: NIODeadline?, _ right: NIODeadline?) -> NIODeadline? {
        guard let left else { return right }
        guard let right else { return left }
        return min(left, right)
    }
}
