// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Refusals since the last lines of the service's log, by reason and source. Every refusal is in exactly one line, so
/// that the lines' counts sum up to what the metrics and `status` tell.
package struct RefusalTally: Sendable {
    /// Refusals that one line tells.
    package struct Line: Hashable, Sendable {
        package let reason: RejectionReason
        /// The collector's label; empty in the line of further sources.
        package let source: String
        /// The details of the first.
        package let example: String
        package fileprivate(set) var count: Int
        /// The count is of several further sources, of which there were too many to tell each.
        package let isRest: Bool
    }

    private struct Key: Hashable {
        let reason: RejectionReason
        let source: String
    }

    private var places: [Key: Int] = [:]
    private var rests: [RejectionReason: Int] = [:]
    private var lines: [Line] = []

    package init() {}

    /// Adds refusals of one source.
    package mutating func add(_ count: Int, _ reason: RejectionReason, source: String, example: () -> String) {
        guard count > 0 else { return }
        let key = Key(reason: reason, source: source)
        if let place = places[key] {
            lines[place].count += count
        } else if places.count < Limits.refusalLines {
            places[key] = lines.count
            lines.append(Line(reason: reason, source: source, example: example(), count: count, isRest: false))
        } else if let place = rests[reason] {
            lines[place].count += count
        } else {
            rests[reason] = lines.count
            lines.append(Line(reason: reason, source: "", example: example(), count: count, isRest: true))
        }
    }

    /// The lines to write, in the order in which they came up; the tally is empty afterwards.
    package mutating func take() -> [Line] {
        defer { self = RefusalTally() }
        return lines
    }
}
