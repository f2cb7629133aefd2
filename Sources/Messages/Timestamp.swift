// SPDX-License-Identifier: Apache-2.0

/// A point in time: seconds since 1970-01-01T00:00:00Z and nanoseconds beyond them.
package typealias Timestamp = GoogleProtobuf.Timestamp

extension GoogleProtobuf.Timestamp {
    /// The range that protobuf allows: the years 1 to 9999.
    package static let validSeconds: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// From milliseconds since 1970-01-01T00:00:00Z.
    package init(milliseconds: Int64) {
        let (seconds, rest) = Self.floorDivide(milliseconds, 1_000)
        self.init(seconds: seconds, nanos: Int32(rest) * 1_000_000)
    }

    /// From microseconds since 1970-01-01T00:00:00Z.
    package init(microseconds: Int64) {
        let (seconds, rest) = Self.floorDivide(microseconds, 1_000_000)
        self.init(seconds: seconds, nanos: Int32(rest) * 1_000)
    }

    /// True where seconds and nanoseconds are in the ranges that protobuf allows; a decoded value may not be.
    package var isValid: Bool {
        Self.validSeconds.contains(seconds) && (0...999_999_999).contains(nanos)
    }

    /// Whole milliseconds since 1970-01-01T00:00:00Z, rounded down, at the ends of Int64 where it is beyond them.
    package var milliseconds: Int64 { Self.scaled(seconds, 1_000, Int64(nanos) / 1_000_000) }

    /// Whole microseconds since 1970-01-01T00:00:00Z, rounded down, at the ends of Int64 where it is beyond them.
    package var microseconds: Int64 { Self.scaled(seconds, 1_000_000, Int64(nanos) / 1_000) }

    private static func scaled(_ seconds: Int64, _ factor: Int64, _ rest: Int64) -> Int64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: factor)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, sumOverflow) = product.addingReportingOverflow(rest)
        return sumOverflow ? (rest < 0 ? .min : .max) : sum
    }

    private static func floorDivide(_ value: Int64, _ by: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
        return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
    }
}

extension GoogleProtobuf.Timestamp: Comparable {
    /// The earlier is the smaller.
    package static func < (left: Self, right: Self) -> Bool {
        (left.seconds, left.nanos) < (right.seconds, right.nanos)
    }
}

extension GoogleProtobuf.Timestamp {
    /// The time in RFC 3339 and UTC, as `2023-07-10T11:22:33Z`, with a fraction of 3, 6 or 9 digits where there is one.
    /// A value out of range reads as its numbers.
    package var rfc3339: String {
        guard isValid else { return "\(seconds)s \(nanos)ns" }
        let (day, second) = Self.floorDivide(seconds, 86_400)
        let date = Self.civil(day)
        var text = "\(Self.digits(date.year, 4))-\(Self.digits(date.month, 2))-\(Self.digits(date.day, 2))T"
        text += "\(Self.digits(second / 3600, 2)):\(Self.digits(second / 60 % 60, 2)):\(Self.digits(second % 60, 2))"
        let fraction = Int64(nanos)
        if fraction % 1_000 != 0 {
            text += "." + Self.digits(fraction, 9)
        } else if fraction % 1_000_000 != 0 {
            text += "." + Self.digits(fraction / 1_000, 6)
        } else if fraction != 0 {
            text += "." + Self.digits(fraction / 1_000_000, 3)
        }
        return text + "Z"
    }

    private static func digits(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// The proleptic Gregorian date of a day counted from 1970-01-01, by Howard Hinnant's `civil_from_days`.
    private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(day + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    /// Reads RFC 3339 as `2023-07-10T11:22:33Z`: with an optional fraction of up to nine digits and in UTC alone (`Z`).
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 30, bytes.last == UInt8(ascii: "Z"), bytes[10] == UInt8(ascii: "T"),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
            let day = Self.number(bytes[8..<10]), let hour = Self.number(bytes[11..<13]),
            let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19]),
            year >= 1, (1...12).contains(month), day >= 1, day <= Self.daysOf(month, year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var nanos: Int64 = 0
        if bytes.count > 20 {
            guard bytes[19] == UInt8(ascii: "."), bytes.count > 21,
                let fraction = Self.number(bytes[20..<(bytes.count - 1)])
            else { return nil }
            nanos = (bytes.count - 21..<9).reduce(fraction) { value, _ in value * 10 }
        }
        let seconds = Self.dayNumber(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
        self.init(seconds: seconds, nanos: Int32(nanos))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func daysOf(_ month: Int64, _ year: Int64) -> Int64 {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// The day counted from 1970-01-01 of a proleptic Gregorian date, by Howard Hinnant's `days_from_civil`.
    private static func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivide(shifted, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Severity: Comparable {
    /// The milder is the smaller.
    package static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
}
