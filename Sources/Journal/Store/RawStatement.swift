// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

/// A prepared statement that is stepped through SQLite's C interface: for the rows that come by the thousand, where a
/// value object for each column would cost more than the row. Used on its connection's thread only.
struct RawStatement {
    private let statement: Statement

    init(_ database: Database, _ sql: String) throws {
        statement = try database.makeStatement(sql: sql)
    }

    /// A statement that the connection keeps for the next time: whoever steps it resets it.
    init(cachedBy database: Database, _ sql: String) throws {
        statement = try database.cachedStatement(sql: sql)
    }

    func bind(_ index: Int32, _ value: Int64) {
        sqlite3_bind_int64(statement.sqliteStatement, index, value)
    }

    /// Binds bytes without a copy: they must stay until the statement has run. Each run binds anew.
    func bind(_ index: Int32, blob: UnsafeRawBufferPointer) {
        if let base = blob.baseAddress {
            sqlite3_bind_blob64(statement.sqliteStatement, index, base, sqlite3_uint64(blob.count), nil)
        } else {
            sqlite3_bind_zeroblob(statement.sqliteStatement, index, 0)
        }
    }

    /// Binds ASCII text without a copy, as `bind(_:blob:)` does.
    func bind(_ index: Int32, text: UnsafeRawBufferPointer) {
        let base = text.baseAddress?.assumingMemoryBound(to: CChar.self)
        sqlite3_bind_text64(
            statement.sqliteStatement, index, base, sqlite3_uint64(text.count), nil, UInt8(SQLITE_UTF8))
    }

    /// Moves to the next row; false when there is none.
    func step() throws -> Bool {
        let code = sqlite3_step(statement.sqliteStatement)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        let message = sqlite3_errmsg(sqlite3_db_handle(statement.sqliteStatement)).map { String(cString: $0) }
        sqlite3_reset(statement.sqliteStatement)
        throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: statement.sql)
    }

    /// Runs a statement that returns no row.
    func run() throws {
        _ = try step()
        reset()
    }

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(statement.sqliteStatement, column) }

    /// The bytes of a column, valid until the next step or reset.
    func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        guard let base = sqlite3_column_blob(statement.sqliteStatement, column) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(
            start: base, count: Int(sqlite3_column_bytes(statement.sqliteStatement, column)))
    }

    /// Ends a reading, so that it holds no snapshot.
    func reset() { sqlite3_reset(statement.sqliteStatement) }
}
