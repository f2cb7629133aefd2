// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// The distinct tokens of one block: open addressing over 64-bit hashes, cleared in time proportional to what it holds.
struct TokenSet {
    /// Tokens are hashes, but a hostile record may choose its values: the seed keeps it from choosing its slots.
    private static let seed = UInt64.random(in: .min ... .max) | 1

    /// Positions in `used` plus one; zero marks a free slot.
    private var slots = [UInt32](repeating: 0, count: 2_048)
    private var used: [LookupToken] = []

    var count: Int { used.count }

    /// Adds tokens as long as there are fewer than `limit`. Returns how many were left out.
    mutating func insert(_ tokens: UnsafeBufferPointer<LookupToken>, limit: Int) -> Int {
        var leftOut = 0
        for token in tokens {
            let slot = slot(of: token)
            guard slots[slot] == 0 else { continue }
            guard used.count < limit else {
                leftOut += 1
                continue
            }
            used.append(token)
            slots[slot] = UInt32(used.count)
            if used.count * 2 > slots.count { grow() }
        }
        return leftOut
    }

    /// Ascending.
    func sorted() -> [LookupToken] { used.sorted() }

    mutating func removeAll() {
        if used.count * 8 > slots.count {
            for index in slots.indices { slots[index] = 0 }
        } else {
            // Slots are found before any is freed: a free slot would end the search for those behind it.
            for position in used.map({ slot(of: $0) }) { slots[position] = 0 }
        }
        used.removeAll(keepingCapacity: true)
    }

    /// Where a token is, or the free slot where it belongs.
    private func slot(of token: LookupToken) -> Int {
        let mask = slots.count - 1
        let product = (token.value ^ Self.seed).multipliedFullWidth(by: Self.seed)
        var index = Int(truncatingIfNeeded: product.high ^ product.low) & mask
        while slots[index] != 0, used[Int(slots[index]) - 1] != token { index = (index + 1) & mask }
        return index
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for position in used.indices { slots[slot(of: used[position])] = UInt32(position + 1) }
    }
}

/// Tokens as words of the full-text index: 13 letters and digits each, which its ascii tokenizer takes whole.
enum TokenWords {
    private static let digits = Array("0123456789abcdefghijklmnopqrstuv".utf8)
    static let length = 13

    /// The words with a space behind each.
    static func text(_ tokens: [LookupToken]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: tokens.count * (length + 1)) { buffer, count in
            for token in tokens {
                var rest = token.value
                for place in stride(from: length - 1, through: 0, by: -1) {
                    buffer[count + place] = digits[Int(rest & 31)]
                    rest >>= 5
                }
                buffer[count + length] = UInt8(ascii: " ")
                count += length + 1
            }
        }
    }

    /// An expression of the full-text index: all of the tokens.
    static func query(_ tokens: [LookupToken]) -> String {
        String(decoding: text(tokens).dropLast(), as: UTF8.self)
    }
}
