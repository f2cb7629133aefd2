// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// Merges matches into alerts. A value that does no I/O and takes time as an argument; a `DetectionStage` owns it.
///
/// A match joins the alert of its detection, account and actor whose first or last match lies within the window of its
/// event time, or opens a new one. A late match that reaches two alerts merges the younger into the older. So the
/// alerts are the connected components of the matches, whatever the order of arrival; only a person's closing of an
/// alert sets a bound: a closed alert takes no more.
///
/// One commit group goes: `add` and `apply` as often as needed, `takeChanges` once, then `commit` when the changes are
/// durable or `rollback` when they are not. Each alert gets at most one new revision in a group.
///
/// Invalid operations: a change that a person may not make is an error to its sender; there are no others.
package struct AlertMerger: Sendable {
    /// Alerts by key as a caller finds them in its store: those that overlap the range of event time.
    package typealias Lookup = (Alert.Key, ClosedRange<Milliseconds>) throws -> [Alert]

    /// How far a match may lie from an alert that it joins.
    package let window: Milliseconds
    /// How many alerts stay in memory.
    package let capacity: Int
    /// How many alerts were sealed since the start.
    package private(set) var sealedCount = 0
    /// Every alert of an account that is not in memory and could grow was last seen at this event time or before; nothing
    /// stands for an account where all are in memory.
    private var sealedThrough: [AccountID: Milliseconds] = [:]
    /// True where alerts of some account may be in the store alone.
    private let mayLackAny: Bool

    /// Where an alert stands in event time.
    private struct Span {
        var first: Milliseconds
        var last: Milliseconds
        let id: String
    }

    private var alerts: [String: Alert] = [:]
    /// Which alerts have matches of which sessions, what is known of these, and what they wait for.
    private var sessionAlerts: [UInt64: Set<String>] = [:]
    private var sessions: [UInt64: PendingSession] = [:]
    private var watchers: [CorrelationKey: Set<UInt64>] = [:]
    /// The alerts that can grow.
    private var spans: [Alert.Key: [Span]] = [:]

    /// The changed alerts of this group, in the order of their first change.
    private var changed: [String] = []
    /// Each changed alert as it was before the group; nil where the group made it.
    private var before: [String: Alert?] = [:]
    private var createdInGroup = 0

    /// - Parameters:
    ///   - alerts: open and acknowledged alerts of the journal, best those last seen latest.
    ///   - isComplete: whether these are all of them; if not, every match looks for others first.
    package init(
        restoring alerts: [Alert] = [], isComplete: Bool = true, window: Milliseconds = DetectLimits.mergeWindow,
        capacity: Int = DetectLimits.openAlerts
    ) {
        self.window = window
        self.capacity = max(1, capacity)
        mayLackAny = !isComplete
        for alert in alerts where alert.status.growsOn { insert(alert) }
    }

    /// How many alerts are in memory.
    package var count: Int { alerts.count }

    /// The alert as this group has it, where it is in memory.
    package func alert(id: String) -> Alert? { alerts[id] }

    /// Takes a match of an event that was not seen before.
    ///
    /// - Parameters:
    ///   - historical: the event is history that was fetched later.
    ///   - now: the service's clock.
    ///   - stored: finds sealed alerts; called only for matches that come so late that one may be meant.
    package mutating func add(
        _ match: Match, historical: Bool, now: Milliseconds, stored: Lookup
    ) rethrows {
        let key = Alert.Key(
            detectionID: match.detection.id, accountID: match.event.accountID,
            principal: match.mergeKey ?? match.event.actor.principal)
        let time = match.event.reference.time
        let window = match.detection.merging.window ?? window
        try bringBack(key, (time - window)...(time + window), stored: stored)
        guard let place = spans.index(forKey: key) else {
            return create(key, match, historical: historical, now: now, window: window)
        }
        let known = spans.values[place]
        let touching = known.indices.filter { known[$0].first - window <= time && time <= known[$0].last + window }
        guard let survivor = touching.min(by: { isOlder(known[$0].id, known[$1].id) }) else {
            return create(key, match, historical: historical, now: now, window: window)
        }
        let id = known[survivor].id
        noteChange(id)
        if alerts[id]?.absorbInPlace(match, historical: historical, now: now) == true {
            spans.values[place][survivor].first = min(known[survivor].first, time)
            spans.values[place][survivor].last = max(known[survivor].last, time)
        } else {
            change(id) { $0.absorb(match, historical: historical, now: now) }
        }
        for index in touching where index != survivor { merge(known[index].id, into: id, now: now) }
    }

    /// Brings sealed alerts back that lie in a range of event time.
    mutating func bringBack(
        _ key: Alert.Key, _ range: ClosedRange<Milliseconds>, stored: Lookup
    ) rethrows {
        guard mayLackAny || sealedThrough[key.accountID].map({ range.lowerBound <= $0 }) == true else { return }
        for alert in try stored(key, range)
        where alert.status.growsOn && alert.key == key && alerts[alert.id] == nil { insert(alert) }
    }

    /// Merges the alerts of a key that touch a range of event time into the oldest of them.
    mutating func mergeTouching(
        _ key: Alert.Key, from first: Milliseconds, through last: Milliseconds, window: Milliseconds, now: Milliseconds
    ) {
        let touching = (spans[key] ?? []).filter { $0.first - window <= last && first <= $0.last + window }
        guard touching.count > 1, let survivor = touching.map(\.id).min(by: isOlder) else { return }
        for span in touching where span.id != survivor { merge(span.id, into: survivor, now: now) }
    }

    /// The alerts that have matches of a session, in order.
    func alertIDs(ofSession session: UInt64) -> [String] { sessionAlerts[session]?.sorted() ?? [] }

    /// The sessions that wait for any of what is known anew.
    package func sessions(watching known: [CorrelationKey]) -> [PendingSession] {
        var found: Set<UInt64> = []
        for key in known { if let watching = watchers[key] { found.formUnion(watching) } }
        return found.isEmpty ? [] : found.sorted().compactMap { sessions[$0] }
    }

    /// Takes a match where every alert that may grow is in memory.
    package mutating func add(_ match: Match, historical: Bool, now: Milliseconds) {
        add(match, historical: historical, now: now) { _, _ in [] }
    }

    /// The alerts that this group changed, whole, each with its new revision.
    package mutating func takeChanges() -> [Alert] {
        var result: [Alert] = []
        result.reserveCapacity(changed.count)
        for id in changed {
            guard var alert = alerts[id] else { continue }
            let base: Alert? = before[id] ?? nil
            alert.revision = (base?.revision ?? 0) + 1
            alerts[id] = alert
            result.append(alert)
        }
        return result
    }

    /// The changes are durable.
    package mutating func commit() {
        for id in changed {
            guard let alert = alerts[id], !alert.status.growsOn else { continue }
            alerts[id] = nil
        }
        endGroup()
        if alerts.count > capacity { seal() }
    }

    /// The changes are lost: everything is as before the group.
    package mutating func rollback() {
        for id in changed {
            if let alert = alerts.removeValue(forKey: id) { forget(alert) }
            if let alert: Alert = before[id] ?? nil, alert.status.growsOn { insert(alert) }
        }
        endGroup()
    }

    private mutating func endGroup() {
        changed.removeAll(keepingCapacity: true)
        before.removeAll(keepingCapacity: true)
        createdInGroup = 0
    }
}

/// What people do to alerts, in one order with the matches.
extension AlertMerger {
    /// Applies a person's change.
    ///
    /// - Parameter stored: the alert as the journal has it; what is in memory goes before it.
    /// - Returns: the alert as it will be published, but for its revision.
    package mutating func apply(
        _ personal: PersonalChange, to stored: Alert, now: Milliseconds
    ) throws(PersonalChangeError) -> Alert {
        var alert = alerts[stored.id] ?? stored
        try personal.apply(to: &alert)
        alert.updatedAt = now
        if alerts[stored.id] == nil { insert(stored) }
        change(stored.id) { $0 = alert }
        return alert
    }
}

/// What the service itself notes on alerts.
extension AlertMerger {
    /// Notes how a remediation of the alert stands.
    ///
    /// - Parameter stored: the alert as the journal has it; what is in memory goes before it.
    /// - Returns: the alert that it was merged into; then nothing is noted, and that one is meant. Else nil.
    package mutating func note(_ remediation: AlertRemediation, on stored: Alert, now: Milliseconds) -> String? {
        let alert = alerts[stored.id] ?? stored
        if alert.status == .merged { return alert.mergedInto }
        if alerts[stored.id] == nil { insert(stored) }
        change(stored.id) {
            $0.set(remediation)
            $0.updatedAt = now
        }
        return nil
    }
}

/// The bookkeeping. `spans` has exactly the alerts of `alerts` that can grow.
extension AlertMerger {
    private mutating func create(
        _ key: Alert.Key, _ match: Match, historical: Bool, now: Milliseconds, window: Milliseconds
    ) {
        let id = AlertID.make(key: key, creator: match.event.reference, now: now, ordinal: createdInGroup)
        createdInGroup += 1
        noteChange(id)
        insert(Alert(id: id, match: match, historical: historical, now: now, window: window))
    }

    private mutating func merge(_ id: String, into survivor: String, now: Milliseconds) {
        guard let younger = alerts[id] else { return }
        change(survivor) { $0.absorb(younger, now: now) }
        // Nobody has seen an alert of this group: it goes without a trace.
        if younger.revision == 0, case .some(.none) = before[id] {
            alerts[id] = nil
            forget(younger)
            return
        }
        change(id) {
            $0.status = .merged
            $0.mergedInto = survivor
            $0.updatedAt = now
        }
    }

    /// Opens an alert that is made of others' matches. Returns its id.
    mutating func open(_ alert: Alert, now: Milliseconds) -> String {
        var alert = alert
        // Matches that moved away and back may make an alert of the same key and first match again.
        repeat {
            alert.id = AlertID.make(key: alert.key, creator: alert.first, now: now, ordinal: createdInGroup)
            createdInGroup += 1
        } while alerts[alert.id] != nil || before[alert.id] != nil
        noteChange(alert.id)
        insert(alert)
        return alert.id
    }

    mutating func change(_ id: String, _ body: (inout Alert) -> Void) {
        noteChange(id)
        // The dictionary lets go of the alert while it changes, so that its arrays are not copied.
        guard var alert = alerts.removeValue(forKey: id) else { return }
        let sessions = alert.parts.map(\.session)
        let grew = alert.status.growsOn
        removeSpan(alert)
        body(&alert)
        if grew, alert.status.growsOn {
            insertSpan(alert)
            refile(alert, by: sessions)
            alerts[id] = alert
        } else {
            for case let session? in sessions { removeSession(session, of: id) }
            insert(alert)
        }
    }

    /// Files an alert by its sessions where it was filed by others. Changes leave most of them as they were, and filing
    /// them anew is most of the work: so only those between the first and the last change are.
    private mutating func refile(_ alert: Alert, by old: [PendingSession?]) {
        func isSame(_ place: Int, _ part: Int) -> Bool {
            old[place]?.id == alert.parts[part].session?.id && old[place] == alert.parts[part].session
        }
        var (start, end, newEnd) = (0, old.count, alert.parts.count)
        while start < end, start < newEnd, isSame(start, start) { start += 1 }
        while end > start, newEnd > start, isSame(end - 1, newEnd - 1) { (end, newEnd) = (end - 1, newEnd - 1) }
        guard start < end || start < newEnd else { return }
        for case let session? in old[start..<end] { removeSession(session, of: alert.id) }
        // A session that was taken out may have other parts.
        let removed = Set(old[start..<end].compactMap { $0?.id })
        for part in alert.parts.indices {
            guard let session = alert.parts[part].session else { continue }
            if start..<newEnd ~= part || removed.contains(session.id) { file(session, of: alert.id) }
        }
    }

    private mutating func noteChange(_ id: String) {
        guard before[id] == nil else { return }
        before.updateValue(alerts[id], forKey: id)
        changed.append(id)
    }

    private mutating func insert(_ alert: Alert) {
        alerts[alert.id] = alert
        guard alert.status.growsOn else { return }
        insertSpan(alert)
        for session in alert.parts.compactMap(\.session) { file(session, of: alert.id) }
    }

    private mutating func file(_ session: PendingSession, of alert: String) {
        sessionAlerts[session.id, default: []].insert(alert)
        sessions[session.id] = session
        for key in session.watched { watchers[key, default: []].insert(session.id) }
    }

    private mutating func insertSpan(_ alert: Alert) {
        spans[alert.key, default: []].append(Span(first: alert.firstSeen, last: alert.lastSeen, id: alert.id))
    }

    /// Takes an alert out of what finds it.
    private mutating func forget(_ alert: Alert) {
        for part in alert.parts { if let session = part.session { removeSession(session, of: alert.id) } }
        removeSpan(alert)
    }

    private mutating func removeSpan(_ alert: Alert) {
        let key = alert.key
        guard let index = spans[key]?.firstIndex(where: { $0.id == alert.id }) else { return }
        spans[key]?.remove(at: index)
        if spans[key]?.isEmpty == true { spans[key] = nil }
    }

    private mutating func removeSession(_ session: PendingSession, of alert: String) {
        for key in session.watched {
            watchers[key]?.remove(session.id)
            if watchers[key]?.isEmpty == true { watchers[key] = nil }
        }
        sessionAlerts[session.id]?.remove(alert)
        guard let others = sessionAlerts[session.id], !others.isEmpty else {
            sessionAlerts[session.id] = nil
            sessions[session.id] = nil
            return
        }
        // Other alerts wait on.
        for key in sessions[session.id]?.watched ?? [] { watchers[key, default: []].insert(session.id) }
    }

    /// An alert that somebody may have seen is older than one that nobody has.
    private func isOlder(_ left: String, _ right: String) -> Bool {
        guard let first = alerts[left], let second = alerts[right] else { return left < right }
        if (first.revision == 0) != (second.revision == 0) { return first.revision != 0 }
        return (first.createdAt, first.id) < (second.createdAt, second.id)
    }

    /// Leaves the alerts of whoever has the most to the store, those last seen earliest: an alert in memory follows its
    /// session to whoever made it, so that one account's flood must seal no other's.
    private mutating func seal() {
        let target = min(capacity, max(1, capacity * DetectLimits.openAlertsAfterSealing / DetectLimits.openAlerts))
        var held = Holdings<AccountID>()
        for alert in alerts.values { held.add(1, to: alert.accountID) }
        let surplus = FairShare.surplus(
            leaving: target, of: held,
            alerts.values.lazy.map { FairShare.Entry(tenant: $0.accountID, age: $0.lastSeen, key: $0.id) })
        for id in surplus {
            guard let alert = alerts.removeValue(forKey: id) else { continue }
            forget(alert)
            sealedThrough[alert.accountID] = max(sealedThrough[alert.accountID] ?? .min, alert.lastSeen)
            sealedCount += 1
        }
    }
}
