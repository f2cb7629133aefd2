// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

import Journal

@Suite(.timeLimit(.minutes(1))) struct DeadLetterTests {
    let directory = TemporaryDirectory()

    /// Letters of some records with the same reason.
    private func drafts(
        _ records: [[UInt8]], reason: String = "not_json", detail: String = "at byte 1", account: String = ""
    ) throws -> [DeadLetterDraft] {
        let builder = try DeadLetterBuilder()
        for (index, record) in records.enumerated() {
            try record.withUnsafeBytes {
                try builder.add($0, index: index, reason: reason, detail: detail, accountID: account)
            }
        }
        return try builder.finish()
    }

    /// Bytes that do not compress, the same each time.
    private func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
    }

    private let origin = DeadLetterOrigin(
        source: "s3://logs/a.json.gz", submitter: "CN=collector", scope: ["111122223333"], isHistorical: true)

    @Test func aLetterIsKeptWhole() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let records = [[0xFF, 0x00], [], noise(9_000), Array(repeating: 65, count: 300_000)]
        let file = noise(50_000)
        let letters = try drafts(records, account: "111122223333")
        let builder = try DeadLetterBuilder()
        try file.withUnsafeBytes { try builder.add(logFile: $0, reason: "truncated_gzip", detail: "cut") }
        let whole = try builder.finish()
        try writer.commit { transaction in
            try transaction.putDeadLetters(letters, from: origin, receivedAt: 7)
            try transaction.putDeadLetters(whole, from: origin, receivedAt: 8)
        }
        let kept = try journal.reader.deadLetters(limit: 10)
        #expect(kept.map(\.reason) == ["truncated_gzip", "not_json"])
        #expect(kept.map(\.records) == [1, 4])
        #expect(kept.map(\.totalBytes) == [50_000, 309_002])
        #expect(kept.map(\.isWhole) == [true, true])
        #expect(try journal.reader.deadLetterContent(kept[0]) == .logFile(file))
        #expect(try journal.reader.deadLetterContent(kept[1]) == .records(records))
        let letter = kept[1]
        #expect(letter.source == origin.source && letter.submitter == origin.submitter)
        #expect(letter.scope == ["111122223333"] && letter.accountID == "111122223333" && letter.isCovered)
        #expect(letter.isHistorical && letter.attempts == 1 && letter.receivedAt == 7)
        #expect(letter.storedBytes < 20_000)
    }

    @Test func manyRecordsOfOneReasonShareLettersAndNoneIsLost() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let records = (0..<3_000).map {
            Array("{\"n\":\($0),\"pad\":\"\(String(repeating: "x", count: 1_000))\"}".utf8)
        }
        let letters = try drafts(records, reason: "account_not_onboarded")
        #expect(letters.count <= 4)
        try writer.commit { try $0.putDeadLetters(letters, from: origin, receivedAt: 1) }
        var found: [[UInt8]] = []
        for letter in try journal.reader.deadLetters(after: 0, limit: 10) {
            guard case .records(let some) = try journal.reader.deadLetterContent(letter) else { continue }
            #expect(letter.firstIndex == found.count)
            found += some
        }
        #expect(found == records)
    }

    @Test func detailsThatAllDifferShareALetter() throws {
        let builder = try DeadLetterBuilder()
        for number in 0..<5_000 {
            try Array("x\(number)".utf8).withUnsafeBytes {
                try builder.add($0, index: number, reason: "not_json", detail: "at byte \(number)")
            }
        }
        let letters = try builder.finish()
        #expect(letters.count == JournalLimits.deadLetterDetails + 1)
        #expect(letters.map(\.records).reduce(0, +) == 5_000)
    }

    @Test func beyondTheBoundARecordIsCutAndItsSizeTold() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let letters = try drafts([[UInt8](repeating: 66, count: JournalLimits.deadLetterBytes + 5)])
        try writer.commit { try $0.putDeadLetters(letters, from: origin, receivedAt: 1) }
        let letter = try #require(try journal.reader.deadLetters(limit: 1).first)
        #expect(letter.totalBytes == JournalLimits.deadLetterBytes + 5)
        #expect(letter.keptBytes == JournalLimits.deadLetterBytes)
        #expect(!letter.isWhole)
    }

    @Test func theOldestOfWhoHasTheMostGoFirstAndAreCounted() throws {
        var options = Journal.Options()
        options.deadLetters.storedBytes = 50_000
        let journal = try Journal(directory: directory.path, options: options)
        let writer = try journal.makeWriter()
        let quiet = DeadLetterOrigin(source: "quiet", submitter: "CN=quiet")
        let flood = DeadLetterOrigin(source: "flood", submitter: "CN=flood")
        try writer.commit { try $0.putDeadLetters(drafts([noise(5_000)]), from: quiet, receivedAt: 1) }
        for number in 1...30 {
            let some = try drafts([noise(5_000, seed: UInt64(number))])
            try writer.commit { try $0.putDeadLetters(some, from: flood, receivedAt: Int64(number + 1)) }
            #expect(try journal.reader.deadLetterTotals().storedBytes <= 50_000)
        }
        let letters = try journal.reader.deadLetters(limit: 100)
        #expect(letters.filter { $0.source == "quiet" }.count == 1)
        let expected = Array((23...31).reversed().map(Int64.init).prefix(8))
        #expect(letters.filter { $0.source == "flood" }.map(\.receivedAt) == expected)
        #expect(try journal.reader.deadLetterTotals().droppedForRoom == 22)
        #expect(RawDatabase.count(directory.database, "dead_letter_body") == letters.count)
    }

    @Test func theBoundHoldsAfterARestart() throws {
        var options = Journal.Options()
        options.deadLetters.letters = 10
        for round in 0..<3 {
            let journal = try Journal(directory: directory.path, options: options)
            do {
                let writer = try journal.makeWriter()
                for number in 0..<8 {
                    let some = try drafts([Array("\(round) \(number)".utf8)])
                    try writer.commit { try $0.putDeadLetters(some, from: origin, receivedAt: 1) }
                }
            }
            try journal.close()
        }
        let journal = try Journal(directory: directory.path, options: options)
        let totals = try journal.reader.deadLetterTotals()
        #expect(totals.letters == 10)
        #expect(totals.droppedForRoom == 14)
    }

    @Test func lettersExpireByTheirAge() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        for time in 1...5 {
            let some = try drafts([[65], [66]])
            try writer.commit { try $0.putDeadLetters(some, from: origin, receivedAt: Int64(time)) }
        }
        let expired = try writer.commit { try $0.expireDeadLetters(before: 4) }
        #expect(expired.letters == 3 && expired.records == 6)
        let totals = try journal.reader.deadLetterTotals()
        #expect(totals.letters == 2 && totals.oldestAt == 4 && totals.droppedForAge == 6)
    }

    @Test func filtersFindLettersAndCountThem() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let (own, other) = ("111122223333", "444455556666")
        try writer.commit { transaction in
            try transaction.putDeadLetters(drafts([[1]], account: own), from: origin, receivedAt: 10)
            // The certificate does not cover the account that the record claims.
            try transaction.putDeadLetters(drafts([[2]], account: other), from: origin, receivedAt: 20)
            try transaction.putDeadLetters(
                drafts([[3], [4]], reason: "account_not_onboarded", account: other),
                from: DeadLetterOrigin(source: "elsewhere", submitter: "CN=b"), receivedAt: 30)
            try transaction.putDeadLetters(drafts([[5]]), from: origin, receivedAt: 40)
        }
        func times(_ change: (inout DeadLetterQuery) -> Void) throws -> [Int64] {
            var filter = DeadLetterQuery()
            change(&filter)
            let times = try journal.reader.deadLetters(filter, limit: 10).map(\.receivedAt)
            #expect(try journal.reader.deadLetterTotals(filter).letters == Int64(times.count))
            return times
        }
        #expect(try times { _ in } == [40, 30, 20, 10])
        #expect(try times { $0.reason = "account_not_onboarded" } == [30])
        #expect(try times { $0.source = "where" } == [30])
        #expect(try times { $0.accountID = own } == [10])
        #expect(try times { $0.accountID = other } == [30])
        #expect(try times { ($0.since, $0.until) = (20, 40) } == [30, 20])
        #expect(try times { $0.visibleAccounts = [own, other] } == [30, 10])
        #expect(try times { $0.visibleAccounts = [] } == [])
        #expect(try times { $0.ids = [1, 4, 9] } == [40, 10])
        #expect(try journal.reader.deadLetters(after: 1, limit: 2).map(\.receivedAt) == [20, 30])
        #expect(try journal.reader.deadLetters(before: 3, limit: 1).map(\.receivedAt) == [20])
    }

    @Test func whatIsRefusedAgainTakesTheLettersPlaceOnce() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.commit { try $0.putDeadLetters(drafts([[1], [2]]), from: origin, receivedAt: 10) }
        let letter = try #require(try journal.reader.deadLetters(limit: 1).first)
        let again = try drafts([[2]], reason: "missing_field")
        try writer.commit { try $0.putDeadLetters(again, from: origin, receivedAt: 99, replacing: letter) }
        let kept = try #require(try journal.reader.deadLetters(limit: 9).first)
        #expect(kept.id == letter.id && kept.receivedAt == 10 && kept.attempts == 2 && kept.reason == "missing_field")
        // A second submission of the letter that comes when it is gone leaves nothing behind.
        try writer.commit { _ = try $0.removeDeadLetters(ids: [letter.id]) }
        try writer.commit { try $0.putDeadLetters(again, from: origin, receivedAt: 99, replacing: letter) }
        #expect(try journal.reader.deadLetterTotals().letters == 0)
        try writer.commit { try $0.putDeadLetters(drafts([[1], [2]]), from: origin, receivedAt: 10) }
        #expect(try journal.reader.deadLetters(limit: 9).map(\.id) == [letter.id + 1])
    }

    @Test func aRolledBackLetterIsNotCounted() throws {
        struct Interruption: Error {}
        var options = Journal.Options()
        options.deadLetters.letters = 2
        let journal = try Journal(directory: directory.path, options: options)
        let writer = try journal.makeWriter()
        for _ in 0..<5 {
            #expect(throws: Interruption.self) {
                try writer.commit { transaction in
                    try transaction.putDeadLetters(drafts([[1]]), from: origin, receivedAt: 1)
                    throw Interruption()
                }
            }
        }
        for _ in 0..<2 { try writer.commit { try $0.putDeadLetters(drafts([[1]]), from: origin, receivedAt: 1) } }
        let totals = try journal.reader.deadLetterTotals()
        #expect(totals.letters == 2 && totals.droppedForRoom == 0)
    }

    @Test func lettersOfTheFirstSchemaStay() throws {
        do {
            let journal = try Journal(directory: directory.path)
            try journal.close()
        }
        let database = RawDatabase(directory.database)
        // Back to what version 4 of the schema had.
        for sql in [
            "DROP INDEX dead_letter_submitter", "DROP INDEX dead_letter_account", "DROP INDEX dead_letter_received",
            "DROP TABLE dead_letter_body", "DROP TABLE dead_letter",
            """
            CREATE TABLE dead_letter (
                id INTEGER PRIMARY KEY AUTOINCREMENT, received_at INTEGER NOT NULL, source TEXT NOT NULL,
                reason TEXT NOT NULL, detail TEXT NOT NULL, record_bytes INTEGER NOT NULL, record BLOB NOT NULL
            ) STRICT
            """,
            "INSERT INTO dead_letter VALUES (7, 70, 'old', 'not_json', 'at byte 3', 3, x'7B2278')",
            "INSERT INTO dead_letter VALUES (8, 80, 'old', 'record_too_large', 'cut', 9000, x'7B')",
            "INSERT INTO dead_letter VALUES (9, 90, 'old', 'truncated_gzip', 'whole', 0, x'')",
            "INSERT OR REPLACE INTO mark VALUES ('dead_letters_uncollected', 44)",
            "DELETE FROM grdb_migrations WHERE identifier LIKE '6:%'",
        ] { #expect(database.text(sql) == "") }
        database.close()
        let journal = try Journal(directory: directory.path)
        let letters = try journal.reader.deadLetters(limit: 10)
        #expect(letters.map(\.id) == [9, 8, 7])
        #expect(letters.map(\.isWhole) == [false, false, true])
        #expect(letters.map(\.totalBytes) == [0, 9_000, 3])
        #expect(try journal.reader.deadLetterContent(letters[2]) == .records([[0x7B, 0x22, 0x78]]))
        #expect(try journal.reader.deadLetterTotals().droppedForRoom == 44)
        let writer = try journal.makeWriter()
        try writer.commit { try $0.putDeadLetters(drafts([[1]]), from: origin, receivedAt: 100) }
        #expect(try journal.reader.deadLetters(limit: 1).map(\.id) == [10])
    }
}
