// SPDX-License-Identifier: Apache-2.0

/// One event in a group of a correlation.
struct CorrelationEntry: Sendable {
    /// What is known of it.
    struct Marks: OptionSet, Sendable {
        let rawValue: UInt8
        /// `value` counts.
        static let hasValue = Marks(rawValue: 1)
        /// It stands in a window that holds, and was told so.
        static let isHit = Marks(rawValue: 2)
        /// The window that ends at it holds, and the correlations above were told so.
        static let isEnd = Marks(rawValue: 4)
        /// The window that ends at it was judged for good, where its correlation waits.
        static let isSettled = Marks(rawValue: 8)
    }

    let time: Int64
    let id: CorrelationEvent.ID
    /// A hash of the value, or the number that it is, as the correlation's kind needs it.
    let value: UInt64
    let member: UInt16
    var marks: Marks
    /// The caller's bytes, and what correlations above need.
    let context: [UInt8]

    /// By time, then by member, so that of events of one instant the order asked for counts as theirs.
    func precedes(_ other: CorrelationEntry) -> Bool {
        if time != other.time { return time < other.time }
        if member != other.member { return member < other.member }
        return id < other.id
    }

    func isSame(_ other: CorrelationEntry) -> Bool { time == other.time && member == other.member && id == other.id }

}

/// The events of one group, in the order of their times.
struct CorrelationWindow: Sendable {
    /// What a new event brought about.
    struct Outcome {
        var isLate = false
        var isNew = false
        /// The event as it is kept; nil where the limit left no room for it.
        var kept: CorrelationEntry?
        /// The events that stand in a window that holds and did not before, in order.
        var hits: [CorrelationEntry] = []
        /// The events at which such a window ends and at which none did before, in order.
        var ends: [CorrelationEntry] = []
        /// Events beyond the limit.
        var forgotten = 0
        /// By how much the group grew.
        var bytes = 0
        /// Windows that end before this are settled now; nil where none was.
        var settledBefore: Int64?
        /// The earliest instant whose window waits; nil where none does.
        var earliest: Int64?
    }

    /// `SigmaCorrelation.identity`.
    let correlation: UInt64
    /// `CorrelationEvent.tenant` of its events.
    let tenant: UInt64
    /// `reach` in seconds, which it is whole. A million groups are to fit: every byte counts.
    private let reachSeconds: UInt32
    /// When an event came last, in seconds of the caller's clock.
    var touched: UInt32
    private(set) var entries: [CorrelationEntry] = []

    init(correlation: UInt64, tenant: UInt64, reach: Int64, touched: UInt32) {
        self.correlation = correlation
        self.tenant = tenant
        reachSeconds = UInt32(clamping: reach / 1_000)
        self.touched = touched
    }

    /// How far back from the latest event any window of an event in time can reach, in milliseconds.
    var reach: Int64 { Int64(reachSeconds) * 1_000 }

    /// The latest event's time.
    var latest: Int64 { entries.last?.time ?? .min }

    /// What it takes of its table in memory: 48 bytes a bucket, of which a third to two thirds are empty.
    static let tableBytes = 96

    /// What it takes in memory.
    var bytes: Int { Self.tableBytes + listBytes + contextBytes(entries.indices) }

    private var listBytes: Int {
        HeapSize.array(capacity: entries.capacity, stride: MemoryLayout<CorrelationEntry>.stride)
    }

    /// What the bytes kept with some events take; neighbours that are alike share them.
    private func contextBytes(_ places: Range<Int>) -> Int {
        places.reduce(0) { sum, place in
            if place > 0, entries[place - 1].context == entries[place].context { return sum }
            return sum + HeapSize.array(entries[place].context)
        }
    }

    /// Takes an event that comes now, by the caller's clock in seconds; 0 of a caller without one. Tells what holds because of
    /// it, and whose group this is.
    mutating func take(
        _ entry: CorrelationEntry, _ prepared: PreparedCorrelation, delay: Int64, waitingFrom earliest: Int64,
        now: UInt32
    ) -> (Outcome, tenant: UInt64) {
        touched = now
        let present = now > 0 ? Int64(now) * 1_000 : .max
        return (observe(entry, prepared, delay: delay, waitingFrom: earliest, present: present), tenant)
    }

    /// Takes an event and tells what holds because of it; where the correlation waits, what holds by the time that the
    /// group's own events say.
    ///
    /// - Parameters:
    ///   - delay: `CorrelationPlan.delay`.
    ///   - earliest: where windows wait already, the first that may.
    ///   - present: the caller's clock in milliseconds: by an event that is ahead of it, none that comes now is late.
    private mutating func observe(
        _ entry: CorrelationEntry, _ prepared: PreparedCorrelation, delay: Int64, waitingFrom earliest: Int64,
        present: Int64
    ) -> Outcome {
        var outcome = Outcome()
        let lateness = reach - prepared.span
        if let last = entries.last, entry.time < min(last.time, present) - lateness {
            outcome.isLate = true
            return outcome
        }
        guard let inserted = insert(entry) else { return outcome }
        var place = inserted.place
        outcome.isNew = true
        outcome.bytes = inserted.bytes
        if !prepared.isMonotone {
            outcome.earliest = min(earliest, entry.time)
            let before = CorrelationWaits.minute(latest) * CorrelationWaits.step - delay
            if min(earliest, entry.time) < before {
                settle(from: min(earliest, entry.time), before: before, prepared, &outcome)
            }
        }
        let trimmed = trim(present)
        outcome.forgotten = trimmed.excess
        outcome.bytes -= trimmed.bytes
        place -= trimmed.count
        guard place >= 0 else { return outcome }
        if prepared.isMonotone { sweep(from: place, through: entries[place].time + prepared.span, prepared, &outcome) }
        outcome.kept = entries[place]
        return outcome
    }

    /// Judges the windows that wait and end before a time.
    ///
    /// - Parameter earliest: none that ends before it waits.
    mutating func settle(
        from earliest: Int64, before: Int64, _ prepared: PreparedCorrelation, _ outcome: inout Outcome
    ) {
        let first = firstIndex { $0.time >= earliest }
        if let place = entries[first...].firstIndex(where: { !$0.marks.contains(.isSettled) }),
            entries[place].time < before
        {
            sweep(from: place, through: before - 1, prepared, &outcome)
        }
        outcome.settledBefore = before
        outcome.earliest = entries[first...].first { $0.time >= before && !$0.marks.contains(.isSettled) }?.time
    }

    /// Takes in that windows were settled.
    mutating func settled(before: Int64) {
        for index in entries.indices {
            guard entries[index].time < before else { return }
            entries[index].marks.insert(.isSettled)
        }
    }

    /// The earliest instant whose window was not settled.
    var earliestOpen: Int64? { entries.first { !$0.marks.contains(.isSettled) }?.time }

    /// The latest instant whose window is still to be judged and holds an event that no match was told of yet; nil where
    /// there is none.
    func lastOpen(_ id: CorrelationEvent.ID, _ time: Int64, span: Int64) -> Int64? {
        let rest = entries[firstIndex { $0.time >= time }...]
        guard let own = rest.first(where: { $0.time != time || $0.id == id }), own.time == time,
            !own.marks.contains(.isHit)
        else { return nil }
        return rest.prefix { $0.time <= time + span }.last { !$0.marks.contains(.isSettled) }?.time
    }

    /// Forgets the events later than a time. Returns the bytes that they took.
    mutating func forget(after time: Int64) -> Int {
        let before = bytes
        // A list of its own size: one that is emptied in place keeps its room.
        entries = Array(entries[..<firstIndex { $0.time > time }])
        return before - bytes
    }

    /// Puts a stored event back and tells by how much the group grew; nil where it is there already.
    mutating func restore(_ entry: CorrelationEntry) -> Int? { insert(entry)?.bytes }

    /// Marks a stored event.
    mutating func mark(_ entry: CorrelationEntry) {
        guard let place = place(of: entry) else { return }
        entries[place].marks.formUnion(entry.marks)
    }

    /// The event as it is kept, or nil where it is no more.
    func entry(_ entry: CorrelationEntry) -> CorrelationEntry? { place(of: entry).map { entries[$0] } }

    private func place(of entry: CorrelationEntry) -> Int? {
        let place = firstIndex { !$0.precedes(entry) }
        return place < entries.count && entries[place].isSame(entry) ? place : nil
    }

    private mutating func insert(_ entry: CorrelationEntry) -> (place: Int, bytes: Int)? {
        var entry = entry
        let before = listBytes
        if entries.isEmpty {
            // Most groups never see a second event: room for exactly one.
            entries = [entry]
            return (0, listBytes - before + contextBytes(0..<1))
        }
        var place = entries.count
        // Events come mostly in order.
        if let last = entries.last, !last.precedes(entry) {
            place = firstIndex { !$0.precedes(entry) }
            if entries[place].isSame(entry) { return nil }
        }
        // Neighbours are often alike: they share their bytes.
        if place > 0, entries[place - 1].context == entry.context {
            entry = CorrelationEntry(
                time: entry.time, id: entry.id, value: entry.value, member: entry.member, marks: entry.marks,
                context: entries[place - 1].context)
        }
        let next = place < entries.count ? contextBytes(place..<place + 1) : 0
        entries.insert(entry, at: place)
        let contexts = contextBytes(place..<min(place + 2, entries.count)) - next
        return (place, listBytes - before + contexts)
    }

    /// Forgets events that no window of an event in time can reach, and the oldest beyond the limit.
    private mutating func trim(_ present: Int64) -> (count: Int, excess: Int, bytes: Int) {
        let horizon = min(latest, present) - reach
        guard let first = entries.first, first.time < horizon || entries.count > SigmaLimits.correlationEventsPerGroup
        else { return (0, 0, 0) }
        let old = firstIndex { $0.time >= horizon }
        // Room for more than one is made at once, since taking from the front moves all the rest.
        var excess = 0
        if entries.count - old > SigmaLimits.correlationEventsPerGroup {
            excess = entries.count - old - SigmaLimits.correlationEventsPerGroup * 15 / 16
        }
        let gone = old + excess
        let before = contextBytes(0..<min(gone + 1, entries.count))
        entries.removeFirst(gone)
        return (gone, excess, before - contextBytes(0..<min(1, entries.count)))
    }

    private func firstIndex(where holds: (CorrelationEntry) -> Bool) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if holds(entries[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Looks at the windows that end from an event at a place through a time: of a correlation that waits, at those that
    /// are not settled. A window ends at an instant that has an event and reaches back by the timespan, both ends
    /// included. The time is linear in the events of these windows.
    private mutating func sweep(
        from place: Int, through last: Int64, _ prepared: PreparedCorrelation, _ outcome: inout Outcome
    ) {
        guard entries.count >= prepared.fewestEvents else { return }
        let span = prepared.span
        var measure = CorrelationMeasure(prepared)
        guard measure.canHold(entries) else { return }
        var start = firstIndex { $0.time >= entries[place].time - span }
        var next = start
        var end = lastOfInstant(place)
        // What stands before this index was marked already.
        var unmarked = 0
        while true {
            let horizon = entries[end].time - span
            if prepared.countsAll {
                start = entries[start].time < horizon ? firstIndex { $0.time >= horizon } : start
            } else {
                while next <= end {
                    measure.add(entries[next])
                    next += 1
                }
                while entries[start].time < horizon {
                    measure.remove(entries[start])
                    start += 1
                }
            }
            let instant = firstOfInstant(end)
            if opens(instant...end, prepared), measure.holds(entries[start...end]) {
                if prepared.isMonotone, instant > 0, entries[instant - 1].marks.contains(.isEnd) {
                    // All of that window was marked with it, and more events undid nothing.
                    unmarked = max(unmarked, min(instant, place))
                }
                for index in max(start, unmarked)...end where !entries[index].marks.contains(.isHit) {
                    entries[index].marks.insert(.isHit)
                    outcome.hits.append(entries[index])
                }
                for index in instant...end where !entries[index].marks.contains(.isEnd) {
                    entries[index].marks.insert(.isEnd)
                    outcome.ends.append(entries[index])
                }
                unmarked = end + 1
            }
            guard end + 1 < entries.count, entries[end + 1].time <= last else { return }
            end = lastOfInstant(end + 1)
        }
    }

    /// Whether the window that ends at an instant is to be judged; where its correlation waits, that is now.
    private mutating func opens(_ instant: ClosedRange<Int>, _ prepared: PreparedCorrelation) -> Bool {
        if prepared.isMonotone { return true }
        var isOpen = false
        for index in instant where !entries[index].marks.contains(.isSettled) {
            entries[index].marks.insert(.isSettled)
            isOpen = true
        }
        return isOpen
    }

    private func lastOfInstant(_ place: Int) -> Int {
        var place = place
        while place + 1 < entries.count, entries[place + 1].time == entries[place].time { place += 1 }
        return place
    }

    private func firstOfInstant(_ place: Int) -> Int {
        var place = place
        while place > 0, entries[place - 1].time == entries[place].time { place -= 1 }
        return place
    }
}
