// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

enum AuditTable {
    private static let columns = """
        sequence, time, role, subject, serial, fingerprint, address, method, account_id, summary, outcome, hash
        """

    static func create(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE audit (
                    sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, role TEXT NOT NULL, subject TEXT NOT NULL,
                    serial TEXT NOT NULL, fingerprint TEXT NOT NULL, address TEXT NOT NULL, method TEXT NOT NULL,
                    account_id TEXT NOT NULL, summary TEXT NOT NULL, outcome TEXT NOT NULL, hash BLOB NOT NULL
                ) STRICT;
                """)
    }

    static func head(_ database: Database) throws -> AuditHead {
        let row = try Row.fetchOne(database, sql: "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
        guard let row = row.map({ StoredRow($0, "audit") }) else { return .empty }
        return AuditHead(sequence: try row.number(0, in: StoredBounds.number), hash: try row.bytes(1))
    }

    static func list(_ database: Database, after sequence: Int64, limit: Int) throws -> [AuditRecord] {
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?")
        let limit = max(1, min(limit, JournalLimits.pageRows))
        return try Row.fetchAll(statement, arguments: [sequence, limit]).map(decode)
    }

    static func insert(_ database: Database, _ record: AuditRecord) throws {
        let entry = record.entry
        try database.cachedStatement(
            sql: "INSERT INTO audit (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                record.sequence, entry.time, entry.actor.role, entry.actor.subject, entry.actor.serial,
                entry.actor.fingerprint, entry.actor.address, entry.method, entry.accountID, entry.summary,
                entry.outcome, Data(record.hash),
            ])
    }

    private static func decode(_ row: Row) throws -> AuditRecord {
        let row = StoredRow(row, "audit")
        let actor = try AuditActor(role: row[2], subject: row[3], serial: row[4], fingerprint: row[5], address: row[6])
        return try AuditRecord(
            sequence: row.number(0, in: StoredBounds.number),
            entry: AuditEntry(
                time: row[1], actor: actor, method: row[7], accountID: row[8], summary: row[9], outcome: row[10]),
            hash: row.bytes(11))
    }
}

extension Transaction {
    /// Appends an entry to the audit log, in this transaction. Returns it with its number and hash.
    @discardableResult
    package func appendAudit(_ entry: AuditEntry) throws -> AuditRecord {
        let record = writer.state.auditHead.next(entry.bounded)
        try AuditTable.insert(database, record)
        writer.state.auditHead = record.head
        return record
    }
}

extension Writer {
    /// The end of the audit log, as of the last commit.
    package var auditHead: AuditHead { state.auditHead }
}

extension Reader {
    /// The audit log after an entry (0 for its beginning), oldest first. At most `JournalLimits.pageRows` at once.
    package func auditRecords(after sequence: Int64, limit: Int) throws -> [AuditRecord] {
        try read { try AuditTable.list($0, after: sequence, limit: limit) }
    }

    /// The end of the audit log.
    package func auditHead() throws -> AuditHead { try read { try AuditTable.head($0) } }
}
