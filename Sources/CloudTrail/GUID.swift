// SPDX-License-Identifier: Apache-2.0

extension EventID {
    /// Reads the text of an `eventID`: the same as `init(text:)`, but a GUID is read eight digits at a time. Every
    /// record passes here.
    package init(ofRecord text: TextView) {
        guard text.count == 36, text[8] == Self.hyphen, text[13] == Self.hyphen, text[18] == Self.hyphen,
            text[23] == Self.hyphen,
            let first = Self.hex(text.word(0)), let second = Self.hex(text.halves(9, 14)),
            let third = Self.hex(text.halves(19, 24)), let fourth = Self.hex(text.word(28))
        else {
            self.init(text: text)
            return
        }
        self.init(high: first << 32 | second, low: third << 32 | fourth)
    }

    private static var hyphen: UInt8 { UInt8(ascii: "-") }

    /// The value of eight hexadecimal digits, the first in the lowest byte.
    private static func hex(_ digits: UInt64) -> UInt64? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = ones << 7
        let lower = digits | ones &* 0x20
        // The top bit of each byte of `x + (0x80 - n)` tells whether the byte is n or more, for bytes below 0x80.
        let isDigit = (digits &+ ones &* (0x80 - 0x30)) & ~(digits &+ ones &* (0x80 - 0x3A))
        let isLetter = (lower &+ ones &* (0x80 - 0x61)) & ~(lower &+ ones &* (0x80 - 0x67))
        guard digits & tops == 0, (isDigit | isLetter) & tops == tops else { return nil }
        let nibbles = (digits & (ones &* 0x0F)) &+ ((digits >> 6) & ones) &* 9
        var value = nibbles.byteSwapped
        value = (value | value >> 4) & 0x00FF_00FF_00FF_00FF
        value = (value | value >> 8) & 0x0000_FFFF_0000_FFFF
        return (value | value >> 16) & 0xFFFF_FFFF
    }
}

extension UnsafeRawBufferPointer {
    /// Eight bytes, the first in the lowest place.
    fileprivate func word(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Four bytes and four bytes.
    fileprivate func halves(_ first: Int, _ second: Int) -> UInt64 {
        let low = UInt32(littleEndian: loadUnaligned(fromByteOffset: first, as: UInt32.self))
        let high = UInt32(littleEndian: loadUnaligned(fromByteOffset: second, as: UInt32.self))
        return UInt64(high) << 32 | UInt64(low)
    }
}
