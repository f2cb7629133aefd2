// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// Where actors were seen, for rules with `impossible_travel`. A value that does no I/O and takes time as an argument.
///
/// A sighting is a match where any earlier one of its actor is so far away that nobody travels it in the time between.
/// So more sightings only make more matches, and which there are follows from the set of events alone, as long as they
/// come no later than the lateness after the actor's latest. What is older is kept as the last time at each place, which
/// is all that a later event can be judged by. Bounded in actors, in an actor's sightings and places, and in bytes.
///
/// Invalid operations: none.
struct Travels: StreamPart {
    typealias EventKey = HeldMatches.EventKey

    /// A sighting that was found impossible.
    struct Hit: Sendable {
        let event: EventKey
        /// `MatchContext`.
        let context: [UInt8]
        /// From where, to where, how far and how fast.
        let evidence: Evidence
    }

    /// A place, and the address that was seen there.
    private struct Spot: Sendable, Equatable {
        let place: Geography.Place
        let address: String

        /// For a person to read.
        var name: String { place.name.isEmpty ? address : "\(address) (\(place.name))" }
    }

    private struct Sighting: Sendable {
        let event: EventKey
        let spot: Spot
        var isHit: Bool
        let context: [UInt8]

        /// What it takes in memory and in the log, about.
        var bytes: Int { 160 + spot.name.utf8.count + context.count }
    }

    /// What is known of one actor.
    private struct Group: Sendable {
        /// The sightings that may still be found impossible, in order.
        var recent: [Sighting] = []
        /// The last sighting before those at each place.
        var old: [Geography.Place: (event: EventKey, spot: Spot)] = [:]
        /// The account whose events they are; zero where an earlier version wrote them.
        let account: AccountID
        /// How far back a sighting counts, in milliseconds.
        var reach: Milliseconds
        /// The service's clock when the last one came, in seconds.
        var touched: UInt32
        /// How many of `recent` are at each place.
        private var counts: [Geography.Place: Int] = [:]
        /// What `recent` takes.
        private var recentBytes = 0

        init(account: AccountID, reach: Milliseconds, touched: UInt32) {
            self.account = account
            self.reach = reach
            self.touched = touched
        }

        var bytes: Int { 128 + recentBytes + old.count * 192 }

        /// Whether it was seen at one place only: then nothing is impossible, and most actors are never elsewhere.
        var isAtOnePlace: Bool {
            counts.count == 1 && (old.isEmpty || old.count == 1 && old.keys.first == counts.keys.first)
        }

        mutating func count(_ sighting: Sighting, _ step: Int) {
            let place = sighting.spot.place
            counts[place, default: 0] += step
            if counts[place] == 0 { counts[place] = nil }
            recentBytes += step * sighting.bytes
        }
    }

    private var groups: [UInt64: Group] = [:]
    private var log = FieldWriter()
    private let lateness: Milliseconds
    private let capacity: Int
    private let byteCapacity: Int
    private let secret: CorrelationSecret
    /// Actors of each account, and their bytes. Where there are too many, those of the account that has the most go first.
    private var held = Holdings<AccountID>()
    private var heldBytes = Holdings<AccountID>()
    /// Sightings that came too late to be judged.
    private(set) var lateEvents = 0
    /// Sightings of which only the place was kept before their time, since their actor had too many.
    private(set) var forgottenEvents = 0
    /// Actors forgotten before their time, since there were too many.
    private(set) var evicted = 0

    init(
        latenessSeconds: Int = DetectLimits.latenessSeconds, capacity: Int = DetectLimits.travellers,
        byteCapacity: Int = DetectLimits.travelBytes, secret: CorrelationSecret = .none
    ) {
        self.secret = secret
        lateness = Milliseconds(latenessSeconds) * 1_000
        self.capacity = max(1, capacity)
        self.byteCapacity = byteCapacity
    }

    /// How many actors are remembered.
    var count: Int { groups.count }

    /// What it takes in memory and in the log, about.
    var bytes: Int { heldBytes.total }

    /// Takes a sighting in and tells which are impossible because of it: itself, and later ones that came before it.
    ///
    /// - Parameters:
    ///   - match: with the actor that stands behind the event.
    ///   - now: the service's clock.
    mutating func observe(
        _ observation: TravelObservation, _ match: Match, historical: Bool, now: Milliseconds
    ) -> [Hit] {
        let now = now.wholeSeconds
        let (travel, reference) = (observation.travel, match.event.reference)
        let event = EventKey(time: reference.time, id: reference.id)
        let key = StableKey(
            match.detection.id, match.event.accountID, match.event.actor.principal, secret: secret
        ).value
        if let last = groups[key]?.recent.last, event.time < last.event.time - lateness {
            lateEvents += 1
            return []
        }
        var group = takeOut(key) ?? Group(account: match.event.accountID, reach: travel.reach, touched: now)
        defer { put(group, key) }
        group.touched = now
        group.reach = travel.reach
        let sighting = Sighting(
            event: event, spot: Spot(place: observation.place, address: match.event.actor.sourceIP), isHit: false,
            context: MatchContext.encode(observation.match, isOnTrial: observation.isOnTrial, historical: historical))
        guard let place = Self.insert(sighting, &group) else { return [] }
        let hits = group.isAtOnePlace ? [] : Self.judge(place, travel, &group)
        for index in hits.map(\.index) where index != place { Self.write(mark: group.recent[index].event, key, &log) }
        Self.write(group.recent[place], group.account, group.reach, key, &log)
        let found = hits.map { index, evidence in
            Hit(event: group.recent[index].event, context: group.recent[index].context, evidence: evidence)
        }
        forgottenEvents += fold(&group)
        return found
    }

    /// Takes an actor out while it changes.
    private mutating func takeOut(_ key: UInt64) -> Group? {
        guard let group = groups.removeValue(forKey: key) else {
            if groups.count >= capacity || bytes >= byteCapacity { evict() }
            return nil
        }
        held.add(-1, to: group.account)
        heldBytes.add(-group.bytes, to: group.account)
        return group
    }

    private mutating func put(_ group: Group, _ key: UInt64) {
        held.add(1, to: group.account)
        heldBytes.add(group.bytes, to: group.account)
        groups[key] = group
    }

    private static func insert(_ sighting: Sighting, _ group: inout Group) -> Int? {
        var place = group.recent.count
        while place > 0, group.recent[place - 1].event > sighting.event { place -= 1 }
        if place > 0, group.recent[place - 1].event == sighting.event { return nil }
        group.recent.insert(sighting, at: place)
        group.count(sighting, 1)
        return place
    }

    /// Judges a new sighting by the earlier ones, and the later ones by it.
    private static func judge(
        _ place: Int, _ travel: ImpossibleTravel, _ group: inout Group
    ) -> [(index: Int, evidence: Evidence)] {
        let new = group.recent[place]
        var distances: [Geography.Place: Double] = [:]
        func distance(_ other: Geography.Place) -> Double {
            if other == new.spot.place { return 0 }
            if let known = distances[other] { return known }
            let kilometres = new.spot.place.distance(to: other)
            distances[other] = kilometres
            return kilometres
        }
        var hits: [(index: Int, evidence: Evidence)] = []
        var best: (event: EventKey, spot: Spot, distance: Double)?
        let earlier = group.recent[..<place].map { ($0.event, $0.spot) } + group.old.values.map { ($0.event, $0.spot) }
        for (event, spot) in earlier {
            let kilometres = distance(spot.place)
            guard travel.isImpossible(kilometres, within: new.event.time - event.time) else { continue }
            // The fastest of them explains it best.
            if let found = best {
                let (one, two) = (
                    kilometres * Double(new.event.time - found.event.time),
                    found.distance * Double(new.event.time - event.time)
                )
                guard one > two || one == two && event < found.event else { continue }
            }
            best = (event, spot, kilometres)
        }
        if let best {
            group.recent[place].isHit = true
            hits.append((place, evidence(best.spot, best.event.time, new, best.distance)))
        }
        for index in group.recent.indices.dropFirst(place + 1) where !group.recent[index].isHit {
            let later = group.recent[index]
            let kilometres = distance(later.spot.place)
            guard travel.isImpossible(kilometres, within: later.event.time - new.event.time) else { continue }
            group.recent[index].isHit = true
            hits.append((index, evidence(new.spot, new.event.time, later, kilometres)))
        }
        return hits
    }

    private static func evidence(
        _ from: Spot, _ time: Milliseconds, _ to: Sighting, _ kilometres: Double
    ) -> Evidence {
        let minutes = (to.event.time - time) / 60_000
        return Evidence(
            name: "travel",
            value: "from \(from.name) to \(to.spot.name): \(Int(kilometres)) km in \(minutes) min")
    }

    /// Keeps of what no event in time can make impossible any more only when each place was seen last, and of places only
    /// those that can count. Returns how many sightings went before their time.
    private func fold(_ group: inout Group) -> Int {
        guard let latest = group.recent.last?.event.time else { return 0 }
        var count = group.recent.firstIndex { $0.event.time >= latest - lateness } ?? 0
        let surplus = max(0, group.recent.count - count - DetectLimits.travelSightings)
        count += surplus
        for sighting in group.recent.prefix(count) {
            group.count(sighting, -1)
            let known = group.old[sighting.spot.place]
            if known.map({ $0.event < sighting.event }) ?? true {
                group.old[sighting.spot.place] = (sighting.event, sighting.spot)
            }
        }
        group.recent.removeFirst(count)
        let horizon = latest - lateness - group.reach
        if group.old.contains(where: { $0.value.event.time < horizon }) {
            group.old = group.old.filter { $0.value.event.time >= horizon }
        }
        while group.old.count > DetectLimits.travelPlaces,
            let first = group.old.min(by: { $0.value.event < $1.value.event })
        { group.old[first.key] = nil }
        return surplus
    }

    /// Forgets actors whose last sighting can make nothing impossible any more.
    mutating func expire(_ marks: Watermarks, now: Milliseconds) {
        let now = now.wholeSeconds
        for (key, group) in groups
        where Milliseconds(group.touched) * 1_000 + group.reach + lateness < Milliseconds(now) * 1_000 {
            remove(key)
        }
    }

    /// Forgets sightings from the future, behind which every later one of their actor would count as late, and has no
    /// actor seen later than now.
    ///
    /// - Parameter now: a clock that is right again.
    mutating func correctClock(now: Milliseconds) {
        let now = now.wholeSeconds
        let end = Milliseconds(now) * 1_000 + CloudTrailLimits.futureMilliseconds
        for (key, known) in groups
        where known.touched > now || known.recent.last.map({ $0.event.time > end }) ?? false
            || known.old.contains(where: { $0.value.event.time > end })
        {
            var group = known
            group.touched = min(group.touched, now)
            for sighting in group.recent where sighting.event.time > end { group.count(sighting, -1) }
            group.recent.removeAll { $0.event.time > end }
            group.old = group.old.filter { $0.value.event.time <= end }
            heldBytes.add(group.bytes - known.bytes, to: group.account)
            groups[key] = group
            if group.recent.isEmpty, group.old.isEmpty { remove(key) }
        }
    }

    private mutating func remove(_ key: UInt64) {
        guard let group = groups.removeValue(forKey: key) else { return }
        held.add(-1, to: group.account)
        heldBytes.add(-group.bytes, to: group.account)
    }

    /// Where there is no room for an actor more, a tenth goes.
    private mutating func evict() {
        let surplus: [UInt64]
        if groups.count >= capacity {
            surplus = FairShare.surplus(
                leaving: capacity - max(1, capacity / 10), of: held,
                groups.lazy.map { FairShare.Entry(tenant: $1.account, age: $1.touched, key: $0) })
        } else {
            surplus = FairShare.surplus(
                leaving: bytes / 10 * 9, of: heldBytes,
                groups.lazy.map { FairShare.Entry(tenant: $1.account, age: $1.touched, weight: $1.bytes, key: $0) })
        }
        for key in surplus { remove(key) }
        evicted += surplus.count
    }
}

// MARK: The log

extension Travels {
    /// The numbers are on disk.
    private enum Tag: UInt64 {
        /// `bare` is a sighting as earlier versions wrote it, without its account.
        case bare = 1, mark, sighting
    }

    /// What was learned since the last call.
    mutating func takeLog() -> [UInt8] {
        defer { log = FieldWriter() }
        return log.bytes
    }

    /// Takes in what `takeLog` or `live` gave.
    mutating func replay(_ bytes: [UInt8], now: Milliseconds) {
        Self.read(bytes) { key, item in
            switch item {
            case .mark(let event):
                guard let index = groups[key]?.recent.firstIndex(where: { $0.event == event }) else { return }
                groups[key]?.recent[index].isHit = true
            case .sighting(let sighting, let account, let reach):
                var group = takeOut(key) ?? Group(account: account, reach: reach, touched: now.wholeSeconds)
                if Self.insert(sighting, &group) != nil { _ = fold(&group) }
                put(group, key)
            }
        }
    }

    /// What still counts of bytes that `takeLog` gave.
    func live(_ bytes: [UInt8]) -> [UInt8] {
        var writer = FieldWriter()
        Self.read(bytes) { key, item in
            guard case .sighting(let sighting, _, let reach) = item, let group = groups[key] else { return }
            if let kept = group.recent.first(where: { $0.event == sighting.event }) {
                Self.write(kept, group.account, reach, key, &writer)
            } else if group.old[sighting.spot.place]?.event == sighting.event {
                let bare = Sighting(event: sighting.event, spot: sighting.spot, isHit: true, context: [])
                Self.write(bare, group.account, reach, key, &writer)
            }
        }
        return writer.bytes
    }

    private enum Item {
        case sighting(Sighting, AccountID, reach: Milliseconds)
        case mark(EventKey)
    }

    private static func write(
        _ sighting: Sighting, _ account: AccountID, _ reach: Milliseconds, _ key: UInt64, _ writer: inout FieldWriter
    ) {
        writer.field(Tag.sighting.rawValue) {
            $0.place(CorrelationKey(high: key, low: 0), sighting.event)
            $0.varint(account.number)
            $0.signed(reach)
            $0.geography(sighting.spot.place)
            $0.string(sighting.spot.address)
            $0.varint(sighting.isHit ? 1 : 0)
            $0.bytes += sighting.context
        }
    }

    private static func write(mark event: EventKey, _ key: UInt64, _ writer: inout FieldWriter) {
        writer.field(Tag.mark.rawValue) { $0.place(CorrelationKey(high: key, low: 0), event) }
    }

    private static func read(_ bytes: [UInt8], _ take: (UInt64, Item) -> Void) {
        var reader = FieldReader(bytes)
        while !reader.isAtEnd {
            guard let (tag, body) = try? reader.field() else { return }
            var field = FieldReader(body)
            if let (key, item) = try? item(tag, &field) { take(key, item) }
        }
    }

    private static func item(_ tag: UInt64, _ field: inout FieldReader) throws(AlertCodec.Malformed) -> (UInt64, Item) {
        let (key, event) = try field.place()
        let kind = Tag(rawValue: tag)
        switch kind {
        case .mark: return (key.high, .mark(event))
        case .bare, .sighting:
            let account = kind == .bare ? .zero : try field.account()
            let reach = try field.signed()
            let spot = Spot(place: try field.geography(), address: try field.string())
            let isHit = try field.number() == 1
            let sighting = Sighting(event: event, spot: spot, isHit: isHit, context: Array(field.rest))
            return (key.high, .sighting(sighting, account, reach: reach))
        case nil: throw AlertCodec.Malformed()
        }
    }
}
