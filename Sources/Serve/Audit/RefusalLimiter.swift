// SPDX-License-Identifier: Apache-2.0

/// How many refusals of one caller are written into the audit log: a few at once and then one in a while, so that a
/// caller who is refused a million times fills no disk. A value; time is an argument.
struct RefusalLimiter {
    enum Verdict: Equatable {
        /// Write it, and say how many were not written before.
        case write(suppressed: Int)
        case suppress
    }

    private struct Bucket {
        var tokens: Double
        var time: Int64
        var suppressed = 0
    }

    private var buckets: [String: Bucket] = [:]

    /// Somebody was refused at `now`, in milliseconds.
    mutating func refused(by key: String, now: Int64) -> Verdict {
        let burst = Double(Limits.auditedRefusalsAtOnce)
        let interval = Double(Limits.auditedRefusalInterval)
        // Callers that can't be told apart any more share a bucket.
        var key = key
        if buckets[key] == nil, buckets.count >= Limits.auditedCallers {
            buckets = buckets.filter { $0.value.suppressed > 0 || Double(now - $0.value.time) < burst * interval }
            if buckets.count >= Limits.auditedCallers { key = "" }
        }
        var bucket = buckets[key] ?? Bucket(tokens: burst, time: now)
        bucket.tokens = min(burst, bucket.tokens + Double(max(0, now - bucket.time)) / interval)
        bucket.time = now
        defer { buckets[key] = bucket }
        guard bucket.tokens >= 1 else {
            bucket.suppressed += 1
            return .suppress
        }
        bucket.tokens -= 1
        defer { bucket.suppressed = 0 }
        return .write(suppressed: bucket.suppressed)
    }
}
