// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// A journal that was put back from a copy.
package struct RestoredJournal: Sendable {
    /// What the copy holds.
    package let copy: JournalCopy
    /// The name that the journal before it has now; nil where there was none.
    package let replaced: String?
}

extension Journal {
    /// Puts a data directory's journal back to a copy, and begins a new epoch of its alert log.
    ///
    /// The journal that is there, if any, is kept beside under another name. Throws `inUse` while a service has the data
    /// directory, and `alreadyThere` for a journal that is not to be replaced.
    ///
    /// - Parameters:
    ///   - time: now, in milliseconds since 1970.
    package static func restore(
        _ file: String, to directory: String, replacing: Bool = false, time: Int64
    ) throws -> RestoredJournal {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw JournalError(.inputOutput, "can't make the data directory \(directory): \(error)")
        }
        let lock = try DirectoryLock(directory: directory)
        defer { withExtendedLifetime(lock) {} }
        let path = database(in: directory)
        let isThere = FileManager.default.fileExists(atPath: path)
        if isThere, !replacing {
            throw JournalError(.alreadyThere, "the data directory \(directory) has a journal already")
        }
        let copy = try JournalCopy(verifying: file)
        let stage = directory + "/.restoring"
        try? FileManager.default.removeItem(atPath: stage)
        defer { try? FileManager.default.removeItem(atPath: stage) }
        try FileManager.default.createDirectory(
            atPath: stage, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let staged = database(in: stage)
        try Self.copy(file, to: staged)
        try beginEpoch(stage, copy, time)
        try DurableFiles.synchronize(staged)
        let replaced = isThere ? try setAside(path, time) : nil
        // From here on the old write-ahead log is gone, which would otherwise be taken for the new file's.
        try DurableFiles.place(staged, as: path, replacing: true)
        return RestoredJournal(copy: copy, replaced: replaced)
    }

    /// Notes the restore in the copy: cursors of what came after the copy are refused from now on.
    private static func beginEpoch(_ stage: String, _ copy: JournalCopy, _ time: Int64) throws {
        let journal = try Journal(directory: stage)
        do {
            let writer = try journal.makeWriter()
            var epochs = journal.epochs
            epochs.begin(after: copy.alertLogHead, time: time)
            let bytes = epochs.bytes
            try writer.commit { transaction in
                try transaction.putState(LogEpochs.stateName, bytes)
                _ = try transaction.appendAudit(
                    AuditEntry(
                        time: time, actor: .service, method: "restore",
                        summary: "restored from a backup with \(copy.records) records, whose alert log ended at entry "
                            + "\(copy.alertLogHead) and audit log at \(copy.auditHead.sequence)"))
            }
        }
        if let problem = try journal.close() { throw JournalError(.database, problem) }
    }

    /// Gives the present database a second name, and puts its write-ahead log into it.
    private static func setAside(_ path: String, _ time: Int64) throws -> String {
        let aside = path + ".before-\(time / 1_000)"
        do {
            let queue = try DatabaseQueue(path: path)
            _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            try queue.close()
            DurableFiles.remove(path + "-wal", path + "-shm")
        } catch {
            // A damaged database keeps its log beside it.
            if rename(path + "-wal", aside + "-wal") != 0, errno != ENOENT {
                throw JournalError(.inputOutput, "can't move \(path)-wal: \(String(cString: strerror(errno)))")
            }
            DurableFiles.remove(path + "-shm")
        }
        guard link(path, aside) == 0 else {
            throw JournalError(.inputOutput, "can't make \(aside): \(String(cString: strerror(errno)))")
        }
        return aside
    }
}
