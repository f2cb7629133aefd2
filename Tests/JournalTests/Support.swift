// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import GRDBSQLite
import Journal

/// A data directory that goes with the test.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = Self.root + "journal-" + UUID().uuidString
    }

    /// In memory where there is room: thousands of small durable commits wait for a disk longer than for all else.
    static let root: String = {
        let memory = "/dev/shm/"
        var room = statvfs()
        guard statvfs(memory, &room) == 0, access(memory, W_OK) == 0,
            UInt64(room.f_bavail) * UInt64(room.f_bsize) > 1 << 30
        else { return NSTemporaryDirectory() }
        return memory
    }()

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    var database: String { path + "/journal.sqlite" }
}

/// A batch as the pipeline hands it over.
struct Batch {
    var block: Block
    var ids: [EventID]
    var records: [[UInt8]]

    /// Records with the identities `numbers`, one second of event time apart, each to be found by "even" or "odd", by
    /// "user-N" for its number modulo 10, and by "key-N".
    /// - Parameter instant: the event time of all of them, in milliseconds; else each has its number in seconds.
    static func make(_ numbers: some Sequence<Int>, builder: BlockBuilder, instant: Int64? = nil) throws -> Batch {
        var ids: [EventID] = []
        var records: [[UInt8]] = []
        for number in numbers {
            let record = Self.record(number)
            let taken = try builder.take(record, time: instant ?? Int64(number) * 1_000)
            precondition(taken, "a test's batch fits one block")
            builder.add(LookupToken(number % 2 == 0 ? "even" : "odd"))
            builder.add(LookupToken("user-\(number % 10)"))
            builder.add(LookupToken("key-\(number)"))
            ids.append(Self.id(number))
            records.append(record)
        }
        guard let block = try builder.finish() else { throw JournalError(.outOfBounds, "a batch of nothing") }
        return Batch(block: block, ids: ids, records: records)
    }

    static func record(_ number: Int) -> [UInt8] {
        Array(#"{"eventID":"\#(number)","user":"user-\#(number % 10)","padding":"\#(number &* 2_654_435_761)"}"#.utf8)
    }

    static func id(_ number: Int) -> EventID { EventID("event \(number)") }
}

extension BlockBuilder {
    func take(_ record: [UInt8], time: Int64) throws -> Bool {
        try record.withUnsafeBytes { try append($0, time: time) }
    }
}

extension Writer {
    /// Stores records in blocks of up to a size, one commit for each.
    func store(_ numbers: Range<Int>, blocks size: Int = 500, receivedAt: Int64 = 0) throws {
        let builder = try BlockBuilder()
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: size) {
            let batch = try Batch.make(start..<min(start + size, numbers.upperBound), builder: builder)
            _ = try commit { try $0.append(batch.block, ids: batch.ids, receivedAt: receivedAt) }
        }
    }

    /// Lets the upkeep run to its end.
    func settle() throws {
        while needsMaintenance { try commit { _ in } }
    }
}

/// Looks into a database behind the journal's back.
struct RawDatabase {
    private let connection: OpaquePointer?

    init(_ path: String) {
        var connection: OpaquePointer?
        sqlite3_open(path, &connection)
        self.connection = connection
    }

    func close() { sqlite3_close(connection) }

    /// The first column of the first row, as text; for a statement without rows its error message, or "".
    @discardableResult
    func text(_ sql: String) -> String {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else {
            return String(cString: sqlite3_errmsg(connection))
        }
        guard sqlite3_step(statement) == SQLITE_ROW, let text = sqlite3_column_text(statement, 0) else { return "" }
        return String(cString: text)
    }

    /// Rows of a table, or of what stands behind FROM.
    static func count(_ path: String, _ table: String) -> Int {
        let database = RawDatabase(path)
        defer { database.close() }
        return Int(database.text("SELECT count(*) FROM \(table)")) ?? -1
    }

    static func check(_ path: String) -> String {
        let database = RawDatabase(path)
        defer { database.close() }
        return database.text("PRAGMA integrity_check")
    }
}

let dayMilliseconds: Int64 = 86_400_000
