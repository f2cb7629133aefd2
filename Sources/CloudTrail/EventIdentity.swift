// SPDX-License-Identifier: Apache-2.0

/// The secret of a store that makes one identity of an account and an `eventID`.
///
/// CloudTrail's eventID is unique within the account that receives the event; what a collector of another account sends
/// under the same eventID is another event. The two become 128 bits by SipHash-2-4, whose key nobody outside the store
/// knows: who knows an eventID of another account can't choose one of his own that has the same identity.
///
/// AWS gives each account's copy of one action an eventID of its own (`sharedEventID` joins them), and an organisation's
/// trail keeps the member's `recipientAccountId`: so the copies of one event that several trails deliver have one identity.
/// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", and its 128-bit form in the authors' reference code.
package struct EventIdentityKey: Hashable, Sendable {
    private let first: UInt64
    private let second: UInt64

    /// A key of two secret words.
    package init(_ first: UInt64, _ second: UInt64) {
        self.first = first
        self.second = second
    }

    /// The identity of an event that an account received.
    @inlinable
    package func identity(of id: EventID, in account: AccountID) -> EventID {
        hash(id.high, id.low, account.number)
    }

    /// SipHash-2-4-128 of three words, read as 24 bytes in little-endian order.
    @usableFromInline
    func hash(_ one: UInt64, _ two: UInt64, _ three: UInt64) -> EventID {
        var state = SipState(first, second)
        state.absorb(one)
        state.absorb(two)
        state.absorb(three)
        // The last word holds the length in its top byte.
        state.absorb(24 << 56)
        return state.finish()
    }
}

/// The four words that SipHash mixes.
private struct SipState {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    @inline(__always)
    init(_ first: UInt64, _ second: UInt64) {
        v0 = 0x736F_6D65_7073_6575 ^ first
        v1 = 0x646F_7261_6E64_6F6D ^ second ^ 0xEE
        v2 = 0x6C79_6765_6E65_7261 ^ first
        v3 = 0x7465_6462_7974_6573 ^ second
    }

    @inline(__always)
    mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    @inline(__always)
    mutating func finish() -> EventID {
        v2 ^= 0xEE
        for _ in 0..<4 { round() }
        let high = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xDD
        for _ in 0..<4 { round() }
        return EventID(high: high, low: v0 ^ v1 ^ v2 ^ v3)
    }

    @inline(__always)
    private mutating func round() {
        v0 &+= v1
        v1 = Self.rotate(v1, 13) ^ v0
        v0 = Self.rotate(v0, 32)
        v2 &+= v3
        v3 = Self.rotate(v3, 16) ^ v2
        v0 &+= v3
        v3 = Self.rotate(v3, 21) ^ v0
        v2 &+= v1
        v1 = Self.rotate(v1, 17) ^ v2
        v2 = Self.rotate(v2, 32)
    }

    @inline(__always)
    private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 { word &<< bits | word &>> (64 &- bits) }
}
