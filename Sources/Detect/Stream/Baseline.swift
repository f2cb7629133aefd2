// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// What `trailhound: first_seen` and `trailhound: rare` ask for: that a combination of fields was not, or seldom, seen
/// before. An event on which the rule holds is a match only if so.
package struct Baseline: Hashable, Sendable {
    /// Within what a combination is new.
    package enum Scope: String, Sendable, CaseIterable {
        /// Nobody in the account was seen with it.
        case account
        /// The actor was not seen with it in the account.
        case actor
    }

    /// The fields whose values together are looked at. `network` stands for the network of `sourceIPAddress`: 24 bits of
    /// an IPv4 address, 48 of an IPv6 address; `asn` for the autonomous system that it is in.
    package var fields: [String]
    package var scope: Scope
    /// How many days back is looked.
    package var days: Int
    /// On how many days within that the combination may have been seen and still be a match: 0 for `first_seen`.
    package var atMost: Int
    /// After the first event that the rule held on in an account, only rules of high and critical severity make matches
    /// for so many hours.
    package var learningHours: Int

    package init(fields: [String], scope: Scope = .account, days: Int, atMost: Int = 0, learningHours: Int = 48) {
        self.fields = fields
        self.scope = scope
        self.days = days
        self.atMost = atMost
        self.learningHours = learningHours
    }

    /// The field that stands for the network of the source address.
    package static let network = "network"
    /// The field that stands for the autonomous system of the source address: its number, or the network where none is
    /// known.
    package static let autonomousSystem = "asn"
}

/// A rule with a baseline held on an event.
package struct BaselineObservation: Sendable {
    /// The match that it is if the combination is new.
    package let match: Match
    /// Whether the detection is on trial in the account: then the match is counted, and raises no alert.
    package let isOnTrial: Bool
    package let baseline: Baseline
    /// A hash of the values of the baseline's fields.
    package let values: UInt64

    package init(match: Match, isOnTrial: Bool = false, baseline: Baseline, values: UInt64) {
        self.match = match
        self.isOnTrial = isOnTrial
        self.baseline = baseline
        self.values = values
    }
}

/// What was seen on which hours and days. A value that does no I/O.
///
/// An event is judged by what was seen more than an hour before it (in whole hours of event time), and events come no
/// later than that: so the verdict does not depend on the order of arrival, and of a combination that is new every event
/// of its first hour is a match, which one alert merges. Of what an actor was seen with it is two hours: events wait for
/// their actor no longer than that.
struct Baselines: StreamPart {
    /// When a combination was seen.
    private struct Entry: Sendable, Equatable {
        /// The latest hour since 1970.
        var last: UInt32
        /// Bit n: seen n hours before `last`.
        var hours: UInt32 = 1
        /// The latest hour that `hours` does not reach; 0 for none.
        var older: UInt32 = 0
        /// Bit n: seen n days before the day of `last`.
        var days: UInt64 = 1
        /// How many days are asked for.
        var kept: UInt16
        /// The hour of the service's clock at which it was seen last.
        var touched: UInt32 = 0
        /// The account whose events it is of; zero where an earlier version wrote it.
        var account: AccountID

        init(hour: UInt32, kept: UInt16, account: AccountID) {
            last = hour
            self.kept = kept
            self.account = account
        }

        /// The latest hour up to one, at which the combination was seen.
        func seen(through hour: UInt32) -> UInt32? {
            guard hour < last else { return last }
            let back = last - hour
            if back < 32 {
                let reached = hours >> back
                if reached != 0 { return hour - UInt32(reached.trailingZeroBitCount) }
            }
            return older != 0 && older <= hour ? older : nil
        }

        /// On how many days the combination was seen, from one through one.
        func dayCount(_ first: UInt32, _ end: UInt32) -> Int {
            let today = last / 24
            return (first...max(first, end)).count { day in
                day <= today && today - day < 64 && days & 1 << UInt64(today - day) != 0
            }
        }

        mutating func add(_ hour: UInt32) {
            if hour > last {
                let (ahead, daysAhead) = (hour - last, hour / 24 - last / 24)
                let lost = ahead >= 32 ? hours : hours & ~(UInt32.max >> ahead)
                if lost != 0 { older = max(older, last - UInt32(lost.trailingZeroBitCount)) }
                hours = ahead >= 32 ? 1 : hours << ahead | 1
                days = daysAhead >= 64 ? 1 : days << UInt64(daysAhead) | 1
                last = hour
            } else {
                let (back, daysBack) = (last - hour, last / 24 - hour / 24)
                if back < 32 { hours |= 1 << back } else { older = max(older, hour) }
                if daysBack < 64 { days |= 1 << UInt64(daysBack) }
            }
        }
    }

    private var entries: [UInt64: Entry] = [:]
    /// Combinations of each account. Where there are too many, those of the account that has the most go first.
    private var held = Holdings<AccountID>()
    /// When a rule held on an event of an account first.
    private var starts: [UInt64: Milliseconds] = [:]
    private var changedEntries: Set<UInt64> = []
    private var changedStarts: Set<UInt64> = []
    private let capacity: Int
    /// Combinations forgotten before their time, since there were too many.
    private(set) var evicted = 0

    private let secret: CorrelationSecret

    init(capacity: Int = DetectLimits.baselineEntries, secret: CorrelationSecret = .none) {
        self.capacity = max(1, capacity)
        self.secret = secret
    }

    var count: Int { entries.count }

    /// What it takes in memory, about: twice the entries, since tables of entries grow by doubling.
    var bytes: Int { entries.count * 96 + starts.count * 32 }

    /// Takes an event in and tells whether it is a match.
    ///
    /// - Parameters:
    ///   - match: with the actor that stands behind the event.
    ///   - now: the service's clock.
    mutating func judge(_ observation: BaselineObservation, _ match: Match, now: Milliseconds) -> Bool {
        let (baseline, event) = (observation.baseline, match.event)
        let time = event.reference.time
        let isLearning = time < begin(match) + Milliseconds(baseline.learningHours) * 3_600_000
        let actor = baseline.scope == .actor ? event.actor.principal : ""
        let key = StableKey(match.detection.id, event.accountID, actor, observation.values, secret: secret)
            .value
        let hour = UInt32(clamping: time / 3_600_000)
        let isNew = record(key, hour, baseline, event.accountID, now.wholeHours)
        return isNew && (!isLearning || match.severity >= .high)
    }

    /// Takes that a rule held on an event. Returns when it did first in the event's account.
    @discardableResult
    mutating func begin(_ match: Match) -> Milliseconds {
        let time = match.event.reference.time
        let rule = StableKey(match.detection.id, match.event.accountID, "", secret: secret).value
        if let start = starts[rule], start <= time { return start }
        starts[rule] = time
        changedStarts.insert(rule)
        return time
    }

    private mutating func record(
        _ key: UInt64, _ hour: UInt32, _ baseline: Baseline, _ account: AccountID, _ clock: UInt32
    ) -> Bool {
        guard var entry = entries[key] else {
            var entry = Entry(hour: hour, kept: UInt16(clamping: baseline.days), account: account)
            entry.touched = clock
            set(key, entry)
            changedEntries.insert(key)
            return true
        }
        var before = entry
        before.touched = clock
        let isNew = Self.isNew(entry, hour, baseline)
        entry.add(hour)
        entry.touched = clock
        entry.kept = UInt16(clamping: baseline.days)
        entry.account = account
        if entry != before {
            changedEntries.insert(key)
        }
        set(key, entry)
        return isNew
    }

    private mutating func set(_ key: UInt64, _ entry: Entry) {
        let known = entries[key]?.account
        if known == nil, entries.count >= capacity { evict() }
        if known != entry.account {
            if let known { held.add(-1, to: known) }
            held.add(1, to: entry.account)
        }
        entries[key] = entry
    }

    private mutating func remove(_ key: UInt64) {
        if let entry = entries.removeValue(forKey: key) { held.add(-1, to: entry.account) }
    }

    private static func isNew(_ entry: Entry, _ hour: UInt32, _ baseline: Baseline) -> Bool {
        let unsettled: UInt32 = baseline.scope == .actor ? 3 : 2
        let settled = hour > unsettled ? hour - unsettled : 0
        guard let seen = entry.seen(through: settled) else { return true }
        let first = hour > UInt32(baseline.days) * 24 ? hour - UInt32(baseline.days) * 24 : 0
        guard seen >= first else { return true }
        if baseline.atMost == 0 { return false }
        // Whole days before the one that is not settled yet, and that one where it was seen on it by then.
        let day = settled / 24
        var count = seen / 24 == day ? 1 : 0
        if day > 0, first / 24 < day { count += entry.dayCount(first / 24, day - 1) }
        return count <= baseline.atMost
    }

    /// Forgets what was not seen for as long as its rule looks back, by the service's clock.
    mutating func expire(_ marks: Watermarks, now: Milliseconds) {
        let clock = now.wholeHours
        let over = entries.filter { $0.value.touched + UInt32($0.value.kept) * 24 + 48 < clock }
        for (key, _) in over { remove(key) }
    }

    /// Takes what was seen in the future for not seen, and nothing for seen later than now.
    ///
    /// - Parameter now: a clock that is right again.
    mutating func correctClock(now: Milliseconds) {
        let clock = now.wholeHours
        let end = clock + UInt32(CloudTrailLimits.futureMilliseconds / 3_600_000) + 1
        for (key, entry) in entries where entry.last > end || entry.touched > clock {
            var entry = entry
            if entry.last > end {
                // Of before, only the latest hour is known.
                guard entry.older > 0, entry.older <= end else {
                    remove(key)
                    continue
                }
                entry = Entry(hour: entry.older, kept: entry.kept, account: entry.account)
                changedEntries.insert(key)
            }
            entry.touched = min(entry.touched == 0 ? clock : entry.touched, clock)
            entries[key] = entry
        }
    }

    private mutating func evict() {
        let surplus = FairShare.surplus(
            leaving: capacity - max(1, capacity / 10), of: held,
            entries.lazy.map { FairShare.Entry(tenant: $1.account, age: $1.touched, key: $0) })
        for key in surplus { remove(key) }
        evicted += surplus.count
    }
}

// MARK: The log

extension Baselines {
    /// What was learned since the last call.
    mutating func takeLog() -> [UInt8] {
        var writer = FieldWriter()
        for key in changedEntries { if let entry = entries[key] { Self.write(key, entry, &writer) } }
        for key in changedStarts { if let time = starts[key] { Self.write(key, time, &writer) } }
        changedEntries.removeAll(keepingCapacity: true)
        changedStarts.removeAll(keepingCapacity: true)
        return writer.bytes
    }

    /// Takes in what `takeLog` or `live` gave.
    mutating func replay(_ bytes: [UInt8], now: Milliseconds) {
        let clock = now.wholeHours
        Self.read(bytes) { key, entry in
            var entry = entry
            entry.touched = clock
            set(key, entry)
        } start: { key, time in
            starts[key] = time
        }
    }

    /// What still counts of bytes that `takeLog` gave.
    func live(_ bytes: [UInt8]) -> [UInt8] {
        var writer = FieldWriter()
        Self.read(bytes) { key, entry in
            guard var kept = entries[key] else { return }
            kept.touched = 0
            if kept == entry { Self.write(key, kept, &writer) }
        } start: { key, time in
            if starts[key] == time { Self.write(key, time, &writer) }
        }
        return writer.bytes
    }

    private static func write(_ key: UInt64, _ entry: Entry, _ writer: inout FieldWriter) {
        writer.field(1) {
            $0.varint(key)
            for number in [entry.last, entry.hours, entry.older, UInt32(entry.kept)] { $0.varint(UInt64(number)) }
            $0.varint(entry.days)
            $0.varint(entry.account.number)
        }
    }

    private static func write(_ key: UInt64, _ time: Milliseconds, _ writer: inout FieldWriter) {
        writer.field(2) {
            $0.varint(key)
            $0.varint(UInt64(bitPattern: time))
        }
    }

    private static func read(
        _ bytes: [UInt8], entry: (UInt64, Entry) -> Void, start: (UInt64, Milliseconds) -> Void
    ) {
        var reader = FieldReader(bytes)
        while !reader.isAtEnd {
            guard let (tag, body) = try? reader.field() else { return }
            var field = FieldReader(body)
            guard let key = try? field.number() else { continue }
            if tag == 2 {
                if let time = try? field.number() { start(key, Milliseconds(bitPattern: time)) }
                continue
            }
            let numbers = (0..<5).compactMap { _ in try? field.number() }
            guard numbers.count == 5 else { continue }
            // Earlier versions wrote no account.
            let account = (try? field.account()) ?? .zero
            var made = Entry(
                hour: UInt32(clamping: numbers[0]), kept: UInt16(clamping: numbers[3]), account: account)
            made.hours = UInt32(clamping: numbers[1])
            made.older = UInt32(clamping: numbers[2])
            made.days = numbers[4]
            entry(key, made)
        }
    }
}
