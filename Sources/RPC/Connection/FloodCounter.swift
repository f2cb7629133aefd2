// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Counts frames that cost their sender little, in windows of a second.
struct FloodCounter: Equatable {
    private let limits: [Int]
    private var counts = [0, 0, 0, 0]
    private var windowStart = NIODeadline.uptimeNanoseconds(0)

    init(limits: Limits) {
        self.limits = [
            limits.maxPingsPerSecond, limits.maxSettingsPerSecond, limits.maxResetsPerSecond,
            limits.maxEmptyFramesPerSecond,
        ]
    }

    /// Counts a frame; true when the peer sends more of its kind than it may.
    mutating func isFlood(_ frame: CountedFrame, now: NIODeadline) -> Bool {
        if now - windowStart >= .seconds(1) {
            windowStart = now
            counts = [0, 0, 0, 0]
        }
        let index =
            switch frame {
            case .ping: 0
            case .settings: 1
            case .reset: 2
            case .empty: 3
            }
        counts[index] += 1
        return counts[index] > limits[index]
    }
}
