// SPDX-License-Identifier: Apache-2.0

/// The text of JSON strings.
enum JSONText {
    /// Appends what stands between a string's quotes, without its escapes. What is no escape stays as it is; half a
    /// surrogate pair becomes U+FFFD.
    static func unescape(_ bytes: UnsafeRawBufferPointer, into text: inout [UInt8]) {
        var index = 0
        var run = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
                index += 1
                continue
            }
            text.append(contentsOf: bytes[run..<index])
            index += escape(bytes, index, &text)
            run = index
        }
        text.append(contentsOf: bytes[run...])
    }

    /// Appends what an escape stands for; gives its length.
    private static func escape(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ text: inout [UInt8]) -> Int {
        switch bytes[index + 1] {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "u"):
            guard let unit = unit(bytes, index) else {
                text.append(UInt8(ascii: "\\"))
                return 1
            }
            if unit & 0xFC00 == 0xD800, let low = self.unit(bytes, index + 6), low & 0xFC00 == 0xDC00 {
                append(0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF), &text)
                return 12
            }
            append(unit, &text)
            return 6
        case let other: text.append(other)
        }
        return 2
    }

    /// The code unit of `\uXXXX`.
    private static func unit(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt32? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        else { return nil }
        var value: UInt32 = 0
        for place in (index + 2)..<(index + 6) {
            let digit: UInt8
            switch bytes[place] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[place] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[place] - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = bytes[place] - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private static func append(_ scalar: UInt32, _ text: inout [UInt8]) {
        text.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
    }
}
