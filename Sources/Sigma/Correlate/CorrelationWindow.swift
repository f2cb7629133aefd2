// SPDX-License-Identifier: Apache-2.0

/// The events of one group, in the order of their times.
struct CorrelationWindow: Sendable, Codable {
    struct Entry: Sendable, Codable {
        var time: Int64
        var id: CorrelationEvent.ID
        var member: Int
        var value: String?

        fileprivate var order: (Int64, Int, CorrelationEvent.ID) { (time, member, id) }
    }

    /// Sorted by time, then by member, so that of events of one instant the order asked for counts as theirs.
    private(set) var entries: [Entry] = []

    /// Adds an event and returns its place; nil when it is there already.
    mutating func insert(_ entry: Entry) -> Int? {
        var place = entries.count
        // Events come mostly in order.
        if let last = entries.last, !(last.order < entry.order) {
            place = firstIndex { !($0.order < entry.order) }
            if entries[place].order == entry.order { return nil }
        }
        entries.insert(entry, at: place)
        return place
    }

    /// Forgets events before a time, and the oldest ones beyond the limit. Returns how many, in all and for the limit.
    mutating func trim(before horizon: Int64) -> (all: Int, excess: Int) {
        let old = firstIndex { $0.time >= horizon }
        let excess = max(0, entries.count - old - SigmaLimits.correlationEventsPerGroup)
        if old + excess > 0 { entries.removeFirst(old + excess) }
        return (old + excess, excess)
    }

    private func firstIndex(where holds: (Entry) -> Bool) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if holds(entries[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The range of events in all windows that hold the event at a place and in which the condition holds; nil where
    /// there is none.
    func holding(_ correlation: SigmaCorrelation, at place: Int) -> Range<Int>? {
        let span = Int64(correlation.timespanSeconds) * 1_000
        let time = entries[place].time
        var range: Range<Int>?
        var end = place
        while end < entries.count, entries[end].time <= time + span {
            // A window ends behind the last event of an instant.
            if end + 1 == entries.count || entries[end + 1].time > entries[end].time {
                let start = firstIndex { $0.time >= entries[end].time - span }
                if holds(correlation, entries[start...end]) {
                    range = min(start, range?.lowerBound ?? start)..<(end + 1)
                }
            }
            end += 1
        }
        return range
    }

    private func holds(_ correlation: SigmaCorrelation, _ window: ArraySlice<Entry>) -> Bool {
        if !correlation.clauses.isEmpty { return Self.holdsClause(correlation, window) }
        guard let number = Self.number(correlation, window) else { return false }
        return correlation.bounds.allSatisfy { $0.comparison.holds(number, $0.number) }
    }

    /// What the condition's bounds are about.
    private static func number(_ correlation: SigmaCorrelation, _ window: ArraySlice<Entry>) -> Double? {
        switch correlation.kind {
        case .eventCount:
            // An event on which two of the rules hold is one event.
            return Double(correlation.rules.count == 1 ? window.count : Set(window.lazy.map(\.id)).count)
        case .valueCount: return Double(Set(window.lazy.compactMap(\.value)).count)
        case .temporal: return Double(Set(window.lazy.map(\.member)).count)
        case .temporalOrdered: return Double(longestOrder(window))
        case .valueSum, .valueAverage, .valuePercentile, .valueMedian:
            let numbers = window.compactMap { $0.value.flatMap(Double.init) }.filter(\.isFinite)
            guard !numbers.isEmpty else { return nil }
            let sum = numbers.reduce(0, +)
            switch correlation.kind {
            case .valueSum: return sum
            case .valueAverage: return sum / Double(numbers.count)
            default: return percentile(numbers.sorted(), correlation.percentile)
            }
        }
    }

    /// Whether one of the alternatives holds: in a window, each rule it asks for has an event (in the order of the list
    /// where the correlation is ordered), and none that it excludes has one.
    private static func holdsClause(_ correlation: SigmaCorrelation, _ window: ArraySlice<Entry>) -> Bool {
        let members = Set(window.lazy.map(\.member))
        return correlation.clauses.contains { clause in
            guard clause.present.allSatisfy(members.contains), !clause.absent.contains(where: members.contains) else {
                return false
            }
            guard correlation.kind == .temporalOrdered else { return true }
            var next = 0
            for entry in window where next < clause.present.count && entry.member == clause.present[next] { next += 1 }
            return next == clause.present.count
        }
    }

    /// How many members follow each other in the order of the list, at most.
    private static func longestOrder(_ window: ArraySlice<Entry>) -> Int {
        // ends[length] is the smallest member that such a row of length + 1 can end with.
        var ends: [Int] = []
        for entry in window {
            let place = ends.firstIndex { $0 >= entry.member } ?? ends.count
            if place == ends.count { ends.append(entry.member) } else { ends[place] = entry.member }
        }
        return ends.count
    }

    /// The percentile of sorted numbers, with linear interpolation between neighbours.
    private static func percentile(_ sorted: [Double], _ percentile: Double) -> Double {
        let rank = percentile / 100 * Double(sorted.count - 1)
        let below = Int(rank)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (sorted[above] - sorted[below]) * (rank - Double(below))
    }
}
