// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import GRDB

extension EventIndex {
    /// Whether there is work that `maintain` would do without new entries.
    var needsMaintenance: Bool { !state.merges.isEmpty || !state.retired.isEmpty }

    /// The work of one commit: writes the table as a run when it is full, starts merges that are due, moves each on by
    /// a piece in proportion to what is new, and deletes some pages of retired runs.
    func maintain(newEntries: Int, lastBlock: BlockID) throws {
        let blocks = lastBlock - state.flushedBlock
        if state.table.entries.count >= shape.memoryEntries || blocks >= shape.memoryBlocks {
            try flush(through: lastBlock)
        }
        try retireDropped()
        try startMerges()
        let budget = max(newEntries * shape.mergeSpeed, shape.mergeLeastEntries)
        var moved = 0
        for index in state.merges.indices {
            moved += try state.merges[index].advance(
                budget: budget, keepingFrom: state.firstBlock, shape: shape, hasher: hasher, store: store)
        }
        try finishMerges()
        try reclaim(max(shape.reclaimPages, 2 * moved / shape.entriesPerPage))
    }

    /// Writes the table's entries as a run of the lowest level.
    private func flush(through block: BlockID) throws {
        let entries = state.table.entries.sorted { $0.id < $1.id }
        state.flushedBlock = block
        state.table = EventTable(hasher: hasher, expected: shape.memoryEntries)
        guard !entries.isEmpty else { return }
        let index = RunIndex(expected: entries.count)
        var page: [UInt8] = []
        page.reserveCapacity(EntryPage.bytes)
        var first = BlockID.max
        var last: BlockID = 0
        for (number, entry) in entries.enumerated() {
            if page.isEmpty { index.append(first: entry.id) }
            EntryPage.append(entry, to: &page)
            index.filter.insert(hasher.hash(entry.id))
            first = min(first, entry.block)
            last = max(last, entry.block)
            if page.count == shape.entriesPerPage * EntryPage.entryBytes || number == entries.count - 1 {
                try store.putPage(run: state.nextRun, page: index.firsts.count - 1, page)
                page.removeAll(keepingCapacity: true)
            }
        }
        let run = Run(
            number: takeNumber(), level: 0, entries: entries.count, firstBlock: first, lastBlock: last, index: index)
        try store.put(run.row, phase: .live)
        state.runs.append(run)
    }

    private func takeNumber() -> Int64 {
        defer { state.nextRun += 1 }
        return state.nextRun
    }

    /// Retires the runs that retention emptied.
    private func retireDropped() throws {
        let oldest = state.firstBlock
        for run in state.runs where !run.isMerging && run.lastBlock < oldest { try retire(run) }
        state.runs.removeAll { !$0.isMerging && $0.lastBlock < oldest }
    }

    private func retire(_ run: Run) throws {
        try store.retire(run: run.number)
        state.retired.append(RetiredRun(number: run.number, nextPage: 0, pages: run.pages))
    }

    /// Starts a merge wherever enough neighbours of one level wait, and a rewriting of the oldest run once most of it
    /// is of dropped blocks.
    private func startMerges() throws {
        for level in 0..<JournalLimits.runLevels {
            let waiting = state.runs.indices.filter { state.runs[$0].level == level && !state.runs[$0].isMerging }
            if waiting.count >= shape.mergeFanIn {
                try start(Array(waiting.prefix(shape.mergeFanIn)), level: level + 1)
            }
        }
        if let oldest = state.runs.first, !oldest.isMerging, oldest.share(before: state.firstBlock) > 0.5 {
            try start([0], level: oldest.level)
        }
    }

    private func start(_ indices: [Int], level: Int) throws {
        for index in indices { state.runs[index].isMerging = true }
        let merge = Merge(sources: indices.map { state.runs[$0] }, number: takeNumber(), level: level)
        try store.put(merge.result.row, phase: .building)
        state.merges.append(merge)
    }

    /// Puts the result of each finished merge in the place of its sources.
    private func finishMerges() throws {
        for merge in state.merges where merge.isFinished {
            let sources = Set(merge.sources.map(\.number))
            guard let place = state.runs.firstIndex(where: { sources.contains($0.number) }) else { continue }
            state.runs.removeAll { sources.contains($0.number) }
            for source in merge.sources { try retire(source) }
            if merge.result.entries > 0 {
                try store.put(merge.result.row, phase: .live)
                state.runs.insert(merge.result, at: place)
            } else {
                try store.remove(run: merge.number)
            }
        }
        state.merges.removeAll(where: \.isFinished)
    }

    /// Deletes up to some pages of retired runs.
    private func reclaim(_ pages: Int) throws {
        var left = pages
        while left > 0, var run = state.retired.first {
            let end = min(run.nextPage + left, run.pages)
            try store.deletePages(run: run.number, run.nextPage..<end)
            left -= max(end - run.nextPage, 1)
            run.nextPage = end
            if end == run.pages {
                try store.remove(run: run.number)
                state.retired.removeFirst()
            } else {
                state.retired[0] = run
            }
        }
    }
}
