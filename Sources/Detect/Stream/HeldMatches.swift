// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// Matches of rules with `unless`, held until no event can clear them any more. A value that does no I/O and takes time
/// as an argument.
///
/// A match is cleared by an event of the same key that follows it within the rule's time, both ends included, whichever of
/// the two comes first. It is released once an event of its account is so much later that a clearing one would be late;
/// where an account has fallen silent, or the match came later than that, once as much time has passed on the service's
/// clock. So what is released follows
/// from the set of events alone, as long as they come in time. Bounded in matches and in clearing events; of too many
/// those of the account that has the most go first, by `FairShare`.
///
/// Invalid operations: none.
struct HeldMatches: StreamPart {
    /// A match that waits.
    struct Held: Sendable, Equatable {
        let event: EventKey
        /// It is released when an event of the account is later than this,
        let due: Milliseconds
        /// or when the service's clock is.
        let deadline: Milliseconds
        let account: AccountID
        /// `MatchContext`.
        let context: [UInt8]
    }

    /// An event's place in event time.
    struct EventKey: Hashable, Comparable, Sendable {
        let time: Milliseconds
        let id: EventID

        static func < (left: Self, right: Self) -> Bool {
            left.time != right.time ? left.time < right.time : left.id < right.id
        }
    }

    /// An event that clears what it follows.
    private struct Clear: Sendable, Equatable {
        let event: EventKey
        let account: AccountID
        /// How late a match that it clears may come.
        let lateness: Milliseconds
        /// The service's clock when it came.
        let received: Milliseconds
    }

    private struct Group: Sendable {
        /// In the order of events.
        var held: [Held] = []
        var clears: [Clear] = []
    }

    private var groups: [CorrelationKey: Group] = [:]
    /// Nothing of the account is due before this; nothing at all has its deadline before that.
    private var nextDue: [AccountID: Milliseconds] = [:]
    private var nextDeadline = Milliseconds.max
    private var log = FieldWriter()
    private let capacity: Int
    private let clearCapacity: Int
    /// Matches that wait.
    private(set) var count = 0
    private var clearCount = 0
    /// Matches that were released before their time, since there were too many.
    private(set) var releasedEarly = 0
    /// Clearing events forgotten before their time, since there were too many.
    private(set) var forgottenClears = 0
    /// What the waiting matches take in memory and in the log, about.
    private var heldBytes = 0

    init(capacity: Int = DetectLimits.heldMatches, clearCapacity: Int = DetectLimits.clearingEvents) {
        self.capacity = max(1, capacity)
        self.clearCapacity = max(1, clearCapacity)
    }

    var bytes: Int { heldBytes + clearCount * 96 }

    /// Takes a match, unless an event that is known clears it.
    mutating func hold(
        _ match: Match, _ hold: Hold, isOnTrial: Bool, historical: Bool, marks: Watermarks, now: Milliseconds
    ) {
        let event = EventKey(time: match.event.reference.time, id: match.event.reference.id)
        let unless = hold.unless
        let last = event.time + unless.within
        let group = groups[hold.key]
        let isCleared = group?.clears.contains {
            event.time <= $0.event.time && $0.event.time <= last && $0.event.id != event.id
        }
        guard isCleared != true else { return }
        let due = last + unless.lateness
        // Of history that is read behind the present the account's mark says nothing.
        let held = Held(
            event: event, due: due < marks[match.event.accountID] ? Watermarks.never : due,
            deadline: max(last, now) + unless.lateness,
            account: match.event.accountID,
            context: MatchContext.encode(match, isOnTrial: isOnTrial, historical: historical))
        if insert(held, hold.key) { Self.write(held, hold.key, &log) }
    }

    private mutating func insert(_ held: Held, _ key: CorrelationKey) -> Bool {
        var group = groups[key] ?? Group()
        let place = group.held.firstIndex { $0.event >= held.event } ?? group.held.count
        if place < group.held.count, group.held[place].event == held.event { return false }
        group.held.insert(held, at: place)
        groups[key] = group
        count += 1
        heldBytes += Self.bytes(held)
        nextDue[held.account] = min(nextDue[held.account] ?? .max, held.due)
        nextDeadline = min(nextDeadline, held.deadline)
        return true
    }

    /// Takes an event that clears what waits, and what comes late.
    mutating func clear(_ clearing: Clearing, now: Milliseconds) {
        let event = EventKey(time: clearing.event.time, id: clearing.event.id)
        let clear = Clear(
            event: event, account: clearing.accountID, lateness: clearing.hold.unless.lateness, received: now)
        guard insert(clear, within: clearing.hold.unless.within, clearing.hold.key) else { return }
        Self.write(clear, within: clearing.hold.unless.within, clearing.hold.key, &log)
        if clearCount > clearCapacity { forgetClears() }
    }

    private mutating func insert(_ clear: Clear, within: Milliseconds, _ key: CorrelationKey) -> Bool {
        var group = groups[key] ?? Group()
        guard !group.clears.contains(where: { $0.event == clear.event }) else { return false }
        group.clears.append(clear)
        clearCount += 1
        for held in group.held where Self.clears(clear, within, held) { drop(held) }
        group.held.removeAll { Self.clears(clear, within, $0) }
        groups[key] = group
        return true
    }

    private static func clears(_ clear: Clear, _ within: Milliseconds, _ held: Held) -> Bool {
        held.event.time <= clear.event.time && clear.event.time <= held.event.time + within
            && held.event.id != clear.event.id
    }

    /// The matches that nothing can clear any more, in the order of events. They are forgotten here.
    ///
    /// - Parameter all: whether time is over for every one of them.
    mutating func release(
        _ marks: Watermarks, now: Milliseconds, all: Bool = false
    ) -> [(EventKey, context: [UInt8])] {
        guard count > 0 else { return [] }
        let isDue = nextDue.contains { marks[$0.key] > $0.value }
        guard all || isDue || now > nextDeadline || count > capacity else { return [] }
        var released: [(CorrelationKey, Held)] = []
        var rest: [(CorrelationKey, Held)] = []
        for (key, group) in groups {
            for held in group.held {
                if all || held.deadline < now || held.due < marks[held.account] {
                    released.append((key, held))
                } else {
                    rest.append((key, held))
                }
            }
        }
        if rest.count > capacity {
            let surplus = surplus(rest)
            released += rest.filter { surplus.contains(Place(key: $0.0, event: $0.1.event)) }
            releasedEarly += surplus.count
            rest.removeAll { surplus.contains(Place(key: $0.0, event: $0.1.event)) }
        }
        for (key, held) in released {
            groups[key]?.held.removeAll { $0.event == held.event }
            drop(held)
            Self.write(released: held.event, key, &log)
        }
        nextDue = [:]
        nextDeadline = .max
        for (_, held) in rest {
            nextDue[held.account] = min(nextDue[held.account] ?? .max, held.due)
            nextDeadline = min(nextDeadline, held.deadline)
        }
        return released.sorted { $0.1.event < $1.1.event }.map { ($0.1.event, context: $0.1.context) }
    }

    /// Where a match or a clearing event stands.
    private struct Place: Hashable, Comparable {
        let key: CorrelationKey
        let event: EventKey

        static func < (left: Self, right: Self) -> Bool {
            left.event != right.event ? left.event < right.event : left.key < right.key
        }
    }

    /// The matches beyond the limit, the first due of each account.
    private func surplus(_ waiting: [(CorrelationKey, Held)]) -> Set<Place> {
        var accounts = Holdings<AccountID>()
        for (_, held) in waiting { accounts.add(1, to: held.account) }
        return Set(
            FairShare.surplus(
                leaving: capacity, of: accounts,
                waiting.lazy.map { key, held in
                    FairShare.Entry(tenant: held.account, age: held.due, key: Place(key: key, event: held.event))
                }))
    }

    private mutating func drop(_ held: Held) {
        count -= 1
        heldBytes -= Self.bytes(held)
    }

    /// A match that waits.
    func waiting(_ key: CorrelationKey, _ event: EventKey) -> Held? {
        groups[key]?.held.first { $0.event == event }
    }

    private static func bytes(_ held: Held) -> Int { 128 + held.context.count }

    /// Forgets the events that can clear nothing any more that comes in time.
    mutating func expire(_ marks: Watermarks, now: Milliseconds) {
        let horizon = now - Milliseconds(DetectLimits.lineageSeconds) * 1_000
        for (key, group) in groups {
            let live = group.clears.filter {
                $0.event.time >= marks[$0.account] &- $0.lateness && $0.received >= horizon
            }
            guard live.count < group.clears.count || group.held.isEmpty && live.isEmpty else { continue }
            clearCount -= group.clears.count - live.count
            groups[key] = live.isEmpty && group.held.isEmpty ? nil : Group(held: group.held, clears: live)
        }
    }

    /// Brings what was counted from a clock that ran ahead back to one that is right again: no match waits for a time that
    /// no rule asks for.
    mutating func correctClock(now: Milliseconds) {
        let horizon = now + CloudTrailLimits.futureMilliseconds
        for (key, group) in groups {
            var group = group
            for (index, held) in group.held.enumerated() where held.deadline > horizon + 2 * DetectLimits.longestHold {
                let deadline = held.due > horizon + 2 * DetectLimits.longestHold ? now : max(held.due, now)
                group.held[index] = Held(
                    event: held.event, due: held.due, deadline: deadline, account: held.account, context: held.context)
                nextDeadline = min(nextDeadline, deadline)
            }
            for (index, clear) in group.clears.enumerated() where clear.received > now {
                group.clears[index] = Clear(
                    event: clear.event, account: clear.account, lateness: clear.lateness, received: now)
            }
            groups[key] = group
        }
    }

    /// Where there are too many clearing events, a tenth goes: the earliest of the accounts that have the most.
    private mutating func forgetClears() {
        var accounts = Holdings<AccountID>()
        for group in groups.values { for clear in group.clears { accounts.add(1, to: clear.account) } }
        let entries = groups.lazy.flatMap { key, group in
            group.clears.map {
                FairShare.Entry(tenant: $0.account, age: $0.event.time, key: Place(key: key, event: $0.event))
            }
        }
        let surplus = Set(FairShare.surplus(leaving: clearCapacity / 10 * 9, of: accounts, entries))
        for key in Set(surplus.map(\.key)) {
            groups[key]?.clears.removeAll { surplus.contains(Place(key: key, event: $0.event)) }
            if let group = groups[key], group.clears.isEmpty, group.held.isEmpty { groups[key] = nil }
        }
        forgottenClears += surplus.count
        clearCount -= surplus.count
    }
}

// MARK: The log

extension HeldMatches {
    /// The numbers are on disk.
    private enum Tag: UInt64 {
        case held = 1, clear, released
    }

    /// What was learned since the last call.
    mutating func takeLog() -> [UInt8] {
        defer { log = FieldWriter() }
        return log.bytes
    }

    /// Takes in what `takeLog` or `live` gave.
    mutating func replay(_ bytes: [UInt8], now: Milliseconds) {
        Self.read(bytes) { item in
            switch item {
            case .held(let held, let key): _ = insert(held, key)
            case .clear(let clear, let within, let key):
                if insert(clear, within: within, key), clearCount > clearCapacity { forgetClears() }
            case .released(let event, let key):
                guard let held = groups[key]?.held.first(where: { $0.event == event }) else { return }
                groups[key]?.held.removeAll { $0.event == event }
                drop(held)
            }
        }
    }

    /// What still counts of bytes that `takeLog` gave.
    func live(_ bytes: [UInt8]) -> [UInt8] {
        var writer = FieldWriter()
        Self.read(bytes) { item in
            switch item {
            case .held(let held, let key):
                if let kept = waiting(key, held.event) { Self.write(kept, key, &writer) }
            case .clear(let clear, let within, let key):
                if groups[key]?.clears.contains(where: { $0.event == clear.event }) == true {
                    Self.write(clear, within: within, key, &writer)
                }
            case .released: break
            }
        }
        return writer.bytes
    }

    private enum Item {
        case held(Held, CorrelationKey)
        case clear(Clear, within: Milliseconds, CorrelationKey)
        case released(EventKey, CorrelationKey)
    }

    private static func write(_ held: Held, _ key: CorrelationKey, _ writer: inout FieldWriter) {
        writer.field(Tag.held.rawValue) {
            $0.place(key, held.event)
            $0.signed(held.due)
            $0.signed(held.deadline)
            $0.varint(held.account.number)
            $0.bytes += held.context
        }
    }

    private static func write(
        _ clear: Clear, within: Milliseconds, _ key: CorrelationKey, _ writer: inout FieldWriter
    ) {
        writer.field(Tag.clear.rawValue) {
            $0.place(key, clear.event)
            $0.signed(within)
            $0.varint(clear.account.number)
            $0.signed(clear.lateness)
            $0.signed(clear.received)
        }
    }

    private static func write(released event: EventKey, _ key: CorrelationKey, _ writer: inout FieldWriter) {
        writer.field(Tag.released.rawValue) { $0.place(key, event) }
    }

    private static func read(_ bytes: [UInt8], _ take: (Item) -> Void) {
        var reader = FieldReader(bytes)
        while !reader.isAtEnd {
            guard let (tag, body) = try? reader.field() else { return }
            var field = FieldReader(body)
            if let item = try? item(tag, &field) { take(item) }
        }
    }

    private static func item(_ tag: UInt64, _ field: inout FieldReader) throws(AlertCodec.Malformed) -> Item {
        let (key, event) = try field.place()
        switch Tag(rawValue: tag) {
        case .held:
            let (due, deadline) = (try field.signed(), try field.signed())
            let account = try field.account()
            return .held(
                Held(event: event, due: due, deadline: deadline, account: account, context: Array(field.rest)), key)
        case .clear:
            let within = try field.signed()
            let account = try field.account()
            let lateness = try field.signed()
            let clear = Clear(event: event, account: account, lateness: lateness, received: try field.signed())
            return .clear(clear, within: within, key)
        case .released: return .released(event, key)
        case nil: throw AlertCodec.Malformed()
        }
    }
}
