// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// How large a connection's receive windows need to be: the product of bandwidth and delay, measured as gRPC's
/// estimators do it. A PING goes out while data comes in; the bytes that come before its answer are what is on its way
/// in one round trip. When they nearly fill the window, the window may be what holds the sender: it doubles.
///
/// Nothing is measured on a connection that receives little: a PING and its answer, for each of ten thousand subscribers
/// that hear of an alert, would cost more than the alert. So idle ones keep their small windows and send nothing.
/// Time is an argument; nothing here is an error.
package struct WindowEstimator: Equatable {
    /// The window of a stream now; the connection's is twice it.
    package private(set) var window: Int
    private let limit: Int
    private var bytes = 0
    /// What came since the last PING was answered.
    private var unmeasured = 0
    private var pingSent: NIODeadline?
    private var nextPing = NIODeadline.uptimeNanoseconds(0)
    private var interval = FixedLimits.minMeasureInterval.timeAmount
    /// Bytes a second at the best of times.
    private var bandwidth = 0.0

    /// Begins with the initial window.
    package init(limits: Limits) {
        window = limits.initialWindowBytes
        limit = max(limits.initialWindowBytes, limits.maxWindowBytes)
    }

    /// The windows have grown as far as they may: nothing more is measured.
    private var isDone: Bool { window >= limit }

    /// Data came. True: send a PING, whose answer goes to `pong`.
    package mutating func received(_ count: Int, now: @autoclosure () -> NIODeadline) -> Bool {
        guard !isDone else { return false }
        if pingSent != nil {
            bytes += count
            return false
        }
        unmeasured &+= count
        guard unmeasured >= window / FixedLimits.measuredWindowPart else { return false }
        let now = now()
        guard now >= nextPing else { return false }
        bytes = count
        unmeasured = 0
        pingSent = now
        return true
    }

    /// The PING was answered. The new window of a stream, where it changes.
    package mutating func pong(now: NIODeadline) -> Int? {
        guard let sent = pingSent else { return nil }
        pingSent = nil
        let seconds = max(1e-6, Double((now - sent).nanoseconds) / 1e9)
        let rate = Double(bytes) / seconds
        // Two thirds of a window within a round trip, and more in a second than ever: the window may be in the way.
        guard bytes * 3 >= window * 2, rate > bandwidth else {
            interval = min(.nanoseconds(interval.nanoseconds * 2), FixedLimits.maxMeasureInterval.timeAmount)
            nextPing = now + interval
            return nil
        }
        bandwidth = rate
        interval = FixedLimits.minMeasureInterval.timeAmount
        nextPing = now + interval
        window = min(limit, max(window, bytes) * 2)
        return window
    }
}
