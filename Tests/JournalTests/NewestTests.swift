// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import Testing

@Suite(.timeLimit(.minutes(2))) struct NewestTests {
    let directory = TemporaryDirectory()

    /// Records with these numbers, which are their event times in seconds, in blocks of a size and in this order.
    private func stored(_ numbers: [Int], blocks size: Int, instant: Int64? = nil) throws -> (Journal, Writer) {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        let builder = try BlockBuilder()
        try writer.commit { transaction in
            for start in stride(from: 0, to: numbers.count, by: size) {
                let part = numbers[start..<min(start + size, numbers.count)]
                let batch = try Batch.make(part, builder: builder, instant: instant)
                _ = try transaction.append(batch.block, ids: batch.ids, receivedAt: 0)
            }
        }
        return (journal, writer)
    }

    /// The number of a record, which is its event time in seconds.
    private func number(_ bytes: some Sequence<UInt8>) -> Int {
        let text = String(decoding: Array(bytes), as: UTF8.self)
        return Int(text.dropFirst(#"{"eventID":""#.count).prefix { $0.isNumber }) ?? -1
    }

    private func page(
        _ journal: Journal, _ token: String, cursor: NewestCursor? = nil, limit: Int,
        where isWanted: (Int) -> Bool = { _ in true }
    ) throws -> NewestPage {
        try journal.reader.newest(tokens: [LookupToken(token)], cursor: cursor, limit: limit) { bytes in
            let number = number(bytes)
            return isWanted(number) ? Int64(number) * 1_000 : nil
        }
    }

    /// All pages, each cursor through its text form.
    private func all(
        _ journal: Journal, _ token: String, limit: Int, where isWanted: (Int) -> Bool = { _ in true }
    ) throws -> (numbers: [Int], pages: [NewestPage]) {
        var numbers: [Int] = []
        var pages: [NewestPage] = []
        var cursor: NewestCursor?
        repeat {
            let page = try page(journal, token, cursor: cursor, limit: limit, where: isWanted)
            numbers += page.records.map { number($0.bytes) }
            pages.append(page)
            cursor = try page.next.map { try #require(NewestCursor($0.description)) }
        } while cursor != nil
        return (numbers, pages)
    }

    @Test func theNewestByEventTimeComeFirstWhateverTheOrderOfArrival() throws {
        var random = SplitMix(state: 11)
        let (journal, _) = try stored((0..<2_000).shuffled(using: &random), blocks: 100)
        let wanted: (Int) -> Bool = { $0 % 10 == 7 }
        let first = try page(journal, "user-7", limit: 3, where: wanted)
        #expect(first.records.map { number($0.bytes) } == [1_997, 1_987, 1_977])
        #expect(first.total == 200)
        #expect(first.totalIsExact)
        let expected = Array((0..<2_000).filter(wanted).reversed())
        for limit in [1, 7, 199, 200, 201] {
            let found = try all(journal, "user-7", limit: limit, where: wanted)
            #expect(found.numbers == expected)
            #expect(found.pages.allSatisfy { $0.total == 200 && $0.totalIsExact && !$0.orderIsPartial })
        }
    }

    @Test func recordsOfOneInstantArePagedWithoutGapOrRepeat() throws {
        let (journal, _) = try stored(Array(0..<500), blocks: 50, instant: 5)
        var found: Set<Int> = []
        var count = 0
        var cursor: NewestCursor?
        repeat {
            let page = try journal.reader.newest(tokens: [LookupToken("even")], cursor: cursor, limit: 9) {
                number($0) % 2 == 0 ? 5 : nil
            }
            found.formUnion(page.records.map { number($0.bytes) })
            count += page.records.count
            cursor = page.next
        } while cursor != nil
        #expect(found.count == 250)
        #expect(count == 250)
    }

    @Test func whatArrivesBetweenTwoPagesIsLeftToTheNextSearch() throws {
        let (journal, writer) = try stored(Array(0..<300), blocks: 100)
        let first = try page(journal, "even", limit: 100) { $0 % 2 == 0 }
        try writer.store(300..<400)
        let second = try page(journal, "even", cursor: first.next, limit: 100) { $0 % 2 == 0 }
        #expect(second.records.map { number($0.bytes) } == (0..<100).filter { $0 % 2 == 0 }.reversed())
        #expect(second.next == nil)
    }

    @Test func countingEndsAtItsBoundAndSaysSo() throws {
        let (journal, _) = try stored(Array(0..<200), blocks: 1)
        let page = try page(journal, "even", limit: 1) { $0 % 2 == 0 }
        #expect(page.records.map { number($0.bytes) } == [198])
        #expect(page.total == 64)
        #expect(!page.totalIsExact)
        let all = try all(journal, "even", limit: 1) { $0 % 2 == 0 }
        #expect(all.numbers == (0..<200).filter { $0 % 2 == 0 }.reversed())
    }

    @Test func moreBlocksThanOneSearchOrdersFollowInLaterPagesAndNoneIsLost() throws {
        let count = JournalLimits.searchBlocks * 2 + 10
        // Each block has an even and an odd record.
        let (journal, _) = try stored(Array(0..<count * 2), blocks: 2)
        var decoded = 0
        let first = try journal.reader.newest(tokens: [LookupToken("even")], limit: 1_000) { bytes in
            decoded += 1
            return number(bytes) % 2 == 0 ? Int64(number(bytes)) * 1_000 : nil
        }
        #expect(decoded == JournalLimits.searchBlocks * 2)
        #expect(first.orderIsPartial)
        #expect(!first.totalIsExact)
        let found = try all(journal, "even", limit: 1_000) { $0 % 2 == 0 }
        #expect(found.pages.count == 3)
        #expect(found.numbers == (0..<count * 2).filter { $0 % 2 == 0 }.reversed())
    }

    @Test func textsThatAreNoCursorAreRefused() {
        for text in ["", "1", "1.2.3.4.5.6.7.8.9", "1.2.3.....-1.0.1", "a.2.3.....4.0.1", "1.2.3...4.5.-6.0.1"] {
            #expect(NewestCursor(text) == nil)
        }
        let strange = "9223372036854775807.9223372036854775807.-9223372036854775808...0.0.0.5.1"
        #expect(NewestCursor(strange)?.description == strange)
    }
}
