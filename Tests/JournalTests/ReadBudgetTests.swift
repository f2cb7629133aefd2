// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import Testing

/// The time and bytes that a query may take, and how it ends by them.
@Suite struct ReadBudgetTests {
    let directory = TemporaryDirectory()

    @Test func timeAndBytesAreSpentEachForItself() async throws {
        #expect(!ReadBudget(time: .seconds(60), bytes: 1).isSpent)
        #expect(ReadBudget(time: .seconds(60), bytes: 0).isSpent)
        let brief = ReadBudget(time: .milliseconds(5), bytes: 1 << 20)
        try await Task.sleep(for: .milliseconds(10))
        #expect(brief.isSpent)
        // A budget that is spent ends a page; only a caller who left ends a query.
        try brief.check()
        brief.abandon()
        #expect(throws: CancellationError.self) { try brief.check() }
    }

    private func filled(blocks: Int) throws -> (Journal, Writer) {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.store(0..<blocks * 10, blocks: 10, receivedAt: 0)
        return (journal, writer)
    }

    @Test func aSpentBudgetEndsAPageBeforeTheNextBlockAndNothingIsLost() throws {
        let (journal, _) = try filled(blocks: 12)
        var found: [[UInt8]] = []
        var next: EventLocation?
        var pages = 0
        repeat {
            var seen = 0
            let page = try journal.reader.search(
                tokens: [LookupToken("even")], before: next, limit: 1_000,
                budget: ReadBudget(time: .seconds(60), bytes: 0)
            ) { _ in
                seen += 1
                return true
            }
            #expect(seen <= 10, "more than one block of ten records was decoded")
            found += page.records.map(\.bytes)
            next = page.next
            pages += 1
        } while next != nil
        #expect(found == (0..<120).reversed().map { Batch.record($0) })
        #expect(pages >= 12)
    }

    @Test func aQueryOfACallerWhoLeftReadsNoFurtherBlock() throws {
        let (journal, _) = try filled(blocks: 12)
        for isNewest in [false, true] {
            let budget = ReadBudget(time: .seconds(60), bytes: 1 << 30)
            var seen = 0
            #expect(throws: CancellationError.self) {
                if isNewest {
                    _ = try journal.reader.newest(tokens: [LookupToken("even")], limit: 1_000, budget: budget) { _ in
                        seen += 1
                        budget.abandon()
                        return 0
                    }
                } else {
                    _ = try journal.reader.search(tokens: [LookupToken("even")], limit: 1_000, budget: budget) { _ in
                        seen += 1
                        budget.abandon()
                        return true
                    }
                }
            }
            #expect(seen <= 10)
        }
    }

    @Test func aLookUpOverManyAccountsKeepsToItsBudget() throws {
        let (journal, _) = try filled(blocks: 2)
        let accounts = (1...10_000).compactMap { AccountID(number: $0) }
        let id = EventID("53d40d92-f4ac-4b82-bdab-b2b26c8c42fb")
        #expect(try journal.reader.records(id, of: accounts, budget: ReadBudget(time: .seconds(60), bytes: 1)) == [])
        #expect(try journal.reader.records(id, of: accounts, budget: ReadBudget(time: .zero, bytes: 1)) == nil)
        let budget = ReadBudget(time: .seconds(60), bytes: 1)
        budget.abandon()
        #expect(throws: CancellationError.self) { try journal.reader.records(id, of: accounts, budget: budget) }
    }
}
