// SPDX-License-Identifier: Apache-2.0

/// When somebody is to be warned that a certificate ends: at named numbers of days before, once for each. A value; time
/// is an argument.
package struct ExpiryWarnings {
    /// The least of the named numbers of days that each certificate was warned of.
    private var warned: [String: Int] = [:]

    package init() {}

    /// The warning that is due for what ends at `notAfter`; nil where there is none, or it was given.
    ///
    /// - Parameters:
    ///   - key: Tells certificates apart: a new one is warned of anew.
    ///   - notAfter: Seconds since 1970, as is `now`.
    ///   - days: The named numbers of days before the end.
    package mutating func due(
        _ key: String, notAfter: Int64, now: Int64, days: [Int] = Limits.expiryWarningDays
    ) -> String? {
        let left = notAfter - now
        guard let step = days.filter({ left <= Int64($0) * 86_400 }).min() else {
            warned[key] = nil
            return nil
        }
        guard step < warned[key] ?? .max else { return nil }
        // Clients come and go: what is remembered of them is bounded.
        if warned.count >= Limits.expiryWarnings { warned.removeAll() }
        warned[key] = step
        if left <= 0 { return "has expired" }
        let whole = left / 86_400
        return whole == 0 ? "expires today" : whole == 1 ? "expires tomorrow" : "expires in \(whole) days"
    }
}
