// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal

/// A part of an evaluated submission: whole blocks of it, which one transaction stores. What is small is one slice.
///
/// A submission with tens of thousands of records would keep other callers' waiting for one transaction; its slices take
/// turns with them. The acknowledgement belongs to the last slice.
struct EvaluatedSlice {
    let evaluated: EvaluatedSubmission
    let blocks: Range<Int>
    /// The slice's accepted records, by their places in the batch.
    let events: Range<Int>
    /// Counts over the submission's slices.
    let tally: Tally

    /// Accepted records of the slices that are stored. Confined to the sequencer's thread.
    final class Tally {
        var accepted = 0
    }

    var isLast: Bool { blocks.upperBound == evaluated.blocks.count }
    /// The work that it is, in records.
    var weight: Int { 1 + events.count + (isLast ? evaluated.letters.count : 0) }

    /// The slices of a submission, each of so many records or one block.
    static func slices(of evaluated: EvaluatedSubmission, records: Int = Limits.recordsPerSlice) -> [EvaluatedSlice] {
        let tally = Tally()
        var slices: [EvaluatedSlice] = []
        var (firstBlock, firstEvent, event) = (0, 0, 0)
        for (block, next) in zip(evaluated.blocks.indices, evaluated.blocks.map(\.recordCount)) {
            if event > firstEvent, event - firstEvent + next > records {
                slices.append(
                    EvaluatedSlice(
                        evaluated: evaluated, blocks: firstBlock..<block, events: firstEvent..<event, tally: tally))
                (firstBlock, firstEvent) = (block, event)
            }
            event += next
        }
        slices.append(
            EvaluatedSlice(
                evaluated: evaluated, blocks: firstBlock..<evaluated.blocks.count, events: firstEvent..<event,
                tally: tally))
        return slices
    }
}

/// Whether several parties took part lately. A value; time is an argument.
struct RecentParties {
    private var seen: [String: Milliseconds] = [:]

    /// A party took part.
    mutating func saw(_ party: String, now: Milliseconds) {
        seen[party] = now
        if seen.count > 1 { seen = seen.filter { now - $0.value <= Limits.sharedMilliseconds } }
    }

    /// More than one did lately.
    func areSeveral(now: Milliseconds) -> Bool {
        seen.count > 1 && seen.values.count { now - $0 <= Limits.sharedMilliseconds } > 1
    }
}
