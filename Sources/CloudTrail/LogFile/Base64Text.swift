// SPDX-License-Identifier: Apache-2.0

/// Base64 by RFC 4648 section 4, in place: what AWS puts binary data into JSON with.
enum Base64Text {
    /// Turns the text into what it stands for; false where it is no Base64, with the bytes in no order.
    static func decode(_ text: inout [UInt8]) -> Bool {
        var count = text.count
        let isPadded = count % 4 == 0
        while isPadded, count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        guard count % 4 != 1 else { return false }
        var (bits, filled, written) = (UInt32(0), 0, 0)
        for index in 0..<count {
            guard let value = value(text[index]) else { return false }
            bits = bits << 6 | value
            filled += 6
            if filled >= 8 {
                filled -= 8
                text[written] = UInt8(truncatingIfNeeded: bits >> UInt32(filled))
                written += 1
            }
        }
        text.removeLast(text.count - written)
        return true
    }

    private static func value(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
