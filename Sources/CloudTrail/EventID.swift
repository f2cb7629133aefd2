// SPDX-License-Identifier: Apache-2.0

/// The identity of a CloudTrail event: its `eventID` as 128 bits.
///
/// CloudTrail documents eventID as a GUID; such a text is taken bit for bit, in either case of its letters. Any other
/// text is hashed to 128 bits, so that a record of an unusual writer is still stored once.
/// Source: "CloudTrail record contents" in the AWS CloudTrail user guide.
package struct EventID: Hashable, Comparable, Sendable {
    /// The first eight bytes, big-endian.
    package let high: UInt64
    /// The last eight bytes, big-endian.
    package let low: UInt64

    /// Takes the two halves as they are.
    @inlinable
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the text of an `eventID`.
    @inlinable
    package init(text: UnsafeRawBufferPointer) {
        if let parsed = Self.guid(text) {
            self = parsed
        } else {
            high = StableHash.hash(text, seed: 0x6576_656E_7449_4431)
            low = StableHash.hash(text, seed: 0x6576_656E_7449_4432)
        }
    }

    /// Reads the text of an `eventID`.
    @inlinable
    package init(_ text: String) {
        var text = text
        self = text.withUTF8 { EventID(text: UnsafeRawBufferPointer($0)) }
    }

    @inlinable
    package static func < (left: EventID, right: EventID) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }

    /// The 8-4-4-4-12 form, or nil.
    @usableFromInline
    static func guid(_ text: UnsafeRawBufferPointer) -> EventID? {
        guard text.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        for index in 0..<36 {
            let byte = text[index]
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            if digits < 16 { high = high << 4 | UInt64(digit) } else { low = low << 4 | UInt64(digit) }
            digits += 1
        }
        return EventID(high: high, low: low)
    }
}
