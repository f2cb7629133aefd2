// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import Testing

@Suite struct SearchTests {
    let directory = TemporaryDirectory()

    /// 1,000 records a day over five days, in blocks of 100; numbers 0 to 4,999.
    private func filled() throws -> (Journal, Writer) {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        for day in 0..<5 {
            try writer.store(
                day * 1_000..<day * 1_000 + 1_000, blocks: 100, receivedAt: Int64(day) * dayMilliseconds)
        }
        return (journal, writer)
    }

    private func holds(_ text: String) -> (UnsafeRawBufferPointer) -> Bool {
        { String(decoding: $0, as: UTF8.self).contains(text) }
    }

    @Test func aRareTokenLeadsToItsRecord() throws {
        let (journal, _) = try filled()
        let page = try journal.reader.search(
            tokens: [LookupToken("key-2345")], limit: 10, accepts: holds(#""eventID":"2345""#))
        #expect(page.records.map(\.bytes) == [Batch.record(2_345)])
        #expect(page.next == nil)
        let none = try journal.reader.search(tokens: [LookupToken("key-5000")], limit: 10) { _ in true }
        #expect(none.records.isEmpty)
        #expect(none.next == nil)
    }

    @Test func severalTokensMustAllBeInTheBlock() throws {
        let (journal, _) = try filled()
        let both = [LookupToken("key-2345"), LookupToken("even"), LookupToken("user-3")]
        #expect(try journal.reader.blocks(with: both, limit: 10) == [24])
        #expect(try journal.reader.blocks(with: [LookupToken("key-2345"), LookupToken("key-99")], limit: 10) == [])
    }

    @Test func pagesGoThroughEverythingNewestFirst() throws {
        let (journal, _) = try filled()
        var found: [[UInt8]] = []
        var next: EventLocation?
        repeat {
            let page = try journal.reader.search(
                tokens: [LookupToken("user-7")], before: next, limit: 33, accepts: holds(#""user":"user-7""#))
            #expect(page.records.count <= 33)
            found += page.records.map(\.bytes)
            next = page.next
        } while next != nil
        #expect(found == (0..<5_000).reversed().filter { $0 % 10 == 7 }.map { Batch.record($0) })
    }

    @Test func blocksOutsideTheTimesAreNotDecoded() throws {
        let (journal, _) = try filled()
        var seen = 0
        let page = try journal.reader.search(
            tokens: [LookupToken("even")], times: 1_250_000...1_349_000, limit: 1_000
        ) { _ in
            seen += 1
            return true
        }
        #expect(page.records.count == 200)
        #expect(seen == 200)
        #expect(try journal.reader.blocks(after: 0, times: 1_250_000...1_349_000, limit: 100) == [13, 14])
    }

    @Test func aSearchDecodesABoundedNumberOfBlocks() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let count = JournalLimits.searchBlocks * 2 + 10
        try writer.commit { transaction in
            let builder = try BlockBuilder()
            for number in 0..<count {
                let batch = try Batch.make([number], builder: builder)
                builder.add(LookupToken("even"))
                _ = try transaction.append(batch.block, ids: batch.ids, receivedAt: 0)
            }
        }
        var pages = 0
        var decoded = 0
        var next: EventLocation?
        repeat {
            let page = try journal.reader.search(tokens: [LookupToken("odd")], before: next, limit: 10) { _ in
                decoded += 1
                return false
            }
            #expect(page.records.isEmpty)
            pages += 1
            next = page.next
        } while next != nil
        #expect(decoded == count / 2)
        #expect(pages == 2)
    }

    @Test func droppedDaysAreGoneAtOnceAndTheirRoomComesBack() throws {
        let (journal, writer) = try filled()
        let before = try journal.reader.statistics()
        #expect(before.days == 5)
        try writer.commit { try $0.dropDays(before: Day(number: 3)) }
        #expect(try journal.reader.statistics().records == 2_000)
        #expect(try journal.reader.statistics().oldestDay == Day(number: 3))
        #expect(try journal.reader.block(30) == nil)
        #expect(try journal.reader.block(31)?.day == Day(number: 3))
        #expect(try journal.reader.record(Batch.id(2_999)) == nil)
        #expect(try journal.reader.record(Batch.id(3_000))?.bytes == Batch.record(3_000))
        #expect(try journal.reader.blocks(with: [LookupToken("even")], limit: 100) == Array((31...50).reversed()))
        #expect(try journal.reader.blocks(after: 0, limit: 100) == Array(31...50))
        #expect(try writer.knownEvents([2_999, 3_000].map(Batch.id)) == [false, true])
        try writer.settle()
        #expect(RawDatabase.count(directory.database, "block") == 20)
        #expect(RawDatabase.count(directory.database, "sqlite_schema WHERE name LIKE 'token%' AND type = 'table'") == 8)
        #expect(RawDatabase.check(directory.database) == "ok")
    }

    @Test func droppingEverythingStartsAfresh() throws {
        let (journal, writer) = try filled()
        try writer.commit { try $0.dropDays(before: Day(number: 100)) }
        #expect(try journal.reader.statistics().records == 0)
        #expect(try journal.reader.statistics().oldestDay == nil)
        try writer.settle()
        #expect(RawDatabase.count(directory.database, "block") == 0)
        try writer.store(0..<100, receivedAt: 4 * dayMilliseconds)
        #expect(try journal.reader.statistics().records == 100)
        // Numbers of blocks are not used twice.
        #expect(try journal.reader.blocks(after: 0, limit: 10) == [51])
        #expect(try journal.reader.record(Batch.id(17))?.bytes == Batch.record(17))
    }

    /// A clock that ran years ahead for a while: what was received by it and since then goes with the other days.
    @Test func daysOfAClockThatRanAheadAreMovedBack() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let today: Int64 = 20_000
        func move(now: Int64) throws -> Int {
            try writer.commit { try $0.moveDaysBack(now: now * dayMilliseconds + 1, future: 3_600_000) }
        }
        try writer.store(0..<100, receivedAt: (today - 1) * dayMilliseconds)
        try writer.store(100..<200, receivedAt: today * dayMilliseconds)
        #expect(try move(now: today) == 0)
        try writer.store(200..<300, receivedAt: (today + 2_000) * dayMilliseconds)
        try writer.store(300..<400, receivedAt: (today + 2_500) * dayMilliseconds)
        // The clock is right again; days never go back.
        try writer.store(400..<500, receivedAt: today * dayMilliseconds)
        #expect(try journal.reader.block(5)?.day.number == today + 2_500)
        #expect(try move(now: today) == 2)
        #expect(
            try (1...5).map { try journal.reader.block($0)?.day.number } == [
                today - 1, today, today + 1, today + 2, today + 2,
            ])
        #expect(try move(now: today) == 0)
        // What comes later goes there until its own day comes, in one process and the next.
        try writer.store(500..<600, receivedAt: today * dayMilliseconds)
        try writer.store(600..<700, receivedAt: (today + 3) * dayMilliseconds)
        #expect(try journal.reader.block(6)?.day.number == today + 2)
        #expect(try journal.reader.block(7)?.day.number == today + 3)
        #expect(try journal.reader.statistics().days == 5)
        #expect(try journal.reader.blocks(with: [LookupToken("even")], limit: 100) == Array((1...7).reversed()))
        for number in stride(from: 0, to: 700, by: 41) {
            #expect(
                try journal.reader.blocks(with: [LookupToken("key-\(number)")], limit: 9) == [Int64(number / 100 + 1)])
        }
        // They end when the others do.
        try writer.commit { try $0.dropDays(before: Day(number: today + 2)) }
        try writer.settle()
        #expect(try journal.reader.statistics().records == 400)
        #expect(RawDatabase.count(directory.database, "block") == 4)
        #expect(RawDatabase.count(directory.database, "sqlite_schema WHERE name LIKE 'token%_data'") == 2)
        #expect(RawDatabase.check(directory.database) == "ok")
    }

    /// A clock that lies behind takes nothing for the future: events are later than it.
    @Test func aClockThatLiesBehindMovesNothing() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        // Records are of the first day of 1970.
        for day: Int64 in [50, 51, 52, 60] {
            let first = Int(day) * 100
            try writer.store(first..<(first + 100), receivedAt: day * dayMilliseconds)
        }
        #expect(try writer.commit { try $0.moveDaysBack(now: 0, future: 60_000) } == 0)
        #expect(try journal.reader.statistics().oldestDay?.number == 50)
        // Days that follow one another are never moved.
        #expect(try writer.commit { try $0.moveDaysBack(now: 50 * dayMilliseconds, future: 60_000) } == 1)
        #expect(try (1...4).map { try journal.reader.block($0)?.day.number } == [50, 51, 52, 53])
    }

    @Test func aBackfillIsKeptUnderTheDayItWasReceived() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.store(0..<100, receivedAt: 500 * dayMilliseconds)
        try writer.commit { try $0.dropDays(before: Day(number: 400)) }
        #expect(try journal.reader.statistics().records == 100)
        // A clock that was set back does not tear a day's blocks apart.
        try writer.store(100..<200, receivedAt: 300 * dayMilliseconds)
        try writer.commit { try $0.dropDays(before: Day(number: 400)) }
        #expect(try journal.reader.statistics().records == 200)
        #expect(try journal.reader.statistics().days == 1)
    }

    @Test func searchesOutsideTheLimitsAreRefused() throws {
        let (journal, _) = try filled()
        #expect(throws: JournalError.self) { try journal.reader.blocks(with: [], limit: 10) }
        let many = (0...JournalLimits.searchTokens).map { LookupToken("\($0)") }
        #expect(throws: JournalError.self) { try journal.reader.search(tokens: many, limit: 1) { _ in true } }
        #expect(try journal.reader.search(tokens: [LookupToken("even")], limit: -5) { _ in true }.records.count == 1)
        let far = EventLocation(block: 3, index: 60_000)
        let page = try journal.reader.search(tokens: [LookupToken("even")], before: far, limit: 1_000) { _ in true }
        #expect(page.records.count == 300)
        let nowhere = EventLocation(block: -1, index: -1)
        #expect(
            try journal.reader.search(tokens: [LookupToken("even")], before: nowhere, limit: 9) { _ in true }
                .records.isEmpty)
    }

    @Test func aDamagedBlockIsAnErrorNotACrash() throws {
        let (journal, _) = try filled()
        let database = RawDatabase(directory.database)
        database.text("UPDATE block SET frame = zeroblob(100) WHERE block = 7")
        database.text("UPDATE block SET ids = zeroblob(17) WHERE block = 8")
        database.text("UPDATE block SET ids = zeroblob(16) WHERE block = 9")
        database.close()
        for block in [7, 8, 9] as [BlockID] {
            let error = #expect(throws: JournalError.self) { try journal.reader.block(block) }
            #expect(error?.code == .damaged)
        }
        #expect(try journal.reader.block(10)?.records.count == 100)
    }

    @Test func readsFromATaskLeaveItsThread() async throws {
        let (journal, _) = try filled()
        let reader = journal.reader
        let records = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await reader.detached(.queries) { try $0.record(Batch.id(number)) }?.bytes.count ?? 0
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(records == (0..<20).reduce(0) { $0 + Batch.record($1).count })
        await #expect(throws: JournalError.self) {
            try await reader.detached(.queries) { try $0.blocks(with: [], limit: 1) }
        }
    }
}
