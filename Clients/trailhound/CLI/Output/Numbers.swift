// SPDX-License-Identifier: Apache-2.0

/// Numbers as people read them. The locale plays no part, so that output can be compared and parsed.
package enum Numbers {
    /// `1234567` as `1,234,567`.
    package static func grouped(_ value: UInt64) -> String {
        let digits = Array(String(value).utf8)
        var text: [UInt8] = []
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(UInt8(ascii: ",")) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `1 file`, `2,900 files`. The plural is the singular with an s, unless it is given.
    package static func counted(_ count: Int, _ singular: String, _ plural: String? = nil) -> String {
        count == 1 ? "1 \(singular)" : "\(grouped(UInt64(max(0, count)))) \(plural ?? singular + "s")"
    }

    /// `value` rounded to `places` decimals, for example `1.20`.
    package static func decimal(_ value: Double, _ places: Int) -> String {
        guard value.isFinite, value.magnitude < 1e15 else { return value.isNaN ? "nan" : "\(value)" }
        var scale: UInt64 = 1
        for _ in 0..<min(places, 3) { scale *= 10 }
        let scaled = UInt64((value.magnitude * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return sign + String(scaled) }
        let fraction = String(scaled % scale)
        let zeros = String(repeating: "0", count: min(places, 3) - fraction.utf8.count)
        return "\(sign)\(scaled / scale).\(zeros)\(fraction)"
    }

    /// Bytes in decimal units: `950 B`, `3.7 MB`.
    package static func bytes(_ value: UInt64) -> String {
        let units = ["kB", "MB", "GB", "TB", "PB"]
        guard value >= 1000 else { return "\(value) B" }
        var amount = Double(value) / 1000
        var unit = 0
        while amount >= 999.95, unit < units.count - 1 {
            amount /= 1000
            unit += 1
        }
        return "\(decimal(amount, 1)) \(units[unit])"
    }

    /// A duration of seconds: `0.4 s`, `12 s`, `3:05`, `2:03:05`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "-:--" }
        if seconds < 9.95 { return decimal(seconds, 1) + " s" }
        let whole = UInt64(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
    }

    /// A number with two digits at least.
    static func two(_ value: UInt64) -> String { value < 10 ? "0\(value)" : String(value) }
}
