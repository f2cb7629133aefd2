// SPDX-License-Identifier: Apache-2.0

/// An event's time: milliseconds since 1970-01-01T00:00:00Z.
package typealias Milliseconds = Int64

/// Reads and writes `eventTime`.
package enum EventTime {
    /// Reads an RFC 3339 date and time.
    ///
    /// CloudTrail writes `2023-07-10T11:42:31Z`. Records that passed through other stores also come with a fraction,
    /// with a blank for the `T`, with an offset, or with no zone at all, which then means UTC.
    ///
    /// - Returns: nil where the text is no such time or its year is not 1970 to 9999.
    package static func parse(_ text: UnsafeRawBufferPointer) -> Milliseconds? {
        guard text.count >= 19, text.count <= CloudTrailLimits.eventTimeBytes else { return nil }
        if let plain = plain(text) { return plain }
        guard let year = number(text, 0, 4), text[4] == UInt8(ascii: "-"), let month = number(text, 5, 2),
            text[7] == UInt8(ascii: "-"), let day = number(text, 8, 2),
            text[10] == UInt8(ascii: "T") || text[10] == UInt8(ascii: " ") || text[10] == UInt8(ascii: "t"),
            let hour = number(text, 11, 2), text[13] == UInt8(ascii: ":"), let minute = number(text, 14, 2),
            text[16] == UInt8(ascii: ":"), let second = number(text, 17, 2)
        else { return nil }
        guard year >= 1970, (1...12).contains(month), day >= 1, day <= days(inMonth: month, of: year),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var index = 19
        guard let fraction = milliseconds(text, &index), let offset = zone(text, index) else { return nil }
        // A leap second counts as the second before it: nothing here orders events within it.
        let seconds = hour * 3_600 + minute * 60 + min(second, 59)
        let result = (daysFromEpoch(year, month, day) * 86_400 + seconds - offset * 60) * 1_000 + fraction
        return result >= 0 ? Milliseconds(result) : nil
    }

    /// The day that was read last. The records of a file are of one day, mostly.
    package struct KnownDay {
        /// The bytes of its `2023-07-` and of its `10T`.
        fileprivate var month = UInt64.max
        fileprivate var day: UInt64 = 0
        fileprivate var seconds = 0

        package init() {}
    }

    /// Reads an RFC 3339 date and time as the other one does; of the day that was read last, quicker.
    @inline(__always)
    package static func parse(_ text: UnsafeRawBufferPointer, _ known: inout KnownDay) -> Milliseconds? {
        guard text.count == 20 else { return parse(text) }
        let low = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        let middle = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let high = UInt32(littleEndian: text.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        if low == known.month, middle & 0xFF_FFFF == known.day {
            guard let second = secondOfDay(middle, high) else { return parse(text) }
            return Milliseconds((known.seconds + second) * 1_000)
        }
        guard let time = plain(text) else { return parse(text) }
        known.month = low
        known.day = middle & 0xFF_FFFF
        known.seconds = Int(time / 86_400_000 * 86_400)
        return time
    }

    /// The second of `T11:42:31Z`, of which the first three bytes are another's; nil where that is no time of a day.
    @inline(__always)
    private static func secondOfDay(_ middle: UInt64, _ high: UInt32) -> Int? {
        let first = (middle ^ 0x3030_3A30_3000_0000) & 0xFFFF_FFFF_FF00_0000
        let second = high ^ 0x5A30_303A
        guard first & ~0x0F0F_000F_0F00_0000 == 0, second & ~0x000F_0F00 == 0,
            (first &+ 0x0606_0006_0600_0000) & 0xF0F0_00F0_F000_0000 == 0, (second &+ 0x0006_0600) & 0xF0F0_F0F0 == 0
        else { return nil }
        func two(_ word: UInt64, _ place: UInt64) -> Int {
            Int(truncatingIfNeeded: (word >> (8 * place) & 0xFF) * 10 + (word >> (8 * place + 8) & 0xFF))
        }
        let hour = two(first, 3)
        let minute = two(first, 6)
        let secondOfMinute = two(UInt64(second), 1)
        guard hour < 24, minute < 60, secondOfMinute < 60 else { return nil }
        return hour * 3_600 + minute * 60 + secondOfMinute
    }

    /// Reads the form that CloudTrail writes, `2023-07-10T11:42:31Z`; nil where the text has another or is no time.
    @inline(__always)
    private static func plain(_ text: UnsafeRawBufferPointer) -> Milliseconds? {
        guard text.count == 20 else { return nil }
        let low = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        let middle = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let high = UInt32(littleEndian: text.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        // Against 0000-00- 00T00:00 :00Z, byte by byte: a digit leaves 0 to 9, a mark has to leave 0.
        let first = low ^ 0x2D30_302D_3030_3030
        let second = middle ^ 0x3030_3A30_3054_3030
        let third = high ^ 0x5A30_303A
        let digits: UInt64 = 0x000F_0F00_0F0F_0F0F
        let moreDigits: UInt64 = 0x0F0F_000F_0F00_0F0F
        guard first & ~digits == 0, second & ~moreDigits == 0, third & ~0x000F_0F00 == 0,
            // A byte of more than 9 gets its upper half with 6 more.
            (first &+ 0x0006_0600_0606_0606) & 0xF0F0_F0F0_F0F0_F0F0 == 0,
            (second &+ 0x0606_0006_0600_0606) & 0xF0F0_F0F0_F0F0_F0F0 == 0,
            (third &+ 0x0006_0600) & 0xF0F0_F0F0 == 0
        else { return nil }
        func two(_ word: UInt64, _ place: UInt64) -> Int {
            Int(truncatingIfNeeded: (word >> (8 * place) & 0xFF) * 10 + (word >> (8 * place + 8) & 0xFF))
        }
        let year = two(first, 0) * 100 + two(first, 2)
        let month = two(first, 5)
        let day = two(second, 0)
        let hour = two(second, 3)
        let minute = two(second, 6)
        let secondOfMinute = two(UInt64(third), 1)
        guard year >= 1970, (1...12).contains(month), day >= 1, day <= days(inMonth: month, of: year), hour < 24,
            minute < 60, secondOfMinute < 60
        else { return nil }
        let seconds = hour * 3_600 + minute * 60 + secondOfMinute
        return Milliseconds((daysFromEpoch(year, month, day) * 86_400 + seconds) * 1_000)
    }

    /// Reads an RFC 3339 date and time.
    package static func parse(_ text: String) -> Milliseconds? {
        var text = text
        return text.withUTF8 { parse(UnsafeRawBufferPointer($0)) }
    }

    /// Writes RFC 3339 in UTC, with milliseconds only where there are some.
    package static func format(_ time: Milliseconds) -> String {
        let day = time >= 0 ? time / 86_400_000 : (time - 86_399_999) / 86_400_000
        let inDay = time - day * 86_400_000
        let (year, month, dayOfMonth) = civil(day)
        let seconds = inDay / 1_000
        var text = pad(year, 4) + "-" + pad(month, 2) + "-" + pad(dayOfMonth, 2) + "T" + pad(seconds / 3_600, 2) + ":"
        text += pad(seconds / 60 % 60, 2) + ":" + pad(seconds % 60, 2)
        if inDay % 1_000 != 0 { text += "." + pad(inDay % 1_000, 3) }
        return text + "Z"
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func number(_ text: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> Int? {
        guard start + count <= text.count else { return nil }
        var value = 0
        for index in start..<(start + count) {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    /// Reads `.123456`, cut to milliseconds; no dot is no fraction.
    private static func milliseconds(_ text: UnsafeRawBufferPointer, _ index: inout Int) -> Int? {
        guard index < text.count, text[index] == UInt8(ascii: ".") else { return 0 }
        index += 1
        var value = 0
        var digits = 0
        while index < text.count, text[index] &- UInt8(ascii: "0") <= 9 {
            if digits < 3 { value = value * 10 + Int(text[index] &- UInt8(ascii: "0")) }
            digits += 1
            index += 1
        }
        guard digits > 0 else { return nil }
        while digits < 3 {
            value *= 10
            digits += 1
        }
        return value
    }

    /// Reads `Z`, `+00:00`, or nothing, as minutes east of UTC.
    private static func zone(_ text: UnsafeRawBufferPointer, _ index: Int) -> Int? {
        if index == text.count { return 0 }
        let mark = text[index]
        if mark == UInt8(ascii: "Z") || mark == UInt8(ascii: "z") { return index + 1 == text.count ? 0 : nil }
        guard mark == UInt8(ascii: "+") || mark == UInt8(ascii: "-"), index + 6 == text.count,
            let hours = number(text, index + 1, 2), text[index + 3] == UInt8(ascii: ":"),
            let minutes = number(text, index + 4, 2), hours < 24, minutes < 60
        else { return nil }
        return (mark == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar, by eras of 400 years that begin on the first of March.
    private static func daysFromEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The inverse of `daysFromEpoch`.
    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
