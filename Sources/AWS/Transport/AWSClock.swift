// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The time and the chance that calls depend on, so that tests can set both.
package struct AWSClock: Sendable {
    /// The time of day, for signatures and expiry.
    package var now: @Sendable () -> Date
    /// The steady time, for rates.
    package var instant: @Sendable () -> ContinuousClock.Instant
    /// Waits, or throws `CancellationError`.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// A random number from 0 up to 1.
    package var fraction: @Sendable () -> Double

    /// Takes all four.
    package init(
        now: @escaping @Sendable () -> Date, instant: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void, fraction: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.instant = instant
        self.sleep = sleep
        self.fraction = fraction
    }

    /// The machine's own.
    package static let system = AWSClock(
        now: { Date() }, instant: { ContinuousClock.now }, sleep: { try await Task.sleep(for: $0) },
        fraction: { Double.random(in: 0..<1) })
}

/// Reads the times that HTTP and AWS write.
enum TimeText {
    /// A `Date` header: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func http(_ text: String) -> Date? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), let year = Int(parts[3]) else { return nil }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard let month = months.firstIndex(of: String(parts[2])) else { return nil }
        let clock = parts[4]
        return iso8601("\(year)-\(pad(month + 1))-\(pad(day))T\(clock)Z")
    }

    /// An ISO 8601 time, with or without a fraction: `2026-11-22T05:49:53Z`.
    static func iso8601(_ text: String) -> Date? {
        if let date = try? Date.ISO8601FormatStyle().parse(text) { return date }
        return try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
    }

    private static func pad(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
