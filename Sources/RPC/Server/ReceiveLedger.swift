// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The books of the room that messages on their way in may take, over all connections and by caller. A value without I/O;
/// time is an argument.
///
/// A large message reserves its whole length before its bytes are asked for, so that whatever was begun can be finished; it
/// keeps the room until its handler is done with it. One that finds no room waits, and its stream gets no window. Callers
/// take turns, and each may reserve as much as is left for others at most: so a newcomer finds room beside any one caller.
/// While somebody waits, a message that was begun has `Limits.receivingPatience` to come.
///
/// Bytes that come without being asked for, within the windows of streams, can't be put off: they are counted as they come,
/// up to half of the limits, and the stream that goes over is refused.
/// - Our bugs (an unknown caller or ticket) change nothing.
package struct ReceiveLedger {
    /// Names a caller while it has connections or holds room.
    package typealias CallerID = Int
    /// Names the reservation of one message.
    package typealias Ticket = UInt64

    private struct Caller {
        let name: String
        let limit: Int
        var connections = 0
        var reserved = 0
        var held = 0
        /// Reservations that wait, the oldest first.
        var waiting: [Ticket] = []
    }

    private struct Claim {
        let caller: CallerID
        let bytes: Int
        /// When the room was given; nil while it waits.
        var since: NIODeadline?
    }

    /// Room that is reserved, by all callers.
    package private(set) var reserved = 0
    /// Bytes that came without a reservation, of all callers.
    package private(set) var held = 0
    private let limit: Int
    private let patience: TimeAmount
    private var callers: [CallerID: Caller] = [:]
    private var byName: [String: CallerID] = [:]
    private var claims: [Ticket: Claim] = [:]
    /// Callers with reservations that wait, the next to be looked at first.
    private var turns: [CallerID] = []
    private var holders = 0
    private var nextCaller = 0
    private var nextTicket: Ticket = 0

    /// Books without entries. `limit`: room in all; `patience`: the time that a message has to come while others wait.
    package init(limit: Int, patience: TimeAmount) {
        self.limit = limit
        self.patience = patience
    }

    /// Nobody is in the books.
    package var isEmpty: Bool { callers.isEmpty && claims.isEmpty && reserved == 0 && held == 0 }
    /// Reservations that wait.
    package var waitingCount: Int { claims.values.count { $0.since == nil } }
    /// Room that a caller has reserved.
    package func reserved(by caller: CallerID) -> Int { callers[caller]?.reserved ?? 0 }

    // MARK: Callers

    /// A connection of the caller of this name came. Its limit is that of the first one.
    package mutating func join(_ name: String, limit: Int) -> CallerID {
        let id = byName[name] ?? nextCaller
        if byName[name] == nil {
            nextCaller += 1
            byName[name] = id
            callers[id] = Caller(name: name, limit: limit)
        }
        callers[id]?.connections += 1
        return id
    }

    /// A connection of the caller is over.
    package mutating func leave(_ id: CallerID) {
        callers[id]?.connections -= 1
        forget(id)
    }

    private mutating func forget(_ id: CallerID) {
        guard let caller = callers[id], caller.connections <= 0, caller.reserved == 0, caller.held == 0,
            caller.waiting.isEmpty
        else { return }
        callers[id] = nil
        byName[caller.name] = nil
    }

    // MARK: Large messages

    /// The outcome of asking for room.
    package enum Outcome: Equatable {
        /// The message may come.
        case granted(Ticket)
        /// It may come once the ticket is among those that a later event grants.
        case waits(Ticket)
        /// It is larger than all the room that the caller may have.
        case refused(LimitName)
    }

    /// Asks for room for a message of so many bytes.
    package mutating func reserve(_ id: CallerID, bytes: Int, now: NIODeadline) -> Outcome {
        guard let caller = callers[id] else { return .refused(.maxReceivingBytesPerCaller) }
        guard bytes <= caller.limit else { return .refused(.maxReceivingBytesPerCaller) }
        guard bytes <= limit else { return .refused(.maxReceivingBytes) }
        nextTicket += 1
        let ticket = nextTicket
        claims[ticket] = Claim(caller: id, bytes: bytes)
        if caller.waiting.isEmpty, fits(bytes, caller) {
            grant(ticket, id, bytes, now)
            return .granted(ticket)
        }
        if caller.waiting.isEmpty { turns.append(id) }
        callers[id]?.waiting.append(ticket)
        return .waits(ticket)
    }

    private func fits(_ bytes: Int, _ caller: Caller) -> Bool {
        let left = limit - reserved - bytes
        if caller.reserved == 0 { return left >= 0 }
        return caller.reserved + bytes <= min(caller.limit, left)
    }

    private mutating func grant(_ ticket: Ticket, _ id: CallerID, _ bytes: Int, _ now: NIODeadline) {
        claims[ticket]?.since = now
        callers[id]?.reserved += bytes
        reserved += bytes
    }

    /// The message of a reservation came whole, and so many bytes of it are kept until `release`. Answers who may go on.
    package mutating func deliver(_ ticket: Ticket, keeping bytes: Int, now: NIODeadline) -> [Ticket] {
        guard let claim = claims[ticket], claim.since != nil else { return [] }
        claims[ticket] = nil
        callers[claim.caller]?.reserved += bytes - claim.bytes
        reserved += bytes - claim.bytes
        forget(claim.caller)
        return bytes < claim.bytes ? admitWaiting(now) : []
    }

    /// So many bytes of delivered messages are no longer needed. Answers who may go on.
    package mutating func release(_ id: CallerID, bytes: Int, now: NIODeadline) -> [Ticket] {
        guard let caller = callers[id] else { return [] }
        let given = min(bytes, caller.reserved)
        callers[id]?.reserved -= given
        reserved -= given
        forget(id)
        return admitWaiting(now)
    }

    /// The message of a reservation, granted or not, is not wanted any more. Answers who may go on.
    package mutating func cancel(_ ticket: Ticket, now: NIODeadline) -> [Ticket] {
        guard let claim = claims.removeValue(forKey: ticket) else { return [] }
        if claim.since == nil {
            callers[claim.caller]?.waiting.removeAll { $0 == ticket }
            if callers[claim.caller]?.waiting.isEmpty ?? true { turns.removeAll { $0 == claim.caller } }
        } else {
            callers[claim.caller]?.reserved -= claim.bytes
            reserved -= claim.bytes
        }
        forget(claim.caller)
        return admitWaiting(now)
    }

    /// Grants what fits now: one reservation of each caller in turn, until none fits.
    private mutating func admitWaiting(_ now: NIODeadline) -> [Ticket] {
        var granted: [Ticket] = []
        var refused = 0
        while refused < turns.count {
            let id = turns.removeFirst()
            guard let caller = callers[id], let ticket = caller.waiting.first, let claim = claims[ticket] else {
                continue
            }
            guard fits(claim.bytes, caller) else {
                turns.append(id)
                refused += 1
                continue
            }
            refused = 0
            grant(ticket, id, claim.bytes, now)
            granted.append(ticket)
            callers[id]?.waiting.removeFirst()
            if caller.waiting.count > 1 { turns.append(id) }
        }
        return granted
    }

    /// Messages that had their time to come while others wait: those of a caller that is in its own way, and those of all
    /// where the room as a whole is short. They are to be ended, and cancelled by that.
    package func overdue(now: NIODeadline) -> [Ticket] {
        guard !turns.isEmpty else { return [] }
        var isShort = false
        var inOwnWay: Set<CallerID> = []
        for id in turns {
            guard let caller = callers[id], let bytes = caller.waiting.first.flatMap({ claims[$0]?.bytes }) else {
                continue
            }
            if caller.reserved + bytes > caller.limit { inOwnWay.insert(id) } else { isShort = true }
        }
        return claims.filter { _, claim in
            guard let since = claim.since, since + patience <= now else { return false }
            return isShort || inOwnWay.contains(claim.caller)
        }.map(\.key).sorted()
    }

    // MARK: What comes unasked

    /// So many bytes more, or fewer, are here without a reservation. Answers the limit that they go over.
    package mutating func hold(_ id: CallerID, by change: Int) -> LimitName? {
        guard var caller = callers[id] else { return nil }
        if caller.held == 0, change > 0 { holders += 1 }
        caller.held += change
        held += change
        if caller.held == 0, change < 0 { holders -= 1 }
        callers[id] = caller
        guard change > 0 else {
            forget(id)
            return nil
        }
        if caller.held > caller.limit / 2 { return .maxReceivingBytesPerCaller }
        // Who has less than an even share is not the one to go.
        if held > limit / 2, caller.held > limit / 2 / max(1, holders) { return .maxReceivingBytes }
        return nil
    }
}
