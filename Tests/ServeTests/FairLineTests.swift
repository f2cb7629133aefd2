// SPDX-License-Identifier: Apache-2.0

import Serve
import Testing

/// Turns of parties.
@Suite struct FairLineTests {
    /// Whatever comes in whatever order: nothing is lost, and each party keeps its order.
    @Test(arguments: 0..<30) func anyOrder(_ seed: UInt64) {
        var random = SystemlessRandom(seed)
        var line = FairLine<(party: Int, number: Int)>(quantum: 50)
        var pushed = [Int](repeating: 0, count: 3)
        var taken = [Int](repeating: 0, count: 3)
        for _ in 0..<3_000 {
            let party = Int(random.next() % 3)
            if random.next() % 2 == 0 {
                let weight = Int(random.next() % 200) + 1
                line.append(.init((party, pushed[party]), cost: weight, weight: weight), of: "\(party)")
                pushed[party] += 1
            } else if let (name, entry) = line.next() {
                #expect(name == "\(entry.element.party)")
                #expect(entry.element.number == taken[entry.element.party])
                taken[entry.element.party] += 1
            }
            #expect(line.count == pushed.reduce(0, +) - taken.reduce(0, +))
        }
        while let (_, entry) = line.next() { taken[entry.element.party] += 1 }
        #expect(taken == pushed)
        #expect(line.isEmpty && line.cost == 0 && line.weight == 0 && line.parties == 0)
    }

    @Test func backloggedPartiesGetTheSame() {
        var line = FairLine<Int>(quantum: 100)
        for _ in 0..<100 { line.append(.init(0, cost: 1, weight: 1_000), of: "heavy") }
        for _ in 0..<10_000 { line.append(.init(0, cost: 1, weight: 10), of: "light") }
        var served = ["heavy": 0, "light": 0]
        for _ in 0..<5_000 {
            guard let (party, entry) = line.next() else { break }
            served[party, default: 0] += entry.weight
            let difference = abs(served["heavy", default: 0] - served["light", default: 0])
            #expect(difference <= 1_000 + 100)
        }
    }
}

/// Random numbers that a seed repeats.
private struct SystemlessRandom {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
