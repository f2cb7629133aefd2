// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal

/// Alerts between the machine that merges them and the journal that keeps them.
enum AlertStore {
    /// The machine as the last process left it: the alerts that can grow, those created latest.
    static func restoreMerger(_ reader: Reader) throws -> AlertMerger {
        let growing = AlertFilter(statuses: [AlertStatus.open, .acknowledged].map { Int($0.rawValue) })
        var alerts: [Detect.Alert] = []
        var token: String?
        repeat {
            let page = try reader.alerts(growing, pageToken: token, limit: Limits.largestPage)
            alerts += try page.alerts.map { try AlertCodec.decode($0.payload) }
            token = page.nextPageToken
        } while token != nil && alerts.count < DetectLimits.openAlerts
        return AlertMerger(restoring: alerts, isComplete: token == nil)
    }

    /// Appends revisions to the log.
    static func append(
        _ alerts: [Detect.Alert], _ transaction: borrowing Transaction
    ) throws -> [AlertTail.Entry] {
        var entries: [AlertTail.Entry] = []
        entries.reserveCapacity(alerts.count)
        for alert in alerts {
            entries.append(AlertTail.Entry(position: try transaction.putAlert(row(alert)), alert: alert))
        }
        return entries
    }

    /// Alerts of a key that are no longer in memory.
    static func sealed(
        _ key: Detect.Alert.Key, _ range: ClosedRange<Milliseconds>, _ transaction: borrowing Transaction
    ) throws -> [Detect.Alert] {
        try transaction.alerts(
            detectionID: key.detectionID, accountID: key.accountID.description, actor: key.principal, seen: range
        ).map { try AlertCodec.decode($0.payload) }
    }

    static func row(_ alert: Detect.Alert) -> AlertRow {
        AlertRow(
            alertID: alert.id, detectionID: alert.detectionID, accountID: alert.accountID.description,
            actor: alert.key.principal, severity: Int(alert.severity.rawValue),
            audience: Int(alert.audience.rawValue), status: Int(alert.status.rawValue), firstSeen: alert.firstSeen,
            lastSeen: alert.lastSeen, createdAt: alert.createdAt, revision: Int64(alert.revision),
            payload: AlertCodec.encode(alert))
    }
}
