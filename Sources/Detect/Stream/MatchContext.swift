// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// The stored form of a match that the stream keeps until it knows whether it is one: its event, and what the rule made
/// of it. The rule itself is found again by its id.
enum MatchContext {
    /// A match as it was kept.
    struct Recalled {
        let detectionID: String
        let isOnTrial: Bool
        let mergeKey: String?
        let event: MatchedEvent
        let evidence: [Evidence]
        let historical: Bool

        /// The match of a rule as it stands now.
        func match(
            _ detection: Detection, severity: Severity, evidence more: [Evidence] = [], hold: Hold? = nil
        ) -> Match {
            Match(
                detection: detection, severity: severity, event: event, evidence: evidence + more,
                mergeKey: mergeKey, hold: hold)
        }
    }

    static func encode(_ match: Match, isOnTrial: Bool, historical: Bool) -> [UInt8] {
        var writer = FieldWriter()
        writer.string(match.detection.id)
        writer.varint((isOnTrial ? 1 : 0) | (match.mergeKey == nil ? 0 : 2))
        if let mergeKey = match.mergeKey { writer.string(mergeKey) }
        return writer.bytes + StreamContext.encode(match.event, match.evidence, historical: historical)
    }

    /// Reads what `encode` wrote; nil for bytes of any other origin.
    static func decode(_ bytes: [UInt8], time: Milliseconds, id: EventID) -> Recalled? {
        var reader = FieldReader(bytes)
        guard let detection = try? reader.string(), let flags = try? reader.number() else { return nil }
        var mergeKey: String?
        if flags & 2 != 0 {
            guard let text = try? reader.string() else { return nil }
            mergeKey = text
        }
        guard let kept = StreamContext.decode(Array(reader.rest), time: time, id: id) else { return nil }
        return Recalled(
            detectionID: detection, isOnTrial: flags & 1 != 0, mergeKey: mergeKey, event: kept.event,
            evidence: kept.evidence, historical: kept.historical)
    }
}
