// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// A day as the folders of a trail write it, `2026/11/22`. Days compare as texts do.
package enum FolderDay {
    static let length: Milliseconds = 86_400_000

    /// The day that a time lies in.
    package static func of(_ time: Milliseconds) -> String {
        String(EventTime.format(time).prefix(10).replacing("-", with: "/"))
    }

    /// The days from one time's to another's, ascending.
    package static func range(from start: Milliseconds, through end: Milliseconds) -> [String] {
        var days: [String] = []
        var time = start - start % length
        while time <= end, days.count < CollectLimits.backfillDays {
            days.append(of(time))
            time += length
        }
        return days
    }
}
