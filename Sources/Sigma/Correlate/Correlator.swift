// SPDX-License-Identifier: Apache-2.0

/// Counts events in windows of event time, whatever the order in which they come.
///
/// A window ends at an instant that has an event and reaches back by the timespan, both ends included. A correlation
/// holds for the events of every window in which its condition holds; each such event is a hit, told once. So the hits
/// of conditions that more events can't undo (`gte`, `gt` on counts) follow from the set of events alone; other
/// conditions are judged by the events that are there. A correlation above counts the events at which such windows end.
///
/// Every group goes by its own clock: an event counts where it is no later than `lateness` after the group's latest.
/// The state is bounded in groups, in events of a group and in bytes; what is forgotten before its time is counted.
///
/// What a correlator learns comes out as bytes by `takeLog`; a new one that takes them in by `replay`, in their order,
/// is where the old one was.
public struct Correlator: Sendable {
    /// How late an event may come, in milliseconds.
    public let lateness: Int64
    /// Groups and bytes that are kept at most.
    public let capacity: Int
    public let byteCapacity: Int
    /// Events that came too late to be counted.
    public private(set) var lateEvents = 0
    /// Events that were forgotten before their time, since their group had too many.
    public private(set) var forgottenEvents = 0
    /// Groups that were forgotten before their time, since there were too many: those without a new event for longest.
    public private(set) var evictedGroups = 0
    /// What the state takes in memory, about.
    public private(set) var bytes = 0

    private var groups: [CorrelationKey: CorrelationWindow] = [:]
    private var log = CorrelationLog()

    public init(
        latenessSeconds: Int = SigmaLimits.correlationLatenessSeconds, capacity: Int = SigmaLimits.correlationGroups,
        byteCapacity: Int = SigmaLimits.correlationBytes
    ) {
        lateness = Int64(latenessSeconds) * 1_000
        self.capacity = max(1, capacity)
        self.byteCapacity = byteCapacity
    }

    /// How many groups there are.
    public var groupCount: Int { groups.count }

    /// Takes an event in and tells which events stand in a window that holds because of it.
    ///
    /// - Parameters:
    ///   - plan: what the event's observations were made with.
    ///   - now: seconds of the caller's clock, which decides what is forgotten first.
    public mutating func observe(_ event: CorrelationEvent, _ plan: CorrelationPlan, now: UInt32) -> [CorrelationHit] {
        var hits: [CorrelationHit] = []
        for observation in event.observations.direct {
            let above =
                plan.parents[observation.correlation].isEmpty
                ? [] : event.observations.indirect + event.observations.direct
            let context = UpwardContext.encode(above, plan, event.context)
            count(observation, event.time, event.id, context, plan, now, &hits, depth: 0)
        }
        return hits
    }

    private mutating func count(
        _ observation: CorrelationObservation, _ time: Int64, _ id: CorrelationEvent.ID, _ context: [UInt8],
        _ plan: CorrelationPlan, _ now: UInt32, _ hits: inout [CorrelationHit], depth: Int
    ) {
        let correlation = plan.correlations[observation.correlation]
        if correlation.kind.needsField, observation.value == nil { return }
        let entry = CorrelationEntry(
            time: time, id: id, value: observation.value ?? 0, member: UInt16(clamping: observation.member),
            marks: observation.value == nil ? [] : .hasValue, context: context)
        let identity = plan.identities[observation.correlation]
        let reach = Int64(correlation.timespanSeconds) * 1_000 + lateness
        let key = observation.group
        if groups[key] == nil {
            makeRoom()
            bytes += Self.groupBytes
        }
        let outcome = groups[
            key, default: CorrelationWindow(correlation: identity, reach: reach, touched: now)
        ].observe(entry, correlation)
        groups[key]?.touched = now
        bytes += outcome.bytes
        if outcome.isLate { lateEvents += 1 }
        forgottenEvents += outcome.forgotten
        guard outcome.isNew else { return }
        if let kept = outcome.kept { log.event(key, correlation: identity, reach: reach, kept) }
        var marked = outcome.hits + outcome.ends
        marked.removeAll { $0.isSame(entry) }
        for entry in marked { log.marks(key, entry) }
        for hit in outcome.hits {
            hits.append(
                CorrelationHit(
                    correlation: observation.correlation, group: key, id: hit.id, time: hit.time,
                    context: UpwardContext.own(hit.context)))
        }
        guard depth < SigmaLimits.correlationDepth else { return }
        for end in outcome.ends {
            for use in plan.parents[observation.correlation] {
                guard var above = UpwardContext.observation(plan.identities[use.correlation], end.context) else {
                    continue
                }
                above.correlation = use.correlation
                above.member = use.member
                count(above, end.time, end.id, end.context, plan, now, &hits, depth: depth + 1)
            }
        }
    }
}

// MARK: What is kept

extension Correlator {
    /// What a group takes in memory beside its events, about.
    private static let groupBytes = 96

    /// What was learned since the last call.
    public mutating func takeLog() -> [UInt8] { log.take() }

    /// Takes in what another correlator's `takeLog` or `live` gave.
    public mutating func replay(_ bytes: [UInt8], now: UInt32) {
        var reader = CorrelationLogReader(bytes)
        while let item = reader.next() {
            switch item {
            case .event(let key, let correlation, let reach, let entry):
                if groups[key] == nil { self.bytes += Self.groupBytes }
                let isNew = groups[
                    key, default: CorrelationWindow(correlation: correlation, reach: reach, touched: now)
                ].restore(entry)
                if isNew { self.bytes += entry.bytes }
            case .marks(let key, let entry): groups[key]?.mark(entry)
            }
        }
    }

    /// What still counts of bytes that `takeLog` gave, as it stands now. So old bytes can be replaced by fewer.
    public func live(_ bytes: [UInt8]) -> [UInt8] {
        var reader = CorrelationLogReader(bytes)
        var log = CorrelationLog()
        while let item = reader.next() {
            guard case .event(let key, let correlation, let reach, let entry) = item,
                let kept = groups[key]?.entry(entry)
            else { continue }
            log.event(key, correlation: correlation, reach: reach, kept)
        }
        return log.take()
    }

    /// Forgets groups that no event in time can reach any more. Call it from time to time.
    ///
    /// - Parameter now: seconds since 1970. A group of old events lives on for the lateness after its last one came, so
    ///   that history that is read later is correlated too.
    public mutating func expire(now: UInt32) {
        let time = Int64(now) * 1_000
        let dead = groups.filter { _, window in
            window.latest + window.reach < time && Int64(window.touched) * 1_000 + lateness < time
        }
        for (key, _) in dead { remove(key) }
    }

    private mutating func remove(_ key: CorrelationKey) {
        guard let window = groups.removeValue(forKey: key) else { return }
        bytes -= window.bytes
    }

    /// Where there is no room for a group more, a tenth goes: those without a new event for longest.
    private mutating func makeRoom() {
        guard groups.count >= capacity || bytes >= byteCapacity else { return }
        let ages = groups.map { (touched: $0.value.touched, key: $0.key) }
            .sorted { ($0.touched, $0.key) < ($1.touched, $1.key) }
        let surplus = ages.prefix(max(1, ages.count / 10))
        for (_, key) in surplus { remove(key) }
        evictedGroups += surplus.count
    }
}

/// Bytes kept with an event: what the correlations above need of it, then the caller's own.
private enum UpwardContext {
    static func encode(_ above: [CorrelationObservation], _ plan: CorrelationPlan, _ own: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        let above = above.prefix(Int(UInt8.max))
        bytes.reserveCapacity(1 + above.count * 33 + own.count)
        bytes.append(UInt8(above.count))
        for observation in above {
            for word in [
                plan.identities[observation.correlation], observation.group.high, observation.group.low,
                observation.value ?? 0,
            ] { withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) } }
            bytes.append(observation.value == nil ? 0 : 1)
        }
        bytes += own
        return bytes
    }

    static func own(_ bytes: [UInt8]) -> [UInt8] {
        guard let count = bytes.first else { return [] }
        return Array(bytes.dropFirst(1 + Int(count) * 33))
    }

    /// What the event brings to the correlation of an identity; its indexes are to be set.
    static func observation(_ identity: UInt64, _ bytes: [UInt8]) -> CorrelationObservation? {
        guard let count = bytes.first, bytes.count >= 1 + Int(count) * 33 else { return nil }
        return bytes.withUnsafeBytes { buffer in
            func word(_ offset: Int) -> UInt64 {
                UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            for index in 0..<Int(count) where word(1 + index * 33) == identity {
                let start = 1 + index * 33
                return CorrelationObservation(
                    correlation: 0, member: 0, group: CorrelationKey(high: word(start + 8), low: word(start + 16)),
                    value: buffer[start + 32] == 1 ? word(start + 24) : nil)
            }
            return nil
        }
    }
}
