// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// An alert's matches apart by session, as long as some of its sessions may yet get another actor. Either there are no
/// parts, or they hold all matches: each part is a row of matches of one session, none further than the window from the
/// next.
extension Alert {
    /// Matches of one session.
    package struct Part: Sendable, Equatable {
        /// Nil where the actor is settled.
        package var session: PendingSession?
        /// As of the match that joined last; an alert that is made of the part has it.
        package var severity: Severity
        package var matches: MatchGroup
    }

    /// The parts as they would be: all in one where none is kept apart.
    var allParts: [Part] {
        if !parts.isEmpty { return parts }
        return [Part(session: nil, severity: severity, matches: matches)]
    }

    /// An alert of parts that leave another one, of an actor; not yet published.
    init(of parts: [Part], leaving other: Alert, principal: String, now: Milliseconds) {
        self = other
        (id, revision, status, createdAt, updatedAt) = ("", 0, .open, now, now)
        (mergedInto, note, duetAnswer, remediations) = ("", "", nil, [])
        severity = parts.first?.severity ?? other.severity
        matches = parts.first?.matches ?? other.matches
        for part in parts.dropFirst() { matches.add(part.matches) }
        self.parts = []
        for part in parts { keepApart(part) }
        rename(principal)
        forgetSettledParts()
    }

    /// Keeps only some of its parts; what does not follow from its matches stays.
    mutating func keep(_ kept: [Part], now: Milliseconds) {
        let made = Alert(of: kept, leaving: self, principal: actor.principal, now: now)
        let (matchedAt, window) = (matchedAt, window)
        (matches, parts) = (made.matches, made.parts)
        (matches.matchedAt, matches.window) = (matchedAt, window)
        updatedAt = now
    }

    /// The part that a match joins where nothing else changes by it: the only one of its session that it touches, whose
    /// session stands as the match's does and whose earliest match stays the earliest. Else nil.
    func joined(by match: Match) -> Int? {
        let event = match.event.reference
        var found: Int?
        for index in parts.indices where parts[index].session?.id == match.pending?.id {
            guard parts[index].matches.touches(event.time) else { continue }
            guard found == nil else { return nil }
            found = index
        }
        guard let found, parts[found].matches.first < event, parts[found].session == match.pending else { return nil }
        return found
    }

    /// Puts a part beside the others; it joins those of its session that it touches.
    mutating func keepApart(_ part: Part) {
        var part = part
        var index = 0
        while index < parts.count {
            // Looked at in place: copying a group for every look is what this would cost.
            guard parts[index].session?.id == part.session?.id, parts[index].matches.touches(part.matches) else {
                index += 1
                continue
            }
            part.matches.add(parts.remove(at: index).matches)
        }
        let place = parts.firstIndex { part.matches.first < $0.matches.first } ?? parts.count
        parts.insert(part, at: place)
        // Too many: the earliest stay with the actor that they have.
        if parts.count > DetectLimits.alertParts, let earliest = parts.firstIndex(where: { $0.session != nil }) {
            var settled = parts.remove(at: earliest)
            settled.session = nil
            keepApart(settled)
        }
    }

    /// Where all matches have a settled actor and stand in one row, nothing needs to be kept apart.
    mutating func forgetSettledParts() {
        if parts.count == 1, parts[0].session == nil { parts = [] }
    }

    /// Gives the alert and its parts to another actor.
    mutating func rename(_ principal: String) {
        matches.actor.principal = principal
        for index in parts.indices { parts[index].matches.actor.principal = principal }
    }

    /// Rows of parts in which none is further than the window from the next, in order.
    static func rows(_ parts: [Part]) -> [[Part]] {
        var rows: [[Part]] = []
        var end: Milliseconds?
        for part in parts.sorted(by: { $0.matches.first < $1.matches.first }) {
            if let last = end, part.matches.first.time - part.matches.window <= last, !rows.isEmpty {
                rows[rows.count - 1].append(part)
                end = max(last, part.matches.last.time)
            } else {
                rows.append([part])
                end = part.matches.last.time
            }
        }
        return rows
    }
}

/// Alerts follow their sessions to the actor that stands behind them.
extension AlertMerger {
    /// Gives a session's matches to another actor. An alert that has no others becomes that actor's; one that has keeps
    /// them. What then touches another alert of the actor merges with it.
    ///
    /// - Parameters:
    ///   - pending: the session as it stands now; nil where its actor is settled.
    ///   - stored: finds sealed alerts of the new actor.
    package mutating func reattribute(
        _ session: UInt64, to principal: String, pending: PendingSession?, now: Milliseconds, stored: Lookup
    ) rethrows {
        for id in alertIDs(ofSession: session) {
            guard let alert = alert(id: id), alert.status.growsOn else { continue }
            let isOutdated = alert.parts.contains { $0.session?.id == session && $0.session != pending }
            // Most of what is learned changes nothing.
            if alert.actor.principal == principal, !isOutdated { continue }
            let moving = alert.parts.filter { $0.session?.id == session }.map { part in
                Alert.Part(session: pending, severity: part.severity, matches: part.matches)
            }
            let staying = alert.parts.filter { $0.session?.id != session }
            if alert.actor.principal == principal || staying.isEmpty {
                change(id) { alert in
                    alert.parts = staying
                    for part in moving { alert.keepApart(part) }
                    alert.rename(principal)
                    alert.forgetSettledParts()
                    alert.updatedAt = now
                }
                if alert.actor.principal != principal { try join(id, now: now, stored: stored) }
                continue
            }
            let rows = Alert.rows(staying)
            change(id) { $0.keep(rows[0], now: now) }
            for row in rows.dropFirst() {
                try place(row, principal: alert.actor.principal, leaving: alert, now: now, stored: stored)
            }
            for row in Alert.rows(moving) {
                try place(row, principal: principal, leaving: alert, now: now, stored: stored)
            }
        }
    }

    /// Opens an alert of parts that left another, or lets them join one.
    private mutating func place(
        _ parts: [Alert.Part], principal: String, leaving alert: Alert, now: Milliseconds, stored: Lookup
    ) rethrows {
        let id = open(Alert(of: parts, leaving: alert, principal: principal, now: now), now: now)
        try join(id, now: now, stored: stored)
    }

    /// Merges an alert with those of its key that it touches, in memory and sealed.
    private mutating func join(_ id: String, now: Milliseconds, stored: Lookup) rethrows {
        guard let alert = alert(id: id) else { return }
        try bringBack(alert.key, (alert.firstSeen - alert.window)...(alert.lastSeen + alert.window), stored: stored)
        mergeTouching(alert.key, from: alert.firstSeen, through: alert.lastSeen, window: alert.window, now: now)
    }
}
