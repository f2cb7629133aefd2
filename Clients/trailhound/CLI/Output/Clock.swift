// SPDX-License-Identifier: Apache-2.0

import Glibc
import Messages

/// Points in time as people write and read them, in UTC.
package enum Clock {
    /// `2026-11-22 09:30:05`, for tables, which name UTC in their heading. Empty for nil.
    package static func short(_ time: Timestamp?) -> String {
        guard let time, time.isValid else { return "" }
        let text = Timestamp(seconds: time.seconds, nanos: 0).rfc3339
        return text.prefix(10) + " " + text.dropFirst(11).prefix(8)
    }

    /// `2026-11-22 09:30`, where a table has room for no more. Empty for nil.
    package static func minute(_ time: Timestamp?) -> String { String(short(time).prefix(16)) }

    /// Reads a date, a time of a date (`2026-11-22T09:30:05Z`, where `T` may be a blank, and seconds and `Z` may be
    /// missing), or a time before `now`: `90s`, `15m`, `2h`, `7d`, `4w`. Nil for anything else.
    package static func parse(_ text: String, now: Timestamp) -> Timestamp? {
        if let ago = parseAgo(text) { return Timestamp(seconds: now.seconds - ago, nanos: now.nanos) }
        var whole = text.replacing(" ", with: "T")
        if whole.utf8.count == "2026-11-22".utf8.count { whole += "T00:00:00Z" }
        if whole.utf8.last != UInt8(ascii: "Z") { whole += "Z" }
        if whole.utf8.count == "2026-11-22T09:30Z".utf8.count { whole = whole.dropLast() + ":00Z" }
        return Timestamp(rfc3339: whole)
    }

    /// `90s`, `15m`, `2h`, `7d` or `4w` as seconds, or nil.
    package static func parseAgo(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
        guard let last = text.last, let unit = units[last], text.first != "+", let count = UInt32(text.dropLast())
        else {
            return nil
        }
        return Int64(count) * unit
    }
}

/// The clocks of the machine.
package enum SystemClock {
    /// The time of day.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanos: Int32(time.tv_nsec))
    }

    /// Seconds since some start, for measuring.
    package static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
