// SPDX-License-Identifier: Apache-2.0

/// Points in time as text, in UTC and without a date library: its start-up would be most of the program's.
package enum Clock {
    /// `2026-11-22T09:30:05Z`, with milliseconds where there are any. Empty for nil.
    package static func rfc3339(seconds: Int64, nanos: Int32) -> String {
        let (day, rest) = split(seconds)
        let (year, month, dayOfMonth) = civil(day)
        let fraction = nanos >= 1_000_000 ? "." + padded(UInt64(nanos / 1_000_000), 3) : ""
        return "\(padded(UInt64(max(0, year)), 4))-\(Numbers.two(month))-\(Numbers.two(dayOfMonth))"
            + "T\(Numbers.two(rest / 3600)):\(Numbers.two(rest / 60 % 60)):\(Numbers.two(rest % 60))\(fraction)Z"
    }

    /// `2026-11-22 09:30:05`, for tables, which name UTC in their heading.
    package static func short(seconds: Int64) -> String {
        let text = rfc3339(seconds: seconds, nanos: 0)
        return text.prefix(10) + " " + text.dropFirst(11).prefix(8)
    }

    /// Reads `2026-11-22`, `2026-11-22T09:30:05Z` (a blank or `T`, the zone as `Z` or `+HH:MM` or left out for UTC), or
    /// a time before `now` such as `90s`, `15m`, `2h`, `7d`. Seconds since 1970, or nil.
    package static func parse(_ text: String, now: Int64) -> Int64? {
        if let ago = parseAgo(text) { return now - ago }
        var scanner = DigitScanner(text)
        guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2), scanner.skip("-"),
            let day = scanner.number(2), (1...12).contains(month), (1...daysIn(month, of: year)).contains(day)
        else { return nil }
        let midnight = days(year: year, month: month, day: day) * 86400
        if scanner.isAtEnd { return midnight }
        guard scanner.skip("T") || scanner.skip("t") || scanner.skip(" "), let hour = scanner.number(2),
            scanner.skip(":"), let minute = scanner.number(2), hour < 24, minute < 60
        else { return nil }
        var second: Int64 = 0
        if scanner.skip(":") {
            guard let value = scanner.number(2), value < 61 else { return nil }
            second = value
            if scanner.skip("."), !scanner.skipDigits() { return nil }
        }
        guard let offset = scanner.zone(), scanner.isAtEnd else { return nil }
        return midnight + hour * 3600 + minute * 60 + second - offset
    }

    /// `90s`, `15m`, `2h`, `7d` or `4w` as seconds, or nil.
    package static func parseAgo(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
        guard let last = text.last, let unit = units[last], let count = UInt32(text.dropLast()) else { return nil }
        return Int64(count) * unit
    }

    private static func split(_ seconds: Int64) -> (day: Int64, secondOfDay: UInt64) {
        let rest = seconds % 86400
        return rest < 0 ? (seconds / 86400 - 1, UInt64(rest + 86400)) : (seconds / 86400, UInt64(rest))
    }

    private static func padded(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    private static func daysIn(_ month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 of a date of the Gregorian calendar. Years begin in March, so that the leap day is the last.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The reverse of `days`.
    private static func civil(_ days: Int64) -> (year: Int64, month: UInt64, day: UInt64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, UInt64(month), UInt64(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1))
    }
}

/// Reads fixed-width decimal fields from the left.
private struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func number(_ digits: Int) -> Int64? {
        let field = rest.prefix(digits)
        guard field.count == digits, field.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        rest = rest.dropFirst(digits)
        return field.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func skipDigits() -> Bool {
        let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
        rest = rest.dropFirst(digits.count)
        return !digits.isEmpty
    }

    /// Seconds east of UTC: `Z`, `+HH:MM`, `-HH:MM`, or nothing for UTC.
    mutating func zone() -> Int64? {
        if isAtEnd || skip("Z") || skip("z") { return 0 }
        let sign: Int64
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = number(2), skip(":"), let minutes = number(2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
