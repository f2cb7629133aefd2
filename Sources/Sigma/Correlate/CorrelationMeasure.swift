// SPDX-License-Identifier: Apache-2.0

/// What a correlation's condition is about, kept up while a window moves over a group's events: each event is added
/// once and removed once.
struct CorrelationMeasure {
    private let prepared: PreparedCorrelation
    /// Whether numbers below zero are left out: no number may undo what holds.
    private let leavesOutNegatives: Bool
    private var counts: [UInt64: Int] = [:]
    private var ids: [CorrelationEvent.ID: Int] = [:]
    /// Sorted, for percentiles.
    private var numbers: [Double] = []
    private var numberCount = 0
    /// The exact sum of the whole numbers, and how many numbers are not whole.
    private var sum = 0
    private var fractions = 0
    /// For a row of this many members (its index, less one) that ends with a member: the latest time of its first.
    private var rows: [[Int64]] = []
    /// For each clause and each count of its members: the latest time at which so long a beginning of its row began.
    private var beginnings: [[Int64]] = []

    /// The largest whole number that sums exactly with as many as a group holds.
    private static let exact = Double(1 << 48)
    private static let never = Int64.min

    init(_ prepared: PreparedCorrelation) {
        self.prepared = prepared
        leavesOutNegatives = prepared.kind == .valueSum && prepared.isMonotone
        guard prepared.kind == .temporalOrdered else { return }
        let correlation = prepared.correlation
        let members = correlation.rules.count
        if correlation.clauses.isEmpty {
            rows = [[Int64]](repeating: [Int64](repeating: Self.never, count: members), count: members)
        } else {
            beginnings = correlation.clauses.map { [Int64](repeating: Self.never, count: $0.present.count) }
        }
    }

    /// Whether any window of some events can hold, told by which members are there at all: where a row or a set of rules
    /// is asked for, most groups lack one for good.
    func canHold(_ entries: [CorrelationEntry]) -> Bool {
        guard prepared.kind == .temporal || prepared.kind == .temporalOrdered, prepared.isMonotone else { return true }
        let correlation = prepared.correlation
        guard correlation.rules.count <= 64 else { return true }
        var members: UInt64 = 0
        for entry in entries { members |= 1 << UInt64(entry.member & 63) }
        if !correlation.clauses.isEmpty {
            return correlation.clauses.contains { $0.present.allSatisfy { members & 1 << UInt64($0) != 0 } }
        }
        let number = Double(members.nonzeroBitCount)
        return correlation.bounds.allSatisfy { $0.comparison.holds(number, $0.number) }
    }

    mutating func add(_ entry: CorrelationEntry) { move(entry, by: 1) }

    mutating func remove(_ entry: CorrelationEntry) { move(entry, by: -1) }

    private mutating func move(_ entry: CorrelationEntry, by step: Int) {
        switch prepared.kind {
        case .eventCount:
            // An event on which two of the rules hold is one event.
            ids[entry.id, default: 0] += step
            if ids[entry.id] == 0 { ids[entry.id] = nil }
        case .valueCount:
            guard entry.marks.contains(.hasValue) else { return }
            count(entry.value, step)
        case .temporal: count(UInt64(entry.member), step)
        case .temporalOrdered:
            count(UInt64(entry.member), step)
            if step > 0 { extend(entry) }
        case .valueSum, .valueAverage, .valuePercentile, .valueMedian:
            guard let number = number(entry) else { return }
            numberCount += step
            move(number, step)
        }
    }

    /// The number that an event brings; nil where it brings none.
    private func number(_ entry: CorrelationEntry) -> Double? {
        let number = Double(bitPattern: entry.value)
        guard entry.marks.contains(.hasValue), number.isFinite else { return nil }
        return leavesOutNegatives && number < 0 ? nil : number
    }

    private mutating func count(_ value: UInt64, _ step: Int) {
        counts[value, default: 0] += step
        if counts[value] == 0 { counts[value] = nil }
    }

    private mutating func move(_ number: Double, _ step: Int) {
        if prepared.kind == .valuePercentile || prepared.kind == .valueMedian {
            var low = 0
            var high = numbers.count
            while low < high {
                let middle = (low + high) / 2
                if numbers[middle] < number { low = middle + 1 } else { high = middle }
            }
            if step > 0 { numbers.insert(number, at: low) } else { numbers.remove(at: low) }
        } else if abs(number) <= Self.exact, number == number.rounded() {
            sum += Int(number) * step
        } else {
            fractions += step
        }
    }

    /// Lengthens the rows that an event can stand at the end of. Events come in order, so the latest beginning is all
    /// that a later window asks for.
    private mutating func extend(_ entry: CorrelationEntry) {
        let member = Int(entry.member)
        for length in rows.indices.reversed() where member < rows[length].count {
            let begun = length == 0 ? entry.time : rows[length - 1][..<member].max() ?? Self.never
            rows[length][member] = max(rows[length][member], begun)
        }
        for (index, clause) in prepared.correlation.clauses.enumerated() where !beginnings.isEmpty {
            for length in clause.present.indices.reversed() where clause.present[length] == member {
                let begun = length == 0 ? entry.time : beginnings[index][length - 1]
                beginnings[index][length] = max(beginnings[index][length], begun)
            }
        }
    }

    /// Whether the condition holds in a window, whose events are those that are added and not removed.
    func holds(_ window: ArraySlice<CorrelationEntry>) -> Bool {
        guard let last = window.last else { return false }
        let horizon = last.time - prepared.span
        if !prepared.correlation.clauses.isEmpty { return holdsClause(horizon) }
        guard let number = number(window, horizon) else { return false }
        return prepared.correlation.bounds.allSatisfy { $0.comparison.holds(number, $0.number) }
    }

    /// Whether one of the alternatives holds: each rule it asks for has an event (in the order of the list where the
    /// correlation is ordered), and none that it excludes has one.
    private func holdsClause(_ horizon: Int64) -> Bool {
        prepared.correlation.clauses.indices.contains { index in
            let clause = prepared.correlation.clauses[index]
            guard clause.present.allSatisfy({ counts[UInt64($0)] != nil }),
                !clause.absent.contains(where: { counts[UInt64($0)] != nil })
            else { return false }
            guard prepared.kind == .temporalOrdered, let begun = beginnings[index].last else { return true }
            return begun >= horizon
        }
    }

    private func number(_ window: ArraySlice<CorrelationEntry>, _ horizon: Int64) -> Double? {
        switch prepared.kind {
        case .eventCount: Double(prepared.countsAll ? window.count : ids.count)
        case .valueCount, .temporal: Double(counts.count)
        case .temporalOrdered: Double(rows.lastIndex { $0.contains { $0 >= horizon } }.map { $0 + 1 } ?? 0)
        case .valueSum: numberCount == 0 ? nil : sum(window)
        case .valueAverage: numberCount == 0 ? nil : sum(window) / Double(numberCount)
        case .valuePercentile, .valueMedian: numbers.isEmpty ? nil : percentile
        }
    }

    /// Fractions are summed anew in the order of the events, so that no rounding depends on how the window came here.
    private func sum(_ window: ArraySlice<CorrelationEntry>) -> Double {
        guard fractions > 0 else { return Double(sum) }
        return window.reduce(0) { sum, entry in sum + (number(entry) ?? 0) }
    }

    /// With linear interpolation between neighbours.
    private var percentile: Double {
        let rank = prepared.correlation.percentile / 100 * Double(numbers.count - 1)
        let below = Int(rank)
        let above = min(below + 1, numbers.count - 1)
        return numbers[below] + (numbers[above] - numbers[below]) * (rank - Double(below))
    }
}
