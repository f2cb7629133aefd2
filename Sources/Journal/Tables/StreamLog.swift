// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// One row of the stream's log: what one commit taught the engine, in the engine's own bytes.
package struct StreamLogRow: Hashable, Sendable {
    /// Ascending, in the order of the commits.
    package let position: Int64
    package let bytes: [UInt8]
}

/// The state of the stream as a log: a row a commit, all of which together are the state. Rows are only ever added at its
/// end and dropped at its beginning, so that a commit writes what it changed and no more.
enum StreamLogTable {
    static func rows(
        _ database: Database, after position: Int64, bytes limit: Int
    ) throws -> [StreamLogRow] {
        let statement = try database.cachedStatement(
            sql: "SELECT position, bytes FROM stream_log WHERE position > ? ORDER BY position")
        let cursor = try Row.fetchCursor(statement, arguments: [position])
        var rows: [StreamLogRow] = []
        var size = 0
        while size < limit, let row = try cursor.next() {
            let row = StoredRow(row, "stream_log")
            let bytes = try row.bytes(1)
            size += max(bytes.count, 1)
            rows.append(StreamLogRow(position: try row[0], bytes: bytes))
        }
        return rows
    }
}

extension Transaction {
    /// Adds a row to the end of the stream's log.
    package func appendStreamLog(_ bytes: [UInt8]) throws {
        guard bytes.count <= JournalLimits.valueBytes else {
            throw JournalError(.outOfBounds, "a row of the stream's log of \(bytes.count) bytes")
        }
        try database.cachedStatement(sql: "INSERT INTO stream_log (bytes) VALUES (?)").execute(arguments: [Data(bytes)])
    }

    /// The rows after a position, ascending, until they have `bytes` or more together.
    package func streamLog(after position: Int64 = 0, bytes: Int) throws -> [StreamLogRow] {
        try StreamLogTable.rows(database, after: position, bytes: bytes)
    }

    /// Drops the rows up to a position.
    package func dropStreamLog(through position: Int64) throws {
        try database.cachedStatement(sql: "DELETE FROM stream_log WHERE position <= ?").execute(arguments: [position])
    }
}

extension Reader {
    /// The rows of the stream's log after a position, ascending, until they have `bytes` or more together.
    package func streamLog(after position: Int64 = 0, bytes: Int) throws -> [StreamLogRow] {
        try read { try StreamLogTable.rows($0, after: position, bytes: bytes) }
    }
}
