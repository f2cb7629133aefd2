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
    private var lastSuccess: Double?

    /// `patience` is for how many seconds it goes on without a success, nil for ever.
    package init(patience: Double?, backoff: Backoff = Backoff()) {
        self.patience = patience
        self.backoff = backoff
    }

    /// True once something went well.
    package var hasReached: Bool { lastSuccess != nil }

    /// Something went well.
    package mutating func succeeded(at time: Double) {
        lastSuccess = time
        backoff.reset()
    }

    /// The connection failed. `isTransient` says whether another attempt could fare better.
    package mutating func failed(isTransient: Bool, at time: Double, random: Double) -> Decision {
        guard isTransient, let lastSuccess else { return .giveUp }
        if let patience, time - lastSuccess > patience { return .giveUp }
        return .retry(after: backoff.pause(random: random))
    }
}
