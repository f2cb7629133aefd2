// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Reads revisions of the alert log, from their differences where they are stored as such. It remembers the last revision
/// of each alert that it read: a page in the log's order then costs one decoding an entry.
struct RevisionReader {
    private let database: Database
    private var latest: [String: (position: Int64, bytes: [UInt8])] = [:]

    init(_ database: Database) { self.database = database }

    /// The bytes of a revision.
    ///
    /// - Parameters:
    ///   - stored: the entry's payload.
    ///   - base: the entry that the payload is the difference from; nil for a whole one.
    mutating func read(
        _ position: Int64, of alertID: String, stored: [UInt8], base: Int64?
    ) throws -> [UInt8] {
        let bytes = try JournalError.at("entry \(position) of the alert log") { () throws -> [UInt8] in
            guard let base else { return try RevisionCodec.read(stored) }
            return try RevisionCodec.read(stored, after: try revision(base, of: alertID))
        }
        latest[alertID] = (position, bytes)
        return bytes
    }

    /// A revision that another is based on.
    private func revision(_ position: Int64, of alertID: String) throws -> [UInt8] {
        var differences: [[UInt8]] = []
        var next = position
        var bytes: [UInt8]?
        while bytes == nil {
            if let known = latest[alertID], known.position == next {
                bytes = known.bytes
                break
            }
            guard let row = try AlertLogTable.stored(database, next) else {
                throw JournalError(.damaged, "entry \(next), which it is based on, is gone")
            }
            guard let base = row.base else {
                bytes = try RevisionCodec.read(row.payload)
                break
            }
            differences.append(row.payload)
            guard base < next, differences.count <= Int(JournalLimits.revisionDifferences) else {
                throw JournalError(.damaged, "it is based on more entries than were written")
            }
            next = base
        }
        var revision = bytes ?? []
        for difference in differences.reversed() { revision = try RevisionCodec.read(difference, after: revision) }
        return revision
    }
}
