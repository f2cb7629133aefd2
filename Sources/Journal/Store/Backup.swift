// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// A verified copy of a journal in one file.
package struct JournalCopy: Sendable {
    /// The file.
    package let path: String
    /// Its size.
    package let bytes: Int64
    /// Records in it.
    package let records: Int64
    /// Alerts in it.
    package let alerts: Int64
    /// The newest entry of its alert log.
    package let alertLogHead: Int64
    /// The end of its audit log.
    package let auditHead: AuditHead

    /// Reads a copy and verifies it: it is a journal that this version can read, and SQLite's integrity check finds
    /// nothing.
    package init(verifying path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw JournalError(.inputOutput, "can't read \(path)")
        }
        self = try JournalError.converting {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let copy = try queue.read { try JournalCopy($0, path) }
            try queue.close()
            return copy
        }
    }

    private init(_ database: Database, _ path: String) throws {
        let id = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        guard id == Schema.applicationID else {
            throw JournalError(.notAJournal, "\(path) is no database of Trailhound")
        }
        try Schema.check(database)
        let problems = try String.fetchAll(database, sql: "PRAGMA integrity_check(10)")
        guard problems == ["ok"] else {
            throw JournalError(.damaged, "\(path) is damaged: \(problems.joined(separator: "; "))")
        }
        self.path = path
        let pages = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        let size = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0
        bytes = pages * size
        records = try Int64.fetchOne(database, sql: "SELECT coalesce(sum(records), 0) FROM day") ?? 0
        alerts = try Int64.fetchOne(database, sql: "SELECT count(*) FROM alert") ?? 0
        alertLogHead = try AlertLogTable.head(database)
        auditHead = try AuditTable.head(database)
    }
}

extension Journal {
    /// The database's file of a data directory.
    package static func database(in directory: String) -> String { directory + "/journal.sqlite" }

    /// Copies the journal of a data directory into a file, whether a service runs on it or not: all of one commit's state,
    /// verified, and under its name only once it is whole and on the disk.
    ///
    /// Throws `alreadyThere` for a file that is there, unless it is to be replaced.
    package static func backUp(_ directory: String, to file: String, replacing: Bool = false) throws -> JournalCopy {
        let source = database(in: directory)
        guard FileManager.default.fileExists(atPath: source) else {
            throw JournalError(.inputOutput, "there is no \(source)")
        }
        let target = URL(fileURLWithPath: file)
        let folder = target.deletingLastPathComponent().resolvingSymlinksInPath()
        if folder == URL(fileURLWithPath: directory).resolvingSymlinksInPath(),
            target.lastPathComponent.hasPrefix("journal.")
        {
            throw JournalError(.outOfBounds, "\(file) is a name of the store's own files")
        }
        if !replacing, FileManager.default.fileExists(atPath: file) {
            throw JournalError(.alreadyThere, "\(file) is there already")
        }
        let partial = file + ".partial-\(getpid())"
        defer { DurableFiles.remove(partial, partial + "-journal") }
        try copy(source, to: partial)
        let verified = try JournalCopy(verifying: partial)
        try DurableFiles.place(partial, as: file, replacing: replacing)
        return JournalCopy(verified, at: file)
    }

    /// Copies a database page by page, in one reading transaction, into a new file that needs no second one.
    static func copy(_ source: String, to file: String) throws {
        DurableFiles.remove(file, file + "-journal")
        DirectoryLock.makePrivateFile(file)
        var reading = Configuration()
        reading.readonly = true
        reading.busyMode = .timeout(10)
        try JournalError.converting {
            let from = try DatabaseQueue(path: source, configuration: reading)
            let to = try DatabaseQueue(path: file)
            try from.backup(to: to)
            // The copy would say of itself that it has a write-ahead log.
            let mode = try to.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA journal_mode = DELETE") }
            try to.close()
            try from.close()
            guard mode == "delete" else {
                throw JournalError(.database, "the copy's journal mode is \(mode ?? "unknown")")
            }
        }
        try DurableFiles.synchronize(file)
    }
}

extension JournalCopy {
    init(_ copy: JournalCopy, at path: String) {
        self.path = path
        bytes = copy.bytes
        records = copy.records
        alerts = copy.alerts
        alertLogHead = copy.alertLogHead
        auditHead = copy.auditHead
    }
}

/// Files that are whole on the disk before they have their names.
enum DurableFiles {
    static func remove(_ paths: String...) {
        for path in paths { unlink(path) }
    }

    /// Waits until a file's content, or a folder's names, are on the disk.
    static func synchronize(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw JournalError(.inputOutput, "can't sync \(path): \(reason)")
        }
        close(descriptor)
    }

    /// Gives a file its name. Throws `alreadyThere` where another has it and is not to be replaced.
    static func place(_ partial: String, as path: String, replacing: Bool) throws {
        // A link, unlike a rename, never takes the place of a file.
        let failed = replacing ? rename(partial, path) != 0 : link(partial, path) != 0
        if failed {
            let reason = errno
            throw JournalError(
                reason == EEXIST ? .alreadyThere : .inputOutput,
                "can't make \(path): \(String(cString: strerror(reason)))")
        }
        try synchronize(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }
}
