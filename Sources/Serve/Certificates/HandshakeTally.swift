// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import RPC

/// Which failed handshakes the log tells: a few one by one, and the others in sum by reason, so that whoever can reach the
/// port can't fill the log. A value; time is an argument.
package struct HandshakeTally {
    private var tokens = Double(Limits.toldHandshakes)
    private var last: Milliseconds?
    private var untold: [HandshakeFailure: Int] = [:]
    /// When the oldest of those failed.
    private var untoldSince: Milliseconds?

    package init() {}

    /// A handshake failed. True: tell it.
    package mutating func failed(_ reason: HandshakeFailure, now: Milliseconds) -> Bool {
        let passed = Double(max(0, now - (last ?? now)))
        tokens = min(Double(Limits.toldHandshakes), tokens + passed / Double(Limits.toldHandshakeMilliseconds))
        last = now
        if tokens >= 1 {
            tokens -= 1
            return true
        }
        untold[reason, default: 0] += 1
        if untoldSince == nil { untoldSince = now }
        return false
    }

    /// The sums to tell now, by reason; empty where there are none, or it is too soon.
    package mutating func take(now: Milliseconds) -> [HandshakeFailure: Int] {
        guard let untoldSince, now - untoldSince >= Limits.handshakeSumMilliseconds else { return [:] }
        defer { (untold, self.untoldSince) = ([:], nil) }
        return untold
    }
}
