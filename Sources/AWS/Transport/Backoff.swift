// SPDX-License-Identifier: Apache-2.0

/// How long to pause between attempts: full jitter, that is anything from nothing up to a bound that doubles. Many
/// clients that failed together then don't come back together.
///
/// Source: "Exponential backoff and jitter", AWS architecture blog.
package struct Backoff: Sendable, Hashable {
    /// How many times a call is made at most.
    package var attempts: Int
    /// The bound of the first pause.
    package var base: Duration
    /// The largest bound.
    package var cap: Duration

    /// Takes the numbers.
    package init(
        attempts: Int = AWSLimits.attempts, base: Duration = AWSLimits.backoffBase,
        cap: Duration = AWSLimits.backoffCap
    ) {
        self.attempts = attempts
        self.base = base
        self.cap = cap
    }

    /// The pause after `attempt` calls have failed.
    ///
    /// - Parameters:
    ///   - throttled: A throttled call starts ten times slower than one that met a broken connection: AWS's rates
    ///     are per second.
    ///   - fraction: A random number from 0 to 1.
    ///   - retryAfter: What the service asked for, if it did; it is a lower bound.
    package func pause(
        after attempt: Int, throttled: Bool, fraction: Double, retryAfter: Duration? = nil
    ) -> Duration {
        let first = throttled ? base * 10 : base
        var bound = first
        for _ in 1..<max(1, min(attempt, 32)) where bound < cap { bound *= 2 }
        let pause = min(bound, cap) * fraction
        return min(max(pause, retryAfter ?? .zero), cap)
    }
}
