// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import Journal
import Testing

/// What a process that is killed leaves behind. Each test body that ends in a signal runs in a process of its own.
@Suite struct CrashTests {
    /// Commits without end; after each commit, the number of records is written to a file, as an acknowledgement would
    /// be. Killed by a thread beside it after some milliseconds.
    static func commitUntilKilled(directory: String, milliseconds: UInt32) throws {
        var options = Journal.Options()
        options.index = IndexTests.small
        let journal = try Journal(directory: directory, options: options)
        let writer = try journal.makeWriter()
        let acknowledged = open(directory + "/acknowledged", O_WRONLY | O_CREAT, 0o600)
        let builder = try BlockBuilder()
        let thread = Thread {
            usleep(milliseconds * 1_000)
            kill(getpid(), SIGKILL)
        }
        thread.start()
        var next = Int(try journal.reader.statistics().records)
        while true {
            let batch = try Batch.make(next..<next + 20, builder: builder)
            _ = try writer.commit { transaction in
                try transaction.putState("next", Array("\(next + 20)".utf8))
                return try transaction.append(batch.block, ids: batch.ids, receivedAt: Int64(next) * 1_000_000)
            }
            next += 20
            var value = Int64(next)
            pwrite(acknowledged, &value, 8, 0)
        }
    }

    @Test func acknowledgedRecordsSurviveAKill() async throws {
        let temporary = TemporaryDirectory()
        let directory = temporary.path
        var last = 0
        for _ in 0..<10 {
            await #expect(processExitsWith: .signal(SIGKILL)) { [directory = directory as String] in
                try CrashTests.commitUntilKilled(
                    directory: directory, milliseconds: UInt32.random(in: 20...400))
            }
            last = try check(directory: directory, atLeast: last)
        }
        #expect(last > 0)
    }

    /// Every acknowledged record is there once, and at most one commit more.
    private func check(directory: String, atLeast last: Int) throws -> Int {
        var acknowledged = last
        if let data = FileManager.default.contents(atPath: directory + "/acknowledged"), data.count == 8 {
            acknowledged = Int(data.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) })
        }
        var options = Journal.Options()
        options.index = IndexTests.small
        let journal = try Journal(directory: directory, options: options)
        let writer = try journal.makeWriter()
        let stored = Int(try journal.reader.statistics().records)
        #expect(stored == acknowledged || stored == acknowledged + 20)
        #expect(stored >= last)
        let state = try journal.reader.state("next").map { String(decoding: $0, as: UTF8.self) }
        #expect(state.flatMap(Int.init) ?? 0 == stored)
        let ids = (0..<stored + 40).map(Batch.id)
        #expect(try writer.knownEvents(ids) == ids.indices.map { $0 < stored })
        for number in stride(from: 0, to: stored, by: max(stored / 50, 1)) {
            #expect(try journal.reader.record(Batch.id(number))?.bytes == Batch.record(number))
        }
        #expect(RawDatabase.check(directory + "/journal.sqlite") == "ok")
        return stored
    }

    /// The file system refuses writes beyond a size, as a full or failing disk does, while a transaction is written to
    /// the log. (Not SQLite's own limit, which it knows of beforehand.)
    @Test func aDiskThatRefusesWritesFailsTheCommitOnly() async throws {
        let temporary = TemporaryDirectory()
        let directory = temporary.path
        await #expect(processExitsWith: .success) { [directory = directory as String] in
            let journal = try Journal(directory: directory)
            let writer = try journal.makeWriter()
            try writer.store(0..<1_000)
            signal(SIGXFSZ, SIG_IGN)
            var unlimited = rlimit()
            getrlimit(CrashTests.fileSize, &unlimited)
            var limited = unlimited
            limited.rlim_cur = 1 << 20
            setrlimit(CrashTests.fileSize, &limited)
            let noise = (0..<3 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            for _ in 0..<3 {
                let batch = try Batch.make(1_000..<1_010, builder: try BlockBuilder())
                let error = #expect(throws: JournalError.self) {
                    try writer.commit { transaction in
                        try transaction.putState("noise", noise)
                        _ = try transaction.append(batch.block, ids: batch.ids, receivedAt: 0)
                    }
                }
                #expect(error?.code == .full || error?.code == .inputOutput)
                #expect(try journal.reader.statistics().records == 1_000)
                #expect(try journal.reader.state("noise") == nil)
                #expect(try !writer.knownEvents([Batch.id(1_003)])[0])
            }
            setrlimit(CrashTests.fileSize, &unlimited)
            try writer.store(990..<1_500)
            #expect(try journal.reader.statistics().records == 1_500)
        }
        let journal = try Journal(directory: directory)
        let writer = try journal.makeWriter()
        #expect(try journal.reader.statistics().records == 1_500)
        #expect(try writer.knownEvents((0..<1_510).map(Batch.id)) == (0..<1_510).map { $0 < 1_500 })
        #expect(RawDatabase.check(directory + "/journal.sqlite") == "ok")
    }

    /// RLIMIT_FSIZE, which C's headers make an enumeration.
    static let fileSize = __rlimit_resource_t(1)
}
