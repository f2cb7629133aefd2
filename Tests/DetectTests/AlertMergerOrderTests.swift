// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Testing

/// The final alerts follow from the set of matches alone: not from their order, their grouping, failed commits, or how
/// few alerts fit into memory.
@Suite struct AlertMergerOrderTests {
    /// What must not depend on the order.
    private struct Outcome: Hashable {
        let key: Alert.Key
        let first: EventReference
        let last: EventReference
        let count: UInt64
        let events: [EventReference]
        let evidence: [Evidence]
        let actor: Actor
        let eventName: String
        let historical: Bool
    }

    private func outcome(_ alert: Alert) -> Outcome {
        Outcome(
            key: alert.key, first: alert.first, last: alert.last, count: alert.matchCount, events: alert.events,
            evidence: alert.evidence, actor: alert.actor, eventName: alert.eventName, historical: alert.historical)
    }

    /// Runs the matches in groups against a store that fails now and then.
    private func run(_ matches: [Match], capacity: Int, _ random: inout Numbers) -> Set<Outcome> {
        var merger = AlertMerger(capacity: capacity)
        var store: [String: Alert] = [:]
        var now: Milliseconds = 0
        var rest = matches[...]
        while !rest.isEmpty {
            let group = rest.prefix(Int.random(in: 1...7, using: &random))
            now += 1
            for match in group {
                merger.add(match, historical: match.event.reference.time % 2 == 0, now: now) { key, range in
                    store.values.filter {
                        $0.key == key && $0.status.growsOn && range.overlaps($0.firstSeen...$0.lastSeen)
                    }
                }
            }
            let changes = merger.takeChanges()
            if Int.random(in: 0..<5, using: &random) == 0 {
                merger.rollback()
                continue
            }
            for alert in changes {
                #expect(alert.revision == (store[alert.id]?.revision ?? 0) + 1)
                store[alert.id] = alert
            }
            merger.commit()
            rest = rest.dropFirst(group.count)
        }
        for alert in store.values where alert.status == .merged { #expect(store[alert.mergedInto] != nil) }
        return Set(store.values.filter { $0.status == .open }.map(outcome))
    }

    /// Connected components of one key's matches, by sorting.
    private func expectedCounts(_ matches: [Match]) -> [Alert.Key: [UInt64]] {
        var times: [Alert.Key: [Milliseconds]] = [:]
        for match in matches {
            let key = Alert.Key(
                detectionID: match.detection.id, accountID: match.event.accountID,
                principal: match.event.actor.principal)
            times[key, default: []].append(match.event.reference.time)
        }
        return times.mapValues { times in
            var counts: [UInt64] = []
            var previous: Milliseconds?
            for time in times.sorted() {
                if let previous, time - previous <= DetectLimits.mergeWindow {
                    counts[counts.count - 1] += 1
                } else {
                    counts.append(1)
                }
                previous = time
            }
            return counts.sorted()
        }
    }

    @Test(arguments: 1...40) func theOrderOfArrivalDoesNotMatter(seed: UInt64) {
        var random = Numbers(seed: seed)
        let spread = [6, 40, 200].randomElement(using: &random) ?? 6
        let matches = (0..<150).map { number in
            match(
                number, at: Int64.random(in: 0...Int64(spread), using: &random) * 1_200_000,
                detection: ["a", "b"].randomElement(using: &random) ?? "a",
                account: UInt64.random(in: 1...2, using: &random),
                actor: ["x", "y"].randomElement(using: &random) ?? "x",
                evidence: ["n": "\(number % 70)"])
        }
        let first = run(matches, capacity: 10_000, &random)
        for capacity in [10_000, 10_000, 12, 3, 1] {
            #expect(run(matches.shuffled(using: &random), capacity: capacity, &random) == first)
        }
        let counts = Dictionary(grouping: first, by: \.key).mapValues { $0.map(\.count).sorted() }
        #expect(counts == expectedCounts(matches))
    }
}
