// SPDX-License-Identifier: Apache-2.0

/// Whether and when a lost connection is tried again. A value; time comes in as seconds from any start.
///
/// A service that was never reached is not waited for: a wrong address should be told at once.
package struct Reconnection: Sendable {
    package enum Decision: Equatable, Sendable {
        case retry(after: Duration)
        case giveUp
    }

    private let patience: Double?
    private var backoff: Backoff
    private var lostAt: Double?

    /// `patience` is for how many seconds after a loss it goes on without reaching the service, nil for ever.
    package init(patience: Double?, backoff: Backoff = Backoff()) {
        self.patience = patience
        self.backoff = backoff
    }

    /// True once the service was reached.
    package private(set) var hasReached = false

    /// The service answered.
    package mutating func reached() {
        hasReached = true
        lostAt = nil
    }

    /// The service did what it was asked: should it be lost now, the first pause is short again.
    package mutating func succeeded() {
        reached()
        backoff.reset()
    }

    /// The connection failed. `isTransient` says whether another attempt could fare better.
    package mutating func failed(isTransient: Bool, at time: Double, random: Double) -> Decision {
        guard isTransient, hasReached else { return .giveUp }
        let lostAt = lostAt ?? time
        self.lostAt = lostAt
        if let patience, time - lostAt > patience { return .giveUp }
        return .retry(after: backoff.pause(random: random))
    }
}
