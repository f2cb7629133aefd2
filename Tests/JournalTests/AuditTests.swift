// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import Journal
import Testing

@Suite struct AuditTests {
    private static func entry(_ number: Int) -> AuditEntry {
        AuditEntry(
            time: 1_790_000_000_000 + Int64(number),
            actor: AuditActor(
                role: "admin", subject: "CN=ops-\(number)", serial: "0A", fingerprint: "f0", address: "127.0.0.1:1"),
            method: "/a.B/C", accountID: "111122223333", summary: "change \(number)")
    }

    /// A journal with an audit log of so many entries, closed.
    private static func write(_ count: Int, in folder: String) throws -> AuditHead {
        let journal = try Journal(directory: folder)
        var writer: Writer? = try journal.makeWriter()
        for number in 1...count { _ = try writer?.commit { try $0.appendAudit(entry(number)) } }
        let head = try journal.reader.auditHead()
        #expect(head == writer?.auditHead)
        writer = nil
        try journal.close()
        return head
    }

    private static func verify(_ path: String, noted: [AuditHead] = []) throws -> AuditHead {
        let file = try AuditFile(path: path)
        var verifier = AuditVerifier(noted: noted)
        while true {
            let page = try file.records(after: verifier.head.sequence, limit: 3)
            if page.isEmpty { break }
            for record in page { try verifier.check(record) }
        }
        try verifier.finish()
        return verifier.head
    }

    /// What a change behind the journal's back leads to.
    private static func broken(_ sql: String..., noted: Bool = false) throws -> AuditBreak? {
        let folder = TemporaryDirectory()
        let head = try write(9, in: folder.path)
        let database = RawDatabase(folder.database)
        for statement in sql { #expect(database.text(statement) == "") }
        database.close()
        do {
            _ = try verify(folder.path, noted: noted ? [head] : [])
            return nil
        } catch let found as AuditBreak {
            return found
        }
    }

    @Test func anUntouchedLogIsIntact() throws {
        let folder = TemporaryDirectory()
        let head = try Self.write(10, in: folder.path)
        #expect(head.sequence == 10)
        #expect(try Self.verify(folder.path) == head)
        #expect(try Self.verify(folder.database, noted: [head]) == head)
        #expect(AuditHead(head.description) == head)
    }

    @Test(arguments: [
        "time = time + 1", "role = 'analyst'", "subject = ''", "serial = '0B'", "fingerprint = 'f1'",
        "address = '127.0.0.1:2'", "method = '/a.B/D'", "account_id = '444455556666'", "summary = 'nothing'",
        "outcome = 'NOT_FOUND'", "hash = zeroblob(32)",
    ])
    func anAlteredEntryIsNamed(change: String) throws {
        let found = try Self.broken("UPDATE audit SET \(change) WHERE sequence = 4")
        #expect(found == AuditBreak(sequence: 4, kind: .altered))
    }

    @Test func textThatMovesFromOneFieldToTheNextIsFound() throws {
        let found = try Self.broken("UPDATE audit SET summary = 'change 4O', outcome = 'K' WHERE sequence = 4")
        #expect(found == AuditBreak(sequence: 4, kind: .altered))
    }

    @Test func anEntryTakenOutIsNamed() throws {
        #expect(try Self.broken("DELETE FROM audit WHERE sequence = 1") == AuditBreak(sequence: 1, kind: .missing))
        #expect(try Self.broken("DELETE FROM audit WHERE sequence = 5") == AuditBreak(sequence: 5, kind: .missing))
        // The gap closed by new numbers.
        let found = try Self.broken(
            "DELETE FROM audit WHERE sequence = 5", "UPDATE audit SET sequence = sequence - 1 WHERE sequence > 5")
        #expect(found == AuditBreak(sequence: 5, kind: .altered))
    }

    @Test func aCutEndShowsAgainstANotedHeadAlone() throws {
        let cut = "DELETE FROM audit WHERE sequence > 6"
        #expect(try Self.broken(cut) == nil)
        #expect(try Self.broken(cut, noted: true) == AuditBreak(sequence: 7, kind: .cut))
    }

    @Test func aLogWrittenAnewShowsAgainstANotedHeadAlone() throws {
        let folder = TemporaryDirectory()
        let head = try Self.write(5, in: folder.path)
        let other = TemporaryDirectory()
        let journal = try Journal(directory: other.path)
        try journal.makeWriter().commit { transaction in
            for number in 11...19 { try transaction.appendAudit(Self.entry(number)) }
        }
        try journal.close()
        #expect(try Self.verify(other.path).sequence == 9)
        #expect(throws: AuditBreak(sequence: 5, kind: .rewritten)) { try Self.verify(other.path, noted: [head]) }
    }

    @Test func aFailedTransactionLeavesNoGap() throws {
        struct Failure: Error {}
        let folder = TemporaryDirectory()
        let journal = try Journal(directory: folder.path)
        var writer: Writer? = try journal.makeWriter()
        _ = try writer?.commit { try $0.appendAudit(Self.entry(1)) }
        #expect(throws: Failure.self) {
            try writer?.commit { transaction -> Void in
                try transaction.appendAudit(Self.entry(2))
                throw Failure()
            }
        }
        _ = try writer?.commit { try $0.appendAudit(Self.entry(3)) }
        #expect(try journal.reader.auditRecords(after: 0, limit: 10).map(\.entry.summary) == ["change 1", "change 3"])
        writer = nil
        // The chain goes on after a restart.
        writer = try journal.makeWriter()
        _ = try writer?.commit { try $0.appendAudit(Self.entry(4)) }
        writer = nil
        try journal.close()
        #expect(try Self.verify(folder.path).sequence == 3)
    }

    @Test func longTextsAreCutAndStillFit() throws {
        let folder = TemporaryDirectory()
        let journal = try Journal(directory: folder.path)
        try journal.makeWriter().commit { transaction in
            var entry = Self.entry(1)
            entry.summary = String(repeating: "é", count: 5_000)
            entry.method = String(repeating: "x", count: 5_000)
            try transaction.appendAudit(entry)
        }
        let stored = try #require(try journal.reader.auditRecords(after: 0, limit: 1).first)
        #expect(stored.entry.summary.utf8.count == JournalLimits.auditSummaryBytes)
        #expect(stored.entry.method.utf8.count == JournalLimits.auditFieldBytes)
        try journal.close()
        #expect(try Self.verify(folder.path).sequence == 1)
    }

    /// Another program, by the description alone: Python's standard library.
    @Test func theHashIsTheOneThatIsDescribed() throws {
        let folder = TemporaryDirectory()
        let head = try Self.write(7, in: folder.path)
        let program = """
            import hashlib, sqlite3, struct, sys
            hash = bytes(32)
            rows = sqlite3.connect(sys.argv[1]).execute("SELECT * FROM audit ORDER BY sequence")
            for sequence, time, *texts, stored in rows:
                bytes_ = b"trailhound-audit-1" + struct.pack(">qq", sequence, time)
                for text in texts:
                    bytes_ += struct.pack(">I", len(text.encode())) + text.encode()
                hash = hashlib.sha256(hash + bytes_).digest()
                assert hash == stored, sequence
            print(hash.hex(), end="")
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program, folder.database]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(String(decoding: output, as: UTF8.self) == Hexadecimal.encode(head.hash))
    }

    // MARK: Cuts of the retention

    /// A log of nine entries from which those before entry 6 were cut, and its heads: after entry 3, 5 and 9.
    private static func cut(in folder: String) throws -> [AuditHead] {
        let journal = try Journal(directory: folder)
        var writer: Writer? = try journal.makeWriter()
        var heads: [AuditHead] = []
        for number in 1...9 {
            _ = try writer?.commit { try $0.appendAudit(entry(number)) }
            if [3, 5, 9].contains(number) { heads.append(try journal.reader.auditHead()) }
        }
        let anchor = try writer?.commit { try $0.cutAudit(before: entry(6).time, now: entry(20).time) }
        #expect(anchor?.head == heads[1] && anchor?.entries == 5)
        writer = nil
        try journal.close()
        return heads
    }

    private static func verifyCut(
        _ path: String, noted: [AuditHead] = []
    ) throws -> AuditVerifier {
        let file = try AuditFile(path: path)
        var verifier = AuditVerifier(noted: noted)
        if let anchor = try file.anchor() { try verifier.begin(after: anchor) }
        while true {
            let page = try file.records(after: verifier.head.sequence, limit: 3)
            if page.isEmpty { break }
            for record in page { try verifier.check(record) }
        }
        try verifier.finish()
        return verifier
    }

    @Test func aCutLogIsVerifiedFromItsAnchor() throws {
        let folder = TemporaryDirectory()
        let heads = try Self.cut(in: folder.path)
        let verifier = try Self.verifyCut(folder.path, noted: heads)
        // The entry that tells of the cut is the tenth.
        #expect(verifier.head.sequence == 10)
        #expect(verifier.anchor?.head == heads[1])
        #expect(verifier.forgotten == [heads[0]], "of entry 3 nothing can be said any more")
        let other = AuditHead(sequence: 5, hash: heads[0].hash)
        #expect(throws: AuditBreak(sequence: 5, kind: .rewritten)) { try Self.verifyCut(folder.path, noted: [other]) }
    }

    @Test func cutsFollowEachOtherAndTheLastEntryStays() throws {
        let folder = TemporaryDirectory()
        _ = try Self.cut(in: folder.path)
        let journal = try Journal(directory: folder.path)
        var writer: Writer? = try journal.makeWriter()
        let anchor = try #require(try writer?.commit { try $0.cutAudit(before: .max, now: 1) })
        #expect(anchor.head.sequence == 9 && anchor.entries == 9)
        #expect(anchor.firstTime == Self.entry(1).time && anchor.lastTime == Self.entry(9).time)
        writer = nil
        // A restart goes on with the chain.
        writer = try journal.makeWriter()
        _ = try writer?.commit { try $0.appendAudit(Self.entry(30)) }
        writer = nil
        try journal.close()
        #expect(try Self.verifyCut(folder.path).head.sequence == 12)
    }

    /// Who takes the beginning off behind the journal's back is found out, also with an anchor of theirs.
    @Test func aBeginningTakenOffBySomebodyElseIsNamed() throws {
        let folder = TemporaryDirectory()
        _ = try Self.write(9, in: folder.path)
        let database = RawDatabase(folder.database)
        database.text(
            """
            INSERT INTO audit_anchor SELECT 1, sequence, hash, 4, time, time, time FROM audit WHERE sequence = 4
            """)
        database.text("DELETE FROM audit WHERE sequence <= 4")
        database.close()
        #expect(throws: AuditBreak(sequence: 4, kind: .unprovenCut)) { try Self.verifyCut(folder.path) }
        let again = RawDatabase(folder.database)
        again.text("DELETE FROM audit_anchor")
        again.close()
        #expect(throws: AuditBreak(sequence: 1, kind: .missing)) { try Self.verifyCut(folder.path) }
    }

    @Test(arguments: [
        "UPDATE audit_anchor SET hash = zeroblob(32)", "UPDATE audit_anchor SET sequence = 4",
        "DELETE FROM audit_anchor", "DELETE FROM audit WHERE sequence = 6", "DELETE FROM audit WHERE sequence = 10",
        "UPDATE audit SET summary = 'cut the audit log after 5:00' WHERE sequence = 10",
    ])
    func aCutLogThatWasChangedIsBroken(sql: String) throws {
        let folder = TemporaryDirectory()
        _ = try Self.cut(in: folder.path)
        let database = RawDatabase(folder.database)
        #expect(database.text(sql) == "")
        database.close()
        #expect(throws: AuditBreak.self) { try Self.verifyCut(folder.path) }
    }
}
