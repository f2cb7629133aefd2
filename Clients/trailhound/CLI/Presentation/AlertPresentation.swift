// SPDX-License-Identifier: Apache-2.0

import Messages

/// Alerts as tables, lines and JSON.
package enum AlertPresentation {
    /// Everything an alert has, under the contract's names.
    package static func json(_ alert: Alert) -> JSONNode { .object(members(alert)) }

    /// An alert of the log with its cursor, as `alerts tail` prints it.
    package static func json(_ alert: Alert, cursor: String) -> JSONNode {
        .object([.init("cursor", .string(cursor))] + members(alert))
    }

    private static func members(_ alert: Alert) -> [JSONNode.Member] {
        [
            .init("alert_id", .string(alert.alertID)),
            .init("detection_id", .string(alert.detectionID)),
            .init("title", .string(alert.title)),
            .init("severity", .string(alert.severity.word)),
            .init("status", .string(alert.status.word)),
            .init("audience", .string(alert.audience.word)),
            .init("account_id", .string(alert.accountID)),
            .init("actor", alert.actor.map(json) ?? .null),
            .init("first_seen", .time(alert.firstSeen)),
            .init("last_seen", .time(alert.lastSeen)),
            .init("created_at", .time(alert.createdAt)),
            .init("match_count", .unsigned(alert.matchCount)),
            .init("event_ids", .strings(alert.eventIDs)),
            .init("evidence", .array(alert.evidence.map(json))),
            .init("attack_techniques", .strings(alert.attackTechniques)),
            .init("historical", .bool(alert.historical)),
            .init("revision", .unsigned(alert.revision)),
            .init("description", .string(alert.description)),
            .init("event_source", .string(alert.eventSource)),
            .init("event_name", .string(alert.eventName)),
            .init("region", .string(alert.region)),
            .init("merged_into", .string(alert.mergedInto)),
            .init("duet_answer", .string(alert.duetAnswer.word)),
            .init("note", .string(alert.note)),
            .init("runbook", .string(alert.runbook)),
            .init("remediations", .array(alert.remediations.map(json))),
            .init("console_links", .array(alert.consoleLinks.map(json))),
        ]
    }

    private static func json(_ remediation: AlertRemediation) -> JSONNode {
        .object([
            .init("remediation_id", .string(remediation.remediationID)),
            .init("action", .string(remediation.action.word)),
            .init("target", .string(remediation.target)),
            .init("state", .string(remediation.state.word)),
            .init("outcome", .string(remediation.outcome)),
            .init("updated_at", .time(remediation.updatedAt)),
        ])
    }

    private static func json(_ actor: Actor) -> JSONNode {
        .object([
            .init("principal", .string(actor.principal)),
            .init("type", .string(actor.type)),
            .init("arn", .string(actor.arn)),
            .init("access_key_id", .string(actor.accessKeyID)),
            .init("account_id", .string(actor.accountID)),
            .init("source_ip", .string(actor.sourceIP)),
            .init("user_agent", .string(actor.userAgent)),
            .init("source_identity", .string(actor.sourceIdentity)),
        ])
    }

    private static func json(_ link: ConsoleLink) -> JSONNode {
        .object([.init("label", .string(link.label)), .init("url", .string(link.url))])
    }

    private static func json(_ evidence: Evidence) -> JSONNode {
        .object([.init("name", .string(evidence.name)), .init("value", .string(evidence.value))])
    }

    /// One row an alert.
    package static func table(_ alerts: [Alert]) -> Table {
        var table = Table([
            Column("ALERT"), Column("LAST SEEN (UTC)"), Column("SEVERITY"), Column("STATUS", dropped: 3),
            Column("ACCOUNT", dropped: 2), Column("EVENTS", alignment: .right, dropped: 1),
            Column("ACTOR", shrinksTo: 14), Column("TITLE", shrinksTo: 20, wraps: true),
        ])
        for alert in alerts {
            table.add([
                Cell(ShortID.ofAlert(alert.alertID)), Cell(Clock.minute(alert.lastSeen)),
                Cell(alert.severity.shortWord, style: alert.severity.style), Cell(status(alert)), Cell(alert.accountID),
                Cell(Numbers.grouped(alert.matchCount)), Cell(actor(alert)), Cell(summary(alert)),
            ])
        }
        return table
    }

    /// One row a DUET: who did what, and in which account.
    package static func duetTable(_ alerts: [Alert]) -> Table {
        var table = Table([
            Column("ALERT"), Column("LAST SEEN (UTC)"), Column("STATUS", dropped: 1), Column("ACCOUNT", dropped: 2),
            Column("ACTOR", shrinksTo: 14), Column("TITLE", shrinksTo: 24, wraps: true),
        ])
        for alert in alerts {
            table.add([
                Cell(ShortID.ofAlert(alert.alertID)), Cell(Clock.minute(alert.lastSeen)), Cell(status(alert)),
                Cell(alert.accountID), Cell(actor(alert)),
                Cell(alert.title + (alert.historical ? " (historical)" : "")),
            ])
        }
        return table
    }

    /// The columns of `row`, whose widths are known before any alert is.
    package static let columns = [
        Column("LAST SEEN (UTC)"), Column("SEVERITY"), Column("CHANGE", dropped: 3), Column("ACCOUNT", dropped: 2),
        Column("EVENTS", alignment: .right, dropped: 1), Column("ACTOR", shrinksTo: 12), Column("ALERT"),
        Column("TITLE", shrinksTo: 20, wraps: true),
    ]

    /// Where the columns of `row` stand, from line to line the same. The last takes what a terminal has left.
    package static func layout(width: Int?) -> TableLayout {
        TableLayout(columns, natural: [19, 8, 12, 12, 6, 28, 12, Limits.widestTitle], width: width)
    }

    /// One revision of an alert.
    package static func row(_ alert: Alert) -> [Cell] {
        let isNew = alert.revision <= 1
        let change = isNew ? "new" : alert.status == .open ? "rev \(alert.revision)" : alert.status.word
        return [
            Cell(Clock.short(alert.lastSeen)), Cell(alert.severity.shortWord, style: alert.severity.style),
            Cell(change, style: isNew ? .bold : .faint), Cell(alert.accountID),
            Cell(Numbers.grouped(alert.matchCount)), Cell(actor(alert)), Cell(ShortID.ofAlert(alert.alertID)),
            Cell(summary(alert)),
        ]
    }

    /// What happened, the mark of what the owner is asked first.
    private static func summary(_ alert: Alert) -> String {
        (alert.audience == .owner ? "DUET: " : "") + alert.title + (alert.historical ? " (historical)" : "")
    }

    private static func actor(_ alert: Alert) -> String { shortened(alert.actor?.principal ?? "") }

    /// The last part of a principal's ARN, which tells people apart, or the whole where it is none.
    static func shortened(_ principal: String) -> String {
        let parts = principal.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "arn" ? String(parts[5]) : principal
    }

    private static func status(_ alert: Alert) -> String {
        alert.duetAnswer == .unspecified ? alert.status.word : "\(alert.status.word), \(alert.duetAnswer.word)"
    }

    /// Everything, for a person.
    package static func fields(_ alert: Alert) -> FieldList {
        var fields = FieldList()
        fields.add("Alert", alert.alertID)
        fields.add("Title", alert.title, style: .bold)
        fields.add("Severity", alert.severity.shortWord, style: alert.severity.style)
        fields.add("Status", status(alert))
        fields.add("Audience", alert.audience.word)
        fields.add("Account", alert.accountID)
        fields.add("Region", alert.region)
        if let actor = alert.actor {
            fields.add("Actor", actor.principal)
            fields.add("  type", actor.type)
            if actor.arn != actor.principal { fields.add("  as", actor.arn) }
            fields.add("  access key", actor.accessKeyID)
            if actor.accountID != alert.accountID { fields.add("  from account", actor.accountID) }
            fields.add("  from address", actor.sourceIP)
            fields.add("  user agent", actor.userAgent)
            fields.add("  source identity", actor.sourceIdentity)
        }
        fields.add("Event", [alert.eventSource, alert.eventName].filter { !$0.isEmpty }.joined(separator: " "))
        fields.add("First seen", alert.firstSeen?.rfc3339 ?? "")
        fields.add("Last seen", alert.lastSeen?.rfc3339 ?? "")
        fields.add("Raised", alert.createdAt?.rfc3339 ?? "")
        fields.add("Events", Numbers.grouped(alert.matchCount) + (alert.historical ? " (historical)" : ""))
        for evidence in alert.evidence { fields.add("  evidence", "\(evidence.name): \(evidence.value)") }
        fields.add("Event ids", shown(alert.eventIDs))
        fields.add("ATT&CK", alert.attackTechniques.joined(separator: ", "))
        fields.add("Detection", alert.detectionID)
        fields.add("Description", alert.description)
        fields.add("What to do", alert.runbook)
        for remediation in alert.remediations {
            let outcome = remediation.outcome.isEmpty ? "" : ", \(remediation.outcome)"
            fields.add(
                "Remediation",
                "\(ShortID.ofAlert(remediation.remediationID)) \(remediation.action.word) of \(remediation.target): "
                    + remediation.state.word + outcome)
        }
        for link in alert.consoleLinks {
            fields.add("Console, \(link.label.replacing("_", with: " "))", link.url)
        }
        fields.add("Merged into", alert.mergedInto)
        fields.add("Note", alert.note)
        fields.add("Revision", String(alert.revision))
        return fields
    }

    /// The first few ids, and how many more there are.
    private static func shown(_ ids: [String]) -> String {
        let few = ids.prefix(5).joined(separator: ", ")
        return ids.count > 5 ? "\(few) and \(ids.count - 5) more" : few
    }
}
