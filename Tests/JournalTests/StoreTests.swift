// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import Journal
import Testing

/// The database as a file: who may open it, and what happens when it can't be written.
@Suite struct StoreTests {
    let directory = TemporaryDirectory()

    @Test func oneJournalAtATimeHasTheDirectory() throws {
        do {
            let journal = try Journal(directory: directory.path)
            let error = #expect(throws: JournalError.self) { try Journal(directory: directory.path) }
            #expect(error?.code == .inUse)
            try journal.close()
        }
        _ = try Journal(directory: directory.path)
    }

    @Test func oneWriterAtATimeWrites() throws {
        let journal = try Journal(directory: directory.path)
        do {
            let writer = try journal.makeWriter()
            let second = #expect(throws: JournalError.self) { try journal.makeWriter() }
            #expect(second?.code == .inUse)
            let close = #expect(throws: JournalError.self) { try journal.close() }
            #expect(close?.code == .inUse)
            try writer.store(0..<10)
        }
        try journal.makeWriter().store(10..<20)
        #expect(try journal.reader.statistics().records == 20)
        try journal.close()
    }

    @Test func onlyTheOwnerMayReadTheFiles() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.store(0..<10)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(files.contains("journal.sqlite-wal"))
        for file in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + file)
            #expect((attributes[.posixPermissions] as? Int) == 0o600, "\(file)")
        }
    }

    @Test func aNewerDatabaseIsRefusedUntouched() throws {
        do { try Journal(directory: directory.path).close() }
        let database = RawDatabase(directory.database)
        database.text("INSERT INTO grdb_migrations VALUES ('2: something of tomorrow')")
        database.close()
        for _ in 0..<2 {
            let error = #expect(throws: JournalError.self) { try Journal(directory: directory.path) }
            #expect(error?.code == .newerVersion)
        }
    }

    @Test func anotherProgramsDatabaseIsRefused() throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        let database = RawDatabase(directory.database)
        database.text("CREATE TABLE bookmarks (url TEXT)")
        database.close()
        let error = #expect(throws: JournalError.self) { try Journal(directory: directory.path) }
        #expect(error?.code == .notAJournal)
        #expect(RawDatabase.count(directory.database, "sqlite_schema") == 1)
    }

    @Test func aFileThatIsNoDatabaseIsRefused() throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        let bytes = Data(repeating: 65, count: 20_000)
        #expect(FileManager.default.createFile(atPath: directory.database, contents: bytes))
        let error = #expect(throws: JournalError.self) { try Journal(directory: directory.path) }
        #expect(error?.code == .notAJournal)
        #expect(FileManager.default.contents(atPath: directory.database) == bytes)
    }

    @Test func theMigrationsMakeTheWholeSchema() throws {
        for _ in 0..<2 { try Journal(directory: directory.path).close() }
        let database = RawDatabase(directory.database)
        defer { database.close() }
        #expect(
            database.text("SELECT group_concat(identifier) FROM grdb_migrations")
                == "1: archive, accounts, alerts,2: audit log,3: remediations,4: state of the stream,"
                + "5: alerts by last seen,6: dead letters kept whole,7: identities by account,"
                + "8: revisions of alerts as differences,9: a beginning of the audit log")
        let tables = database.text(
            "SELECT group_concat(name, ' ') FROM (SELECT name FROM pragma_table_list "
                + "WHERE schema = 'main' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'grdb%' ORDER BY name)")
        #expect(
            tables
                == "account alert alert_log audit audit_anchor block day dead_letter dead_letter_body detection_state event_page event_run mark "
                + "remediation remediation_policy state stream_log")
        #expect(database.text("PRAGMA journal_mode") == "wal")
        #expect(database.text("PRAGMA page_size") == "8192")
        #expect(database.text("PRAGMA application_id") == "1416129134")
    }

    @Test func aFullDiskFailsTheCommitAndTheNextMaySucceed() throws {
        let journal = try Journal(
            directory: directory.path,
            options: Journal.Options(maximumBytes: 2 << 20, index: IndexTests.small))
        let writer = try journal.makeWriter()
        let builder = try BlockBuilder()
        var next = 0
        var failure: JournalError?
        while failure == nil {
            let batch = try Batch.make(next..<next + 500, builder: builder)
            do {
                _ = try writer.commit { transaction in
                    try transaction.putState("next", Array("\(next + 500)".utf8))
                    return try transaction.append(batch.block, ids: batch.ids, receivedAt: 0)
                }
                next += 500
            } catch let error as JournalError {
                failure = error
            }
        }
        #expect(failure?.code == .full)
        #expect(next > 1_000)
        // Readers go on, with all that was committed and nothing else.
        #expect(try journal.reader.state("next") == Array("\(next)".utf8))
        #expect(try journal.reader.statistics().records == Int64(next))
        let ids = (0..<next + 500).map(Batch.id)
        #expect(try writer.knownEvents(ids) == ids.indices.map { $0 < next })
        // Again and again: the failure leaves nothing behind.
        for _ in 0..<3 {
            #expect(throws: JournalError.self) { try writer.store(next..<next + 500) }
        }
        try writer.setMaximum(bytes: 64 << 20)
        try writer.store(next - 100..<next + 500)
        #expect(try writer.knownEvents(ids).allSatisfy { $0 })
        #expect(try journal.reader.statistics().records == Int64(next) + 500)
        #expect(RawDatabase.check(directory.database) == "ok")
    }

    @Test func theLogIsCopiedWhileWritingAndBeginsAnew() throws {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.commit { try $0.putState("first", [1]) }
        let generation = try logGeneration()
        // More than the length at which copying begins. Then the log is copied beside whatever is committed.
        for number in 0..<24 {
            try writer.commit { try $0.putState("\(number)", [UInt8](repeating: UInt8(number), count: 1 << 20)) }
        }
        var commits = 0
        while try logGeneration() == generation, commits < 20_000 {
            try writer.commit { try $0.putState("next", Array("\(commits)".utf8)) }
            commits += 1
        }
        #expect(try logGeneration() != generation)
        for number in 0..<24 {
            #expect(try journal.reader.state("\(number)") == [UInt8](repeating: UInt8(number), count: 1 << 20))
        }
        #expect(try journal.reader.state("first") == [1])
    }

    /// The salts in the log's header, which change each time it begins anew.
    private func logGeneration() throws -> Data {
        let file = try #require(FileHandle(forReadingAtPath: directory.database + "-wal"))
        defer { try? file.close() }
        return try #require(try file.read(upToCount: 32)).dropFirst(16).prefix(8)
    }
}
