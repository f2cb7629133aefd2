// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal

/// Days for which the service keeps what it stored.
package struct Retention: Sendable, Hashable {
    /// Records, from their arrival.
    package var records = Limits.retentionDays
    /// Revisions of an alert that a later one supersedes, from when they were stored.
    package var alertRevisions = Limits.alertRevisionDays
    /// Closed and merged alerts, from their last revision.
    package var closedAlerts = Limits.closedAlertDays
    /// Entries of the audit log.
    package var audit = Limits.auditDays

    package init() {}

    package init(_ configuration: ServiceConfiguration) {
        records = configuration.retentionDays
        alertRevisions = configuration.alertRevisionDays
        closedAlerts = configuration.closedAlertDays
        audit = configuration.auditDays
    }
}

/// What keeps the alert log, the alerts and the audit log from growing without end. Each step is a transaction of a page, so
/// that records wait for none of them long.
extension Pipeline {
    private static let ended = [AlertStatus.closed, .merged].map { Int($0.rawValue) }

    private static func time(_ days: Int, before now: Milliseconds) -> Milliseconds {
        now - Milliseconds(days) * 86_400_000
    }

    /// Drops revisions of alerts that were stored longer ago than `days` and that a later one supersedes.
    package func compactAlertLog(olderThan days: Int, now: Milliseconds = Clock.milliseconds()) async throws {
        var dropped = 0
        var isDone = false
        while !isDone, !Task.isCancelled {
            let step = try await perform { transaction, _ in
                try transaction.compactAlertLog(storedBefore: Self.time(days, before: now))
            }
            dropped += step.dropped
            isDone = step.isDone
        }
        guard dropped > 0 else { return }
        try await audit.record(
            Self.entry("dropped \(dropped) superseded revisions of alerts that were stored more than \(days) days ago"))
    }

    /// Drops closed and merged alerts whose last revision was stored longer ago than `days`.
    package func dropClosedAlerts(olderThan days: Int, now: Milliseconds = Clock.milliseconds()) async throws {
        let time = Self.time(days, before: now)
        while !Task.isCancelled {
            let ids = try await journal.reader.detached(.lookups) {
                try $0.endedAlerts(statuses: Self.ended, storedBefore: time)
            }
            guard !ids.isEmpty else { return }
            let removed = try await perform { transaction, _ in
                let removed = try transaction.removeAlerts(ids, statuses: Self.ended, storedBefore: time)
                guard removed > 0 else { return removed }
                try transaction.appendAudit(
                    Self.entry("dropped \(removed) alerts that were closed or merged more than \(days) days ago"))
                return removed
            }
            guard removed > 0 else { return }
        }
    }

    /// Cuts entries older than `days` from the beginning of the audit log. The chain stays verifiable from the cut on.
    package func cutAudit(olderThan days: Int, now: Milliseconds = Clock.milliseconds()) async throws {
        let time = Self.time(days, before: now)
        var anchor: AuditAnchor?
        repeat {
            anchor = try await perform { transaction, _ in try transaction.cutAudit(before: time, now: now) }
        } while anchor != nil && !Task.isCancelled
    }

    private static func entry(_ summary: String) -> AuditEntry {
        AuditEntry(time: Clock.milliseconds(), actor: .service, method: "retention", summary: summary)
    }
}
