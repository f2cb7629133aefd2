// SPDX-License-Identifier: Apache-2.0

/// Which connections a server takes in: counts them and their handshakes, in all and by address. A value; the peers'
/// doings are no errors here.
package struct Admission: Equatable {
    private struct Address: Equatable {
        var connections = 0
        var handshakes = 0
    }

    /// Connections that were taken in and have not ended.
    package private(set) var connections = 0
    /// Those of them that are in their handshake.
    package private(set) var handshakes = 0
    private var addresses: [String: Address] = [:]

    /// No connections.
    package init() {}

    /// A connection comes, from an address where it has one. The limit that refuses it, or nil: it is taken in, and its
    /// handshake begins.
    package mutating func begin(_ address: String?, limits: Limits) -> LimitName? {
        if connections >= limits.maxConnections { return .maxConnections }
        if handshakes >= limits.maxHandshakes { return .maxHandshakes }
        if let address {
            var entry = addresses[address] ?? Address()
            if let most = limits.maxConnectionsPerAddress, entry.connections >= most {
                return .maxConnectionsPerAddress
            }
            if entry.handshakes >= limits.maxHandshakesPerAddress { return .maxHandshakesPerAddress }
            entry.connections += 1
            entry.handshakes += 1
            addresses[address] = entry
        }
        connections += 1
        handshakes += 1
        return nil
    }

    /// A connection that was taken in is up, or will never be.
    package mutating func handshakeEnded(_ address: String?) {
        handshakes -= 1
        if let address { addresses[address]?.handshakes -= 1 }
    }

    /// A connection that was taken in is over; its handshake had ended.
    package mutating func ended(_ address: String?) {
        connections -= 1
        guard let address, var entry = addresses[address] else { return }
        entry.connections -= 1
        addresses[address] = entry.connections > 0 ? entry : nil
    }
}
