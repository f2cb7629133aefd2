// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Hashes identities with a seed of this process, so that nobody can choose identities that collide.
struct EventHasher {
    private let first = UInt64.random(in: .min ... .max)
    private let second = UInt64.random(in: .min ... .max)

    @inline(__always)
    func hash(_ id: EventID) -> UInt64 {
        let product = (id.high ^ first).multipliedFullWidth(by: id.low ^ second)
        let mixed = (product.high ^ product.low ^ id.high).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return mixed.high ^ mixed.low
    }
}

/// The identities that are in no run yet: those of the newest blocks, and of the transaction under way. Open addressing
/// from hashes to positions in the list of entries, which is in the order of insertion so that a rollback can cut it.
final class EventTable {
    private let hasher: EventHasher
    private(set) var entries: [IndexEntry] = []
    /// Positions in `entries` plus one; zero marks a free slot.
    private var slots: [UInt32]

    /// An empty table with room for about `expected` entries; it grows beyond.
    init(hasher: EventHasher, expected: Int) {
        self.hasher = hasher
        var capacity = 1_024
        while capacity < expected * 2 + expected / 2 { capacity *= 2 }
        slots = [UInt32](repeating: 0, count: capacity)
        entries.reserveCapacity(expected)
    }

    func location(of id: EventID, hash: UInt64) -> UInt64? {
        let position = slots[slot(of: id, hash: hash)]
        return position == 0 ? nil : entries[Int(position) - 1].location
    }

    /// Adds an entry unless its identity is there.
    func insert(_ entry: IndexEntry, hash: UInt64) -> Bool {
        if (entries.count + 1) * 2 > slots.count { rebuild(capacity: slots.count * 2) }
        let slot = slot(of: entry.id, hash: hash)
        guard slots[slot] == 0 else { return false }
        entries.append(entry)
        slots[slot] = UInt32(entries.count)
        return true
    }

    /// Takes back all entries but the first `count`.
    func truncate(to count: Int) {
        guard count < entries.count else { return }
        entries.removeLast(entries.count - count)
        rebuild(capacity: slots.count)
    }

    private func rebuild(capacity: Int) {
        slots = [UInt32](repeating: 0, count: capacity)
        for position in entries.indices {
            let id = entries[position].id
            slots[slot(of: id, hash: hasher.hash(id))] = UInt32(position + 1)
        }
    }

    @inline(__always)
    private func slot(of id: EventID, hash: UInt64) -> Int {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index] != 0, entries[Int(slots[index]) - 1].id != id { index = (index + 1) & mask }
        return index
    }
}
