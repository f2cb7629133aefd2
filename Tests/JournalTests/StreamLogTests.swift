// SPDX-License-Identifier: Apache-2.0

import Journal
import Testing

@Suite struct StreamLogTests {
    @Test func rowsAreReadInOrderAndDroppedFromTheFront() throws {
        let folder = TemporaryDirectory()
        let journal = try Journal(directory: folder.path)
        let writer = try journal.makeWriter()
        for number in 1...5 {
            try writer.commit { try $0.appendStreamLog([UInt8](repeating: UInt8(number), count: number * 10)) }
        }
        let all = try journal.reader.streamLog(bytes: 1_000)
        #expect(all.map(\.bytes.count) == [10, 20, 30, 40, 50])
        #expect(all.map(\.position) == all.map(\.position).sorted())
        #expect(try journal.reader.streamLog(bytes: 25).map(\.bytes.count) == [10, 20])
        #expect(try journal.reader.streamLog(after: all[3].position, bytes: 1).map(\.bytes.count) == [50])
        // Written and dropped in one transaction, or not at all.
        #expect(throws: JournalError.self) {
            try writer.commit { transaction in
                try transaction.dropStreamLog(through: all[1].position)
                throw JournalError(.full, "the disk is full")
            }
        }
        #expect(try journal.reader.streamLog(bytes: 1_000) == all)
        try writer.commit { transaction in
            #expect(try transaction.streamLog(bytes: 1).map(\.position) == [all[0].position])
            try transaction.dropStreamLog(through: all[1].position)
            try transaction.appendStreamLog([6])
        }
        let left = try journal.reader.streamLog(bytes: 1_000)
        #expect(left.map(\.bytes.count) == [30, 40, 50, 1])
        #expect(left.last.map { $0.position > all[4].position } == true)
    }
}
