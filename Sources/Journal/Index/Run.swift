// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// What the writer keeps in memory of a run: the first identity of each page, and a filter over all of them. While a
/// merge builds the run it grows; afterwards it does not change.
final class RunIndex {
    private(set) var firsts: [EventID] = []
    let filter: SplitBlockFilter

    init(expected: Int) {
        filter = SplitBlockFilter(expected: expected)
    }

    /// Takes the next page's first identity.
    func append(first: EventID) { firsts.append(first) }

    /// Forgets pages that a rollback took back. What they set in the filter stays: it may only answer "maybe" too
    /// often.
    func truncate(pages: Int) {
        if pages < firsts.count { firsts.removeLast(firsts.count - pages) }
    }

    /// The page that holds an identity if the run does.
    func page(of id: EventID) -> Int? {
        var low = 0
        var high = firsts.count
        while low < high {
            let middle = (low + high) / 2
            if firsts[middle] <= id { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }
}

/// A live run: entries ascending by identity, each identity once, of a contiguous range of blocks.
struct Run {
    let number: Int64
    let level: Int
    let entries: Int
    let firstBlock: BlockID
    let lastBlock: BlockID
    let index: RunIndex
    /// A merge reads it.
    var isMerging = false

    var pages: Int { index.firsts.count }

    var row: RunStore.Row {
        RunStore.Row(
            number: number, level: level, entries: entries, pages: pages, firstBlock: firstBlock,
            lastBlock: lastBlock)
    }

    /// How much of its range of blocks is before a block, from 0 to 1.
    func share(before block: BlockID) -> Double {
        guard block > firstBlock else { return 0 }
        return Double(min(block - firstBlock, lastBlock - firstBlock + 1)) / Double(lastBlock - firstBlock + 1)
    }
}

/// A run whose pages are being deleted.
struct RetiredRun {
    let number: Int64
    var nextPage: Int
    let pages: Int
}
