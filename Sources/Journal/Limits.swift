// SPDX-License-Identifier: Apache-2.0

/// Every bound of the journal. Sizes are in bytes, times in milliseconds.
package enum JournalLimits {
    // MARK: Blocks

    /// The longest record a block takes. CloudTrail's own limit is 256 KB an event.
    package static let recordBytes = 1 << 20
    /// The raw size at which a builder calls itself full.
    package static let blockTargetBytes = 1 << 20
    /// The records of one block: their number goes into 16 bits of a location.
    package static let recordsPerBlock = 16_384
    /// The raw size beyond which a stored block is called damaged rather than decoded.
    package static let blockRawBytes = blockTargetBytes + recordBytes + recordsPerBlock * 4 + 8
    /// The distinct tokens of one block; further ones are left out of the index and counted.
    package static let tokensPerBlock = 65_536
    /// zstd's level: 1 keeps compression off the critical path at some 10:1 on CloudTrail.
    package static let compressionLevel: Int32 = 1

    // MARK: The index of event identities

    /// The most entries of a page of a run: 336 entries of 24 bytes fit a leaf of the database with its row header.
    static let entriesPerPage = 336
    /// Levels of runs: 32,768 × 8^9 entries is more than a disk holds.
    static let runLevels = 9
    /// Bits of the filter for each identity: about one false answer in a thousand.
    static let filterBitsPerEntry = 16
    /// Blocks of an earlier version whose records' accounts are remembered, 8 bytes a record.
    static let plainBlocksRemembered = 16

    // MARK: SQLite

    /// Page size of a new database.
    static let pageSize = 8_192
    /// Page cache of the writer.
    static let writerCacheBytes = 16 << 20
    /// Page cache of each reader.
    static let readerCacheBytes = 2 << 20
    /// Threads that read for the response to alerts, for short look-ups of callers, for who follows the alert or the audit
    /// log, and for queries over the archive. None of these waits for another's.
    package static let responseReaders = 2
    package static let lookupReaders = 2
    package static let feedReaders = 2
    package static let queryReaders = 3
    /// By how much the threads of queries give way to others: at 10 a query gets a tenth of a core that both want.
    package static let queryNiceness: Int32 = 10
    /// Readers at once; a further one waits. One each for the threads above, and for what starts and stops the service.
    package static let readers = responseReaders + lookupReaders + feedReaders + queryReaders + 1
    /// Identities that one look-up by an eventID asks for at a time; between two it looks at its budget.
    package static let identitiesPerLookup = 64
    /// The write-ahead log is copied into the database when it is longer than this many pages.
    static let checkpointPages: Int32 = 2_048
    /// Pages by which the log may outgrow a copy under way before a commit waits for it.
    static let walAheadPages: Int32 = 8_192
    /// The write-ahead log's file is cut back to this size once it has been longer.
    static let walFileBytes = 64 << 20
    /// Blocks of dropped days deleted in one commit.
    static let blocksReclaimed = 64

    // MARK: Dead letters

    /// Bytes kept of one refused record or log file; beyond it is cut, and its whole size told.
    package static let deadLetterBytes = 16 << 20
    /// Bytes that all dead letters take in the store, compressed; the oldest of who has the most go first.
    package static let deadLettersStoredBytes = 256 << 20
    /// Dead letters, each of up to `deadLetterPackBytes` of records.
    package static let deadLetters = 50_000
    /// Bytes of refused records at which letters are closed and new ones begun.
    package static let deadLetterPackBytes = 1 << 20
    /// Refusals that one request's letters keep apart by their detail; further ones share a letter by their reason.
    package static let deadLetterDetails = 32

    // MARK: The alert log

    /// Revisions of an alert between two that are stored whole: a reader decodes at most as many for one.
    static let revisionDifferences: Int64 = 32

    // MARK: The audit log

    /// Entries that one cut takes from the beginning of the audit log.
    package static let auditCutRows = 10_000

    // MARK: The check

    /// Findings that a check tells one by one; it counts all.
    package static let checkFindings = 200

    // MARK: Everything else

    /// Between two tries of the lock of a data directory.
    static let lockPollMilliseconds = 20
    /// Bytes of an audit entry's summary and subject, and of each of its other texts.
    package static let auditSummaryBytes = 2_048
    package static let auditFieldBytes = 256
    /// Rows of a page of any list.
    package static let pageRows = 1_000
    /// Positions of the alert log that one filtered read looks at.
    package static let alertLogScan: Int64 = 50_000
    /// Blocks that one page of a search decodes.
    package static let searchBlocks = 256
    /// Blocks that a search by event time sorts by their times; where more hold a value, those stored last.
    static let orderedBlocks = 65_536
    /// Blocks that a search by event time decodes for the sake of the count alone.
    static let countedBlocks = 64
    /// Bytes of records at which a page of a search by event time ends: a message of the common limit takes it.
    static let newestPageBytes = 3 << 20
    /// Tokens that a search combines.
    package static let searchTokens = 16
    /// Bytes of a payload, state value or text of any row.
    package static let valueBytes = 64 << 20
}

/// How the index of events is laid out: the figures that decide when runs are written and merged. Tests make them
/// small.
package struct IndexShape: Sendable {
    /// Identities held in memory before they are written as a sorted run.
    package var memoryEntries = 32_768
    /// Blocks whose identities are held in memory, which bounds what a look-up scans beside the runs.
    package var memoryBlocks: Int64 = 1_024
    /// Runs of one level that are merged into one of the next.
    package var mergeFanIn = 8
    /// Entries a merge moves per entry stored: above 1, so that a merge ends before the next one of its level is due.
    package var mergeSpeed = 2
    /// Entries a merge moves in any commit at least, so that it also ends when little arrives.
    package var mergeLeastEntries = 4 * JournalLimits.entriesPerPage
    /// Pages of retired runs deleted in a commit at least.
    package var reclaimPages = 64
    /// Entries of a page, 1 to `JournalLimits.entriesPerPage`.
    package var entriesPerPage = JournalLimits.entriesPerPage

    /// The figures of production.
    package init() {}
}
