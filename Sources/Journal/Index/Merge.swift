// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// A merge of runs into one, a bounded piece in each commit. A value: the copy from before a transaction is what a
/// rollback goes back to. (The target's index is shared, and cut to `pages` when the merge goes on.)
struct Merge {
    /// Where a source is read next.
    struct Position {
        var page = 0
        var offset = 0
    }

    let sources: [Run]
    let number: Int64
    let level: Int
    let target: RunIndex
    private var positions: [Position]
    private var pages = 0
    private var entries = 0
    private var firstBlock = BlockID.max
    private var lastBlock: BlockID = 0
    private(set) var isFinished = false

    init(sources: [Run], number: Int64, level: Int) {
        self.sources = sources
        self.number = number
        self.level = level
        target = RunIndex(expected: sources.reduce(0) { $0 + $1.entries })
        positions = sources.map { _ in Position() }
    }

    /// The run as it is so far; the whole of it once `isFinished`.
    var result: Run {
        Run(
            number: number, level: level, entries: entries, firstBlock: min(firstBlock, lastBlock),
            lastBlock: lastBlock, index: target)
    }

    /// Moves about `budget` entries; drops those of blocks before `firstBlock`. Returns how many it moved or dropped.
    mutating func advance(
        budget: Int, keepingFrom oldest: BlockID, shape: IndexShape, hasher: EventHasher, store: RunStore
    ) throws -> Int {
        let pageBytes = shape.entriesPerPage * EntryPage.entryBytes
        target.truncate(pages: pages)
        var cursors = try zip(sources, positions).map { try SourceCursor(run: $0, position: $1, store: store) }
        var page: [UInt8] = []
        page.reserveCapacity(pageBytes)
        var moved = 0
        // Stops between two full pages; where nearly everything is dropped, with a short page.
        while moved < budget || (!page.isEmpty && moved < budget * 4) {
            guard let least = Self.least(cursors) else {
                isFinished = true
                break
            }
            let entry = cursors[least].entry
            try cursors[least].advance(store)
            moved += 1
            if entry.block < oldest { continue }
            if page.isEmpty { target.append(first: entry.id) }
            EntryPage.append(entry, to: &page)
            target.filter.insert(hasher.hash(entry.id))
            firstBlock = min(firstBlock, entry.block)
            lastBlock = max(lastBlock, entry.block)
            entries += 1
            if page.count == pageBytes { try put(&page, store) }
        }
        if !page.isEmpty { try put(&page, store) }
        positions = cursors.map(\.position)
        return moved
    }

    private mutating func put(_ page: inout [UInt8], _ store: RunStore) throws {
        try store.putPage(run: number, page: pages, page)
        pages += 1
        page.removeAll(keepingCapacity: true)
    }

    /// The cursor with the least identity: sources are few, so a scan beats a heap.
    @inline(__always)
    private static func least(_ cursors: [SourceCursor]) -> Int? {
        var least: Int?
        for index in cursors.indices where !cursors[index].isAtEnd {
            if let known = least, cursors[known].entry.id <= cursors[index].entry.id { continue }
            least = index
        }
        return least
    }
}

/// Reads one source of a merge: a page at a time, copied, since many sources share one statement.
private struct SourceCursor {
    private let run: Run
    private var bytes: [UInt8] = []
    private var count = 0
    private(set) var position: Merge.Position
    private(set) var entry = IndexEntry(id: EventID(high: 0, low: 0), location: 0)
    private(set) var isAtEnd = false

    init(run: Run, position: Merge.Position, store: RunStore) throws {
        self.run = run
        self.position = position
        try load(store)
    }

    mutating func advance(_ store: RunStore) throws {
        position.offset += 1
        if position.offset < count {
            entry = bytes.withUnsafeBytes { EntryPage.entry($0, position.offset) }
        } else {
            position = Merge.Position(page: position.page + 1, offset: 0)
            try load(store)
        }
    }

    private mutating func load(_ store: RunStore) throws {
        guard position.page < run.pages else {
            isAtEnd = true
            return
        }
        (bytes, count) = try store.withPage(run: run.number, page: position.page) {
            (Array($0), try EntryPage.count($0))
        }
        guard position.offset < count else {
            throw JournalError.damaged("run \(run.number) of the index of events", "page \(position.page) is short")
        }
        entry = bytes.withUnsafeBytes { EntryPage.entry($0, position.offset) }
    }
}
