// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// Makes a client's connections and hands them to its calls: dials when a call needs one and there is none, waits after
/// failures, and replaces a connection that is lost or draining.
///
/// Sendable because it is confined to its event loop; other threads only hand it to that loop.
final class Dialler: ClientConnectionOwner, @unchecked Sendable {
    /// How the bytes get there: calls `ready` on the event loop with what went wrong, or nil.
    typealias Connect = (_ dialler: Dialler, _ failed: @escaping @Sendable (any Error) -> Void) -> Void

    private enum State {
        case idle
        case connecting
        case ready(ClientConnection)
        /// Attempts fail; the next one may start when the timer fires.
        case waiting(RPCError)
        case closed
    }

    private typealias Waiter = UnsafeContinuation<ClientConnection, any Error>

    private(set) var configuration: ClientConfiguration
    let scheduler: LoopScheduler
    /// The name whose certificate the server must show; its address is `configuration.target`.
    private let serverHost: String?
    private let tls: TLSContext?
    private let connect: Connect
    private var state = State.idle
    private var failures = 0
    private var waiters: [Int: (waiter: Waiter, waitsForReady: Bool)] = [:]
    private var nextWaiter = 0
    /// The connection that is coming up, once its link has.
    private var attempt: ClientConnection?
    private var open: [ObjectIdentifier: ClientConnection] = [:]

    init(
        configuration: ClientConfiguration, serverHost: String?, scheduler: LoopScheduler, tls: TLSContext?,
        connect: @escaping Connect
    ) {
        self.configuration = configuration
        self.serverHost = serverHost
        self.scheduler = scheduler
        self.tls = tls
        self.connect = connect
    }

    /// A connection that takes calls. On the event loop.
    func connection(waitsForReady: Bool, deadline: NIODeadline?) async throws -> ClientConnection {
        switch state {
        case .ready(let connection) where !connection.isDraining: return connection
        case .closed: throw RPCError(.unavailable, "The client is closed.")
        case .waiting(let error) where !waitsForReady: throw error
        case .idle, .ready: dial()
        case .connecting, .waiting: break
        }
        nextWaiter += 1
        let ticket = nextWaiter
        let timer = deadline.map { deadline in
            scheduler.eventLoop.scheduleTask(deadline: deadline) {
                self.fail(ticket, RPCError(.deadlineExceeded, "The deadline passed before there was a connection."))
            }
        }
        defer { timer?.cancel() }
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (waiter: Waiter) in
                if Task.isCancelled {
                    waiter.resume(throwing: CancellationError())
                } else {
                    waiters[ticket] = (waiter, waitsForReady)
                    settle()
                }
            }
        } onCancel: {
            scheduler.eventLoop.execute { self.fail(ticket, RPCError(.cancelled, "The call was cancelled.")) }
        }
    }

    /// The connection that takes calls now, if there is one.
    var ready: ClientConnection? {
        if case .ready(let connection) = state, !connection.isDraining { return connection }
        return nil
    }

    /// Connects, unless it does already, or waits after a failure.
    func wake() {
        switch state {
        case .idle: dial()
        case .ready(let connection) where connection.isDraining: dial()
        default: break
        }
    }

    private func fail(_ ticket: Int, _ error: RPCError) {
        waiters.removeValue(forKey: ticket)?.waiter.resume(throwing: error)
    }

    /// Answers the waiters whom the state has an answer for.
    private func settle() {
        for (ticket, entry) in waiters {
            switch state {
            case .ready(let connection):
                waiters[ticket] = nil
                entry.waiter.resume(returning: connection)
            case .waiting(let error) where !entry.waitsForReady: fail(ticket, error)
            case .closed: fail(ticket, RPCError(.unavailable, "The client is closed."))
            default: break
            }
        }
    }

    private func dial() {
        state = .connecting
        attempt = nil
        connect(self) { [scheduler] error in
            scheduler.eventLoop.execute { self.attemptFailed(nil, error) }
        }
    }

    /// A connection over a link that came up. On the event loop.
    func makeConnection(_ link: any ByteLink, isInProcess: Bool = false) -> ConnectionCore? {
        guard case .connecting = state, attempt == nil,
            let session = HTTP2Session(role: .client, limits: configuration.limits, memory: scheduler.sessionMemory())
        else { return nil }
        var tlsSession: TLSSession?
        if let tls, !isInProcess {
            guard let made = TLSSession(context: tls, host: serverHost) else { return nil }
            tlsSession = made
        }
        let core = ConnectionCore(
            scheduler: scheduler, link: link, session: session, tls: tlsSession, limits: configuration.limits)
        let connection = ClientConnection(core: core, configuration: configuration, owner: self)
        open[ObjectIdentifier(connection)] = connection
        attempt = connection
        return connection.started()
    }

    func connectionReady(_ connection: ClientConnection) {
        guard case .connecting = state, connection === attempt else { return }
        failures = 0
        attempt = nil
        state = .ready(connection)
        settle()
    }

    func connectionDraining(_ connection: ClientConnection) {
        if case .ready(let current) = state, current === connection { state = .idle }
    }

    /// Later connections ask half as often, as gRPC's clients do (its proposal A8).
    func connectionPingedTooMuch() {
        configuration.keepalive.interval = configuration.keepalive.interval.map { $0 * 2 }
    }

    func connectionLost(_ connection: ClientConnection, _ failure: HandshakeFailure?) {
        open[ObjectIdentifier(connection)] = nil
        switch state {
        case .ready(let current) where current === connection: state = .idle
        case .connecting where connection === attempt: attemptFailed(failure, nil)
        default: break
        }
    }

    private func attemptFailed(_ failure: HandshakeFailure?, _ cause: (any Error)?) {
        guard case .connecting = state else { return }
        let reason = failure.map { " (\($0.rawValue))" } ?? ""
        state = .waiting(
            RPCError(.unavailable, "No connection to \(configuration.target)\(reason).", cause: cause ?? failure))
        failures += 1
        let wait = configuration.backoff.wait(afterFailures: failures, random: Double.random(in: -1...1))
        scheduler.eventLoop.scheduleTask(in: wait.timeAmount) { self.waitedEnough() }
        settle()
    }

    private func waitedEnough() {
        guard case .waiting = state else { return }
        if waiters.isEmpty {
            state = .idle
        } else {
            dial()
        }
    }

    /// Takes no more calls; connections close when their calls are done, or now.
    func close(cuttingCalls: Bool) {
        state = .closed
        settle()
        for connection in open.values {
            if cuttingCalls || connection.core.phase == .handshaking {
                connection.core.closeSoon(nil)
            } else {
                connection.drain()
            }
        }
    }

    var isDrained: Bool { open.isEmpty }
}
