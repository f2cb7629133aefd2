// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Respond

/// Writes what remediations do into the alert log and the audit log: how each stands onto the alerts that it answers, and its notices as
/// alerts of their own, in one transaction.
struct AlertNotes: Sendable {
    let pipeline: Pipeline

    /// - Parameter alerts: the ids of the alerts that the remediation answers.
    func write(_ remediation: Remediation, _ notices: [RemediationNotice], on alerts: [String]) async throws {
        let matches = notices.compactMap { NoticeAlerts.match($0, of: remediation, region: "") }
        let note = remediation.note
        let entries = notices.map { Self.entry($0, of: remediation) }
        guard !alerts.isEmpty || !entries.isEmpty else { return }
        let damage = pipeline.counters.damage
        try await pipeline.perform { (transaction, merger) -> Void in
            let now = Clock.milliseconds()
            for entry in entries { try transaction.appendAudit(entry) }
            for id in alerts { try Self.put(note, on: id, transaction, &merger, now) }
            for match in matches where try !Self.isRaised(match, transaction, merger, damage) {
                try merger.add(match, historical: false, now: now) { key, range in
                    try AlertStore.sealed(key, range, transaction, damage)
                }
            }
        }
    }

    /// What the service did by itself, for the audit log.
    private static func entry(_ notice: RemediationNotice, of remediation: Remediation) -> AuditEntry {
        let detail = notice.detail.isEmpty ? "" : ": \(notice.detail)"
        return AuditEntry(
            time: notice.time, actor: AuditActor(role: "service"), method: "remediation",
            accountID: remediation.accountID,
            summary: "\(remediation.id) \(remediation.action.rawValue) on \(remediation.target.text): "
                + notice.kind.rawValue + detail)
    }

    private static func put(
        _ note: AlertRemediation, on alertID: String, _ transaction: borrowing Transaction,
        _ merger: inout AlertMerger, _ now: Milliseconds
    ) throws {
        var id = alertID
        // An alert that was merged leads to the one that it was merged into, and that one may have been too.
        for _ in 0..<Limits.mergedAlerts {
            guard let row = try transaction.alert(id) else { return }
            let stored = try AlertStore.alert(row)
            // A new revision only for what its reader would notice.
            let known = (merger.alert(id: id) ?? stored).remediations.first { $0.id == note.id }
            if let known, known.state == note.state, known.outcome == note.outcome { return }
            guard let survivor = merger.note(note, on: stored, now: now) else { return }
            id = survivor
        }
    }

    /// Whether the notice was raised before, by this process or by one that died before it could note that.
    private static func isRaised(
        _ match: Match, _ transaction: borrowing Transaction, _ merger: AlertMerger, _ damage: DamageTally
    ) throws -> Bool {
        let key = Detect.Alert.Key(
            detectionID: match.detection.id, accountID: match.event.accountID, principal: match.event.actor.principal)
        let time = match.event.reference.time
        return try AlertStore.sealed(key, time...time, transaction, damage).contains {
            (merger.alert(id: $0.id) ?? $0).events.contains(match.event.reference)
        }
    }
}

extension Remediation {
    /// How it stands, for the alerts that it answers.
    var note: AlertRemediation {
        AlertRemediation(
            id: id, action: action.rawValue, target: target.text, state: alertState, outcome: outcome?.name ?? "",
            updatedAt: updatedAt)
    }

    var alertState: AlertRemediation.State {
        switch phase {
        case .prechecking, .snapshotting, .executing, .verifying, .rollingBack: .running
        case .awaitingApproval: .awaitingApproval
        case .watching: .watching
        case .finished: .finished
        }
    }
}
