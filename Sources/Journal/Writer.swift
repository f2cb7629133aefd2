// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import GRDB

/// Writes the journal: one transaction after the other, on one thread.
package final class Writer {
    /// What a transaction changes beside the index; a rollback goes back to the copy from its start.
    struct State {
        var nextBlock: BlockID
        /// The oldest block that is kept.
        var firstBlock: BlockID
        /// The oldest block whose row may still be there.
        var reclaimedBlock: BlockID
        /// The received day of the newest block: days never go back, so that a day's blocks are neighbours.
        var day: Day?
        /// The day whose tables `tokenInsertion` is prepared for.
        var preparedDay: Day?
        var flushedBlock: BlockID
        var newEntries = 0
        /// Who has how many dead letters.
        var deadLetters = DeadLetterHoldings()
        var hasNewDeadLetters = false
        /// The newest entry of the alert log that a compaction looked at.
        var compacted: Int64 = 0
        /// The end of the audit log.
        var auditHead = AuditHead.empty
    }

    private let journal: Journal
    let index: EventIndex
    private let checkpointer: Checkpointer
    let blockInsertion: RawStatement
    var tokenInsertion: RawStatement?
    /// Makes blocks anew that came with known records.
    let builder: BlockBuilder
    var state: State
    var deadLetterBounds: DeadLetterBounds { journal.options.deadLetters }
    let identities: EventIdentities
    let revisions: RevisionCodec
    var plainAccounts = PlainBlockAccounts()

    init(journal: Journal) throws {
        self.journal = journal
        builder = try BlockBuilder()
        revisions = try RevisionCodec()
        (index, blockInsertion, state, checkpointer, identities) = try journal.pool.writeWithoutTransaction {
            database in
            let first = try Mark.firstBlock.read(database, default: 1)
            let newest = try Int64.fetchOne(database, sql: "SELECT coalesce(max(block), 0) FROM block") ?? 0
            let flushed = try Mark.flushedBlock.read(database, default: 0)
            guard StoredBounds.number.contains(newest) else {
                throw JournalError.damaged("table block", "a block has the number \(newest)")
            }
            let state = State(
                nextBlock: max(newest + 1, first), firstBlock: first,
                reclaimedBlock: try Mark.reclaimedBlock.read(database, default: 1),
                day: try Int64.fetchOne(database, sql: "SELECT max(day) FROM day").map(Day.init(number:)),
                flushedBlock: flushed,
                deadLetters: try DeadLetterHoldings(database),
                compacted: try Mark.alertLogCompacted.read(database, default: 0),
                auditHead: try AuditTable.head(database))
            let index = try EventIndex(database, shape: journal.options.index)
            try index.load(database, flushedBlock: flushed, firstBlock: first)
            let insertion = try RawStatement(database, Transaction.blockInsertion)
            return (
                index, insertion, state, Checkpointer(database, path: journal.path), try EventIdentities(database)
            )
        }
    }

    deinit {
        journal.pool.writeWithoutTransaction { checkpointer.stop($0) }
        journal.releaseWriter()
    }

    /// Which of some events are stored. For a question outside a transaction: `Transaction.append` asks by itself.
    package func knownEvents(_ ids: [EventID]) throws -> [Bool] {
        try JournalError.converting {
            try journal.pool.writeWithoutTransaction { _ in try index.known(ids) }
        }
    }

    /// Runs one transaction. When it returns, everything in it is durable; when it throws, nothing of it happened, and
    /// the next may be tried.
    package func commit<T>(_ body: (Transaction) throws -> T) throws -> T {
        let saved = state
        state.newEntries = 0
        state.hasNewDeadLetters = false
        index.begin()
        do {
            let result = try journal.pool.writeWithoutTransaction { database in
                let result = try run(body, database)
                checkpointer.committed(database)
                return result
            }
            index.commit()
            return result
        } catch {
            state = saved
            // The statement may be of a table that is no more.
            tokenInsertion = nil
            state.preparedDay = nil
            index.rollback()
            throw JournalError.wrapping(error)
        }
    }

    private func run<T>(_ body: (Transaction) throws -> T, _ database: Database) throws -> T {
        let transaction = Transaction(database: database, writer: self)
        defer { transaction.close() }
        try database.beginTransaction(.immediate)
        do {
            let result = try body(transaction)
            try transaction.finish()
            try database.commit()
            return result
        } catch {
            // SQLite may have rolled back by itself; what the body threw says more than a second failure would.
            if database.isInsideTransaction { try? database.rollback() }
            throw error
        }
    }

    /// Whether an empty commit would move the archive's upkeep on: merges of the index, removal of dropped days.
    package var needsMaintenance: Bool {
        index.needsMaintenance || state.reclaimedBlock < state.firstBlock
    }

    /// Sets the database's greatest size, as `Journal.Options.maximumBytes` does.
    package func setMaximum(bytes: Int64) throws {
        try JournalError.converting {
            try journal.pool.writeWithoutTransaction { try Journal.setMaximum($0, bytes: bytes) }
        }
    }

    /// Bytes of memory that the index of events holds, about.
    package var indexBytes: Int {
        index.state.runs.reduce(0) { $0 + $1.index.filter.bytes + $1.pages * 16 }
            + index.state.merges.reduce(0) { $0 + $1.target.filter.bytes }
            + index.state.table.entries.capacity * 24
    }
}
