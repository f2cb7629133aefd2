// SPDX-License-Identifier: Apache-2.0

/// The connections of a server, those that it may take in, and whether it takes any. A value under one lock, so that a
/// connection that is accepted while the server shuts down is either among those that are told to go, or told so itself.
package struct ConnectionRegistry<Connection: AnyObject> {
    /// What becomes of a connection that was registered.
    package enum Registration: Equatable {
        case serves
        /// It was accepted just before the listener closed, and came too late for the drain of all others.
        case mustDrain
    }

    /// Who is taken in.
    package var admission = Admission()
    /// The server takes in no more.
    package private(set) var isShutDown = false
    private var connections: [ObjectIdentifier: Connection] = [:]

    /// No connections.
    package init() {}

    /// The connections that are open.
    package var open: [Connection] { Array(connections.values) }
    /// None is open.
    package var isEmpty: Bool { connections.isEmpty }

    /// A connection that was admitted is made.
    package mutating func add(_ connection: Connection) -> Registration {
        connections[ObjectIdentifier(connection)] = connection
        return isShutDown ? .mustDrain : .serves
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
