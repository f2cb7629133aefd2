// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Frames that cost the sender little and the receiver work.
package enum CountedFrame: Int, CaseIterable {
    case ping
    case settings
    /// A stream was reset, by the peer or because of it.
    case reset
    /// A frame that nothing follows from.
    case empty
    case windowUpdate
    /// HEADERS of a stream more than the peer may have open.
    case refusedStream

    /// The limit on this kind of frame.
    package var limit: LimitName {
        switch self {
        case .ping: .maxPingsPerSecond
        case .settings: .maxSettingsPerSecond
        case .reset: .maxResetsPerSecond
        case .empty: .maxEmptyFramesPerSecond
        case .windowUpdate: .maxWindowUpdatesPerSecond
        case .refusedStream: .maxRefusedStreamsPerSecond
        }
    }
}

/// Counts frames that cost their sender little, in windows of a second.
package struct FloodCounter: Equatable {
    // One number for each kind, side by side rather than in an array: every connection has one of these.
    private var pings: Int32 = 0
    private var settings: Int32 = 0
    private var resets: Int32 = 0
    private var empty: Int32 = 0
    private var refusedStreams: Int32 = 0
    /// Less what our own frames have paid for.
    private var windowUpdates: Int32 = 0
    private var windowStart = NIODeadline.uptimeNanoseconds(0)

    /// Nothing counted yet.
    package init() {}

    /// So many frames with headers or data were sent: the peer may answer them by WINDOW_UPDATEs.
    package mutating func sentContent(_ frames: Int) {
        let credit =
            Int32(clamping: min(frames, Int(FixedLimits.maxWindowUpdateCredit))) * FixedLimits.windowUpdatesPerFrame
        windowUpdates = max(windowUpdates - credit, -FixedLimits.maxWindowUpdateCredit)
    }

    /// Counts a frame; true when the peer sends more of its kind than it may.
    package mutating func isFlood(_ frame: CountedFrame, limits: Limits, now: NIODeadline) -> Bool {
        if now - windowStart >= .seconds(1) {
            windowStart = now
            (pings, settings, resets, empty, refusedStreams) = (0, 0, 0, 0, 0)
            windowUpdates = min(windowUpdates, 0)
        }
        switch frame {
        case .ping: return Self.count(&pings, limits.maxPingsPerSecond)
        case .settings: return Self.count(&settings, limits.maxSettingsPerSecond)
        case .reset: return Self.count(&resets, limits.maxResetsPerSecond)
        case .empty: return Self.count(&empty, limits.maxEmptyFramesPerSecond)
        case .windowUpdate: return Self.count(&windowUpdates, limits.maxWindowUpdatesPerSecond)
        case .refusedStream: return Self.count(&refusedStreams, limits.maxRefusedStreamsPerSecond)
        }
    }

    private static func count(_ number: inout Int32, _ limit: Int) -> Bool {
        number = number == .max ? number : number + 1
        return Int(number) > limit
    }
}

/// Enforces that clients ask no more often than they need to whether the server lives, as gRPC servers do: a PING sooner
/// than allowed after the one before it is a strike, and whatever the server sends wipes strikes out, since clients
/// measure the network with PINGs while data flows.
package struct PingStrikes: Equatable {
    private var lastPing: NIODeadline?
    private var strikes = 0

    /// No strikes yet.
    package init() {}

    /// Headers or data were sent.
    package mutating func sentContent() {
        lastPing = nil
        strikes = 0
    }

    /// A PING came; true when it is one too many.
    package mutating func isAbuse(limits: Limits, now: NIODeadline) -> Bool {
        defer { lastPing = now }
        guard let lastPing, now - lastPing < limits.minPingInterval.timeAmount else { return false }
        strikes += 1
        return strikes > limits.maxPingStrikes
    }
}
