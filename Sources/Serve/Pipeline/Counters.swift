// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import Messages
import Synchronization

/// What the service counted since it started.
package final class Counters: Sendable {
    package let accepted = Atomic<UInt64>(0)
    package let duplicate = Atomic<UInt64>(0)
    package let rejected = Atomic<UInt64>(0)
    package let failedCommits = Atomic<UInt64>(0)
    package let startedAt = Clock.milliseconds()

    package init() {}

    func add(_ response: SubmitEventsResponse) {
        accepted.wrappingAdd(UInt64(response.accepted), ordering: .relaxed)
        duplicate.wrappingAdd(UInt64(response.duplicate), ordering: .relaxed)
        rejected.wrappingAdd(UInt64(response.rejected), ordering: .relaxed)
    }

    func addFailedCommit() { failedCommits.wrappingAdd(1, ordering: .relaxed) }
}

/// The service's clock.
package enum Clock {
    /// Milliseconds since 1970.
    package static func milliseconds() -> Milliseconds {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Milliseconds(time.tv_sec) * 1_000 + Milliseconds(time.tv_nsec) / 1_000_000
    }

    /// Milliseconds since some start, for spans of time: nobody sets this clock.
    package static func monotonic() -> Milliseconds {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Milliseconds(time.tv_sec) * 1_000 + Milliseconds(time.tv_nsec) / 1_000_000
    }
}
