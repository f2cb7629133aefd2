// SPDX-License-Identifier: Apache-2.0

/// How fast work goes and when it will be done. A value: time comes in as seconds from any start.
package struct ProgressEstimate: Sendable {
    /// Units of work in all (bytes of input), nil where nobody knows.
    package let total: UInt64?
    package private(set) var done: UInt64 = 0
    package private(set) var records: UInt64 = 0
    private var last: (time: Double, done: UInt64, records: UInt64)
    private let start: Double
    private var unitRate = SmoothedRate()
    private var recordRate = SmoothedRate()

    package init(total: UInt64?, start: Double) {
        self.total = total
        self.start = start
        last = (start, 0, 0)
    }

    /// Takes the state of the work at a time. Observations closer than a tenth of a second to the one before count
    /// towards the next, so that bursts don't make the rate jump.
    package mutating func observe(done: UInt64, records: UInt64, at time: Double) {
        self.done = total.map { min(done, $0) } ?? done
        self.records = records
        let elapsed = time - last.time
        guard elapsed >= 0.1 else { return }
        unitRate.add(Double(self.done - min(self.done, last.done)) / elapsed, over: elapsed)
        recordRate.add(Double(records - min(records, last.records)) / elapsed, over: elapsed)
        last = (time, self.done, records)
    }

    /// Records a second lately.
    package var recordsPerSecond: Double { recordRate.value ?? 0 }

    /// From 0 to 1, nil where the total is not known.
    package var fraction: Double? {
        guard let total else { return nil }
        return total == 0 ? 1 : Double(done) / Double(total)
    }

    /// Seconds until the end at the present rate; nil where that can't be told.
    package var secondsLeft: Double? {
        guard let total else { return nil }
        if done >= total { return 0 }
        guard let rate = unitRate.value, rate > 0 else { return nil }
        return Double(total - done) / rate
    }
}

/// A rate averaged over the last seconds, exponentially, whatever the distances of its observations.
struct SmoothedRate: Sendable {
    /// Seconds that an observation has to span to weigh as much as all before it.
    static let memory = 4.0
    private(set) var value: Double?

    mutating func add(_ rate: Double, over elapsed: Double) {
        guard let old = value else {
            value = rate
            return
        }
        // x / (1 + x) instead of 1 - e^-x: the same at both ends, and without a mathematics library.
        let weight = elapsed / (elapsed + Self.memory)
        value = old + weight * (rate - old)
    }
}

/// One line that is drawn over itself.
package enum ProgressBar {
    /// The line for a terminal `width` columns wide; it never wraps.
    package static func line(_ progress: ProgressEstimate, width: Int, note: String = "") -> String {
        var facts: [String] = []
        if let fraction = progress.fraction { facts.append("\(Int((fraction * 100).rounded(.down)))%") }
        facts.append(Numbers.grouped(progress.records) + " records")
        facts.append(Numbers.grouped(UInt64(max(0, progress.recordsPerSecond.rounded()))) + "/s")
        if progress.fraction != nil {
            facts.append("ETA " + (progress.secondsLeft.map(Numbers.duration) ?? "-:--"))
        }
        if !note.isEmpty { facts.append(Escaping.visible(note)) }
        let text = facts.joined(separator: "  ")
        let room = width - DisplayWidth.of(text) - 4
        guard let fraction = progress.fraction, room >= 10 else { return DisplayWidth.truncated(text, to: width - 1) }
        return "[" + bar(fraction, cells: min(room, 40)) + "] " + text
    }

    private static func bar(_ fraction: Double, cells: Int) -> String {
        let filled = min(cells, Int(Double(cells) * max(0, fraction)))
        let head = filled < cells ? ">" : ""
        return String(repeating: "=", count: filled) + head
            + String(repeating: " ", count: cells - filled - head.count)
    }
}
