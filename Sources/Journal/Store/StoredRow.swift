// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// A row as the database has it. A value of another kind than was written is damage with the table's name, where GRDB's
/// own subscripts trap.
struct StoredRow {
    let row: Row
    let table: String

    init(_ row: Row, _ table: String) {
        self.row = row
        self.table = table
    }

    /// The value of a column.
    subscript<Value: DatabaseValueConvertible>(_ column: Int) -> Value {
        get throws {
            let stored: DatabaseValue = row[column]
            if let value = Value.fromDatabaseValue(stored) { return value }
            throw damage(column)
        }
    }

    /// The value of a column that may be NULL.
    subscript<Value: DatabaseValueConvertible>(optional column: Int) -> Value? {
        get throws {
            let stored: DatabaseValue = row[column]
            if stored.isNull { return nil }
            if let value = Value.fromDatabaseValue(stored) { return value }
            throw damage(column)
        }
    }

    /// A number of a column within bounds, so that what is reckoned with it does not overflow.
    func number<Number: FixedWidthInteger & DatabaseValueConvertible>(
        _ column: Int, in range: ClosedRange<Number>
    ) throws -> Number {
        let number: Number = try self[column]
        guard range.contains(number) else { throw damage(column) }
        return number
    }

    /// The bytes of a column.
    func bytes(_ column: Int) throws -> [UInt8] { [UInt8](try self[column] as Data) }

    private func damage(_ column: Int) -> JournalError {
        JournalError.damaged("table \(table)", "column \(column) of a row holds what was not written")
    }
}

/// What no stored number is beyond: sums of the most rows that there can be stay within 64 bits.
enum StoredBounds {
    /// Numbers of blocks, positions, runs and entries, times in milliseconds: 2^46 milliseconds are 2,230 years.
    static let number: ClosedRange<Int64> = 0...(1 << 46)
    /// Event times, which may lie before 1970.
    static let time: ClosedRange<Int64> = -(1 << 53)...(1 << 53)
    /// Bytes and records of one row.
    static let size: ClosedRange<Int> = 0...(1 << 40)
}
