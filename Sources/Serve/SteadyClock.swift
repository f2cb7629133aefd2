// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Tells whether the machine's clock went on as time did between two looks at it.
///
/// A clock that is far ahead for a while (before it is first set by the network, or in a machine that was resumed) would
/// have the retention drop the whole archive, which nothing brings back. A value without I/O: both times are arguments.
package struct SteadyClock {
    private var last: (clock: Milliseconds, uptime: Milliseconds)?

    package init() {}

    /// Whether the clock can be believed: at the second look at the earliest, and only if it was not set in between.
    ///
    /// - Parameters:
    ///   - clock: the time that the clock tells.
    ///   - uptime: time that passes evenly, whatever the clock is set to, from any beginning.
    package mutating func isSteady(clock: Milliseconds, uptime: Milliseconds) -> Bool {
        defer { last = (clock, uptime) }
        guard let last else { return false }
        let (told, overflow) = clock.subtractingReportingOverflow(last.clock)
        let (passed, overflowed) = uptime.subtractingReportingOverflow(last.uptime)
        let (difference, beyond) = told.subtractingReportingOverflow(passed)
        guard !overflow, !overflowed, !beyond, passed > 0 else { return false }
        return difference.magnitude <= UInt64(Limits.clockDriftMilliseconds)
    }
}
