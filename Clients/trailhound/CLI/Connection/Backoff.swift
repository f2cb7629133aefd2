// SPDX-License-Identifier: Apache-2.0

/// The pauses between attempts to reconnect: each twice as long as the one before, up to a longest, and shortened at
/// random by up to half so that many collectors don't come back at one instant. A value; the caller sleeps.
package struct Backoff: Sendable {
    private var next: Duration
    private let first: Duration
    private let longest: Duration

    package init(first: Duration = Limits.firstBackoff, longest: Duration = Limits.longestBackoff) {
        self.first = first
        self.longest = longest
        next = first
    }

    /// The pause before the next attempt. `random` is from 0 to 1.
    package mutating func pause(random: Double) -> Duration {
        let pause = next
        next = min(next * 2, longest)
        return pause * (1 - 0.5 * min(1, max(0, random)))
    }

    /// An attempt succeeded: the next pause is the first again.
    package mutating func reset() { next = first }
}
