// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import Journal
import Testing

@Suite(.timeLimit(.minutes(2))) struct BackupTests {
    let directory = TemporaryDirectory()
    let other = TemporaryDirectory()

    private func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private func alert(_ id: String) -> AlertRow {
        AlertRow(
            alertID: id, detectionID: "d", accountID: "111122223333", actor: "a", severity: 1, audience: 1, status: 1,
            firstSeen: 1, lastSeen: 1, createdAt: 1, revision: 1, payload: [1])
    }

    /// A journal with so many records and alerts.
    private func fill(_ records: Int, alerts: Int) throws -> Journal {
        let journal = try Journal(directory: directory.path)
        let writer = try journal.makeWriter()
        try writer.store(0..<records)
        for number in 0..<alerts { _ = try writer.commit { try $0.putAlert(alert("alert-\(number)")) } }
        return journal
    }

    @Test func aClosedJournalIsOneCompleteFile() throws {
        #expect(try fill(3_000, alerts: 2).close() == nil)
        try FileManager.default.createDirectory(atPath: other.path, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: directory.database, toPath: other.database)
        #expect(RawDatabase.check(other.database) == "ok")
        #expect(try Journal(directory: other.path).reader.statistics().records == 3_000)
    }

    @Test func aBackupOfARunningJournalHoldsOneCommitAndIsVerified() throws {
        let journal = try fill(1_000, alerts: 2)
        let writer = try journal.makeWriter()
        let file = directory.path + "/copy.sqlite"
        let copy = try Journal.backUp(directory.path, to: file)
        try writer.store(1_000..<2_000)
        #expect(copy.records == 1_000)
        #expect(copy.alerts == 2)
        #expect(copy.alertLogHead == 2)
        #expect(try JournalCopy(verifying: file).records == 1_000)
        // One file, without a log beside it, of which only its owner may read.
        #expect(!isThere(file + "-wal"))
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let rest = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(!rest.contains { $0.contains("partial") })
    }

    @Test func aBackupReplacesNothingUnlessItIsTold() throws {
        let journal = try fill(100, alerts: 0)
        let file = directory.path + "/copy.sqlite"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: file))
        let error = #expect(throws: JournalError.self) { try Journal.backUp(directory.path, to: file) }
        #expect(error?.code == .alreadyThere)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
        #expect(try Journal.backUp(directory.path, to: file, replacing: true).records == 100)
        #expect(throws: JournalError.self) {
            try Journal.backUp(directory.path, to: directory.database, replacing: true)
        }
        #expect(try journal.reader.statistics().records == 100)
    }

    @Test func damagedAndForeignFilesAreRefusedBeforeAnythingChanges() throws {
        _ = try fill(20_000, alerts: 0).close()
        let file = directory.path + "/copy.sqlite"
        _ = try Journal.backUp(directory.path, to: file)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        for index in stride(from: bytes.count / 2, to: bytes.count / 2 + 40_000, by: 7) { bytes[index] ^= 0x55 }
        let broken = directory.path + "/broken.sqlite"
        try bytes.write(to: URL(fileURLWithPath: broken))
        let text = directory.path + "/text"
        try Data(repeating: 0x41, count: 100_000).write(to: URL(fileURLWithPath: text))
        for path in [broken, text, directory.path + "/nowhere"] {
            #expect(throws: JournalError.self) { try Journal.restore(path, to: other.path, time: 1) }
            #expect(!isThere(other.database))
        }
    }

    @Test func aRestoredJournalRefusesCursorsOfItsFutureByName() throws {
        let journal = try fill(100, alerts: 3)
        let file = directory.path + "/copy.sqlite"
        _ = try Journal.backUp(directory.path, to: file)
        #expect(try journal.epochs.position(of: "7") == 7)
        let inUse = #expect(throws: JournalError.self) {
            try Journal.restore(file, to: directory.path, replacing: true, time: 5)
        }
        #expect(inUse?.code == .inUse)
        let restored = try Journal.restore(file, to: other.path, time: 1_790_000_000_000)
        #expect(restored.replaced == nil)
        let again = try Journal(directory: other.path)
        #expect(try again.reader.statistics().records == 100)
        #expect(try again.reader.alertLogHead() == 3)
        #expect(try again.epochs.position(of: "3") == 3)
        #expect(throws: LogEpochs.CursorError.takenBack(end: 3, time: 1_790_000_000_000)) {
            try again.epochs.position(of: "4")
        }
        let cursor = again.epochs.cursor(4)
        #expect(cursor.hasSuffix(".4"))
        #expect(try again.epochs.position(of: cursor) == 4)
        #expect(throws: LogEpochs.CursorError.unknownEpoch) { try again.epochs.position(of: "ffff.4") }
        for text in ["", "-1", "x", "1.2.3", "."] {
            #expect(throws: LogEpochs.CursorError.malformed) { try again.epochs.position(of: text) }
        }
    }

    @Test func aJournalThatIsReplacedIsKeptBeside() throws {
        var journal: Journal? = try fill(100, alerts: 0)
        let file = other.path + ".copy"
        defer { try? FileManager.default.removeItem(atPath: file) }
        _ = try Journal.backUp(directory.path, to: file)
        try journal?.makeWriter().store(100..<500)
        // Killed: the write-ahead log holds what came last.
        journal = nil
        let error = #expect(throws: JournalError.self) { try Journal.restore(file, to: directory.path, time: 2_000) }
        #expect(error?.code == .alreadyThere)
        let restored = try Journal.restore(file, to: directory.path, replacing: true, time: 2_000)
        let replaced = try #require(restored.replaced)
        #expect(try JournalCopy(verifying: replaced).records == 500)
        let now = try Journal(directory: directory.path)
        #expect(try now.reader.statistics().records == 100)
        #expect(try now.reader.auditHead().sequence == 1)
        #expect(RawDatabase.check(directory.database) == "ok")
    }
}
