// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import GRDB

/// Tells known events from new ones over the whole archive. A log-structured merge tree: the newest identities are in
/// memory (and with their blocks on disk), older ones in sorted runs, each with a filter in memory that answers nearly
/// every "not here" without a read. Merges go on a bounded piece in each commit, in the same transaction, so that a
/// crash at any instant leaves the tree as the last commit did.
///
/// Runs are ordered by age and only neighbours are merged, so each covers a contiguous range of blocks; what retention
/// dropped is recognised by its block and left out by the next merge.
///
/// Used by the writer alone, on its thread.
final class EventIndex {
    /// All that a transaction changes. The copy from its start is what a rollback goes back to.
    struct State {
        /// Live runs, oldest first.
        var runs: [Run] = []
        var merges: [Merge] = []
        var retired: [RetiredRun] = []
        var nextRun: Int64 = 1
        var table: EventTable
        var tableCount = 0
        /// The newest block in a run: the identities of later ones are in `table`.
        var flushedBlock: BlockID = 0
        /// The oldest block that is kept.
        var firstBlock: BlockID = 1
    }

    let hasher = EventHasher()
    let shape: IndexShape
    var state: State
    private var saved: State?
    let store: RunStore
    /// The hashes of the identities that were asked for last.
    private var hashes: [UInt64] = []

    /// An empty index over the tables; `load` fills it.
    init(_ database: Database, shape: IndexShape) throws {
        self.shape = shape
        store = try RunStore(database)
        state = State(table: EventTable(hasher: hasher, expected: shape.memoryEntries))
    }

    // MARK: Transactions

    /// Marks what `rollback` goes back to.
    func begin() {
        state.tableCount = state.table.entries.count
        saved = state
    }

    func commit() { saved = nil }

    func rollback() {
        guard let saved else { return }
        state = saved
        state.table.truncate(to: state.tableCount)
        self.saved = nil
    }

    // MARK: Questions

    /// Which of some identities are known: stored, or taken by the transaction under way.
    func known(_ ids: [EventID]) throws -> [Bool] {
        try locations(ids).map { $0 != 0 }
    }

    /// The packed locations of some identities; 0, which is none, for those that are not known.
    func locations(_ ids: [EventID]) throws -> [UInt64] {
        var known = [UInt64](repeating: 0, count: ids.count)
        let hashes = ids.map { hasher.hash($0) }
        self.hashes = hashes
        let table = state.table
        var candidates: [Int] = []
        candidates.reserveCapacity(ids.count)
        for index in ids.indices {
            if let location = table.location(of: ids[index], hash: hashes[index]) {
                known[index] = location
            } else {
                candidates.append(index)
            }
        }
        var probes: [Int] = []
        for run in state.runs.reversed() where run.lastBlock >= state.firstBlock && !candidates.isEmpty {
            probes.removeAll(keepingCapacity: true)
            let filter = run.index.filter
            for index in candidates where filter.mayContain(hashes[index]) { probes.append(index) }
            guard !probes.isEmpty else { continue }
            probes.sort { ids[$0] < ids[$1] }
            if try probe(run, ids, probes, &known) { candidates.removeAll { known[$0] != 0 } }
        }
        return known
    }

    /// Looks the identities named by `probes`, which ascend, up in the pages of a run; true where any was found.
    private func probe(_ run: Run, _ ids: [EventID], _ probes: [Int], _ known: inout [UInt64]) throws -> Bool {
        var found = false
        var next = 0
        while next < probes.count {
            guard let page = run.index.page(of: ids[probes[next]]) else {
                next += 1
                continue
            }
            let end = page + 1 < run.pages ? run.index.firsts[page + 1] : nil
            try store.withPage(run: run.number, page: page) { bytes in
                repeat {
                    let index = probes[next]
                    if let location = try EntryPage.find(ids[index], in: bytes),
                        EventLocation(packed: location).block >= state.firstBlock
                    {
                        known[index] = location
                        found = true
                    }
                    next += 1
                } while next < probes.count && (end.map { ids[probes[next]] < $0 } ?? true)
            }
        }
        return found
    }

    // MARK: Changes

    /// Takes the identities of a block that are not known yet, nor earlier in the same list, and numbers them from 0.
    /// Returns which were taken.
    ///
    /// - Parameter besides: those that are known by other means; empty for none.
    func admit(_ ids: [EventID], block: BlockID, besides others: [Bool] = []) throws -> [Bool] {
        let known = try locations(ids)
        var fresh = [Bool](repeating: false, count: ids.count)
        var count = 0
        for index in fresh.indices {
            if known[index] != 0 || (!others.isEmpty && others[index]) { continue }
            let location = EventLocation(block: block, index: count).packed
            fresh[index] = state.table.insert(IndexEntry(id: ids[index], location: location), hash: hashes[index])
            if fresh[index] { count += 1 }
        }
        return fresh
    }

    /// Forgets the blocks before one.
    func drop(before block: BlockID) throws {
        state.firstBlock = max(state.firstBlock, block)
        guard state.table.entries.contains(where: { $0.block < block }) else { return }
        let kept = EventTable(hasher: hasher, expected: shape.memoryEntries)
        for entry in state.table.entries where entry.block >= block {
            _ = kept.insert(entry, hash: hasher.hash(entry.id))
        }
        state.table = kept
    }
}
