// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Sigma

/// What the stream's state holds, and what it refused or forgot since the service started.
package struct StreamStatistics: Sendable, Equatable {
    /// Groups of correlations.
    package var groups = 0
    /// Joins of sessions with their makers.
    package var sessions = 0
    /// Combinations of baselines.
    package var combinations = 0
    /// Actors whose places are known.
    package var travellers = 0
    /// What waits until no late event can change it: matches, events whose actor may change, groups of correlations.
    package var held = 0
    /// What it takes in memory, about.
    package var bytes = 0
    package var losses = StreamLosses()
}

/// The stream's state between the machine that keeps it and the journal's log of it.
struct StreamStore {
    private(set) var state: StreamState
    /// Bytes of the log's rows.
    private var logBytes = 0
    /// The transaction under way has changed `logBytes` by so much.
    private var pendingBytes = 0
    private var expiredAt: Milliseconds
    /// The clock when it was looked at last.
    private var clock: Milliseconds

    /// What the state's hashes are made with: drawn once for each journal, and kept in it, since they are.
    static func secret(of journal: Journal) throws -> CorrelationSecret {
        if let stored = try journal.reader.state(secretName) {
            guard stored.count == 16 else {
                throw JournalError.damaged("state \(secretName)", "the secret of the stream's hashes is lost")
            }
            return CorrelationSecret(stored)
        }
        var random = SystemRandomNumberGenerator()
        let drawn = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
        let writer = try journal.makeWriter()
        try writer.commit { try $0.putState(secretName, drawn) }
        return CorrelationSecret(drawn)
    }

    private static let secretName = "stream.secret"

    /// The state as the last process left it.
    init(restoring reader: Reader, secret: CorrelationSecret, now: Milliseconds) throws {
        state = StreamState(secret: secret)
        expiredAt = now
        clock = now
        var position: Int64 = 0
        while true {
            let rows = try reader.streamLog(after: position, bytes: Limits.streamLogReadBytes)
            guard let last = rows.last else { break }
            for row in rows {
                state.replay(row.bytes, now: now)
                logBytes += row.bytes.count
            }
            position = last.position
        }
        if now >= Limits.earliestClock { state.correctClock(now: now) }
    }

    /// What it holds and what it lost, for whoever asks.
    var statistics: StreamStatistics {
        StreamStatistics(
            groups: state.groupCount, sessions: state.sessionCount, combinations: state.combinationCount,
            travellers: state.travellerCount, held: state.waitingCount, bytes: state.bytes, losses: state.losses)
    }

    /// Gives a commit group the state to work on.
    mutating func withState<T>(_ body: (inout StreamState) -> T) -> T { body(&state) }

    /// Stores what a commit group taught, as part of its transaction, and does its share of keeping the log short.
    mutating func store(_ transaction: borrowing Transaction, now: Milliseconds) throws {
        pendingBytes = 0
        if now < clock - Limits.clockDriftMilliseconds, now >= Limits.earliestClock {
            state.correctClock(now: now)
            expiredAt = min(expiredAt, now)
        }
        clock = now
        let row = state.takeRow()
        if !row.isEmpty { try append(row, transaction) }
        if now - expiredAt >= Limits.streamExpiryMilliseconds {
            expiredAt = now
            state.expire(now: now)
        }
        let wanted = 2 * state.bytes + Limits.streamLogSlackBytes
        guard logBytes + pendingBytes > wanted else { return }
        let oldest = try transaction.streamLog(bytes: max(2 * row.count, Limits.streamLogCleanBytes))
        guard let last = oldest.last else { return }
        try transaction.dropStreamLog(through: last.position)
        pendingBytes -= oldest.reduce(0) { $0 + $1.bytes.count }
        let live = state.rewrite(oldest.map(\.bytes))
        if !live.isEmpty { try append(live, transaction) }
    }

    private mutating func append(_ row: [UInt8], _ transaction: borrowing Transaction) throws {
        try transaction.appendStreamLog(row)
        pendingBytes += row.count
    }

    /// The transaction is durable.
    mutating func commit() {
        logBytes += pendingBytes
        pendingBytes = 0
    }
}

extension CorrelationSecret {
    /// Takes sixteen bytes.
    fileprivate init(_ bytes: [UInt8]) {
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: word(bytes.prefix(8)), low: word(bytes.dropFirst(8).prefix(8)))
    }
}
