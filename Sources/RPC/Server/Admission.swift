// SPDX-License-Identifier: Apache-2.0

/// Which connections a server takes in: counts them and their handshakes, in all and by address. A value; the peers'
/// doings are no errors here.
///
/// Handshakes that have not ended give way: where there are too many of them, the oldest of the address that has most is
/// dropped for the one that comes. So a flood of half-open connections displaces itself, and a newcomer finds room.
package struct Admission {
    /// Names a handshake.
    package typealias Ticket = UInt64

    private struct Address {
        var connections = 0
        var handshakes = HandshakeLine()
    }

    /// Connections that were taken in and have not ended.
    package private(set) var connections = 0
    private var addresses: [String: Address] = [:]
    /// Handshakes of all addresses.
    private var all = HandshakeLine()
    private var addressOf: [Ticket: String] = [:]
    /// Addresses by how many handshakes they have, and the most that one has.
    private var byCount: [Int: Set<String>] = [:]
    private var most = 0
    private var next: Ticket = 0

    /// No connections.
    package init() {}

    /// Connections that are in their handshake.
    package var handshakes: Int { all.count }
    /// … of one address.
    package func handshakes(of address: String) -> Int { addresses[address]?.handshakes.count ?? 0 }
    /// Nothing is counted.
    package var isEmpty: Bool { connections == 0 && handshakes == 0 && addresses.isEmpty && byCount.isEmpty }

    /// What becomes of a connection that comes.
    package enum Verdict: Equatable {
        /// It is taken in, and its handshake begins.
        case admitted(Ticket)
        /// … and this one of others, which has gone on for long, is to be closed for it; for this limit.
        case displacing(Ticket, oldest: Ticket, LimitName)
        /// It is closed: the limit.
        case refused(LimitName)
    }

    /// A connection comes, from an address where it has one.
    package mutating func begin(_ address: String?, limits: Limits) -> Verdict {
        if connections >= limits.maxConnections, handshakes == 0 { return .refused(.maxConnections) }
        let name = address ?? ""
        if address != nil, let most = limits.maxConnectionsPerAddress, addresses[name]?.connections ?? 0 >= most {
            return .refused(.maxConnectionsPerAddress)
        }
        var displaced: (Ticket, LimitName)?
        if address != nil, handshakes(of: name) >= limits.maxHandshakesPerAddress {
            guard let oldest = addresses[name]?.handshakes.oldest else { return .refused(.maxHandshakesPerAddress) }
            displaced = (oldest, .maxHandshakesPerAddress)
        } else if handshakes >= limits.maxHandshakes || connections >= limits.maxConnections {
            let limit: LimitName = connections >= limits.maxConnections ? .maxConnections : .maxHandshakes
            guard let oldest = oldestOfMost else { return .refused(limit) }
            displaced = (oldest, limit)
        }
        if let displaced { handshakeEnded(displaced.0) }
        next += 1
        let ticket = next
        connections += 1
        addresses[name, default: Address()].connections += 1
        all.add(ticket)
        addressOf[ticket] = name
        count(name) { $0.add(ticket) }
        guard let (oldest, limit) = displaced else { return .admitted(ticket) }
        return .displacing(ticket, oldest: oldest, limit)
    }

    /// The oldest handshake of an address that has most; of all, where each address has one.
    private var oldestOfMost: Ticket? {
        guard most > 1, let name = byCount[most]?.first else { return all.oldest }
        return addresses[name]?.handshakes.oldest
    }

    private mutating func count(_ name: String, _ change: (inout HandshakeLine) -> Void) {
        let before = handshakes(of: name)
        if var address = addresses[name] {
            change(&address.handshakes)
            addresses[name] = address
        }
        let after = handshakes(of: name)
        byCount[before]?.remove(name)
        if byCount[before]?.isEmpty ?? false { byCount[before] = nil }
        if after > 0 { byCount[after, default: []].insert(name) }
        most = max(most, after)
        while most > 0, byCount[most] == nil { most -= 1 }
    }

    /// The handshake has neither ended nor been displaced.
    package func isOpen(_ ticket: Ticket) -> Bool { addressOf[ticket] != nil }

    /// A connection that was taken in is up, or will never be. Nothing where it was displaced.
    package mutating func handshakeEnded(_ ticket: Ticket) {
        guard let name = addressOf.removeValue(forKey: ticket) else { return }
        all.remove(ticket)
        count(name) { $0.remove(ticket) }
    }

    /// A connection that was taken in is over; its handshake had ended.
    package mutating func ended(_ address: String?) {
        let name = address ?? ""
        guard let left = addresses[name]?.connections, left > 0 else { return }
        connections -= 1
        addresses[name]?.connections = left - 1
        if left == 1 { addresses[name] = nil }
    }
}

/// Handshakes in the order in which they began; those that end in between are passed over when their turn comes.
private struct HandshakeLine {
    private var open: Set<Admission.Ticket> = []
    private var order: ArraySlice<Admission.Ticket> = []

    var count: Int { open.count }
    var oldest: Admission.Ticket? { order.first }

    mutating func add(_ ticket: Admission.Ticket) {
        open.insert(ticket)
        order.append(ticket)
    }

    mutating func remove(_ ticket: Admission.Ticket) {
        open.remove(ticket)
        while let first = order.first, !open.contains(first) { order.removeFirst() }
        // No more that has ended is kept than is open.
        if order.count > 2 * open.count + 16 { order = ArraySlice(order.filter { open.contains($0) }) }
    }
}
