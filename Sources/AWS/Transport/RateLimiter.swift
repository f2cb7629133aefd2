// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A token bucket as a value: who takes a token from an empty one gets told how long to wait for it.
package struct TokenBucket: Sendable, Hashable {
    /// Tokens a second.
    package let rate: Double
    /// The most tokens that collect.
    package let burst: Double
    private var tokens: Double
    private var updated: ContinuousClock.Instant

    /// A full bucket.
    package init(rate: Double, burst: Double, now: ContinuousClock.Instant) {
        self.rate = rate
        self.burst = burst
        tokens = burst
        updated = now
    }

    /// Takes one token and returns how long to wait before using it. Those who wait stand in line: each takes the
    /// bucket one further below zero.
    package mutating func take(now: ContinuousClock.Instant) -> Duration {
        refill(now)
        tokens -= 1
        return tokens >= 0 ? .zero : .seconds(-tokens / rate)
    }

    /// AWS said that calls come too fast: whatever had been saved up is gone.
    package mutating func drain(now: ContinuousClock.Instant) {
        refill(now)
        tokens = min(tokens, 0)
    }

    private mutating func refill(_ now: ContinuousClock.Instant) {
        let passed = now - updated
        guard passed > .zero else { return }
        updated = now
        tokens = min(burst, tokens + passed.inSeconds * rate)
    }
}

extension Duration {
    /// The duration in seconds, rounded to what a Double holds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}

/// Keeps each API of one account and region under its rate, so that Trailhound does not take the calls that the
/// customer's own tools need.
package final class RateLimiter: Sendable {
    private let buckets = Mutex<[String: TokenBucket]>([:])

    /// All buckets full.
    package init() {}

    /// How long to wait before calling `action` in `scope`, an account and region. Nil for APIs without a limit.
    package func delay(action: String, scope: String, now: ContinuousClock.Instant) -> Duration? {
        guard let limit = Self.limit(action) else { return nil }
        return buckets.withLock { buckets in
            buckets["\(scope) \(limit.family)", default: TokenBucket(rate: limit.rate, burst: limit.burst, now: now)]
                .take(now: now)
        }
    }

    /// Notes that AWS throttled `action`.
    package func throttled(action: String, scope: String, now: ContinuousClock.Instant) {
        guard let limit = Self.limit(action) else { return }
        buckets.withLock { $0["\(scope) \(limit.family)"]?.drain(now: now) }
    }

    /// AWS's published rates for CloudTrail and Organizations; for IAM, which publishes none, a rate well under where it throttles.
    /// S3 and SQS take thousands a second, so the collector's own parallelism is their limit.
    private static func limit(_ action: String) -> (family: String, rate: Double, burst: Double)? {
        if action == "cloudtrail:LookupEvents" { return (action, 2, 2) }
        if action.hasPrefix("cloudtrail:") { return (action, 10, 10) }
        if action.hasPrefix("iam:") { return ("iam", 15, 30) }
        if action == "organizations:ListAccounts" { return (action, 8, 15) }
        if action.hasPrefix("sts:Assume") { return (action, 20, 40) }
        return nil
    }
}
