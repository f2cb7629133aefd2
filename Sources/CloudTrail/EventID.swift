// SPDX-License-Identifier: Apache-2.0

import CJSON

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
    package init(text: UnsafeRawBufferPointer) {
        self = Self.guid(text)?.id ?? EventID(hashing: text)
    }

    /// Hashes a text that is no GUID.
    init(hashing text: UnsafeRawBufferPointer) {
        high = StableHash.hash(text, seed: 0x6576_656E_7449_4431)
        low = StableHash.hash(text, seed: 0x6576_656E_7449_4432)
    }

    /// Reads the text of an `eventID`.
    package init(_ text: String) {
        var text = text
        self = text.withUTF8 { EventID(text: UnsafeRawBufferPointer($0)) }
    }

    @inlinable
    package static func < (left: EventID, right: EventID) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }

    /// The 8-4-4-4-12 form, and whether it has no capital letter; nil for any other text.
    static func guid(_ text: UnsafeRawBufferPointer) -> (id: EventID, isSmall: Bool)? {
        guard text.count == 36, let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        let form = th_text_guid(start, &high, &low)
        return form == TH_TEXT_NO_GUID ? nil : (EventID(high: high, low: low), form == TH_TEXT_GUID)
    }
}
