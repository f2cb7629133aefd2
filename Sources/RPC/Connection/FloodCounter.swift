// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Counts frames that cost their sender little, in windows of a second.
package struct FloodCounter: Equatable {
    private let limits: [Int]
    private var counts = [0, 0, 0, 0]
    private var windowStart = NIODeadline.uptimeNanoseconds(0)

    /// Nothing counted yet.
    package init(limits: Limits) {
        self.limits = [
            limits.maxPingsPerSecond, limits.maxSettingsPerSecond, limits.maxResetsPerSecond,
            limits.maxEmptyFramesPerSecond,
        ]
    }

    /// Counts a frame; true when the peer sends more of its kind than it may.
    package mutating func isFlood(_ frame: CountedFrame, now: NIODeadline) -> Bool {
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

extension CountedFrame {
    /// The limit on this kind of frame.
    package var limit: LimitName {
        switch self {
        case .ping: .maxPingsPerSecond
        case .settings: .maxSettingsPerSecond
        case .reset: .maxResetsPerSecond
        case .empty: .maxEmptyFramesPerSecond
        }
    }
}

/// Enforces that clients ask no more often than they need to whether the server lives, as gRPC servers do: a PING sooner
/// than allowed after the one before it is a strike, and whatever the server sends wipes strikes out, since clients
/// measure the network with PINGs while data flows.
package struct PingStrikes: Equatable {
    private let minInterval: TimeAmount
    private let maxStrikes: Int
    private var lastPing: NIODeadline?
    private var strikes = 0

    /// No strikes yet.
    package init(limits: Limits) {
        minInterval = limits.minPingInterval.timeAmount
        maxStrikes = limits.maxPingStrikes
    }

    /// Headers or data were sent.
    package mutating func sentContent() {
        lastPing = nil
        strikes = 0
    }

    /// A PING came; true when it is one too many.
    package mutating func isAbuse(now: NIODeadline) -> Bool {
        defer { lastPing = now }
        guard let lastPing, now - lastPing < minInterval else { return false }
        strikes += 1
        return strikes > maxStrikes
    }
}
