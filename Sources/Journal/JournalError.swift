// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What the journal throws.
package struct JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure, an open list.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the kind, as logs have it.
        package let description: String

        /// Another process, or another `Journal` of this one, has the data directory.
        package static let inUse = Code(description: "in-use")
        /// The database was written by a newer version of the program.
        package static let newerVersion = Code(description: "newer-version")
        /// The file is a database of some other program.
        package static let notAJournal = Code(description: "not-a-journal")
        /// A file is there that was not to be replaced.
        package static let alreadyThere = Code(description: "already-there")
        /// The disk, or the size set by `Journal.Options.maximumBytes`, is used up.
        package static let full = Code(description: "full")
        /// The disk or file system failed.
        package static let inputOutput = Code(description: "input-output")
        /// Stored bytes are not what was written.
        package static let damaged = Code(description: "damaged")
        /// An argument is outside a limit.
        package static let outOfBounds = Code(description: "out-of-bounds")
        /// A page token was not made by this journal.
        package static let badPageToken = Code(description: "bad-page-token")
        /// Any other error of the database.
        package static let database = Code(description: "database")
    }

    /// The kind of failure.
    package let code: Code
    /// What happened, for a person.
    package let message: String
    /// Damage: the table, or the block, alert or other part at fault. It tells nothing of what stands there.
    package let place: String?

    /// An error of a kind.
    package init(_ code: Code, _ message: String, place: String? = nil) {
        self.code = code
        self.message = message
        self.place = place
    }

    /// Damage at a place.
    package static func damaged(_ place: String, _ problem: String) -> JournalError {
        JournalError(.damaged, "\(place): \(problem)", place: place)
    }

    /// The kind and what happened.
    package var description: String { "\(code): \(message)" }

    /// The journal's view of an error that a database call threw; errors of callers' closures pass through.
    package static func wrapping(_ error: any Error) -> any Error {
        if error is RowDecodingError {
            return JournalError(.damaged, "a row holds a value that was not written", place: "a row")
        }
        guard let error = error as? DatabaseError else { return error }
        let code: Code
        switch error.resultCode {
        case .SQLITE_FULL: code = .full
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY: code = .inputOutput
        case .SQLITE_CORRUPT: return damaged(table(of: error.sql), error.message ?? "malformed")
        case .SQLITE_NOTADB: code = .notAJournal
        case .SQLITE_TOOBIG: code = .outOfBounds
        default: code = .database
        }
        return JournalError(code, error.description)
    }

    /// The table that a statement is about, as far as its text tells.
    private static func table(of sql: String?) -> String {
        let words = (sql ?? "").split(whereSeparator: { $0 == " " || $0 == "\n" || $0 == "(" })
        let mark = words.firstIndex { ["FROM", "INTO", "UPDATE"].contains($0) }
        guard let mark, words.indices.contains(mark + 1) else { return "the database" }
        return "table \(words[mark + 1])"
    }

    /// Runs a body whose database errors become the journal's.
    static func converting<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch { throw wrapping(error) }
    }

    /// Runs a body in which damage that names no place is at this one.
    static func at<T>(_ place: @autoclosure () -> String, _ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as JournalError where error.code == .damaged && error.place == nil {
            throw damaged(place(), error.message)
        }
    }
}
