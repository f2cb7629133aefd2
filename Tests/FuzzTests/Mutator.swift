// SPDX-License-Identifier: Apache-2.0

/// Makes inputs of seeds: the same ones in every run, so that a failure comes again.
struct Mutator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: String) {
        // FNV-1a of the seed.
        state = seed.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    private static let edges: [UInt8] = [0, 1, 4, 5, 0x3F, 0x40, 0x7F, 0x80, 0xFE, 0xFF]
    private static let longest = 4096

    /// One of the seeds after a few changes.
    mutating func input(from seeds: [[UInt8]]) -> [UInt8] {
        var bytes = seeds.randomElement(using: &self) ?? []
        for _ in 0..<Int.random(in: 1...6, using: &self) { change(&bytes, seeds) }
        return Array(bytes.prefix(Self.longest))
    }

    private mutating func change(_ bytes: inout [UInt8], _ seeds: [[UInt8]]) {
        guard !bytes.isEmpty else {
            bytes = (0..<8).map { _ in UInt8.random(in: 0...255, using: &self) }
            return
        }
        let place = Int.random(in: 0..<bytes.count, using: &self)
        let end = Int.random(in: place...min(bytes.count, place + 64), using: &self)
        switch Int.random(in: 0..<8, using: &self) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &self)
        case 2: bytes[place] = Self.edges.randomElement(using: &self) ?? 0
        case 3: bytes[place] = bytes[place] &+ (Bool.random(using: &self) ? 1 : 255)
        case 4: bytes.removeSubrange(place..<end)
        case 5: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 6: bytes.removeLast(bytes.count - place)
        default:
            let other = seeds.randomElement(using: &self) ?? []
            bytes.replaceSubrange(place..., with: other.dropFirst(Int.random(in: 0...other.count, using: &self)))
        }
    }
}
