// SPDX-License-Identifier: Apache-2.0

import Sigma
import Testing

/// Who loses what where a table that all tenants share is full.
@Suite("Fair shares") struct FairShareTests {
    private typealias Entry = FairShare.Entry<Int, Int, Int>

    private func surplus(leaving room: Int, _ tenants: [(tenant: Int, age: Int)]) -> [Int] {
        var held = Holdings<Int>()
        for (tenant, _) in tenants { held.add(1, to: tenant) }
        return FairShare.surplus(
            leaving: room, of: held,
            tenants.enumerated().map { Entry(tenant: $1.tenant, age: $1.age, key: $0) })
    }

    @Test("the oldest entries of whoever has the most go") func oldestOfTheLargest() {
        let entries = [(1, 0), (2, 5), (2, 4), (2, 3), (1, 1), (2, 2)]
        #expect(Set(surplus(leaving: 4, entries)) == [3, 5])
        #expect(Set(surplus(leaving: 2, entries)).count == 4)
        #expect(surplus(leaving: 6, entries).isEmpty)
        #expect(Set(surplus(leaving: 0, entries)).count == 6)
    }

    @Test("nobody loses anything below an equal share, and no more goes than has to", arguments: 1...40)
    func nobodyBelowTheShareLoses(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let tenants = Int.random(in: 1...9, using: &random)
        let entries = (0..<Int.random(in: 1...300, using: &random)).map { _ in
            // Squared, so that some have far more than others.
            let draw = Int.random(in: 0..<tenants, using: &random) * Int.random(in: 0..<tenants, using: &random)
            return (tenant: draw, age: Int.random(in: 0...20, using: &random))
        }
        let room = Int.random(in: 0...entries.count, using: &random)
        let gone = Set(surplus(leaving: room, entries))
        #expect(gone.count == entries.count - room)
        let before = Dictionary(grouping: entries.indices, by: { entries[$0].tenant })
        let share = room / before.count
        for (_, own) in before {
            let left = own.filter { !gone.contains($0) }
            #expect(left.count >= min(own.count, share))
            // Of one tenant, none that stays is older than one that goes.
            let youngestGone = own.filter(gone.contains).map { entries[$0].age }.max() ?? .min
            #expect(left.allSatisfy { entries[$0].age >= youngestGone })
        }
    }

    @Test("weights are what is shared where the bound is one of bytes") func weights() {
        var held = Holdings<Int>()
        held.add(10, to: 1)
        held.add(90, to: 2)
        let entries = [
            Entry(tenant: 1, age: 0, weight: 10, key: 0), Entry(tenant: 2, age: 1, weight: 80, key: 1),
            Entry(tenant: 2, age: 2, weight: 10, key: 2),
        ]
        #expect(FairShare.surplus(leaving: 50, of: held, entries) == [1])
        held.add(-90, to: 2)
        #expect(held.byTenant == [1: 10] && held.total == 10)
    }
}

private struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
