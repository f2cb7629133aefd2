// SPDX-License-Identifier: Apache-2.0

/// The connections of a server, those that it may take in, and whether it takes any. A value under one lock, so that a
/// connection that is accepted while the server shuts down is either among those that are told to go, or told so itself.
package struct ConnectionRegistry<Connection: AnyObject> {
    /// What becomes of a connection that was registered.
    package enum Registration: Equatable {
        case serves
        /// It was accepted just before the listener closed, and came too late for the drain of all others.
        case mustDrain
        /// Its handshake gave way to another's before it was made.
        case displaced
    }

    /// Who is taken in.
    package var admission = Admission()
    /// The server takes in no more.
    package private(set) var isShutDown = false
    private var connections: [ObjectIdentifier: Connection] = [:]
    /// Those that are in their handshake.
    private var handshakes: [Admission.Ticket: Connection] = [:]

    /// No connections.
    package init() {}

    /// The connections that are open.
    package var open: [Connection] { Array(connections.values) }
    /// None is open.
    package var isEmpty: Bool { connections.isEmpty }

    /// A connection comes: the verdict on it, and the connection that is to go for it.
    package mutating func begin(_ host: String?, limits: Limits) -> (Admission.Verdict, displaced: Connection?) {
        let verdict = admission.begin(host, limits: limits)
        guard case .displacing(_, let oldest, _) = verdict else { return (verdict, nil) }
        return (verdict, handshakes.removeValue(forKey: oldest))
    }

    /// A connection that was admitted is made.
    package mutating func add(_ connection: Connection, _ ticket: Admission.Ticket) -> Registration {
        connections[ObjectIdentifier(connection)] = connection
        guard admission.isOpen(ticket) else { return .displaced }
        handshakes[ticket] = connection
        return isShutDown ? .mustDrain : .serves
    }

    /// A connection is up, or will never be.
    package mutating func handshakeEnded(_ ticket: Admission.Ticket) {
        handshakes[ticket] = nil
        admission.handshakeEnded(ticket)
    }

    /// It is over. `host`: the address that it was admitted by.
    package mutating func remove(_ connection: Connection, host: String?) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        admission.ended(host)
    }

    /// The server ends: the connections to drain. Those that are added later are to drain as well.
    package mutating func shutDown() -> [Connection] {
        isShutDown = true
        return open
    }
}
