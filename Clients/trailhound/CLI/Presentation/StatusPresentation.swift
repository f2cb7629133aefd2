// SPDX-License-Identifier: Apache-2.0

import Messages

/// The service's state.
package enum StatusPresentation {
    /// Everything, under the contract's names.
    package static func json(_ status: GetStatusResponse, endpoint: Endpoint) -> JSONNode {
        .object([
            .init("server", .string(endpoint.description)),
            .init("version", .string(status.version)),
            .init("started_at", .time(status.startedAt)),
            .init("stored_records", .unsigned(status.storedRecords)),
            .init("stored_bytes", .unsigned(status.storedBytes)),
            .init("accepted", .unsigned(status.accepted)),
            .init("duplicate", .unsigned(status.duplicate)),
            .init("rejected", .unsigned(status.rejected)),
            .init("alerts", .unsigned(status.alerts)),
            .init("detections_enabled", .unsigned(UInt64(status.detectionsEnabled))),
            .init("detections", .unsigned(UInt64(status.detections))),
            .init("rules_left_out", .unsigned(UInt64(status.rulesLeftOut))),
            .init("accounts", .unsigned(UInt64(status.accounts))),
            .init("queued_batches", .unsigned(UInt64(status.queuedBatches))),
            .init("remediations_frozen", .bool(status.remediationsFrozen)),
            .init("frozen_since", .time(status.frozenSince)),
            .init("subscribers", .unsigned(UInt64(status.subscribers))),
            .init("stream", .object(counts(status.stream ?? StreamStatus()).map { .init($0, .unsigned($1)) })),
            .init("dead_letters", deadLetters(status.deadLetters ?? DeadLetterStatus())),
            .init("damage", damage(status.damage ?? DamageStatus())),
            .init(
                "retention", .object(retention(status.retention ?? RetentionStatus()).map { .init($0, .unsigned($1)) })),
            .init(
                "problems",
                .array(
                    status.problems.map {
                        .object([.init("name", .string($0.name)), .init("message", .string($0.message))])
                    })),
            .init("transport", status.transport.map(transport) ?? .null),
            .init(
                "inactive_detections",
                .array(
                    status.inactiveDetections.map {
                        .object([
                            .init("detection_id", .string($0.detectionID)), .init("title", .string($0.title)),
                            .init("needs", .string($0.needs)),
                        ])
                    })),
        ])
    }

    /// Damage that was met, under the contract's names.
    private static func damage(_ status: DamageStatus) -> JSONNode {
        .object([
            .init("met", .unsigned(status.met)), .init("places", .unsigned(UInt64(status.places))),
            .init("latest", .string(status.latest)), .init("latest_at", .time(status.latestAt)),
        ])
    }

    /// Days for which things are kept and what went, under the contract's names.
    private static func retention(_ status: RetentionStatus) -> [(String, UInt64)] {
        [
            ("record_days", UInt64(status.recordDays)), ("alert_revision_days", UInt64(status.alertRevisionDays)),
            ("closed_alert_days", UInt64(status.closedAlertDays)), ("audit_days", UInt64(status.auditDays)),
            ("alert_log_pruned", status.alertLogPruned), ("audit_cut", status.auditCut),
        ]
    }

    private static func add(_ status: RetentionStatus, to fields: inout FieldList) {
        fields.add(
            "Kept for",
            "records \(status.recordDays) days, superseded revisions of alerts \(status.alertRevisionDays), closed alerts "
                + "\(status.closedAlertDays), audit log \(status.auditDays)")
        if status.alertLogPruned > 0 {
            fields.add("  alert log", "cursors before \(status.alertLogPruned) are refused")
        }
        if status.auditCut > 0 { fields.add("  audit log", "begins after entry \(status.auditCut)") }
    }

    /// Connections, the bytes that they hold, and refusals, under the contract's names.
    private static func transport(_ status: TransportStatus) -> JSONNode {
        func counts(_ counts: [NamedCount]) -> JSONNode {
            .object(counts.map { .init($0.name, .unsigned($0.count)) })
        }
        return .object([
            .init("connections", .unsigned(status.connections)), .init("handshakes", .unsigned(status.handshakes)),
            .init("reserved_bytes", .unsigned(status.reservedBytes)), .init("held_bytes", .unsigned(status.heldBytes)),
            .init("unsent_bytes", .unsigned(status.unsentBytes)),
            .init("handshake_failures", counts(status.handshakeFailures)), .init("refusals", counts(status.refusals)),
        ])
    }

    private static func add(_ status: TransportStatus, to fields: inout FieldList) {
        let messages = Numbers.bytes(status.reservedBytes + status.heldBytes)
        fields.add(
            "Connections",
            "\(Numbers.grouped(status.connections)); \(messages) of messages on their way in, "
                + "\(Numbers.bytes(status.unsentBytes)) of answers not taken")
        for (title, counts) in [
            ("Handshakes failed", status.handshakeFailures), ("Refused by limits", status.refusals),
        ]
        where !counts.isEmpty {
            let text = counts.map { "\(Numbers.grouped($0.count)) \($0.name)" }.joined(separator: ", ")
            fields.add(title, text, style: .yellow)
        }
    }

    /// The dead letters and their limits, under the contract's names.
    private static func deadLetters(_ status: DeadLetterStatus) -> JSONNode {
        .object([
            .init("letters", .unsigned(status.letters)), .init("records", .unsigned(status.records)),
            .init("stored_bytes", .unsigned(status.storedBytes)),
            .init("stored_bytes_limit", .unsigned(status.storedBytesLimit)),
            .init("letters_limit", .unsigned(status.lettersLimit)), .init("oldest", .time(status.oldest)),
            .init("days_limit", .unsigned(UInt64(status.daysLimit))),
            .init("dropped_for_room", .unsigned(status.droppedForRoom)),
            .init("dropped_for_age", .unsigned(status.droppedForAge)),
            .init("refused", .object(status.refused.map { .init($0.reason, .unsigned($0.count)) })),
        ])
    }

    /// The dead letters and their limits; refusals by their reason since the start.
    private static func add(_ status: DeadLetterStatus, now: Timestamp, to fields: inout FieldList) {
        for refused in status.refused {
            fields.add("  \(refused.reason)", Numbers.grouped(refused.count), style: .yellow)
        }
        let letters = Numbers.counted(Int(clamping: status.letters), "letter")
        let limits =
            "at most \(Numbers.bytes(status.storedBytesLimit)), \(Numbers.grouped(status.lettersLimit)) letters"
        var text = "\(letters) with \(Numbers.counted(Int(clamping: status.records), "record"))"
        text += " in \(Numbers.bytes(status.storedBytes)) (\(limits), \(status.daysLimit) days)"
        fields.add("Dead letters", text)
        if let oldest = status.oldest {
            let age = Double(max(0, now.seconds - min(now.seconds, oldest.seconds)))
            fields.add("  oldest", "\(Numbers.duration(age)) ago (\(oldest.rfc3339))")
        }
        if status.letters > 0 { fields.add("  see", "trailhound dead-letters list") }
        let dropped = [(status.droppedForRoom, "for room"), (status.droppedForAge, "for their age")]
            .filter { $0.0 > 0 }.map { "\(Numbers.counted(Int(clamping: $0.0), "record")) \($0.1)" }
        fields.add("  dropped", dropped.joined(separator: ", "), style: .yellow)
    }

    /// What the stream remembers and lost, under the contract's names.
    private static func counts(_ stream: StreamStatus) -> [(String, UInt64)] {
        [
            ("groups", stream.groups), ("sessions", stream.sessions), ("combinations", stream.combinations),
            ("travellers", stream.travellers), ("held_matches", stream.heldMatches), ("bytes", stream.bytes),
        ] + losses(stream)
    }

    private static func losses(_ stream: StreamStatus) -> [(String, UInt64)] {
        [
            ("late_events", stream.lateEvents), ("forgotten_events", stream.forgottenEvents),
            ("evicted_groups", stream.evictedGroups), ("evicted_sessions", stream.evictedSessions),
            ("evicted_combinations", stream.evictedCombinations), ("evicted_travellers", stream.evictedTravellers),
            ("released_early", stream.releasedEarly),
        ]
    }

    /// What the stream remembers and lost, as far as there is any of it.
    private static func add(_ stream: StreamStatus, to fields: inout FieldList) {
        let parts = [
            (stream.groups, "correlation group"), (stream.sessions, "session"), (stream.combinations, "combination"),
            (stream.travellers, "traveller"),
        ].map { count, name in Numbers.counted(Int(clamping: count), name) }
        fields.add("Stream", parts.joined(separator: ", ") + " in \(Numbers.bytes(stream.bytes))")
        fields.add("Waiting", "\(Numbers.grouped(stream.heldMatches)) for later events")
        let lost = losses(stream).filter { $0.1 > 0 }
            .map { "\(Numbers.grouped($1)) \($0.replacing("_", with: " "))" }
        fields.add(
            "Lost by limits", lost.isEmpty ? "nothing" : lost.joined(separator: ", "),
            style: lost.isEmpty ? .plain : .yellow)
    }

    /// For a person. `now` tells for how long the service has been up.
    package static func fields(_ status: GetStatusResponse, endpoint: Endpoint, now: Timestamp) -> FieldList {
        var fields = FieldList()
        fields.add("Server", endpoint.description)
        fields.add("Version", status.version)
        if let start = status.startedAt {
            let seconds = Double(max(0, now.seconds - min(now.seconds, start.seconds)))
            fields.add("Up for", "\(Numbers.duration(seconds)) (since \(start.rfc3339))")
        }
        if status.remediationsFrozen {
            let since = status.frozenSince.map { " since \($0.rfc3339)" } ?? ""
            fields.add(
                "Remediations", "FROZEN\(since): nothing acts until trailhound remediation unfreeze", style: .boldRed)
        }
        for problem in status.problems {
            fields.add("PROBLEM", "\(problem.name): \(problem.message)", style: .boldRed)
        }
        fields.add("Accounts", Numbers.grouped(UInt64(status.accounts)))
        let enabled = Numbers.grouped(UInt64(status.detectionsEnabled))
        let whole = status.detections > 0 ? " of \(Numbers.grouped(UInt64(status.detections)))" : ""
        fields.add("Detections", "\(enabled)\(whole) enabled")
        if status.rulesLeftOut > 0 {
            fields.add(
                "Rules left out",
                "\(Numbers.grouped(UInt64(status.rulesLeftOut))); 'trailhound detections list' says why", style: .yellow
            )
        }
        let room = status.storedBytes > 0 ? " in \(Numbers.bytes(status.storedBytes))" : ""
        fields.add("Records", "\(Numbers.grouped(status.storedRecords))\(room)")
        fields.add("Alerts", Numbers.grouped(status.alerts))
        fields.add("Accepted", Numbers.grouped(status.accepted))
        fields.add("Duplicate", Numbers.grouped(status.duplicate))
        fields.add("Rejected", Numbers.grouped(status.rejected), style: status.rejected > 0 ? .yellow : .plain)
        if let letters = status.deadLetters { add(letters, now: now, to: &fields) }
        if let damage = status.damage, damage.met > 0 {
            let times = Numbers.counted(Int(clamping: damage.met), "time")
            fields.add(
                "Damage", "met \(times), last at \(damage.latest): run trailhoundd check", style: .boldRed)
        }
        if let retention = status.retention { add(retention, to: &fields) }
        // A certificate of some accounts is told neither of the queues nor of the stream's memory.
        if status.stream != nil { fields.add("Queued batches", Numbers.grouped(UInt64(status.queuedBatches))) }
        fields.add("Subscribers", Numbers.grouped(UInt64(status.subscribers)))
        if let stream = status.stream { add(stream, to: &fields) }
        if let transport = status.transport { add(transport, to: &fields) }
        for inactive in status.inactiveDetections {
            fields.add("Inactive", "\(inactive.title): needs \(inactive.needs)", style: .yellow)
        }
        return fields
    }
}
