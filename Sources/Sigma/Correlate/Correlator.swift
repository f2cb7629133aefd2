// SPDX-License-Identifier: Apache-2.0

/// Counts events in windows of event time, whatever the order in which they come.
///
/// A window ends at an instant that has an event and reaches back by the timespan, both ends included. A correlation
/// holds for the events of every window in which its condition holds; each such event is a hit, told once. Where more
/// events can't undo the condition (`gte`, `gt` on counts) a window is judged with every event; else it waits until no
/// event of it can come any more, by `CorrelationWaits`. So the hits follow from the set of events alone. A correlation
/// above counts the events at which such windows end.
///
/// Every group goes by its own clock: an event counts where it is no later than `lateness` after the group's latest.
/// The state is bounded in groups, in events of a group and in bytes; what is forgotten before its time is counted. Where
/// groups are too many, those of the tenant go that has the most: by `FairShare`, so that no tenant's flood makes the
/// groups of another be forgotten.
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
    /// Groups that were forgotten before their time, since there were too many: those of the tenants with the
    /// most, and of these those without a new event for longest.
    public private(set) var evictedGroups = 0
    /// What the state takes in memory.
    public var bytes: Int { groupBytes.total + waits.bytes }

    private var groups: [CorrelationKey: CorrelationWindow] = [:]
    private var waits = CorrelationWaits()
    /// Groups of each tenant, and their bytes.
    private var groupCounts = Holdings<UInt64>()
    private var groupBytes = Holdings<UInt64>()
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

    /// How many of them have windows that wait.
    public var waitingCount: Int { waits.count }

    /// Takes an event in and tells which events stand in a window that holds because of it, or that is over by it.
    ///
    /// - Parameters:
    ///   - plan: what the event's observations were made with.
    ///   - now: seconds of the caller's clock, which decides what is forgotten first.
    public mutating func observe(_ event: CorrelationEvent, _ plan: CorrelationPlan, now: UInt32) -> [CorrelationHit] {
        var hits = waits.count > 0 || plan.hasWaits ? advance(event.tenant, to: event.time, plan, now: now) : []
        let around = Surroundings(prepared: plan.prepared, tenant: event.tenant, now: now)
        // What no correlation above needs anything of is kept once for all.
        let plain = UpwardContext.encode([], plan.prepared, event.context)
        for observation in event.observations.direct {
            let entry = CorrelationEntry(
                time: event.time, id: event.id, value: observation.value ?? 0,
                member: UInt16(clamping: observation.member), marks: observation.value == nil ? [] : .hasValue,
                context: plan.prepared[observation.correlation].parents.isEmpty
                    ? plain
                    : UpwardContext.encode(
                        event.observations.indirect + event.observations.direct, plan.prepared, event.context))
            count(observation, entry, around, &hits, depth: 0)
        }
        return hits
    }

    /// What an event is counted with.
    private struct Surroundings {
        let prepared: [PreparedCorrelation]
        let tenant: UInt64
        let now: UInt32
    }

    private mutating func count(
        _ observation: CorrelationObservation, _ entry: CorrelationEntry, _ around: Surroundings,
        _ hits: inout [CorrelationHit], depth: Int
    ) {
        let (key, prepared) = (observation.group, around.prepared[observation.correlation])
        if prepared.kind.needsField, observation.value == nil { return }
        let delay = prepared.delay(lateness: lateness)
        let known = prepared.isMonotone ? nil : waits[key]
        let outcome = observe(
            entry, prepared, key, around, delay: delay, waitingFrom: known?.earliest ?? .max)
        if outcome.isLate { lateEvents += 1 }
        forgottenEvents += outcome.forgotten
        guard outcome.isNew else { return }
        if !prepared.isMonotone {
            var wait = known ?? CorrelationWaits.Wait(tenant: around.tenant, delay: delay)
            if CorrelationWaits.minute(entry.time + delay) < waits.mark(around.tenant) { wait.isBehind = true }
            if known == nil || known?.isBehind != wait.isBehind { log.waits(key, wait) }
            wait.earliest = outcome.earliest ?? .max
            waits.set(key, outcome.earliest == nil ? nil : wait)
        }
        if let kept = outcome.kept {
            log.event(
                key, correlation: prepared.identity, tenant: around.tenant,
                reach: prepared.reach(lateness: lateness), kept)
        }
        tell(outcome, of: observation.correlation, key, but: entry, around, &hits, depth: depth)
    }

    /// Gives an event to its group, which begins with it where there is none.
    private mutating func observe(
        _ entry: CorrelationEntry, _ prepared: PreparedCorrelation, _ key: CorrelationKey, _ around: Surroundings,
        delay: Int64, waitingFrom earliest: Int64
    ) -> CorrelationWindow.Outcome {
        if isFull, groups[key] == nil { makeRoom() }
        let before = groups.count
        let reach = prepared.reach(lateness: lateness)
        // One search of a table that is larger than any cache, not one for each thing that is asked.
        let (outcome, tenant) = groups[
            key,
            default: CorrelationWindow(
                correlation: prepared.identity, tenant: around.tenant, reach: reach, touched: around.now)
        ].take(entry, prepared, delay: delay, waitingFrom: earliest, now: around.now)
        if groups.count > before { groupCounts.add(1, to: tenant) }
        groupBytes.add((groups.count - before) * CorrelationWindow.tableBytes + outcome.bytes, to: tenant)
        return outcome
    }

    /// Tells of what was found in a group, and has the correlations above count it.
    private mutating func tell(
        _ outcome: CorrelationWindow.Outcome, of correlation: Int, _ key: CorrelationKey, but new: CorrelationEntry?,
        _ around: Surroundings, _ hits: inout [CorrelationHit], depth: Int
    ) {
        for entry in outcome.hits + outcome.ends where new.map(entry.isSame) != true { log.marks(key, entry) }
        if let before = outcome.settledBefore { log.settled(key, before: before) }
        for hit in outcome.hits {
            hits.append(
                CorrelationHit(
                    correlation: correlation, group: key, id: hit.id, time: hit.time,
                    context: UpwardContext.own(hit.context)))
        }
        guard depth < SigmaLimits.correlationDepth else { return }
        for end in outcome.ends {
            for use in around.prepared[correlation].parents {
                let identity = around.prepared[use.correlation].identity
                guard var above = UpwardContext.observation(identity, end.context) else { continue }
                above.correlation = use.correlation
                above.member = use.member
                let entry = CorrelationEntry(
                    time: end.time, id: end.id, value: above.value ?? 0, member: UInt16(clamping: use.member),
                    marks: above.value == nil ? [] : .hasValue, context: end.context)
                count(above, entry, around, &hits, depth: depth + 1)
            }
        }
    }
}

// MARK: What waits

extension Correlator {
    /// Takes how late a tenant's events are by now, and tells what windows hold that are over by it.
    ///
    /// - Parameters:
    ///   - time: of an event, in milliseconds. One from the future moves nothing on.
    ///   - now: seconds of the caller's clock.
    public mutating func advance(
        _ tenant: UInt64, to time: Int64, _ plan: CorrelationPlan, now: UInt32
    ) -> [CorrelationHit] {
        let minute = CorrelationWaits.minute(min(time, Int64(now) * 1_000))
        guard minute > waits.mark(tenant) else { return [] }
        var hits: [CorrelationHit] = []
        // Minute by minute, so that what one brings about is in time for the next.
        while let keys = waits.nextDue(tenant, before: minute) {
            let before = waits.mark(tenant) * CorrelationWaits.step
            for key in inOrder(keys, plan) { settle(key, before: before, plan, now, &hits) }
        }
        waits.advance(tenant, to: minute)
        return hits
    }

    /// Tells what windows hold that are over by the caller's clock: of groups in which nothing moves on any more.
    ///
    /// - Parameters:
    ///   - now: seconds of the caller's clock.
    ///   - all: whether time is over for every one.
    public mutating func settle(_ plan: CorrelationPlan, now: UInt32, all: Bool = false) -> [CorrelationHit] {
        guard waits.count > 0, all || waits.looks(now: now) else { return [] }
        let time = Int64(now) * 1_000
        var hits: [CorrelationHit] = []
        repeat {
            let over = waits.groups.filter { key, wait in
                all || wait.isOver(touched: groups[key]?.touched ?? 0, now: time)
            }
            for key in inOrder(Array(over.keys), plan) {
                settle(key, before: all ? .max : time, plan, now, &hits)
            }
            // What correlations above count of it waits in turn.
        } while all && waits.count > 0
        return hits
    }

    /// What windows wait for in which an event stands; nil where none waits, or where its match was told already.
    public func wait(
        of id: CorrelationEvent.ID, at time: Int64, in group: CorrelationKey, _ plan: CorrelationPlan
    ) -> CorrelationWait? {
        guard let wait = waits[group], let window = groups[group], let place = plan.place(of: window.correlation),
            let last = window.lastOpen(id, time, span: plan.prepared[place].span)
        else { return nil }
        return CorrelationWait(
            correlation: place, due: wait.isBehind ? nil : last + wait.delay,
            deadline: max(Int64(window.touched) * 1_000, last) + wait.delay)
    }

    /// What is counted comes before what counts it.
    private func inOrder(_ keys: [CorrelationKey], _ plan: CorrelationPlan) -> [CorrelationKey] {
        keys.map { key in
            (place: groups[key].flatMap { plan.place(of: $0.correlation) } ?? 0, key: key)
        }.sorted { ($0.place, $0.key) < ($1.place, $1.key) }.map(\.key)
    }

    /// - Parameter before: a window is over that ends by the group's delay earlier.
    private mutating func settle(
        _ key: CorrelationKey, before: Int64, _ plan: CorrelationPlan, _ now: UInt32, _ hits: inout [CorrelationHit]
    ) {
        guard var wait = waits[key] else { return }
        guard let place = groups[key].flatMap({ plan.place(of: $0.correlation) }), plan.waits(place) else {
            // Its correlation is not what it was.
            waits.set(key, nil)
            log.settled(key, before: .max)
            return
        }
        var outcome = CorrelationWindow.Outcome()
        groups[key]?.settle(
            from: wait.earliest, before: before == .max ? .max : before - wait.delay, plan.prepared[place],
            &outcome)
        wait.earliest = outcome.earliest ?? .max
        waits.set(key, outcome.earliest == nil ? nil : wait)
        tell(
            outcome, of: place, key, but: nil, Surroundings(prepared: plan.prepared, tenant: wait.tenant, now: now),
            &hits,
            depth: 0)
    }
}

// MARK: What is kept

extension Correlator {
    /// What was learned since the last call.
    public mutating func takeLog() -> [UInt8] { log.take() }

    /// Takes in what another correlator's `takeLog` or `live` gave.
    public mutating func replay(_ bytes: [UInt8], now: UInt32) {
        var reader = CorrelationLogReader(bytes)
        while let item = reader.next() {
            switch item {
            case .event(let key, let correlation, let tenant, let reach, let entry):
                // Of a group that an earlier version began, the tenant stays unknown.
                let owner = groups[key]?.tenant
                if owner == nil { makeGroup(tenant) }
                let grown = groups[
                    key,
                    default: CorrelationWindow(correlation: correlation, tenant: tenant, reach: reach, touched: now)
                ].restore(entry)
                if let grown { groupBytes.add(grown, to: owner ?? tenant) }
                guard var wait = waits[key], !entry.marks.contains(.isSettled) else { continue }
                wait.earliest = min(wait.earliest, entry.time)
                waits.set(key, wait)
            case .marks(let key, let entry): groups[key]?.mark(entry)
            case .waits(let key, let tenant, let delay, let isBehind):
                let earliest = groups[key]?.earliestOpen ?? .max
                waits.set(key, .init(tenant: tenant, delay: delay, isBehind: isBehind, earliest: earliest))
            case .settled(let key, let before):
                groups[key]?.settled(before: before)
                guard var wait = waits[key] else { continue }
                // One that waits for nothing stays: what it waits for may stand in bytes that were written anew.
                wait.earliest = groups[key]?.earliestOpen ?? .max
                waits.set(key, wait)
            case .forgotten(let key): remove(key)
            }
        }
    }

    /// What still counts of bytes that `takeLog` gave, as it stands now. So old bytes can be replaced by fewer.
    public func live(_ bytes: [UInt8]) -> [UInt8] {
        var reader = CorrelationLogReader(bytes)
        var log = CorrelationLog()
        while let item = reader.next() {
            switch item {
            case .event(let key, let correlation, _, let reach, let entry):
                guard let group = groups[key], let kept = group.entry(entry) else { continue }
                log.event(key, correlation: correlation, tenant: group.tenant, reach: reach, kept)
            case .waits(let key, _, _, _): if let wait = waits[key] { log.waits(key, wait) }
            case .marks, .settled, .forgotten: continue
            }
        }
        return log.take()
    }

    /// Forgets groups that no event in time can reach any more. Call it from time to time.
    ///
    /// - Parameter now: seconds since 1970. A group of old events lives on for the lateness after its last one came, so
    ///   that history that is read later is correlated too.
    public mutating func expire(now: UInt32) {
        let time = Int64(now) * 1_000
        let dead = groups.compactMap { key, window in
            let isOver = window.latest + window.reach < time && Int64(window.touched) * 1_000 + lateness < time
            return isOver && waits[key] == nil ? key : nil
        }
        for key in dead { forget(key) }
        // A table does not shrink of its own.
        if groups.capacity > 4 * groups.count + 1_024 {
            groups = Dictionary(uniqueKeysWithValues: groups.map { ($0.key, $0.value) })
        }
    }

    /// Takes that a group begins, once there is room for it.
    private mutating func makeGroup(_ tenant: UInt64) {
        makeRoom()
        groupCounts.add(1, to: tenant)
        groupBytes.add(CorrelationWindow.tableBytes, to: tenant)
    }

    /// Removes a group for good: it does not come back after a restart either.
    private mutating func forget(_ key: CorrelationKey) {
        remove(key)
        log.forgotten(key)
    }

    /// Undoes what a clock that ran ahead has left: events from the future are forgotten, behind which every later event of
    /// their group would count as late, and no group was touched, or its tenant's events moved on, later than now.
    ///
    /// - Parameter now: seconds of a clock that is right again.
    public mutating func correctClock(now: UInt32) {
        let end = (Int64(now) + Int64(SigmaLimits.correlationFutureSeconds)) * 1_000
        for (key, window) in groups where window.latest > end || window.touched > now {
            groups[key]?.touched = min(window.touched, now)
            guard window.latest > end else { continue }
            groupBytes.add(-(groups[key]?.forget(after: end) ?? 0), to: window.tenant)
            if groups[key]?.entries.isEmpty == true {
                remove(key)
            } else if var wait = waits[key] {
                wait.earliest = groups[key]?.earliestOpen ?? .max
                waits.set(key, wait.earliest == .max ? nil : wait)
            }
        }
        waits.rewind(to: CorrelationWaits.minute(Int64(now) * 1_000))
    }

    private mutating func remove(_ key: CorrelationKey) {
        waits.set(key, nil)
        guard let window = groups.removeValue(forKey: key) else { return }
        groupCounts.add(-1, to: window.tenant)
        groupBytes.add(-window.bytes, to: window.tenant)
    }

    /// Whether there is no room for a group more.
    private var isFull: Bool { groups.count >= capacity || bytes >= byteCapacity }

    /// Where there is no room for a group more, a tenth goes.
    private mutating func makeRoom() {
        let surplus: [CorrelationKey]
        if groups.count >= capacity {
            surplus = FairShare.surplus(
                leaving: capacity - max(1, capacity / 10), of: groupCounts,
                groups.lazy.map { key, window in
                    FairShare.Entry(tenant: window.tenant, age: window.touched, key: key)
                })
        } else if bytes >= byteCapacity {
            surplus = FairShare.surplus(
                leaving: groupBytes.total / 10 * 9, of: groupBytes,
                groups.lazy.map { key, window in
                    FairShare.Entry(tenant: window.tenant, age: window.touched, weight: window.bytes, key: key)
                })
        } else {
            return
        }
        for key in surplus { forget(key) }
        evictedGroups += surplus.count
    }
}
