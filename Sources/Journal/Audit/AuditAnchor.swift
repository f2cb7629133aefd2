// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// The beginning of an audit log that the retention cut: what is needed to verify the chain from there on, and what is
/// known of the entries that went.
package struct AuditAnchor: Hashable, Sendable {
    /// The last entry that went.
    package let head: AuditHead
    /// Entries that went, in all cuts together.
    package let entries: Int64
    /// The times of the first and the last of them, in milliseconds since 1970.
    package let firstTime: Int64
    package let lastTime: Int64
    /// The time of the cut.
    package let cutAt: Int64

    package init(head: AuditHead, entries: Int64, firstTime: Int64, lastTime: Int64, cutAt: Int64) {
        self.head = head
        self.entries = entries
        self.firstTime = firstTime
        self.lastTime = lastTime
        self.cutAt = cutAt
    }

    /// What the entries that tell of cuts have as their method.
    package static let method = "audit-retention"

    /// The entry that tells of the cut.
    var entry: AuditEntry {
        AuditEntry(
            time: cutAt, actor: .service, method: Self.method,
            summary: "cut the audit log after \(head): \(entries) entries are gone in all")
    }

    /// Whether an entry tells of a cut after a head.
    static func isTold(_ head: AuditHead, by entry: AuditEntry) -> Bool {
        entry.method == method && entry.actor == .service && entry.summary.hasPrefix("cut the audit log after \(head):")
    }
}

extension AuditTable {
    static func addAnchor(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE audit_anchor (
                    id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL, hash BLOB NOT NULL,
                    entries INTEGER NOT NULL, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL,
                    cut_at INTEGER NOT NULL
                ) STRICT;
                """)
    }

    /// The beginning of a log that was cut; nil for one that has its first entry.
    static func anchor(_ database: Database) throws -> AuditAnchor? {
        // A copy of an earlier version has no such table.
        guard try database.tableExists("audit_anchor") else { return nil }
        let row = try Row.fetchOne(
            database,
            sql: "SELECT sequence, hash, entries, first_time, last_time, cut_at FROM audit_anchor WHERE id = 1")
        guard let row = row.map({ StoredRow($0, "audit_anchor") }) else { return nil }
        let head = AuditHead(sequence: try row.number(0, in: StoredBounds.number), hash: try row.bytes(1))
        return try AuditAnchor(
            head: head, entries: row.number(2, in: StoredBounds.number), firstTime: row[3], lastTime: row[4],
            cutAt: row[5])
    }
}

extension Transaction {
    /// Drops the entries at the beginning of the audit log that are older than a time, up to
    /// `JournalLimits.auditCutRows`, and leaves an anchor and an entry that tells of it. The last entry always stays.
    ///
    /// Returns the anchor; nil where nothing was old enough.
    package func cutAudit(before time: Int64, now: Int64) throws -> AuditAnchor? {
        let old = try Row.fetchOne(database, sql: "SELECT sequence, time FROM audit ORDER BY sequence LIMIT 1")
        guard let old = old.map({ StoredRow($0, "audit") }) else { return nil }
        let first = try old.number(0, in: StoredBounds.number)
        let kept = try Int64.fetchOne(
            database, sql: "SELECT sequence FROM audit WHERE time >= ? ORDER BY sequence LIMIT 1", arguments: [time])
        let head = writer.state.auditHead.sequence
        let end = min(min(kept ?? head, head) - 1, first + Int64(JournalLimits.auditCutRows) - 1)
        guard end >= first else { return nil }
        let last = try Row.fetchOne(
            database, sql: "SELECT hash, time FROM audit WHERE sequence = ?", arguments: [end])
        guard let last = last.map({ StoredRow($0, "audit") }) else {
            throw JournalError.damaged("table audit", "entry \(end) is missing")
        }
        let before = try AuditTable.anchor(database)
        let anchor = AuditAnchor(
            head: AuditHead(sequence: end, hash: try last.bytes(0)), entries: (before?.entries ?? 0) + end - first + 1,
            firstTime: try before?.firstTime ?? old[1], lastTime: try last[1], cutAt: now)
        try database.execute(sql: "DELETE FROM audit WHERE sequence <= ?", arguments: [end])
        try database.execute(
            sql: "INSERT OR REPLACE INTO audit_anchor VALUES (1, ?, ?, ?, ?, ?, ?)",
            arguments: [
                anchor.head.sequence, Data(anchor.head.hash), anchor.entries, anchor.firstTime, anchor.lastTime,
                anchor.cutAt,
            ])
        try appendAudit(anchor.entry)
        return anchor
    }
}

extension Reader {
    /// The beginning of the audit log where the retention cut it; nil where it has its first entry.
    package func auditAnchor() throws -> AuditAnchor? { try read(AuditTable.anchor) }
}
