// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The books of answers that peers have not taken, over all connections and by caller. A value without I/O; time is an
/// argument.
///
/// Over a limit the slowest connection goes, of the caller that is over it or of all: the one whose peer took bytes longest
/// ago. Whoever reads, however slowly, stays before whoever does not.
package struct UnsentLedger<ID: Hashable> {
    private struct Entry {
        let caller: ReceiveLedger.CallerID
        var bytes: Int
        /// When its peer last took some, or began to owe.
        var taken: NIODeadline
    }

    /// Bytes of all connections.
    package private(set) var total = 0
    private var entries: [ID: Entry] = [:]
    private var callers: [ReceiveLedger.CallerID: Int] = [:]
    private let limit: Int

    /// Books without entries. `limit`: bytes of all connections.
    package init(limit: Int) { self.limit = limit }

    /// Nobody owes anything.
    package var isEmpty: Bool { entries.isEmpty && callers.isEmpty && total == 0 }
    /// Bytes of one caller's connections.
    package func bytes(of caller: ReceiveLedger.CallerID) -> Int { callers[caller] ?? 0 }

    /// So many bytes wait for the connection's peer now. Answers the connections that are to be closed for it, by the limit
    /// that was gone over; they are out of the books.
    package mutating func update(
        _ id: ID, of caller: ReceiveLedger.CallerID, limit ofCaller: Int, bytes: Int, now: NIODeadline
    ) -> [(ID, LimitName)] {
        let before = entries[id]?.bytes ?? 0
        if bytes < before { entries[id]?.taken = now }
        remove(id, keeping: bytes > 0)
        guard bytes > 0 else { return [] }
        entries[id] = Entry(caller: caller, bytes: bytes, taken: entries[id]?.taken ?? now)
        total += bytes
        callers[caller, default: 0] += bytes
        guard bytes > before else { return [] }
        var closed: [(ID, LimitName)] = []
        while self.bytes(of: caller) > ofCaller, let slowest = slowest(of: caller) {
            remove(slowest)
            closed.append((slowest, .maxUnsentBytesPerCaller))
        }
        while total > limit, let slowest = slowest(of: nil) {
            remove(slowest)
            closed.append((slowest, .maxUnsentBytes))
        }
        return closed
    }

    /// The connection is over.
    package mutating func remove(_ id: ID) { remove(id, keeping: false) }

    private mutating func remove(_ id: ID, keeping: Bool) {
        guard let entry = entries[id] else { return }
        total -= entry.bytes
        let left = (callers[entry.caller] ?? 0) - entry.bytes
        callers[entry.caller] = left > 0 ? left : nil
        if keeping { entries[id]?.bytes = 0 } else { entries[id] = nil }
    }

    private func slowest(of caller: ReceiveLedger.CallerID?) -> ID? {
        entries.filter { caller == nil || $0.value.caller == caller }.min {
            ($0.value.taken, -$0.value.bytes) < ($1.value.taken, -$1.value.bytes)
        }?.key
    }
}
