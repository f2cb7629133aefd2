// SPDX-License-Identifier: Apache-2.0

import Messages

/// Remediations as tables, lines and JSON.
package enum RemediationPresentation {
    /// Everything a remediation has, under the contract's names.
    package static func json(_ remediation: Remediation) -> JSONNode {
        .object([
            .init("remediation_id", .string(remediation.remediationID)),
            .init("account_id", .string(remediation.accountID)),
            .init("action", .string(remediation.action.word)),
            .init("target", remediation.target.map(json) ?? .null),
            .init("state", .string(remediation.state.word)),
            .init("outcome", .string(remediation.outcome)),
            .init("reason", .string(remediation.reason)),
            .init("alert_id", .string(remediation.alertID)),
            .init("detection_id", .string(remediation.detectionID)),
            .init("requested_by", .string(remediation.requestedBy)),
            .init("approved_by", .string(remediation.approvedBy)),
            .init("dry_run", .bool(remediation.dryRun)),
            .init("created_at", .time(remediation.createdAt)),
            .init("updated_at", .time(remediation.updatedAt)),
            .init("before", json(remediation.before)),
            .init("after", json(remediation.after)),
            .init(
                "history",
                .array(
                    remediation.history.map { step in
                        .object([
                            .init("time", .time(step.time)), .init("kind", .string(step.kind)),
                            .init("detail", .string(step.detail)), .init("alert", .bool(step.alert)),
                        ])
                    })),
        ])
    }

    private static func json(_ target: RemediationTarget) -> JSONNode {
        .sparse([
            .init("access_key_id", .string(target.accessKeyID)), .init("user_name", .string(target.userName)),
            .init("role_name", .string(target.roleName)), .init("trail", .string(target.trail)),
            .init("region", .string(target.region)),
        ])
    }

    private static func json(_ facts: [Evidence]) -> JSONNode {
        .object(facts.map { .init($0.name, .string($0.value)) })
    }

    /// What a remediation acts on, as never-lists write it.
    package static func target(_ target: RemediationTarget?) -> String {
        guard let target else { return "" }
        if !target.accessKeyID.isEmpty { return "key/\(target.accessKeyID)" }
        if !target.roleName.isEmpty { return "role/\(target.roleName)" }
        if !target.trail.isEmpty { return "trail/\(target.trail)" }
        return target.userName.isEmpty ? "" : "user/\(target.userName)"
    }

    /// One row a remediation.
    package static func table(_ remediations: [Remediation]) -> Table {
        var table = Table([
            Column("REMEDIATION"), Column("STARTED (UTC)"), Column("ACCOUNT", dropped: 3), Column("ACTION", dropped: 2),
            Column("TARGET", shrinksTo: 16), Column("STATE"), Column("OUTCOME", shrinksTo: 12),
            Column("BY", shrinksTo: 8, dropped: 1),
        ])
        for remediation in remediations {
            table.add([
                Cell(ShortID.ofAlert(remediation.remediationID)), Cell(Clock.short(remediation.createdAt)),
                Cell(remediation.accountID), Cell(remediation.action.word), Cell(target(remediation.target)),
                Cell(remediation.state.word, style: remediation.state.style),
                Cell(remediation.outcome, style: style(remediation)), Cell(by(remediation)),
            ])
        }
        return table
    }

    /// Who wanted it.
    private static func by(_ remediation: Remediation) -> String {
        remediation.alertID.isEmpty
            ? remediation.requestedBy : "alert " + ShortID.ofAlert(remediation.alertID)
    }

    static func style(_ remediation: Remediation) -> Style {
        switch remediation.outcome {
        case "failed", "undone": .boldRed
        case "succeeded", "rolled_back": .green
        case let outcome where outcome.hasPrefix("refused"): .yellow
        default: .plain
        }
    }

    /// Everything, for a person.
    package static func fields(_ remediation: Remediation) -> FieldList {
        var fields = FieldList()
        fields.add("Remediation", remediation.remediationID)
        fields.add("Account", remediation.accountID)
        fields.add("Action", remediation.action.word + (remediation.dryRun ? " (dry run)" : ""), style: .bold)
        fields.add("Target", target(remediation.target))
        if let user = remediation.target?.userName, remediation.target?.accessKeyID.isEmpty == false {
            fields.add("  of user", user)
        }
        fields.add("State", remediation.state.word, style: remediation.state.style)
        fields.add("Outcome", remediation.outcome, style: style(remediation))
        fields.add("  because", remediation.reason)
        fields.add("Alert", remediation.alertID)
        fields.add("Detection", remediation.detectionID)
        fields.add("Requested by", remediation.requestedBy)
        fields.add("Approved by", remediation.approvedBy)
        fields.add("Started", remediation.createdAt?.rfc3339 ?? "")
        for fact in remediation.before { fields.add("Before", "\(fact.name): \(fact.value)") }
        for fact in remediation.after { fields.add("After", "\(fact.name): \(fact.value)") }
        for step in remediation.history { fields.add("History", line(step)) }
        return fields
    }

    /// One entry of the history.
    package static func line(_ step: RemediationStep) -> String {
        let detail = step.detail.isEmpty ? "" : ": \(step.detail)"
        return "\(Clock.short(step.time))  \(step.kind)\(detail)" + (step.alert ? "  (raised as an alert)" : "")
    }
}

/// Policies as tables and JSON.
package enum PolicyPresentation {
    /// Everything an account lets remediations do, under the contract's names.
    package static func json(_ account: AccountRemediation) -> JSONNode {
        .object([
            .init("account_id", .string(account.accountID)),
            .init("way", .string(account.access?.way.word ?? "")),
            .init("role_arn", .string(account.access?.roleArn ?? "")),
            .init("region", .string(account.access?.region ?? "")),
            .init("executors", .unsigned(UInt64(account.executors))),
            .init("policies", .array(account.policies.map(json))),
        ])
    }

    private static func json(_ policy: RemediationPolicy) -> JSONNode {
        .object([
            .init("action", .string(policy.action.word)), .init("mode", .string(policy.mode.word)),
            .init("min_severity", .string(policy.minSeverity.word)),
            .init("detection_ids", .strings(policy.detectionIDs)), .init("never", .strings(policy.never)),
            .init("always", .strings(policy.always)), .init("hourly_cap", .unsigned(UInt64(policy.hourlyCap))),
            .init("acts_on_duets", .bool(policy.actsOnDuets)),
            .init("max_age_minutes", .unsigned(UInt64(policy.maxAgeMinutes))),
            .init("changed_at", .time(policy.changedAt)), .init("changed_by", .string(policy.changedBy)),
        ])
    }

    /// One row an action; what holds for the whole account stands in its first.
    package static func table(_ accounts: [AccountRemediation]) -> Table {
        var table = Table([
            Column("ACCOUNT"), Column("ACTION"), Column("MODE"), Column("FROM", dropped: 3),
            Column("CAP", alignment: .right, dropped: 2),
            Column("NEVER", shrinksTo: 12), Column("ALWAYS", shrinksTo: 8, dropped: 1),
            Column("BY WAY OF", shrinksTo: 12, wraps: true),
        ])
        for account in accounts {
            for (index, policy) in account.policies.enumerated() {
                table.add([
                    Cell(account.accountID), Cell(policy.action.word),
                    Cell(policy.mode.word, style: style(policy.mode)),
                    Cell(policy.minSeverity.shortWord), Cell("\(policy.hourlyCap)/h"),
                    Cell(policy.never.joined(separator: " ")), Cell(policy.always.joined(separator: " ")),
                    Cell(index == 0 ? way(account) : ""),
                ])
            }
        }
        return table
    }

    static func way(_ account: AccountRemediation) -> String {
        guard let access = account.access else { return "" }
        if access.way == .executor { return account.executors == 1 ? "1 executor" : "\(account.executors) executors" }
        return access.roleArn.isEmpty ? "own credentials" : AlertPresentation.shortened(access.roleArn)
    }

    private static func style(_ mode: RemediationMode) -> Style {
        switch mode {
        case .auto: .bold
        case .off: .faint
        default: .plain
        }
    }

    /// What changes from one policy to another, a line each; empty where nothing does.
    package static func changes(_ before: RemediationPolicy, _ after: RemediationPolicy) -> [String] {
        func change(_ name: String, _ old: String, _ new: String) -> String? {
            old == new ? nil : "\(name): \(old.isEmpty ? "none" : old) → \(new.isEmpty ? "none" : new)"
        }
        func list(_ texts: [String]) -> String { texts.joined(separator: " ") }
        return [
            change("mode", before.mode.word, after.mode.word),
            change("least severity", before.minSeverity.word, after.minSeverity.word),
            change("detections", list(before.detectionIDs), list(after.detectionIDs)),
            change("never", list(before.never), list(after.never)),
            change("always", list(before.always), list(after.always)),
            change("hourly cap", "\(before.hourlyCap)", "\(after.hourlyCap)"),
            change("by itself on DUETs", before.actsOnDuets ? "yes" : "no", after.actsOnDuets ? "yes" : "no"),
            change("oldest record acted on", "\(before.maxAgeMinutes) min", "\(after.maxAgeMinutes) min"),
        ].compactMap { $0 }
    }
}
