// SPDX-License-Identifier: Apache-2.0

/// A correlation and what follows from it alone, worked out once: it is asked for with every event.
final class PreparedCorrelation: Sendable {
    let correlation: SigmaCorrelation
    let kind: SigmaCorrelation.Kind
    /// `SigmaCorrelation.identity`.
    let identity: UInt64
    /// `SigmaCorrelation.isMonotone`.
    let isMonotone: Bool
    /// Milliseconds that a window reaches back.
    let span: Int64
    /// Whether the number of events is all that counts, so that none needs to be looked at.
    let countsAll: Bool
    /// No window of fewer events can hold.
    let fewestEvents: Int
    /// The correlations that count its matches.
    let parents: [CorrelationPlan.Use]
    /// How many correlations that wait stand one below another under it.
    private let stages: Int

    init(_ correlation: SigmaCorrelation, identity: UInt64, parents: [CorrelationPlan.Use], stages: Int) {
        self.correlation = correlation
        kind = correlation.kind
        self.identity = identity
        isMonotone = correlation.isMonotone
        span = Int64(correlation.timespanSeconds) * 1_000
        countsAll = correlation.kind == .eventCount && correlation.rules.count == 1
        fewestEvents = correlation.fewestEvents
        self.parents = parents
        self.stages = stages
    }

    /// How late after later ones an event or a match from below may come, in milliseconds, where events are so late.
    func delay(lateness: Int64) -> Int64 { lateness + Int64(stages) * (lateness + CorrelationWaits.step) }

    /// How far back from a group's latest event any window reaches that is not settled yet, in milliseconds.
    func reach(lateness: Int64) -> Int64 {
        span + delay(lateness: lateness) + (isMonotone ? 0 : CorrelationWaits.step)
    }
}

extension SigmaCorrelation {
    /// No window of fewer events can hold; 0 where that is not known.
    fileprivate var fewestEvents: Int {
        guard isMonotone else { return 0 }
        if !clauses.isEmpty { return clauses.map(\.present.count).min() ?? 0 }
        switch kind {
        case .eventCount, .valueCount, .temporal, .temporalOrdered:
            // What is counted is never more than the events are.
            let most = Double(SigmaLimits.correlationEventsPerGroup)
            return bounds.map { bound in
                guard bound.number.isFinite else { return 0 }
                let number = min(max(bound.number, 0), most)
                return Int(number.rounded(.up))
                    + (bound.comparison == .greater && number == number.rounded(.up) ? 1 : 0)
            }.max() ?? 0
        case .valueSum, .valueAverage, .valuePercentile, .valueMedian: return 0
        }
    }
}
