// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// Everything that the stream remembers beside its alerts: the windows of correlations, who made which session, and what
/// was seen before. A value that does no I/O and takes time as an argument; the sequencer owns it.
///
/// One commit group goes: events as they come, then `takeRow` once, whose bytes are stored with the events. All rows ever
/// stored, replayed in their order, make the same state again; `rewrite` says what of an old row still counts, so that
/// the log can be cut at its beginning.
///
/// Invalid operations: none; whatever a row holds that is no row is skipped.
package struct StreamState: Sendable {
    /// The parts of a row. The numbers are on disk.
    private enum Part: UInt8 {
        case correlations = 1
        case lineage = 2
        case baselines = 3
    }

    private var correlator: Correlator
    private var lineage = Lineage()
    private var baselines = Baselines()

    /// - Parameter latenessSeconds: how late an event may come and still be counted.
    package init(latenessSeconds: Int = DetectLimits.latenessSeconds) {
        correlator = Correlator(latenessSeconds: latenessSeconds)
    }

    /// Takes an event that made a session. What is known anew comes back as hashes that pending sessions watch.
    package mutating func learn(_ issuance: Issuance, now: Milliseconds) -> [CorrelationKey] {
        lineage.learn(issuance, now: Self.seconds(now))
    }

    /// Who stands behind a session, as far as is known now.
    package func resolve(_ session: PendingSession) -> Lineage.Resolution { lineage.resolve(session.identity) }

    /// The match with the actor that stands behind it, as far as is known now.
    package func attribute(_ match: Match) -> Match {
        match.attributed(to: lineage.resolve(match.event.actor))
    }

    /// Takes an event on which a rule with a baseline holds, and gives its match where it is one.
    package mutating func judge(_ observation: BaselineObservation, now: Milliseconds) -> Match? {
        let match = attribute(observation.match)
        return baselines.judge(observation, match, clock: Self.hours(now)) ? match : nil
    }

    /// Takes an event on which a rule that correlations count holds, and gives the matches of those correlations that
    /// hold because of it: of this event, and of earlier ones that stand in the same window.
    package mutating func observe(
        _ observation: Observation, _ plan: DetectionPlan, historical: Bool, now: Milliseconds
    ) -> [StreamMatch] {
        let event = observation.event
        let id = CorrelationEvent.ID(high: event.reference.id.high, low: event.reference.id.low)
        let hits = correlator.observe(
            CorrelationEvent(
                id: id, time: event.reference.time, observations: observation.observations,
                context: StreamContext.encode(event, observation.evidence, historical: historical)),
            plan.correlations, now: Self.seconds(now))
        var matches: [StreamMatch] = []
        for hit in hits where plan.correlationAlerts[hit.correlation] {
            let detection = plan.correlated[hit.correlation]
            let standing = plan.standing(ofCorrelation: hit.correlation, in: event.accountID)
            guard standing.isEnabled else { continue }
            func add(_ event: MatchedEvent, _ evidence: [Evidence], historical: Bool) {
                let match = Match(
                    detection: detection, severity: standing.severity, event: event, evidence: evidence)
                matches.append(StreamMatch(match: match, historical: historical, isOnTrial: standing.isOnTrial))
            }
            if hit.id == id {
                add(event, observation.evidence, historical: historical)
            } else if let recalled = StreamContext.decode(
                hit.context, time: hit.time, id: EventID(high: hit.id.high, low: hit.id.low))
            {
                add(recalled.event, recalled.evidence, historical: recalled.historical)
            }
        }
        return matches
    }

    /// Forgets what no event in time can reach any more. Call it from time to time.
    package mutating func expire(now: Milliseconds) {
        correlator.expire(now: Self.seconds(now))
        lineage.expire(now: Self.seconds(now))
        baselines.expire(clock: Self.hours(now))
    }

    /// What it takes in memory, about, and in the log where nothing is outdated.
    package var bytes: Int { correlator.bytes + lineage.bytes + baselines.bytes }

    /// What it had to refuse or to forget.
    package var losses: StreamLosses {
        StreamLosses(
            lateEvents: correlator.lateEvents, forgottenEvents: correlator.forgottenEvents,
            evictedGroups: correlator.evictedGroups, evictedSessions: lineage.evicted,
            evictedCombinations: baselines.evicted)
    }

    /// Joins of sessions with their makers that are remembered.
    package var sessionCount: Int { lineage.count }

    /// Groups of correlations that are remembered.
    package var groupCount: Int { correlator.groupCount }

    private static func hours(_ now: Milliseconds) -> UInt32 { UInt32(clamping: now / 3_600_000) }

    private static func seconds(_ now: Milliseconds) -> UInt32 { UInt32(clamping: now / 1_000) }
}

/// A match that the stream's state made, of the event at hand or of an earlier one.
package struct StreamMatch: Sendable {
    package let match: Match
    /// Whether its event came as history.
    package let historical: Bool
    /// Whether the detection is on trial in the account: then the match is counted, and raises no alert.
    package let isOnTrial: Bool
}

/// What a stream's state had to refuse or to forget before its time, since the start.
package struct StreamLosses: Sendable, Equatable {
    /// Events that came too late for a correlation.
    package var lateEvents = 0
    /// Events of groups that had too many.
    package var forgottenEvents = 0
    /// Groups that were too many.
    package var evictedGroups = 0
    /// Sessions that were too many.
    package var evictedSessions = 0
    /// Combinations of baselines that were too many.
    package var evictedCombinations = 0
}

// MARK: Rows

extension StreamState {
    /// What was learned since the last call; empty where it was nothing.
    package mutating func takeRow() -> [UInt8] {
        var row: [UInt8] = []
        Self.append(.correlations, correlator.takeLog(), to: &row)
        Self.append(.lineage, lineage.takeLog(), to: &row)
        Self.append(.baselines, baselines.takeLog(), to: &row)
        return row
    }

    /// Takes in a stored row.
    package mutating func replay(_ row: [UInt8], now: Milliseconds) {
        for (part, bytes) in Self.parts(row) {
            switch part {
            case .correlations: correlator.replay(bytes, now: Self.seconds(now))
            case .lineage: lineage.replay(bytes, now: Self.seconds(now))
            case .baselines: baselines.replay(bytes, clock: Self.hours(now))
            }
        }
    }

    /// What still counts of stored rows, as it stands now.
    package func rewrite(_ rows: [[UInt8]]) -> [UInt8] {
        var live: [Part: [UInt8]] = [:]
        for row in rows {
            for (part, bytes) in Self.parts(row) {
                switch part {
                case .correlations: live[part, default: []] += correlator.live(bytes)
                case .lineage: live[part, default: []] += lineage.live(bytes)
                case .baselines: live[part, default: []] += baselines.live(bytes)
                }
            }
        }
        var row: [UInt8] = []
        for (part, bytes) in live.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            Self.append(part, bytes, to: &row)
        }
        return row
    }

    private static func append(_ part: Part, _ bytes: [UInt8], to row: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        row.append(part.rawValue)
        withUnsafeBytes(of: UInt32(clamping: bytes.count).littleEndian) { row.append(contentsOf: $0) }
        row += bytes
    }

    private static func parts(_ row: [UInt8]) -> [(Part, [UInt8])] {
        var parts: [(Part, [UInt8])] = []
        var position = 0
        while row.count - position >= 5 {
            let count = row[(position + 1)...(position + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard row.count - position - 5 >= count else { break }
            if let part = Part(rawValue: row[position]) {
                parts.append((part, Array(row[(position + 5)..<(position + 5 + count)])))
            }
            position += 5 + count
        }
        return parts
    }
}
