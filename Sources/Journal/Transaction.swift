// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import GRDB

/// One transaction of the writer, for the time of the closure it is lent to.
package final class Transaction {
    static let blockInsertion = """
        INSERT INTO block (block, day, records, raw_bytes, first_time, last_time, ids, frame)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """

    let writer: Writer
    private let connection: Database
    private var isOpen = true

    init(database: Database, writer: Writer) {
        connection = database
        self.writer = writer
    }

    /// The writer's connection. To keep a transaction beyond its closure is a bug of ours, found here.
    var database: Database {
        precondition(isOpen, "the transaction is over")
        return connection
    }

    /// Nothing may be done in it any more.
    func close() { isOpen = false }

    /// What became of the records of a block.
    package struct Admission: Sendable {
        /// For each record: true when it is stored now, false when it was known, from the archive or from before it in
        /// the same transaction.
        package let fresh: [Bool]
        /// How many are stored now.
        package let freshCount: Int
        /// The block they are in; nil where all were known.
        package let block: BlockID?
    }

    /// Stores the records of a block that are not known yet.
    ///
    /// - Parameters:
    ///   - block: what a `BlockBuilder` made. Where some of its records are known, the rest is compressed anew.
    ///   - ids: the identity of each record, in the block's order.
    ///   - receivedAt: the service's clock in milliseconds since 1970: decides the day the block is kept under.
    ///   - besides: the records that are known by other means, or nothing where there are none.
    package func append(
        _ block: Block, ids: [EventID], receivedAt: Int64, besides known: [Bool] = []
    ) throws -> Admission {
        guard ids.count == block.recordCount else {
            throw JournalError(.outOfBounds, "\(ids.count) identities for a block of \(block.recordCount) records")
        }
        let number = writer.state.nextBlock
        let fresh = try writer.index.admit(ids, block: number, besides: known)
        let count = fresh.reduce(0) { $0 + ($1 ? 1 : 0) }
        guard count > 0 else { return Admission(fresh: fresh, freshCount: 0, block: nil) }
        var stored = block
        if count < ids.count, let rebuilt = try writer.builder.rebuild(block, keeping: fresh) { stored = rebuilt }
        let day = try prepare(Day(milliseconds: receivedAt), firstBlock: number)
        try insert(stored, number, day, BlockIdentities.encode(ids, keeping: fresh))
        writer.state.nextBlock += 1
        writer.state.newEntries += count
        return Admission(fresh: fresh, freshCount: count, block: number)
    }

    /// Which of some events are stored or taken by this transaction.
    package func knownEvents(_ ids: [EventID]) throws -> [Bool] { try writer.index.known(ids) }

    /// The day a block is kept under, with its tables made and its insertion prepared.
    private func prepare(_ received: Day, firstBlock: BlockID) throws -> Day {
        let day = max(received, writer.state.day ?? received)
        guard writer.state.preparedDay != day else { return day }
        try TokenTables.create(database, day)
        try database.execute(
            sql: "INSERT OR IGNORE INTO day VALUES (?, ?, 0, 0, 0, 0)", arguments: [day.number, firstBlock])
        writer.tokenInsertion = try TokenTables.insertion(database, day)
        writer.state.day = day
        writer.state.preparedDay = day
        return day
    }

    private func insert(_ block: Block, _ number: BlockID, _ day: Day, _ ids: [UInt8]) throws {
        let insertion = writer.blockInsertion
        insertion.bind(1, number)
        insertion.bind(2, day.number)
        insertion.bind(3, Int64(block.recordCount))
        insertion.bind(4, Int64(block.rawBytes))
        insertion.bind(5, block.firstTime)
        insertion.bind(6, block.lastTime)
        try ids.withUnsafeBytes { ids in
            insertion.bind(7, blob: ids)
            try block.compressed.withUnsafeBytes { frame in
                insertion.bind(8, blob: frame)
                try insertion.run()
            }
        }
        if let tokens = writer.tokenInsertion {
            tokens.bind(1, number)
            try block.words.withUnsafeBytes { words in
                tokens.bind(2, text: words)
                try tokens.run()
            }
        }
        try database.cachedStatement(
            sql: """
                UPDATE day SET blocks = blocks + 1, records = records + ?, raw_bytes = raw_bytes + ?,
                stored_bytes = stored_bytes + ? WHERE day = ?
                """
        ).execute(
            arguments: [block.recordCount, block.rawBytes, block.compressed.count + ids.count, day.number])
    }

    /// Moves days that lie in the future, made by a clock that ran ahead, to the next free ones behind the days up to
    /// tomorrow: days never go back, so that what was received since then stands in them too.
    ///
    /// A day whose records tell of events later than now was not made by a clock that ran ahead: the clock that says `now`
    /// lies behind, and nothing is moved.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970 of a clock that is right.
    ///   - future: by how much an event's time may lie ahead of it.
    /// - Returns: how many days were moved.
    package func moveDaysBack(now: Int64, future: Int64) throws -> Int {
        let tomorrow = Day(milliseconds: now).number + 1
        let days = try Row.fetchAll(
            database, sql: "SELECT day, first_block FROM day WHERE day > ? ORDER BY day", arguments: [tomorrow])
        guard let first = days.first else { return 0 }
        let latest = try Int64.fetchOne(
            database, sql: "SELECT max(last_time) FROM block WHERE block >= ?",
            arguments: [first["first_block"] as Int64])
        guard latest ?? 0 <= now + future else { return 0 }
        // A prepared insertion would keep its table from being renamed.
        writer.tokenInsertion = nil
        writer.state.preparedDay = nil
        let kept = try Int64.fetchOne(
            database, sql: "SELECT max(day) FROM day WHERE day <= ?", arguments: [tomorrow])
        var next = max(kept.map { $0 + 1 } ?? 0, tomorrow - 1)
        var moved = 0
        for row in days {
            let day: Int64 = row["day"]
            if day > next {
                try TokenTables.rename(database, Day(number: day), to: Day(number: next))
                try database.execute(sql: "UPDATE day SET day = ? WHERE day = ?", arguments: [next, day])
                moved += 1
            }
            next += 1
        }
        writer.state.day = Day(number: next - 1)
        return moved
    }

    /// Drops the days before one, whole: their records are gone for readers with this commit, and their room is taken
    /// back piece by piece by this one and the next ones.
    package func dropDays(before day: Day) throws {
        let dropped = try Int64.fetchAll(
            database, sql: "SELECT day FROM day WHERE day < ?", arguments: [day.number])
        guard !dropped.isEmpty else { return }
        // A prepared insertion would keep the table from being dropped.
        writer.tokenInsertion = nil
        writer.state.preparedDay = nil
        for number in dropped { try TokenTables.drop(database, Day(number: number)) }
        try database.execute(sql: "DELETE FROM day WHERE day < ?", arguments: [day.number])
        let first = try Int64.fetchOne(database, sql: "SELECT min(first_block) FROM day") ?? writer.state.nextBlock
        try writer.index.drop(before: first)
        writer.state.firstBlock = first
        try Mark.firstBlock.write(database, first)
    }

    /// How many days there are before one: what `dropDays` would drop.
    package func days(before day: Day) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM day WHERE day < ?", arguments: [day.number]) ?? 0
    }

    /// The upkeep that every commit does its part of.
    func finish() throws {
        try writer.index.maintain(newEntries: writer.state.newEntries, lastBlock: writer.state.nextBlock - 1)
        if writer.state.flushedBlock != writer.index.state.flushedBlock {
            writer.state.flushedBlock = writer.index.state.flushedBlock
            try Mark.flushedBlock.write(database, writer.state.flushedBlock)
        }
        if writer.state.reclaimedBlock < writer.state.firstBlock {
            let end = min(
                writer.state.reclaimedBlock + BlockID(JournalLimits.blocksReclaimed), writer.state.firstBlock)
            try database.execute(sql: "DELETE FROM block WHERE block < ?", arguments: [end])
            try Mark.reclaimedBlock.write(database, end)
            writer.state.reclaimedBlock = end
        }
        try finishDeadLetters()
    }
}
