// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The histories of the alert log. A store that is restored from a backup gives the numbers of its lost entries again, so
/// each restore begins an epoch of its own, and cursors name theirs.
package struct LogEpochs: Hashable, Sendable {
    /// What is wrong with a cursor.
    package enum CursorError: Error, Hashable, Sendable {
        /// It has not the form of a cursor.
        case malformed
        /// A restore at `time` (milliseconds since 1970) took the log back to `end`, and the cursor lies beyond.
        case takenBack(end: Int64, time: Int64)
        /// Its epoch is none of the store's.
        case unknownEpoch
    }

    /// What a restore began.
    private struct Epoch: Hashable, Sendable {
        let name: String
        /// The newest entry of the restored log.
        let start: Int64
        let time: Int64
    }

    /// The name of the state that holds the epochs.
    static let stateName = "journal/epochs"
    private var restores: [Epoch] = []

    init(_ database: Database) throws {
        let bytes = try StateTable.value(database, Self.stateName) ?? []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count == 3, let start = Int64(parts[1]), let time = Int64(parts[2]) else {
                throw JournalError.damaged("table state", "the epochs of the alert log can't be read")
            }
            restores.append(Epoch(name: String(parts[0]), start: start, time: time))
        }
    }

    /// Begins an epoch with a random name behind entry `end`.
    mutating func begin(after end: Int64, time: Int64) {
        let name = String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16)
        restores.append(Epoch(name: name, start: end, time: time))
    }

    /// The form that is stored.
    var bytes: [UInt8] {
        Array(restores.map { "\($0.name) \($0.start) \($0.time)\n" }.joined().utf8)
    }

    /// The cursor of an entry: its number, with the epoch before it once the store was restored.
    package func cursor(_ position: Int64) -> String {
        restores.last.map { "\($0.name).\(position)" } ?? String(position)
    }

    /// The entry that a cursor names. Cursors of earlier epochs are good up to where a restore took the log back.
    package func position(of cursor: String) throws(CursorError) -> Int64 {
        let parts = cursor.split(separator: ".", omittingEmptySubsequences: false)
        guard let last = parts.last, parts.count <= 2, let position = Int64(last), position >= 0 else {
            throw .malformed
        }
        var next = restores.startIndex
        if parts.count == 2 {
            guard let own = restores.firstIndex(where: { $0.name == parts[0] }) else { throw .unknownEpoch }
            next = own + 1
        }
        for epoch in restores[next...] where position > epoch.start {
            throw .takenBack(end: epoch.start, time: epoch.time)
        }
        return position
    }
}
