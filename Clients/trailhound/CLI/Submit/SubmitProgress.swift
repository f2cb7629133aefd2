// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What all streams of a submission have done, and when something last went well.
package final class SubmitProgress: Sendable {
    private struct State {
        var tally = SubmitTally()
        var inputBytes: UInt64 = 0
        var lostAt: Double?
        var waiting = 0
    }

    /// A look at the state.
    package struct Snapshot: Sendable {
        package let tally: SubmitTally
        package let inputBytes: UInt64
        /// Streams that wait to reconnect.
        package let waiting: Int
    }

    private let state = Mutex(State())

    package init() {}

    /// Adds an acknowledgement of a batch.
    package func add(
        _ batch: Batch, accepted: UInt32, duplicate: UInt32, rejected: UInt32, refusals: [SubmitTally.Refusal]
    ) {
        state.withLock { state in
            state.tally.add(accepted: accepted, duplicate: duplicate, rejected: rejected, refusals: refusals)
            state.inputBytes += batch.inputBytes
            state.lostAt = nil
        }
    }

    /// Adds refusals that the service counts by their reason and does not list.
    package func add(unlisted: [String: UInt64]) { state.withLock { $0.tally.add(unlisted: unlisted) } }

    /// Adds something that could not be sent.
    package func addLocal(_ refusal: SubmitTally.Refusal, inputBytes: UInt64) {
        state.withLock { state in
            state.tally.addLocal(refusal)
            state.inputBytes += inputBytes
        }
    }

    /// True where a stream that has lost its connection may try again: no more than `patience` seconds have passed since
    /// the first loss after the last acknowledgement of any stream.
    package func mayRetry(at time: Double, patience: Double) -> Bool {
        state.withLock { state in
            let lostAt = state.lostAt ?? time
            state.lostAt = lostAt
            return time - lostAt <= patience
        }
    }

    /// A stream begins or ends to wait for a connection.
    package func setWaiting(_ isWaiting: Bool) { state.withLock { $0.waiting += isWaiting ? 1 : -1 } }

    package var snapshot: Snapshot {
        state.withLock { Snapshot(tally: $0.tally, inputBytes: $0.inputBytes, waiting: $0.waiting) }
    }

    /// The counts alone, without the list of refusals.
    package var counts: (answered: UInt64, inputBytes: UInt64, waiting: Int) {
        state.withLock { ($0.tally.answered, $0.inputBytes, $0.waiting) }
    }
}
