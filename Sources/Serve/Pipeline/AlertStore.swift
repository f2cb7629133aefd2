// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Logging

/// Alerts between the machine that merges them and the journal that keeps them.
enum AlertStore {
    /// The machine as the last process left it: the alerts that can grow, those created latest.
    static func restoreMerger(_ reader: Reader, _ damage: DamageTally, _ log: Logger) throws -> AlertMerger {
        let growing = AlertFilter(statuses: [AlertStatus.open, .acknowledged].map { Int($0.rawValue) })
        var alerts: [Detect.Alert] = []
        var token: String?
        repeat {
            let page = try reader.alerts(growing, pageToken: token, limit: Limits.largestPage)
            for row in page.alerts {
                do { alerts.append(try alert(row)) } catch {
                    // What can't be read grows no more: a match of it opens another one.
                    if damage.note(error) { log.error("an alert is left out: \(error)") }
                }
            }
            token = page.nextPageToken
        } while token != nil && alerts.count < DetectLimits.openAlerts
        return AlertMerger(restoring: alerts, isComplete: token == nil)
    }

    /// The alert of a row.
    static func alert(_ row: AlertRow) throws -> Detect.Alert {
        if let damage = row.damage { throw damage }
        return try alert(row.payload, "alert \(row.alertID)")
    }

    /// The revision of an entry of the alert log.
    static func alert(_ entry: AlertLogEntry) throws -> Detect.Alert {
        if let damage = entry.damage { throw damage }
        return try alert(entry.payload, "entry \(entry.position) of the alert log")
    }

    private static func alert(_ payload: [UInt8], _ place: String) throws -> Detect.Alert {
        do { return try AlertCodec.decode(payload) } catch {
            throw JournalError.damaged(place, "its bytes are no alert")
        }
    }

    /// Appends revisions to the log.
    static func append(
        _ alerts: [Detect.Alert], _ transaction: borrowing Transaction, now: Milliseconds
    ) throws -> [AlertTail.Entry] {
        var entries: [AlertTail.Entry] = []
        entries.reserveCapacity(alerts.count)
        for alert in alerts {
            let position = try transaction.putAlert(row(alert), storedAt: now)
            entries.append(AlertTail.Entry(position: position, alert: alert))
        }
        return entries
    }

    /// Alerts of a key that are no longer in memory.
    static func sealed(
        _ key: Detect.Alert.Key, _ range: ClosedRange<Milliseconds>, _ transaction: borrowing Transaction,
        _ damage: DamageTally
    ) throws -> [Detect.Alert] {
        let rows: [AlertRow]
        do {
            rows = try transaction.alerts(
                detectionID: key.detectionID, accountID: key.accountID.description, actor: key.principal, seen: range)
        } catch {
            let error = JournalError.wrapping(error)
            guard StoreFailure.isDamage(error) else { throw error }
            // The records are worth more than that one alert stays one: their matches open another.
            damage.note(error)
            return []
        }
        return rows.compactMap { row in
            do { return try alert(row) } catch {
                damage.note(error)
                return nil
            }
        }
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
