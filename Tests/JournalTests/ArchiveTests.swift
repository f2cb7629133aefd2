// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import Testing

@Suite struct ArchiveTests {
    let directory = TemporaryDirectory()

    @Test func recordsAreFoundByIdentityAndReadBack() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.store(0..<3_000)
        for number in stride(from: 0, to: 3_000, by: 37) {
            let record = try #require(try journal.reader.record(Batch.id(number)))
            #expect(record.bytes == Batch.record(number))
            #expect(record.location == EventLocation(block: Int64(number / 500 + 1), index: number % 500))
        }
        #expect(try journal.reader.record(Batch.id(3_000)) == nil)
        let statistics = try journal.reader.statistics()
        #expect(statistics.records == 3_000)
        #expect(statistics.blocks == 6)
        #expect(statistics.rawBytes == (0..<3_000).reduce(0) { $0 + Int64(Batch.record($1).count) })
    }

    @Test func knownEventsAreStoredOnce() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let builder = try BlockBuilder()
        let first = try Batch.make([1, 2, 3, 2], builder: builder)
        let second = try Batch.make([3, 4, 5], builder: builder)
        let third = try Batch.make([5, 4, 3], builder: builder)
        // All three in one transaction: what its earlier batches took is known to the later ones.
        let admissions = try writer.commit { transaction in
            try [first, second, third].map { try transaction.append($0.block, ids: $0.ids, receivedAt: 0) }
        }
        #expect(admissions[0].fresh == [true, true, true, false])
        #expect(admissions[1].fresh == [false, true, true])
        #expect(admissions[2].fresh == [false, false, false])
        #expect(admissions.map(\.freshCount) == [3, 2, 0])
        #expect(admissions.map(\.block) == [1, 2, nil])
        #expect(try journal.reader.statistics().records == 5)
        for number in 1...5 {
            #expect(try journal.reader.record(Batch.id(number))?.bytes == Batch.record(number))
        }
        #expect(try journal.reader.block(2)?.ids == [Batch.id(4), Batch.id(5)])
        #expect(try writer.knownEvents([1, 9, 5].map(Batch.id)) == [true, false, true])
    }

    @Test func knownEventsStayKnownAcrossARestart() throws {
        do {
            let writer = try Journal(directory: directory.path).makeWriter()
            try writer.store(0..<40_000)
        }
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        #expect(try writer.knownEvents((0..<40_010).map(Batch.id)) == (0..<40_010).map { $0 < 40_000 })
        try writer.store(39_990..<40_010)
        #expect(try journal.reader.statistics().records == 40_010)
    }

    @Test func aFailedTransactionLeavesNothing() throws {
        struct Interruption: Error {}
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let builder = try BlockBuilder()
        let batch = try Batch.make(0..<10, builder: builder)
        #expect(throws: Interruption.self) {
            try writer.commit { transaction in
                _ = try transaction.append(batch.block, ids: batch.ids, receivedAt: 0)
                try transaction.putState("x", [1])
                throw Interruption()
            }
        }
        #expect(try writer.knownEvents(batch.ids) == batch.ids.map { _ in false })
        #expect(try journal.reader.statistics().records == 0)
        #expect(try journal.reader.state("x") == nil)
        let admission = try writer.commit { try $0.append(batch.block, ids: batch.ids, receivedAt: 0) }
        #expect(admission.freshCount == 10)
        #expect(try journal.reader.record(Batch.id(3))?.bytes == Batch.record(3))
    }

    @Test func identitiesMustMatchTheBlock() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let batch = try Batch.make(0..<10, builder: try BlockBuilder())
        #expect(throws: JournalError.self) {
            try writer.commit { try $0.append(batch.block, ids: Array(batch.ids.prefix(9)), receivedAt: 0) }
        }
        #expect(try journal.reader.statistics().records == 0)
    }
}
