// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import Testing

/// The index of events, with figures so small that a few thousand events pass through every level.
@Suite struct IndexTests {
    let directory = TemporaryDirectory()

    static var small: IndexShape {
        var shape = IndexShape()
        shape.memoryEntries = 40
        shape.memoryBlocks = 10
        shape.mergeFanIn = 3
        shape.mergeSpeed = 2
        shape.mergeLeastEntries = 5
        shape.reclaimPages = 2
        shape.entriesPerPage = 7
        return shape
    }

    private func open(_ shape: IndexShape = small) throws -> Journal {
        try Journal(directory: directory.path, options: Journal.Options(index: shape))
    }

    /// Random histories against a model: a set of the stored numbers for each day.
    @Test(arguments: 1...12)
    func agreesWithASet(seed: UInt64) throws {
        let history = try History(directory: directory, shape: Self.small, seed: seed)
        for _ in 0..<400 {
            switch Int.random(in: 0..<20, using: &history.random) {
            case 0: try history.restart()
            case 1: try history.dropSomeDays()
            case 2...4: try history.failToAppend()
            default: try history.append()
            }
        }
        try history.check()
    }

    @Test func mergesKeepTheNumberOfRunsSmall() throws {
        let journal = try open()
        let writer = try journal.makeWriter()
        try writer.store(0..<6_000, blocks: 20)
        let database = RawDatabase(directory.database)
        defer { database.close() }
        // 6,000 entries in runs of 40 are 150 runs; merged by threes, at most three of each of five levels wait.
        #expect(try #require(Int(database.text("SELECT count(*) FROM event_run WHERE phase = 1"))) <= 20)
        #expect(try #require(Int(database.text("SELECT max(level) FROM event_run WHERE phase = 1"))) >= 3)
        #expect(try writer.knownEvents((0..<6_010).map(Batch.id)) == (0..<6_010).map { $0 < 6_000 })
        try writer.settle()
        #expect(database.text("SELECT count(*) FROM event_run WHERE phase <> 1") == "0")
        // Nothing of the merged runs is left behind.
        let stray = """
            SELECT count(*) FROM event_page WHERE NOT EXISTS
            (SELECT 1 FROM event_run WHERE run = page >> 24 AND (page & 16777215) < pages)
            """
        #expect(database.text(stray) == "0")
        #expect(
            database.text("SELECT sum(entries) FROM event_run")
                == database.text("SELECT sum(length(entries)) / 24 FROM event_page"))
    }

    @Test func anInterruptedMergeIsDroppedAtStart() throws {
        do {
            let writer = try open().makeWriter()
            var next = 0
            repeat {
                try writer.store(next..<next + 20)
                next += 20
            } while RawDatabase.count(directory.database, "event_run WHERE phase = 0") == 0 || next < 1_000
        }
        #expect(RawDatabase.count(directory.database, "event_run WHERE phase = 0") > 0)
        let journal = try open()
        let writer = try journal.makeWriter()
        let stored = Int(try journal.reader.statistics().records)
        #expect(try writer.knownEvents((0..<stored + 5).map(Batch.id)) == (0..<stored + 5).map { $0 < stored })
        try writer.settle()
        #expect(RawDatabase.count(directory.database, "event_run WHERE phase <> 1") == 0)
        #expect(try writer.knownEvents((0..<stored).map(Batch.id)).allSatisfy { $0 })
    }

    @Test func retentionEmptiesTheIndex() throws {
        let journal = try open()
        let writer = try journal.makeWriter()
        for day in 0..<10 {
            try writer.store(day * 200..<day * 200 + 200, blocks: 20, receivedAt: Int64(day) * dayMilliseconds)
        }
        try writer.commit { try $0.dropDays(before: Day(number: 9)) }
        try writer.settle()
        #expect(RawDatabase.count(directory.database, "block") == 10)
        // At most as much again as is kept may linger in a run that straddles the limit.
        let database = RawDatabase(directory.database)
        defer { database.close() }
        #expect(try #require(Int(database.text("SELECT coalesce(sum(entries), 0) FROM event_run"))) <= 400)
        #expect(try writer.knownEvents((0..<2_000).map(Batch.id)) == (0..<2_000).map { $0 >= 1_800 })
        // What was dropped may come again, and is then known again.
        try writer.store(0..<10, receivedAt: 9 * dayMilliseconds)
        #expect(try writer.knownEvents((0..<11).map(Batch.id)) == (0..<11).map { $0 < 10 })
    }

    @Test func aDamagedRunIsFoundAtStart() throws {
        do { try open().makeWriter().store(0..<500) }
        let database = RawDatabase(directory.database)
        database.text("DELETE FROM event_page WHERE page = (SELECT max(page) FROM event_page)")
        database.close()
        let journal = try open()
        let error = #expect(throws: JournalError.self) { try journal.makeWriter() }
        #expect(error?.code == .damaged)
        // The failed attempt does not count as the writer.
        let second = #expect(throws: JournalError.self) { try journal.makeWriter() }
        #expect(second?.code == .damaged)
    }

    @Test func aDamagedPageIsFoundWhenRead() throws {
        let journal = try open()
        let writer = try journal.makeWriter()
        try writer.store(0..<500)
        let database = RawDatabase(directory.database)
        database.text("UPDATE event_page SET entries = x'0102'")
        database.close()
        #expect(throws: JournalError.self) { try writer.knownEvents((0..<500).map(Batch.id)) }
        #expect(throws: JournalError.self) { try journal.reader.locate(Batch.id(3)) }
    }

    @Test func theShapeMayChangeBetweenStarts() throws {
        do { try open().makeWriter().store(0..<3_000, blocks: 50) }
        let journal = try open(IndexShape())
        let writer = try journal.makeWriter()
        try writer.settle()
        try writer.store(2_900..<3_500)
        #expect(try writer.knownEvents((0..<3_600).map(Batch.id)) == (0..<3_600).map { $0 < 3_500 })
        #expect(try journal.reader.statistics().records == 3_500)
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// A journal under random work, and what must be in it.
private final class History {
    private struct Interruption: Error {}

    var random: SplitMix
    private let directory: TemporaryDirectory
    private let options: Journal.Options
    private let builder: BlockBuilder
    private var journal: Journal?
    private var writer: Writer?
    private var days: [Int64: Set<Int>] = [:]
    private var day: Int64 = 100
    private var steps = 0

    init(directory: TemporaryDirectory, shape: IndexShape, seed: UInt64) throws {
        random = SplitMix(state: seed)
        self.directory = directory
        options = Journal.Options(index: shape)
        builder = try BlockBuilder()
        try restart()
    }

    private var stored: Set<Int> { days.values.reduce(into: []) { $0.formUnion($1) } }
    private var receivedAt: Int64 { day * dayMilliseconds }

    /// Closes and opens, wherever merges are.
    func restart() throws {
        writer = nil
        try journal?.close()
        journal = nil
        journal = try Journal(directory: directory.path, options: options)
        writer = try journal?.makeWriter()
    }

    func dropSomeDays() throws {
        day += Int64.random(in: 0...2, using: &random)
        let oldest = day - Int64.random(in: 0...6, using: &random)
        try #require(writer).commit { try $0.dropDays(before: Day(number: oldest)) }
        days = days.filter { $0.key >= oldest }
    }

    func failToAppend() throws {
        let batch = try Batch.make(numbers(), builder: builder)
        let drops = Bool.random(using: &random)
        #expect(throws: Interruption.self) {
            try #require(writer).commit { transaction in
                if drops { try transaction.dropDays(before: Day(number: day)) }
                _ = try transaction.append(batch.block, ids: batch.ids, receivedAt: receivedAt)
                throw Interruption()
            }
        }
    }

    func append() throws {
        let numbers = (0..<Int.random(in: 1...3, using: &random)).map { _ in self.numbers() }
        let batches = try numbers.map { try Batch.make($0, builder: builder) }
        let admissions = try #require(writer).commit { transaction in
            try batches.map { try transaction.append($0.block, ids: $0.ids, receivedAt: receivedAt) }
        }
        let before = stored
        var seen = before
        for (numbers, admission) in zip(numbers, admissions) {
            #expect(admission.fresh == numbers.map { seen.insert($0).inserted })
        }
        days[day, default: []].formUnion(seen.subtracting(before))
    }

    /// Numbers that drift upwards with the steps, so that some are known, some old, some new.
    private func numbers() -> [Int] {
        steps += 1
        let newest = min(steps * 10, 3_950)
        return (0..<Int.random(in: 1...25, using: &random)).map { _ in
            Int.random(in: max(0, newest - 600)...newest + 40, using: &random)
        }
    }

    func check() throws {
        let everything = Array(0..<4_000)
        let stored = stored
        let writer = try #require(writer)
        let reader = try #require(journal).reader
        #expect(try writer.knownEvents(everything.map(Batch.id)) == everything.map(stored.contains))
        try writer.settle()
        #expect(try writer.knownEvents(everything.map(Batch.id)) == everything.map(stored.contains))
        #expect(try reader.statistics().records == Int64(stored.count))
        for number in everything where number % 7 == 0 {
            let record = try reader.record(Batch.id(number))
            #expect(record?.bytes == (stored.contains(number) ? Batch.record(number) : nil))
        }
        #expect(RawDatabase.check(directory.database) == "ok")
    }
}
