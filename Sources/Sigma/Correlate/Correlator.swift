// SPDX-License-Identifier: Apache-2.0

/// An event on which a rule holds, as correlations see it.
public struct CorrelationEvent: Hashable, Sendable {
    /// The event's own identity: the same one again changes nothing.
    public struct ID: Hashable, Comparable, Sendable, Codable {
        public var high: UInt64
        public var low: UInt64

        public init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }

        public static func < (left: ID, right: ID) -> Bool {
            (left.high, left.low) < (right.high, right.low)
        }
    }

    /// What it brings, from `CorrelationPlan.observations`.
    public struct Observations: Hashable, Sendable {
        /// For correlations that count the rule.
        public var direct: [CorrelationObservation] = []
        /// For correlations that count it only through others.
        public var indirect: [CorrelationObservation] = []

        public init() {}
    }

    public var id: ID
    /// Milliseconds since 1970, by the event's own clock.
    public var time: Int64
    public var observations: Observations

    public init(id: ID, time: Int64, observations: Observations) {
        self.id = id
        self.time = time
        self.observations = observations
    }
}

/// A correlation holds.
public struct CorrelationMatch: Hashable, Sendable {
    /// The index in the plan.
    public var correlation: Int
    public var group: [String?]
    /// The event that made it hold.
    public var trigger: CorrelationEvent.ID
    /// The times of the first and the last event of the windows that hold.
    public var first: Int64
    public var last: Int64
    /// How many events there are in these windows.
    public var count: Int
    /// The earliest of them, up to a limit.
    public var events: [CorrelationEvent.ID]
}

/// Counts events in windows of event time, whatever the order in which they come.
///
/// A window ends at an event and reaches back by the timespan, both ends included. A correlation holds when its
/// condition holds in a window that the new event stands in. The state is a value: a copy is a draft that can be thrown away.
public struct Correlator: Sendable {
    public let plan: CorrelationPlan
    /// How late an event may come, in milliseconds.
    public let lateness: Int64
    /// What is remembered; give it back to `init` to go on after a restart.
    public private(set) var state: State

    /// What is remembered of each correlation, by its reference, so that it survives a change of the rules.
    public struct State: Sendable, Codable {
        var windows: [String: [[String?]: CorrelationWindow]] = [:]
        /// The latest event time that was seen.
        public internal(set) var latest = Int64.min
        /// Events that came too late to be counted.
        public internal(set) var lateEvents = 0
        /// Events and groups that were forgotten before their time, since there were too many.
        public internal(set) var forgotten = 0

        public init() {}
    }

    /// - Parameters:
    ///   - latenessSeconds: how long after later events an event still counts.
    public init(_ plan: CorrelationPlan, latenessSeconds: Int = 3_600, state: State = State()) {
        self.plan = plan
        self.lateness = Int64(latenessSeconds) * 1_000
        self.state = state
        let known = Set(plan.correlations.map(\.metadata.reference))
        self.state.windows = state.windows.filter { known.contains($0.key) }
    }

    /// Takes an event in and tells which correlations hold because of it.
    public mutating func observe(_ event: CorrelationEvent) -> [CorrelationMatch] {
        var matches: [CorrelationMatch] = []
        state.latest = max(state.latest, event.time)
        var waiting = event.observations.direct
        var seen: Set<CorrelationPlan.Place> = []
        while let observation = waiting.popLast() {
            let place = CorrelationPlan.Place(observation)
            guard seen.insert(place).inserted, let match = count(observation, event) else { continue }
            matches.append(match)
            for use in plan.parents[observation.correlation] {
                let known = event.observations.indirect + event.observations.direct
                guard var above = known.first(where: { $0.correlation == use.correlation }) else { continue }
                above.member = use.member
                waiting.append(above)
            }
        }
        return matches.sorted { $0.correlation < $1.correlation }
    }

    private mutating func count(
        _ observation: CorrelationObservation, _ event: CorrelationEvent
    ) -> CorrelationMatch? {
        let correlation = plan.correlations[observation.correlation]
        let span = Int64(correlation.timespanSeconds) * 1_000
        guard event.time >= state.latest - span - lateness else {
            state.lateEvents += 1
            return nil
        }
        if correlation.kind.needsField, observation.value == nil { return nil }
        let entry = CorrelationWindow.Entry(
            time: event.time, id: event.id, member: observation.member, value: observation.value)
        let reference = correlation.metadata.reference
        var groups = state.windows.removeValue(forKey: reference) ?? [:]
        defer { state.windows[reference] = groups }
        if groups[observation.group] == nil, groups.count >= SigmaLimits.correlationGroups {
            state.forgotten += Self.forgetOldest(&groups)
        }
        guard let place = groups[observation.group, default: CorrelationWindow()].insert(entry) else { return nil }
        let dropped = groups[observation.group]?.trim(before: state.latest - span - lateness) ?? (all: 0, excess: 0)
        state.forgotten += dropped.excess
        guard place >= dropped.all, let window = groups[observation.group],
            let range = window.holding(correlation, at: place - dropped.all)
        else { return nil }
        let entries = window.entries[range]
        return CorrelationMatch(
            correlation: observation.correlation, group: observation.group, trigger: event.id,
            first: entries.first?.time ?? event.time, last: entries.last?.time ?? event.time, count: entries.count,
            events: entries.prefix(SigmaLimits.correlationMatchEvents).map(\.id))
    }

    /// Forgets a tenth of the groups, those whose last event is the oldest.
    private static func forgetOldest(_ groups: inout [[String?]: CorrelationWindow]) -> Int {
        let ages = groups.map { ($0.value.entries.last?.time ?? .min, $0.key) }.sorted { $0.0 < $1.0 }
        for (_, group) in ages.prefix(max(1, ages.count / 10)) { groups[group] = nil }
        return max(1, ages.count / 10)
    }

    /// Forgets what no window can reach any more. Call it from time to time.
    public mutating func expire() {
        for correlation in plan.correlations {
            let reference = correlation.metadata.reference
            let horizon = state.latest - Int64(correlation.timespanSeconds) * 1_000 - lateness
            guard state.latest > .min / 2, var groups = state.windows.removeValue(forKey: reference) else { continue }
            for group in Array(groups.keys) {
                _ = groups[group]?.trim(before: horizon)
                if groups[group]?.entries.isEmpty == true { groups[group] = nil }
            }
            state.windows[reference] = groups
        }
    }
}

extension CorrelationPlan {
    /// Where an observation goes.
    struct Place: Hashable {
        var correlation: Int
        var member: Int

        init(_ observation: CorrelationObservation) {
            correlation = observation.correlation
            member = observation.member
        }
    }
}
