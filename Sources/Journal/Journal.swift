// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Synchronization

/// The embedded store of one data directory: the archive of records, the alert log, accounts, and the engine's state,
/// in one SQLite database in WAL mode with synchronous=FULL.
///
/// One thread writes through the one `Writer`; any thread reads through `reader`.
package final class Journal: Sendable {
    /// What an operator may set.
    package struct Options: Sendable {
        /// The database's greatest size in bytes (nil: the disk's). A commit beyond it fails with `full`.
        package var maximumBytes: Int64?
        /// The layout of the index of events; it may differ from one start to the next.
        package var index: IndexShape
        /// For how many milliseconds to wait for another process to let go of the data directory.
        package var patience: Int
        /// The bounds of the dead letters.
        package var deadLetters = DeadLetterBounds()

        /// Options; by default those of production.
        package init(maximumBytes: Int64? = nil, index: IndexShape = IndexShape(), patience: Int = 0) {
            self.maximumBytes = maximumBytes
            self.index = index
            self.patience = patience
        }
    }

    /// The data directory.
    package let directory: String
    /// Reads of any thread.
    package let reader: Reader
    /// The histories of the alert log, as of the opening: only a restore begins one.
    package let epochs: LogEpochs
    let pool: DatabasePool
    /// The database's file.
    let path: String
    let options: Options
    private let lock: DirectoryLock
    private let hasWriter = Mutex(false)

    /// Opens the journal of a data directory, and makes either where it is missing.
    ///
    /// Throws `inUse` where another process has it, `newerVersion` and `notAJournal` where the database must not be
    /// touched.
    package init(directory: String, options: Options = Options()) throws {
        self.directory = directory
        self.options = options
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw JournalError(.inputOutput, "can't make the data directory \(directory): \(error)")
        }
        lock = try DirectoryLock(directory: directory, patience: options.patience)
        let path = Self.database(in: directory)
        self.path = path
        pool = try JournalError.converting {
            DirectoryLock.makePrivateFile(path)
            let pool = try DatabasePool(path: path, configuration: Self.configuration)
            try pool.writeWithoutTransaction { try Self.prepareWriter($0, options) }
            try Schema.migrator.migrate(pool)
            return pool
        }
        reader = Reader(pool: pool)
        epochs = try reader.read { try LogEpochs($0) }
    }

    /// The writer: there is one at a time, for one thread. It reads the index of events, some 0.5 s per 10 million.
    package func makeWriter() throws -> Writer {
        let isFirst = hasWriter.withLock { taken in
            defer { taken = true }
            return !taken
        }
        guard isFirst else { throw JournalError(.inUse, "the journal has a writer already") }
        do {
            return try Writer(journal: self)
        } catch {
            releaseWriter()
            throw JournalError.wrapping(error)
        }
    }

    func releaseWriter() { hasWriter.withLock { $0 = false } }

    /// Puts the write-ahead log into the database's file, so that a copy of that file alone is complete, and closes it once
    /// the readers under way are done. The writer must be gone before.
    ///
    /// Returns why the file is not complete, where another process or the disk prevented it; nothing is lost then: the
    /// write-ahead log beside it holds the rest.
    @discardableResult
    package func close() throws -> String? {
        guard !hasWriter.withLock({ $0 }) else { throw JournalError(.inUse, "the journal's writer is still there") }
        var problem: String?
        do {
            _ = try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        } catch {
            problem = "\(path) is not complete without \(path)-wal: \(error)"
        }
        try JournalError.converting { try pool.close() }
        return problem
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "journal"
        configuration.maximumReaderCount = JournalLimits.readers
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { database in
            let cache =
                database.configuration.readonly
                ? JournalLimits.readerCacheBytes : JournalLimits.writerCacheBytes
            try database.execute(
                sql: """
                    PRAGMA page_size = \(JournalLimits.pageSize);
                    PRAGMA cache_size = -\(cache / 1_024);
                    PRAGMA temp_store = MEMORY;
                    PRAGMA cell_size_check = ON;
                    """)
        }
        return configuration
    }

    /// Settings of the one connection that writes. (They stand after the pool has switched to WAL mode, since that sets
    /// synchronous=NORMAL.) Deleted records are not overwritten: a page that retention frees costs no write.
    private static func prepareWriter(_ database: Database, _ options: Options) throws {
        try Schema.check(database)
        try database.execute(
            sql: """
                PRAGMA synchronous = FULL;
                PRAGMA secure_delete = OFF;
                PRAGMA wal_autocheckpoint = \(JournalLimits.checkpointPages);
                PRAGMA journal_size_limit = \(JournalLimits.walFileBytes);
                """)
        // What promises durability is checked, not believed.
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode")
        let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
        guard mode == "wal", synchronous == 2 else {
            throw JournalError(.database, "SQLite runs with journal_mode=\(mode ?? "?"), not wal with full syncs")
        }
        if let bytes = options.maximumBytes { try setMaximum(database, bytes: bytes) }
    }

    static func setMaximum(_ database: Database, bytes: Int64) throws {
        let size = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? Int64(JournalLimits.pageSize)
        _ = try Int64.fetchOne(database, sql: "PRAGMA max_page_count = \(max(bytes / size, 1))")
    }
}
