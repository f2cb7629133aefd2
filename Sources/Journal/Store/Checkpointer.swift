// SPDX-License-Identifier: Apache-2.0

import Dispatch
import GRDB
import GRDBSQLite
import Synchronization

/// Copies the write-ahead log into the database on a thread of its own, so that no commit waits for it.
///
/// SQLite's own checkpoints run in the commit that crosses the limit, which then takes as long as writing and syncing
/// all of the log does. Here the bulk is copied beside the writer, through another connection; what the writer added
/// meanwhile is a small rest, which the next commit copies, so that the log can begin anew and stays bounded.
///
/// Used on the writer's thread.
final class Checkpointer {
    /// Shared with the thread that copies.
    private final class Copy: Sendable {
        enum Phase: Sendable { case idle, running, done }
        let phase = Mutex(Phase.idle)
    }

    private let path: String
    private let copy = Copy()
    private let queue = DispatchQueue(label: "journal-checkpoint")
    /// Pages in the log, as SQLite tells after each commit.
    private let pages: UnsafeMutablePointer<Int32>
    private var lastPages: Int32 = 0
    /// The length of the log at which the next copy begins.
    private var trigger = JournalLimits.checkpointPages

    /// Takes checkpoints of the writer's connection over. `stop` gives them back.
    init(_ database: Database, path: String) {
        self.path = path
        pages = .allocate(capacity: 1)
        pages.initialize(to: 0)
        sqlite3_wal_hook(
            database.sqliteConnection,
            { context, _, _, pages in
                context?.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            }, pages)
    }

    deinit {
        pages.deallocate()
    }

    /// Waits for a copy under way, and leaves the connection to SQLite's own checkpoints.
    func stop(_ database: Database) {
        queue.sync {}
        sqlite3_wal_autocheckpoint(database.sqliteConnection, JournalLimits.checkpointPages)
    }

    /// What the writer calls after each commit. A failed checkpoint is no error: the log holds all that was committed,
    /// and the next one tries again.
    func committed(_ database: Database) {
        let length = pages.pointee
        if length < lastPages { trigger = JournalLimits.checkpointPages }
        lastPages = length
        switch copy.phase.withLock({ $0 }) {
        case .idle:
            if length > trigger { start() }
        case .running:
            // The log outgrows the copying: wait for it, as the commit would have done without this thread.
            guard length > trigger + JournalLimits.walAheadPages else { return }
            queue.sync {}
            finish(database, length)
        case .done:
            finish(database, length)
        }
    }

    private func start() {
        copy.phase.withLock { $0 = .running }
        queue.async { [path, copy] in
            var connection: OpaquePointer?
            if sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK {
                sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
            }
            sqlite3_close(connection)
            copy.phase.withLock { $0 = .done }
        }
    }

    /// Copies the rest, after which the next transaction begins the log anew, unless a reader still needs it: then the
    /// next copy waits until there is as much again.
    private func finish(_ database: Database, _ length: Int32) {
        sqlite3_wal_checkpoint_v2(database.sqliteConnection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        trigger = length + JournalLimits.checkpointPages
        copy.phase.withLock { $0 = .idle }
    }
}
