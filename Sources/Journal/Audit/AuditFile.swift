// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// The audit log of a database that no service is asked for: a copy, or a data directory as it lies there. Nothing is
/// written, and a service that has it open is not disturbed.
package final class AuditFile: Sendable {
    private let queue: DatabaseQueue

    /// Opens `journal.sqlite` of a data directory, or a file of its own. Throws `notAJournal` where it is none.
    package init(path: String) throws {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let file = isFolder.boolValue ? path + "/journal.sqlite" : path
        guard exists, FileManager.default.isReadableFile(atPath: file) else {
            throw JournalError(.inputOutput, "can't read \(file)")
        }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        queue = try JournalError.converting {
            let queue = try DatabaseQueue(path: file, configuration: configuration)
            try queue.read { database in
                let id = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
                guard id == Schema.applicationID, try database.tableExists("audit") else {
                    throw JournalError(.notAJournal, "\(file) holds no audit log")
                }
            }
            return queue
        }
    }

    /// The beginning of a log that the retention cut; nil for one that has its first entry.
    package func anchor() throws -> AuditAnchor? { try JournalError.converting { try queue.read(AuditTable.anchor) } }

    /// The log after an entry (0 for its beginning), oldest first. At most `JournalLimits.pageRows` at once.
    package func records(after sequence: Int64, limit: Int) throws -> [AuditRecord] {
        try JournalError.converting { try queue.read { try AuditTable.list($0, after: sequence, limit: limit) } }
    }
}
