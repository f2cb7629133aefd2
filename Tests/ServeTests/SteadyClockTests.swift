// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Serve
import Testing

/// When the retention believes the clock.
@Suite struct SteadyClockTests {
    private static let hour: Milliseconds = 3_600_000
    private static let year: Milliseconds = 365 * 24 * hour

    @Test(
        arguments: [
            // Each look: what the clock tells, what time has passed, whether it is believed.
            [(0, 0, false), (hour, hour, true), (2 * hour, 2 * hour, true)],
            // Ahead at the start, then set right, then steady.
            [(year, 0, false), (hour, hour, false), (2 * hour, 2 * hour, true)],
            // Jumps ahead while the service runs, and goes on from there.
            [(0, 0, false), (hour, hour, true), (year, 2 * hour, false), (year + hour, 3 * hour, true)],
            // Jumps back.
            [(year, 0, false), (hour, hour, false)],
            // A clock that is a little off, or set by a little.
            [(0, 0, false), (hour + 59_000, hour, true), (2 * hour, 2 * hour, true)],
            [(0, 0, false), (hour + 61_000, hour, false)],
            // Two looks at one moment tell nothing; numbers out of all bounds neither.
            [(0, 0, false), (0, 0, false)], [(.min, 0, false), (.max, hour, false)],
            [(0, .max, false), (0, .min, false)],
        ] as [[(Milliseconds, Milliseconds, Bool)]])
    func isBelieved(looks: [(Milliseconds, Milliseconds, Bool)]) {
        var clock = SteadyClock()
        for (told, passed, expected) in looks { #expect(clock.isSteady(clock: told, uptime: passed) == expected) }
    }
}
