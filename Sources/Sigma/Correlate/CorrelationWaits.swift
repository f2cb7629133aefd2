// SPDX-License-Identifier: Apache-2.0

/// Which groups have windows that wait until no event of them can come any more, and when that is so. A value that does
/// no I/O and takes time as an argument.
///
/// A tenant's mark is its latest event in whole minutes. A window that ends at an instant is over once the mark lies
/// later than its end by the correlation's delay. An event that came later than that says that its tenant's history is
/// read behind its present: its group is settled by its own events and by the caller's clock alone.
struct CorrelationWaits: Sendable {
    /// How a group waits.
    struct Wait: Sendable, Equatable {
        let tenant: UInt64
        /// How late after later ones its events may come, in milliseconds.
        let delay: Int64
        /// Whether the tenant's mark says nothing of it.
        var isBehind = false
        /// The earliest instant at which a window that waits may end.
        var earliest = Int64.max

        /// The minute that the mark has to pass.
        var due: Int64 { earliest == .max ? .max : CorrelationWaits.minute(earliest + delay) }

        /// Whether nothing moves on in a group any more, by the caller's clock.
        func isOver(touched: UInt32, now: Int64) -> Bool {
            earliest == .max || max(Int64(touched) * 1_000, earliest) + delay < now
        }
    }

    /// A minute, in milliseconds.
    static let step = Int64(SigmaLimits.settlingSeconds) * 1_000
    /// Longer than any delay is; what is read back is held to it.
    static let longestDelay: Int64 = 1 << 50

    private(set) var groups: [CorrelationKey: Wait] = [:]
    /// The groups of each tenant by the minute in which they are due; some are not any more.
    private var queues: [UInt64: [Int64: [CorrelationKey]]] = [:]
    private var marks: [UInt64: Int64] = [:]
    /// When the caller's clock was looked at last, in seconds.
    private var lookedAt: UInt32 = 0

    var count: Int { groups.count }
    /// What it takes in memory, about: the table and the queues, which both grow by doubling.
    var bytes: Int { groups.count * 208 }

    static func minute(_ time: Int64) -> Int64 { (time >= 0 ? time : time - step + 1) / step }

    subscript(key: CorrelationKey) -> Wait? { groups[key] }

    /// Sets how a group waits; nil where it does no more.
    mutating func set(_ key: CorrelationKey, _ wait: Wait?) {
        let known = groups[key]
        groups[key] = wait
        guard let wait, !wait.isBehind, wait.earliest != .max else { return }
        if let known, known.due == wait.due, !known.isBehind { return }
        queues[wait.tenant, default: [:]][wait.due, default: []].append(key)
    }

    /// The minute of the tenant's latest event.
    func mark(_ tenant: UInt64) -> Int64 { marks[tenant] ?? .min }

    mutating func advance(_ tenant: UInt64, to minute: Int64) { marks[tenant] = max(mark(tenant), minute) }

    /// Takes the marks back that lie later than a minute.
    mutating func rewind(to minute: Int64) {
        for (tenant, mark) in marks where mark > minute { marks[tenant] = minute }
    }

    /// Takes out the groups that are due next, where they are before a minute. The mark moves past them.
    mutating func nextDue(_ tenant: UInt64, before minute: Int64) -> [CorrelationKey]? {
        guard let due = queues[tenant]?.keys.min(), due < minute else { return nil }
        let keys = queues[tenant]?.removeValue(forKey: due) ?? []
        if queues[tenant]?.isEmpty == true { queues[tenant] = nil }
        advance(tenant, to: due + 1)
        var seen: Set<CorrelationKey> = []
        return keys.filter { key in
            guard let wait = groups[key], wait.tenant == tenant, !wait.isBehind else { return false }
            return wait.due <= due && seen.insert(key).inserted
        }
    }

    /// Whether it is time to look at the caller's clock again.
    mutating func looks(now: UInt32) -> Bool {
        guard !groups.isEmpty, now >= lookedAt &+ UInt32(SigmaLimits.settlingSeconds) || now < lookedAt else {
            return false
        }
        lookedAt = now
        return true
    }
}
