// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPC
import Testing

/// The books of the room for messages on their way in.
@Suite struct ReceiveLedgerTests {
    private typealias Outcome = ReceiveLedger.Outcome
    private static let start = NIODeadline.uptimeNanoseconds(1)

    private static func ticket(_ outcome: Outcome) -> ReceiveLedger.Ticket? {
        switch outcome {
        case .granted(let ticket), .waits(let ticket): ticket
        case .refused: nil
        }
    }

    @Test func oneCallerLeavesRoomForAnother() {
        var ledger = ReceiveLedger(limit: 160, patience: .seconds(30))
        let greedy = ledger.join("greedy", limit: 64)
        let other = ledger.join("other", limit: 64)
        let outcomes = (0..<6).map { _ in ledger.reserve(greedy, bytes: 16, now: Self.start) }
        #expect(
            outcomes.map { if case .granted = $0 { true } else { false } } == [true, true, true, true, false, false])
        #expect(ledger.reserve(other, bytes: 16, now: Self.start) == .granted(7))
        #expect(ledger.reserve(other, bytes: 65, now: Self.start) == .refused(.maxReceivingBytesPerCaller))
        // The first of those that wait goes on when one is done.
        #expect(ledger.deliver(1, keeping: 16, now: Self.start) == [])
        #expect(ledger.release(greedy, bytes: 16, now: Self.start) == [5])
        #expect(ledger.cancel(2, now: Self.start) == [6])
    }

    @Test func newcomersFindRoomBesideManyCallers() {
        var ledger = ReceiveLedger(limit: 160, patience: .seconds(30))
        for name in ["a", "b", "c"] {
            let caller = ledger.join(name, limit: 64)
            for _ in 0..<8 { _ = ledger.reserve(caller, bytes: 16, now: Self.start) }
        }
        let newcomer = ledger.join("newcomer", limit: 64)
        guard case .granted = ledger.reserve(newcomer, bytes: 16, now: Self.start) else {
            Issue.record("three callers took all the room")
            return
        }
    }

    @Test func whatStandsInTheWayHasItsTime() {
        var ledger = ReceiveLedger(limit: 100, patience: .seconds(30))
        let slow = ledger.join("slow", limit: 40)
        let other = ledger.join("other", limit: 100)
        let first = ledger.reserve(slow, bytes: 40, now: Self.start)
        let late = Self.start + .seconds(31)
        #expect(ledger.overdue(now: late) == [])
        // Its own next message waits: what was begun has had its time.
        let next = ledger.reserve(slow, bytes: 40, now: Self.start)
        #expect(ledger.overdue(now: Self.start + .seconds(29)) == [])
        #expect(ledger.overdue(now: late) == [Self.ticket(first)])
        _ = ledger.reserve(other, bytes: 20, now: Self.start)
        #expect(ledger.overdue(now: late) == [Self.ticket(first)])
        #expect(ledger.cancel(Self.ticket(first) ?? 0, now: late) == [Self.ticket(next)])
        #expect(ledger.overdue(now: late) == [])
    }

    @Test func bytesThatComeUnaskedAreShared() {
        var ledger = ReceiveLedger(limit: 200, patience: .seconds(30))
        let first = ledger.join("first", limit: 200)
        let second = ledger.join("second", limit: 200)
        #expect(ledger.hold(first, by: 95) == nil)
        // The first has more than its share, the second has not.
        #expect(ledger.hold(second, by: 10) == nil)
        #expect(ledger.hold(first, by: 1) == .maxReceivingBytes)
        let small = ledger.join("small", limit: 10)
        #expect(ledger.hold(small, by: 6) == .maxReceivingBytesPerCaller)
        #expect(ledger.hold(small, by: -6) == nil)
    }

    /// Whatever callers do, the sums are within the limits, who waits is let on as soon as there is room, and nothing is left.
    @Test(arguments: 0..<20) func anyOrderOfEvents(_ seed: UInt64) {
        var random = SplitMix(seed)
        let limit = 1_000
        var ledger = ReceiveLedger(limit: limit, patience: .seconds(30))
        let callers = (0..<5).map { ledger.join("caller \($0)", limit: 300 + 50 * $0) }
        var waiting: [ReceiveLedger.Ticket: Int] = [:]
        var granted: [ReceiveLedger.Ticket: (caller: Int, bytes: Int)] = [:]
        var sizes: [ReceiveLedger.Ticket: Int] = [:]
        var kept = [Int](repeating: 0, count: callers.count)
        func admit(_ tickets: [ReceiveLedger.Ticket]) {
            for ticket in tickets {
                guard let caller = waiting.removeValue(forKey: ticket) else {
                    Issue.record("\(ticket) was not waiting")
                    continue
                }
                granted[ticket] = (caller, sizes[ticket] ?? 0)
            }
        }
        for step in 0..<2_000 {
            let now = Self.start + .milliseconds(Int64(step))
            let caller = Int(random.next() % 5)
            switch random.next() % 6 {
            case 0, 1:
                let bytes = Int(random.next() % 200) + 1
                switch ledger.reserve(callers[caller], bytes: bytes, now: now) {
                case .granted(let ticket): granted[ticket] = (caller, bytes)
                case .waits(let ticket): (waiting[ticket], sizes[ticket]) = (caller, bytes)
                case .refused: Issue.record("refused \(bytes)")
                }
            case 2, 3:
                guard let (ticket, claim) = granted.min(by: { $0.key < $1.key }) else { continue }
                granted[ticket] = nil
                let keeps = Int(random.next() % UInt64(claim.bytes + 1))
                kept[claim.caller] += keeps
                admit(ledger.deliver(ticket, keeping: keeps, now: now))
            case 4:
                admit(ledger.release(callers[caller], bytes: kept[caller], now: now))
                kept[caller] = 0
            default:
                guard let ticket = (Array(waiting.keys) + Array(granted.keys)).min() else { continue }
                (waiting[ticket], granted[ticket]) = (nil, nil)
                admit(ledger.cancel(ticket, now: now))
            }
            #expect(ledger.reserved <= limit)
            #expect(ledger.reserved == granted.values.reduce(0) { $0 + $1.bytes } + kept.reduce(0, +))
            #expect(ledger.waitingCount == waiting.count)
            for (index, id) in callers.enumerated() { #expect(ledger.reserved(by: id) <= 300 + 50 * index) }
        }
        // Everybody who waits comes to his turn.
        while let ticket = (Array(granted.keys) + Array(waiting.keys)).min() {
            let wasWaiting = waiting.removeValue(forKey: ticket) != nil
            granted[ticket] = nil
            admit(ledger.cancel(ticket, now: Self.start))
            if wasWaiting { #expect(ledger.reserved > 0 || waiting.isEmpty) }
        }
        for (index, id) in callers.enumerated() {
            _ = ledger.release(id, bytes: kept[index], now: Self.start)
            ledger.leave(id)
        }
        #expect(ledger.isEmpty)
    }
}

/// Random numbers that a seed repeats.
private struct SplitMix {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
