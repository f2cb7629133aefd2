// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import Testing

/// An event is told by its account and its eventID.
@Suite("Identities of stored events") struct IdentityTests {
    private static let id = EventID("53d40d92-f4ac-4b82-bdab-b2b26c8c42fb")
    private let own: AccountID
    private let other: AccountID

    init() throws {
        own = try #require(AccountID("111122223333"))
        other = try #require(AccountID("444455556666"))
    }

    private func block(_ account: AccountID) throws -> Block {
        let record = """
            {"eventID":"53d40d92-f4ac-4b82-bdab-b2b26c8c42fb","eventTime":"2026-11-20T10:00:00Z","eventName":"Act",\
            "eventSource":"iam.amazonaws.com","awsRegion":"us-east-1","recipientAccountId":"\(account)"}
            """
        let builder = try BlockBuilder()
        _ = try builder.take(Array(record.utf8), time: 0)
        return try #require(try builder.finish())
    }

    private func store(_ account: AccountID, _ writer: Writer) throws -> Bool {
        let block = try block(account)
        return try writer.commit {
            try $0.append(block, ids: [Self.id], accounts: [account], receivedAt: 0).fresh == [true]
        }
    }

    @Test func oneEventIDInTwoAccountsIsTwoEvents() throws {
        let folder = TemporaryDirectory()
        for isFirst in [true, false] {
            let journal = try Journal(directory: folder.path)
            let writer = try journal.makeWriter()
            #expect(try store(own, writer) == isFirst)
            #expect(try store(other, writer) == isFirst)
            #expect(try journal.reader.records(Self.id, of: [own])?.count == 1)
            #expect(try journal.reader.records(Self.id, of: [own, other])?.count == 2)
            #expect(try journal.reader.records(Self.id, of: [])?.isEmpty == true)
        }
    }

    /// A store of an earlier version knows eventIDs alone.
    @Test func recordsOfAnEarlierVersionAreStillKnown() throws {
        let folder = TemporaryDirectory()
        do {
            let journal = try Journal(directory: folder.path)
            let block = try block(own)
            _ = try journal.makeWriter().commit { try $0.append(block, ids: [Self.id], receivedAt: 0) }
        }
        let database = RawDatabase(folder.database)
        database.text("UPDATE mark SET value = 1 WHERE name = 'plain_identities'")
        database.close()
        let journal = try Journal(directory: folder.path)
        let writer = try journal.makeWriter()
        #expect(try !store(own, writer), "the account's own is a duplicate")
        #expect(try store(other, writer), "another account's is not")
        #expect(try !store(other, writer))
        #expect(try journal.reader.records(Self.id, of: [own, other])?.count == 2)
    }
}
