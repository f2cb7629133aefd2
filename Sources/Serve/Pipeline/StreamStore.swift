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

extension StreamStatistics {
    init(_ state: StreamState) {
        self.init(
            groups: state.groupCount, sessions: state.sessionCount, combinations: state.combinationCount,
            travellers: state.travellerCount, held: state.waitingCount, bytes: state.bytes, losses: state.losses)
    }
}

/// The journal's log of the stream's state: it appends the rows, and keeps the log short.
struct StreamStore {
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

    private init(now: Milliseconds) {
        expiredAt = now
        clock = now
    }

    /// Reads the log, and the state as the last process left it.
    static func restore(
        _ reader: Reader, secret: CorrelationSecret, now: Milliseconds
    ) throws -> (store: StreamStore, state: StreamState) {
        var store = StreamStore(now: now)
        var state = StreamState(secret: secret)
        var position: Int64 = 0
        while true {
            let rows = try reader.streamLog(after: position, bytes: Limits.streamLogReadBytes)
            guard let last = rows.last else { break }
            for row in rows {
                state.replay(row.bytes, now: now)
                store.logBytes += row.bytes.count
            }
            position = last.position
        }
        if now >= Limits.earliestClock { state.correctClock(now: now) }
        return (store, state)
    }

    /// Takes the group's changes from the stage, and stores the state's as part of its transaction. Returns the alerts.
    mutating func store(
        _ stage: inout DetectionStage, _ transaction: borrowing Transaction, now: Milliseconds
    ) throws -> [Detect.Alert] {
        pendingBytes = 0
        if now < clock - Limits.clockDriftMilliseconds, now >= Limits.earliestClock {
            stage.correctClock(now: now)
            expiredAt = min(expiredAt, now)
        }
        clock = now
        let changes = stage.takeChanges()
        if !changes.row.isEmpty { try append(changes.row, transaction) }
        if now - expiredAt >= Limits.streamExpiryMilliseconds {
            expiredAt = now
            stage.expire(now: now)
        }
        try shorten(stage.state, behind: changes.row.count, transaction)
        return changes.alerts
    }

    /// Writes the oldest rows anew where most of the log is outdated: more bytes of it than were just added.
    private mutating func shorten(
        _ state: borrowing StreamState, behind added: Int, _ transaction: borrowing Transaction
    ) throws {
        let wanted = 2 * state.bytes + Limits.streamLogSlackBytes
        guard logBytes + pendingBytes > wanted else { return }
        let oldest = try transaction.streamLog(bytes: max(2 * added, Limits.streamLogCleanBytes))
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
