// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// Whether a detection runs, as somebody set it.
package struct DetectionStateRow: Hashable, Sendable {
    /// The detection.
    package var detectionID: String
    /// Whether it runs.
    package var enabled: Bool
    /// Milliseconds since 1970.
    package var changedAt: Int64

    /// A row, as it is to be stored.
    package init(detectionID: String, enabled: Bool, changedAt: Int64) {
        self.detectionID = detectionID
        self.enabled = enabled
        self.changedAt = changedAt
    }
}

enum StateTable {
    static func value(_ database: Database, _ name: String) throws -> [UInt8]? {
        let statement = try database.cachedStatement(sql: "SELECT value FROM state WHERE name = ?")
        return try Row.fetchOne(statement, arguments: [name]).map { try StoredRow($0, "state").bytes(0) }
    }

    /// The entries whose names begin with a prefix, by ascending name.
    static func values(
        _ database: Database, prefix: String, after name: String, limit: Int
    ) throws -> [(name: String, value: [UInt8])] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT name, value FROM state WHERE name >= ?1 AND name > ?2 AND substr(name, 1, length(?1)) = ?1
                ORDER BY name LIMIT ?3
                """)
        let limit = max(1, min(limit, JournalLimits.pageRows))
        return try Row.fetchAll(statement, arguments: [prefix, name, limit]).map { row in
            let row = StoredRow(row, "state")
            return (try row[0], try row.bytes(1))
        }
    }

    static func detections(_ database: Database) throws -> [DetectionStateRow] {
        try Row.fetchAll(
            database, sql: "SELECT detection_id, enabled, changed_at FROM detection_state ORDER BY detection_id"
        ).map { row in
            let row = StoredRow(row, "detection_state")
            return try DetectionStateRow(detectionID: row[0], enabled: row[1], changedAt: row[2])
        }
    }
}

extension Transaction {
    /// The engine's state under a name.
    package func state(_ name: String) throws -> [UInt8]? { try StateTable.value(database, name) }

    /// Sets the engine's state under a name; nil removes it.
    package func putState(_ name: String, _ value: [UInt8]?) throws {
        guard let value else {
            try database.cachedStatement(sql: "DELETE FROM state WHERE name = ?").execute(arguments: [name])
            return
        }
        guard value.count <= JournalLimits.valueBytes else {
            throw JournalError(.outOfBounds, "a state of \(value.count) bytes")
        }
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)")
            .execute(arguments: [name, Data(value)])
    }

    /// Removes the engine's state under all names that begin with a prefix.
    package func removeStates(prefix: String) throws {
        try database.cachedStatement(sql: "DELETE FROM state WHERE name >= ?1 AND substr(name, 1, length(?1)) = ?1")
            .execute(arguments: [prefix])
    }

    /// Sets whether a detection runs.
    package func putDetectionState(_ row: DetectionStateRow) throws {
        try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO detection_state (detection_id, enabled, changed_at) VALUES (?, ?, ?)"
        ).execute(arguments: [row.detectionID, row.enabled, row.changedAt])
    }
}

extension Reader {
    /// The engine's state under a name.
    package func state(_ name: String) throws -> [UInt8]? { try read { try StateTable.value($0, name) } }

    /// The engine's state under the names that begin with a prefix, ascending, those after a name.
    package func states(
        prefix: String, after name: String = "", limit: Int
    ) throws -> [(name: String, value: [UInt8])] {
        try read { try StateTable.values($0, prefix: prefix, after: name, limit: limit) }
    }

    /// All that were ever set.
    package func detectionStates() throws -> [DetectionStateRow] { try read { try StateTable.detections($0) } }
}
