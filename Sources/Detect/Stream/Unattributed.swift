// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// Events of sessions whose maker is not known for certain, for rules that ask what their actor did before: they wait until
/// it is. A value that does no I/O and takes time as an argument.
///
/// Who made a session called before the session did. So an event is over once its account's mark lies later than it by
/// the lateness: what is known by then of that time is all that there will be. Where the account has fallen silent, or the
/// event came later than that already, the service's clock says so.
///
/// Invalid operations: none.
struct Unattributed: StreamPart {
    typealias EventKey = HeldMatches.EventKey

    /// What is asked of the actor's past.
    enum Question: Sendable, Equatable {
        /// The values of a baseline's fields.
        case baseline(UInt64)
        /// Where the event came from.
        case travel(Geography.Place)
    }

    /// A rule and an event on which it holds.
    struct Name: Hashable, Sendable {
        let rule: CorrelationKey
        let event: EventKey
    }

    struct Waiting: Sendable, Equatable {
        let question: Question
        let account: AccountID
        /// It is over when the account's mark lies later than this,
        let due: Milliseconds
        /// or when the service's clock does.
        let deadline: Milliseconds
        /// What keeps the match back in turn.
        let hold: CorrelationKey?
        /// `MatchContext`.
        let context: [UInt8]

        /// With the place in both queues.
        var bytes: Int { 320 + context.count }
    }

    private(set) var waiting: [AccountID: [Name: Waiting]] = [:]
    /// What is to be looked at when more is known.
    private var watchers: [CorrelationKey: Set<Place>] = [:]
    /// What may be known by now.
    private var known: Set<Place> = []
    /// How many places `watchers` holds.
    private var watches = 0
    private var nextDue: [AccountID: Milliseconds] = [:]
    private var deadlines = Turns<Deadline>()
    /// What waits, the earliest of each account first, and how many places stand there.
    private var turns: [AccountID: Turns<Place>] = [:]
    private var turnCount = 0
    private var log = FieldWriter()
    private let lateness: Milliseconds
    private(set) var count = 0
    /// Events that were judged before their time, since there were too many.
    private(set) var judgedEarly = 0
    private var contextBytes = 0

    /// Places compare by their events, and those of one event by its rules.
    struct Place: Hashable, Comparable, Sendable {
        let account: AccountID
        let name: Name

        static func < (left: Self, right: Self) -> Bool {
            let (one, two) = (left.name, right.name)
            if one.event != two.event { return one.event < two.event }
            return one.rule != two.rule ? one.rule < two.rule : left.account < right.account
        }
    }

    private struct Deadline: Comparable, Sendable {
        let time: Milliseconds
        let place: Place

        static func < (left: Self, right: Self) -> Bool { left.time < right.time }
    }

    private let capacity: Int

    init(latenessSeconds: Int = DetectLimits.latenessSeconds, capacity: Int = DetectLimits.unattributedEvents) {
        lateness = Milliseconds(latenessSeconds) * 1_000 + DetectLimits.lineageSkew
        self.capacity = max(1, capacity)
    }

    var bytes: Int { contextBytes + watchers.count * 64 + watches * 96 }

    /// Takes an event whose session is made by nobody that is known for certain.
    mutating func wait(
        _ match: Match, _ question: Question, isOnTrial: Bool, historical: Bool, marks: Watermarks, now: Milliseconds,
        watched: [CorrelationKey]
    ) {
        let event = EventKey(time: match.event.reference.time, id: match.event.reference.id)
        let account = match.event.accountID
        let due = event.time + lateness
        let place = Place(account: account, name: Name(rule: Self.rule(match), event: event))
        let item = Waiting(
            question: question, account: account, due: due < marks[account] ? Watermarks.never : due,
            deadline: max(event.time, now) + lateness, hold: match.hold?.key,
            context: MatchContext.encode(match, isOnTrial: isOnTrial, historical: historical))
        guard insert(item, place) else { return }
        Self.write(item, place.name, &log)
        watch(place, watched)
    }

    static func rule(_ match: Match) -> CorrelationKey {
        var hasher = CorrelationHasher(0x756E_6B6E_6F77_6E)
        hasher.combine(match.detection.id)
        return hasher.key
    }

    private mutating func insert(_ item: Waiting, _ place: Place) -> Bool {
        guard waiting[place.account]?[place.name] == nil else { return false }
        waiting[place.account, default: [:]][place.name] = item
        count += 1
        contextBytes += item.bytes
        nextDue[place.account] = min(nextDue[place.account] ?? .max, item.due)
        deadlines.insert(Deadline(time: item.deadline, place: place))
        turns[place.account, default: Turns()].insert(place)
        turnCount += 1
        return true
    }

    /// Has an event looked at again when any of this is known.
    mutating func watch(_ place: Place, _ watched: [CorrelationKey]) {
        for key in watched where watchers[key, default: []].insert(place).inserted { watches += 1 }
    }

    /// Takes what is known anew of who made which session.
    mutating func learn(_ keys: [CorrelationKey]) {
        guard count > 0 else { return }
        for key in keys {
            guard let places = watchers.removeValue(forKey: key) else { continue }
            watches -= places.count
            known.formUnion(places)
        }
    }

    /// The events whose actor may be known by now, in order.
    mutating func takeKnown() -> [(Place, Waiting)] {
        guard !known.isEmpty else { return [] }
        defer { known.removeAll(keepingCapacity: true) }
        return known.compactMap { place in waiting[place.account]?[place.name].map { (place, $0) } }
            .sorted { $0.0 < $1.0 }
    }

    /// Takes out the events of which no more will be known, by the account's mark, in order.
    mutating func takeDue(_ account: AccountID, _ marks: Watermarks) -> [(Place, Waiting)] {
        guard let next = nextDue[account], marks[account] > next else { return [] }
        return take(account) { $0.due < marks[account] }
    }

    /// Takes out the events of which no more will be known by the service's clock, and the first beyond the limit.
    mutating func takeOver(now: Milliseconds, all: Bool) -> [(Place, Waiting)] {
        var over: [(Place, Waiting)] = []
        if all {
            for (account, items) in waiting { over += items.map { (Place(account: account, name: $0.key), $0.value) } }
            for (place, _) in over { drop(place) }
        }
        while let next = deadlines.first, next.time < now {
            _ = deadlines.popFirst()
            guard let item = self[next.place], item.deadline == next.time else { continue }
            drop(next.place)
            over.append((next.place, item))
        }
        over.sort { ($0.0.account, $0.0) < ($1.0.account, $1.0) }
        return over + takeSurplus()
    }

    /// Takes out what is beyond the limit: the earliest of the accounts that have the most, so that no account's events make
    /// those of another be judged too early.
    private mutating func takeSurplus() -> [(Place, Waiting)] {
        guard count > capacity else { return [] }
        var over: [(Place, Waiting)] = []
        let level = FairShare.level(waiting.values.lazy.map(\.count), shedding: count - capacity)
        for account in waiting.keys.sorted() {
            while count > capacity, (waiting[account]?.count ?? 0) > level, let place = turns[account]?.popFirst() {
                turnCount -= 1
                guard let item = self[place] else { continue }
                drop(place)
                judgedEarly += 1
                over.append((place, item))
            }
        }
        return over
    }

    /// Brings what was counted from a clock that ran ahead back to one that is right again: no event waits for longer than
    /// one that came now.
    mutating func correctClock(now: Milliseconds) {
        let latest = now + CloudTrailLimits.futureMilliseconds + lateness
        for (account, items) in waiting {
            for (name, item) in items where item.deadline > latest {
                let deadline = name.event.time > latest ? now : max(name.event.time, now) + lateness
                let place = Place(account: account, name: name)
                waiting[account]?[name] = Waiting(
                    question: item.question, account: account, due: item.due, deadline: deadline, hold: item.hold,
                    context: item.context)
                deadlines.insert(Deadline(time: deadline, place: place))
            }
        }
    }

    private subscript(place: Place) -> Waiting? { waiting[place.account]?[place.name] }

    private mutating func take(_ account: AccountID, where isOver: (Waiting) -> Bool) -> [(Place, Waiting)] {
        var over: [(Place, Waiting)] = []
        var due = Milliseconds.max
        for (name, item) in waiting[account] ?? [:] {
            if isOver(item) {
                over.append((Place(account: account, name: name), item))
            } else {
                due = min(due, item.due)
            }
        }
        for (place, _) in over { drop(place) }
        nextDue[account] = due == .max ? nil : due
        return over.sorted { $0.0 < $1.0 }
    }

    /// Takes out an event that waits no more.
    mutating func drop(_ place: Place) {
        guard let item = remove(place) else { return }
        Self.write(settled: place.name, item.account, &log)
    }

    private mutating func remove(_ place: Place) -> Waiting? {
        guard let item = waiting[place.account]?.removeValue(forKey: place.name) else { return nil }
        if waiting[place.account]?.isEmpty == true { waiting[place.account] = nil }
        count -= 1
        contextBytes -= item.bytes
        tidy()
        return item
    }

    /// Drops what stands for events that wait no more, once it is most of what there is.
    private mutating func tidy() {
        let most = 4 * count + 1_024
        if count == 0 {
            (deadlines, turns, turnCount, watchers, watches) = (Turns(), [:], 0, [:], 0)
        }
        guard deadlines.count > most || turnCount > most || watches > 2 * most else { return }
        let waiting = waiting
        deadlines.keep { waiting[$0.place.account]?[$0.place.name]?.deadline == $0.time }
        for account in turns.keys {
            turns[account]?.keep { waiting[$0.account]?[$0.name] != nil }
            if turns[account]?.count == 0 { turns[account] = nil }
        }
        turnCount = turns.values.reduce(0) { $0 + $1.count }
        if watches > 2 * most {
            watchers = watchers.compactMapValues { places in
                let live = places.filter { waiting[$0.account]?[$0.name] != nil }
                return live.isEmpty ? nil : live
            }
            watches = watchers.values.reduce(0) { $0 + $1.count }
        }
    }
}

// MARK: The log

extension Unattributed {
    /// The numbers are on disk.
    private enum Tag: UInt64 {
        case waiting = 1, settled
    }

    /// What was learned since the last call.
    mutating func takeLog() -> [UInt8] {
        defer { log = FieldWriter() }
        return log.bytes
    }

    /// Takes in what `takeLog` or `live` gave. Who the sessions wait for is asked anew.
    mutating func replay(_ bytes: [UInt8], now: Milliseconds) {
        Self.read(bytes) { name, account, item in
            let place = Place(account: account, name: name)
            if let item {
                if insert(item, place) { known.insert(place) }
            } else {
                _ = remove(place)
            }
        }
    }

    /// What still counts of bytes that `takeLog` gave.
    func live(_ bytes: [UInt8]) -> [UInt8] {
        var writer = FieldWriter()
        Self.read(bytes) { name, account, item in
            if item != nil, let kept = waiting[account]?[name] { Self.write(kept, name, &writer) }
        }
        return writer.bytes
    }

    private static func write(_ item: Waiting, _ name: Name, _ writer: inout FieldWriter) {
        writer.field(Tag.waiting.rawValue) {
            $0.place(name.rule, name.event)
            $0.varint(item.account.number)
            $0.signed(item.due)
            $0.signed(item.deadline)
            switch item.question {
            case .baseline(let values):
                $0.varint(0)
                $0.varint(values)
            case .travel(let place):
                $0.varint(1)
                $0.geography(place)
            }
            $0.varint(item.hold == nil ? 0 : 1)
            if let hold = item.hold {
                $0.varint(hold.high)
                $0.varint(hold.low)
            }
            $0.bytes += item.context
        }
    }

    private static func write(settled name: Name, _ account: AccountID, _ writer: inout FieldWriter) {
        writer.field(Tag.settled.rawValue) {
            $0.place(name.rule, name.event)
            $0.varint(account.number)
        }
    }

    /// Gives each item; nil for one that waits no more.
    private static func read(_ bytes: [UInt8], _ take: (Name, AccountID, Waiting?) -> Void) {
        var reader = FieldReader(bytes)
        while !reader.isAtEnd {
            guard let (tag, body) = try? reader.field() else { return }
            var field = FieldReader(body)
            guard let (rule, event) = try? field.place(), let account = try? field.account() else { continue }
            let name = Name(rule: rule, event: event)
            switch Tag(rawValue: tag) {
            case .waiting: if let item = try? item(account, &field) { take(name, account, item) }
            case .settled: take(name, account, nil)
            case nil: continue
            }
        }
    }

    private static func item(
        _ account: AccountID, _ field: inout FieldReader
    ) throws(AlertCodec.Malformed) -> Waiting {
        let (due, deadline) = (try field.signed(), try field.signed())
        let question: Question
        switch try field.number() {
        case 0: question = .baseline(try field.number())
        case 1: question = .travel(try field.geography())
        default: throw AlertCodec.Malformed()
        }
        let hold = try field.number() == 0 ? nil : CorrelationKey(high: try field.number(), low: try field.number())
        return Waiting(
            question: question, account: account, due: due, deadline: deadline, hold: hold, context: Array(field.rest))
    }
}
