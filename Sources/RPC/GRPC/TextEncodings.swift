// SPDX-License-Identifier: Apache-2.0

/// gRPC's percent-encoding of `grpc-message`: printable ASCII but `%` stays, every other byte of the UTF-8 is `%XX`.
package enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// The text as a header value.
    package static func encode(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if byte >= 0x20 && byte <= 0x7E && byte != UInt8(ascii: "%") {
                result.append(byte)
            } else {
                result.append(UInt8(ascii: "%"))
                result.append(digits[Int(byte >> 4)])
                result.append(digits[Int(byte & 15)])
            }
        }
        return result
    }

    /// The text; what is not well encoded is taken as it stands, since a status must not get lost over its text.
    package static func decode(_ bytes: some Collection<UInt8>) -> String {
        let bytes = Array(bytes)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = value(bytes[index + 1]),
                let low = value(bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// gRPC's `grpc-timeout`: up to eight digits and a unit.
package enum TimeoutEncoding {
    private static let units: [(unit: UInt8, nanoseconds: Int64)] = [
        (UInt8(ascii: "n"), 1), (UInt8(ascii: "u"), 1_000), (UInt8(ascii: "m"), 1_000_000),
        (UInt8(ascii: "S"), 1_000_000_000), (UInt8(ascii: "M"), 60_000_000_000), (UInt8(ascii: "H"), 3_600_000_000_000),
    ]

    /// Nanoseconds, held to what `Int64` can say (a timeout of 99999999H is for ever); nil for what is no timeout.
    package static func decode(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count >= 2, text.count <= FixedLimits.timeoutDigits + 1, let unit = text.last,
            let scale = units.first(where: { $0.unit == unit })?.nanoseconds
        else { return nil }
        var number: Int64 = 0
        for digit in text.dropLast() {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: scale)
        return overflow ? Int64.max : product
    }

    /// The shortest unit in which the number has eight digits, rounded up so that the peer never gives up first.
    package static func encode(nanoseconds: Int64) -> [UInt8] {
        let nanoseconds = max(0, nanoseconds)
        for (unit, scale) in units {
            let number = nanoseconds / scale + (nanoseconds % scale == 0 ? 0 : 1)
            if number <= 99_999_999 { return Array(String(number).utf8) + [unit] }
        }
        return Array("99999999H".utf8)
    }
}
