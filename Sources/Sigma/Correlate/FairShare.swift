// SPDX-License-Identifier: Apache-2.0

/// How much of a bounded table each tenant holds.
package struct Holdings<Tenant: Hashable & Sendable>: Sendable {
    package private(set) var byTenant: [Tenant: Int] = [:]
    package private(set) var total = 0

    package init() {}

    /// Counts what a tenant holds more, or less where the weight is negative.
    package mutating func add(_ weight: Int, to tenant: Tenant) {
        total += weight
        let held = (byTenant[tenant] ?? 0) + weight
        byTenant[tenant] = held == 0 ? nil : held
    }
}

/// Decides whose entries leave a table that all tenants share once it is full: those of whoever holds the most. A tenant
/// loses nothing while it holds no more than an equal share, whatever the others do.
package enum FairShare {
    /// One entry of the table.
    package struct Entry<Tenant: Hashable, Age: Hashable & Comparable, Key: Comparable> {
        let tenant: Tenant
        let age: Age
        let weight: Int
        let key: Key

        /// - Parameters:
        ///   - age: when it was touched last; the least leaves first.
        ///   - weight: what it takes of the table's bound.
        package init(tenant: Tenant, age: Age, weight: Int = 1, key: Key) {
            (self.tenant, self.age, self.weight, self.key) = (tenant, age, weight, key)
        }
    }

    /// The largest holding that every tenant may keep so that at least `need` leaves.
    package static func level(_ held: some Sequence<Int>, shedding need: Int) -> Int {
        let sorted = held.sorted(by: >)
        var above = 0
        for (index, weight) in sorted.enumerated() {
            above += weight
            let next = index + 1 < sorted.count ? sorted[index + 1] : 0
            // What leaves where the first `index + 1` tenants are cut to what the next one holds.
            guard above - (index + 1) * next >= need else { continue }
            return (above - need) / (index + 1)
        }
        return 0
    }

    /// The keys of the entries to forget so that the table's weight is `room` or less: the oldest of the tenants that hold
    /// the most.
    ///
    /// - Parameters:
    ///   - held: the weight of each tenant's entries.
    ///   - entries: all of them. They are read twice, so that no copy of a large table is sorted.
    package static func surplus<Tenant, Age, Key, Entries: Sequence>(
        leaving room: Int, of held: Holdings<Tenant>, _ entries: Entries
    ) -> [Key] where Entries.Element == Entry<Tenant, Age, Key> {
        let need = held.total - max(0, room)
        guard need > 0 else { return [] }
        let level = level(held.byTenant.values, shedding: need)
        let excess = held.byTenant.compactMapValues { $0 > level ? $0 - level : nil }
        var ages: [Tenant: [Age: Int]] = [:]
        for entry in entries where excess[entry.tenant] != nil {
            ages[entry.tenant, default: [:]][entry.age, default: 0] += entry.weight
        }
        var bounds: [Tenant: (age: Age, rest: Int)] = [:]
        for (tenant, weight) in excess { bounds[tenant] = ages[tenant].flatMap { bound($0, weight) } }
        var chosen: [Entry<Tenant, Age, Key>] = []
        var ties: [Tenant: [Entry<Tenant, Age, Key>]] = [:]
        for entry in entries {
            guard let (age, _) = bounds[entry.tenant] else { continue }
            if entry.age < age { chosen.append(entry) }
            if entry.age == age { ties[entry.tenant, default: []].append(entry) }
        }
        for (tenant, entries) in ties {
            guard var rest = bounds[tenant]?.rest else { continue }
            for entry in entries.sorted(by: { $0.key < $1.key }) where rest > 0 {
                rest -= entry.weight
                chosen.append(entry)
            }
        }
        return oldest(chosen, weighing: need)
    }

    /// The age up to which a tenant's entries leave, and how much of that age has to.
    private static func bound<Age>(_ ages: [Age: Int], _ weight: Int) -> (age: Age, rest: Int)? where Age: Comparable {
        var rest = weight
        for (age, held) in ages.sorted(by: { $0.key < $1.key }) {
            if held >= rest { return (age, rest) }
            rest -= held
        }
        return ages.keys.max().map { ($0, .max) }
    }

    private static func oldest<Tenant, Age, Key>(_ entries: [Entry<Tenant, Age, Key>], weighing need: Int) -> [Key] {
        guard entries.reduce(0, { $0 + $1.weight }) > need else { return entries.map(\.key) }
        var rest = need
        return entries.sorted { ($0.age, $0.key) < ($1.age, $1.key) }.prefix { entry in
            defer { rest -= entry.weight }
            return rest > 0
        }.map(\.key)
    }
}

/// What blocks of memory take on the heap: glibc adds a word to each and rounds it up.
package enum HeapSize {
    /// Bytes of an object's or an array's header.
    private static let header = 32

    package static func block(_ bytes: Int) -> Int { max(32, (bytes + 8 + 15) & ~15) }

    /// An array with room for so many elements; none is allocated for an empty one.
    package static func array(capacity: Int, stride: Int) -> Int {
        capacity == 0 ? 0 : block(header + capacity * stride)
    }

    package static func array(_ bytes: [UInt8]) -> Int { array(capacity: bytes.count, stride: 1) }
}
