// SPDX-License-Identifier: Apache-2.0

import Messages

/// Detections and the problems of rule files as tables and JSON.
package enum DetectionPresentation {
    /// The numbers of a reload in one line.
    package static func summary(_ response: ReloadRulesResponse) -> String {
        var parts = ["\(Numbers.counted(Int(response.loaded), "detection")) loaded"]
        if response.leftOut > 0 { parts.append("\(Numbers.counted(Int(response.leftOut), "rule")) left out") }
        if response.foreign > 0 {
            parts.append("\(Numbers.counted(Int(response.foreign), "rule")) for other log sources")
        }
        return parts.joined(separator: ", ")
    }

    /// Everything a detection has, under the contract's names.
    package static func json(_ detection: Detection) -> JSONNode {
        .object(
            [
                .init("detection_id", .string(detection.detectionID)),
                .init("title", .string(detection.title)),
                .init("description", .string(detection.description)),
                .init("severity", .string(detection.severity.word)),
                .init("audience", .string(detection.audience.word)),
                .init("enabled", .bool(detection.enabled)),
                .init("on_trial", .bool(detection.onTrial)),
                .init("rule_severity", .string(detection.ruleSeverity.word)),
                .init("enabled_by_default", .bool(detection.enabledByDefault)),
                .init("correlation", .bool(detection.correlation)),
                .init("settings", .array(detection.settings.map(json))),
                .init("status", .string(detection.status)),
                .init("tags", .strings(detection.tags)),
                .init("attack_techniques", .strings(detection.attackTechniques)),
                .init("references", .strings(detection.references)),
                .init("false_positives", .strings(detection.falsePositives)),
                .init("file", .string(detection.file)),
                .init("author", .string(detection.author)),
            ] + (detection.trialReport.map { [.init("trial_report", json($0))] } ?? [])
                + (detection.yaml.isEmpty ? [] : [.init("yaml", .string(detection.yaml))]))
    }

    /// One row a detection.
    package static func table(_ detections: [Detection]) -> Table {
        var table = Table([
            Column("DETECTION"), Column("SEVERITY"), Column("AUDIENCE", dropped: 2), Column("STATE"),
            Column("ATT&CK", shrinksTo: 9, dropped: 1), Column("TITLE", shrinksTo: 24, wraps: true),
        ])
        for detection in detections {
            table.add([
                Cell(ShortID.ofDetection(detection.detectionID)),
                Cell(detection.severity.shortWord, style: detection.severity.style), Cell(detection.audience.word),
                Cell(state(detection), style: detection.enabled ? .green : .faint),
                Cell(detection.attackTechniques.joined(separator: " ")), Cell(detection.title),
            ])
        }
        return table
    }

    /// Everything but the rule's text, for a person.
    package static func fields(_ detection: Detection) -> FieldList {
        var fields = FieldList()
        fields.add("Detection", detection.detectionID)
        fields.add("Title", detection.title, style: .bold)
        fields.add("State", state(detection), style: detection.enabled ? .green : .faint)
        fields.add("Severity", detection.severity.shortWord, style: detection.severity.style)
        for setting in detection.settings { fields.add("Tuned", words(setting)) }
        if let report = detection.trialReport { fields.add("Trial", words(report)) }
        fields.add("Audience", detection.audience.word)
        fields.add("Status", detection.status)
        fields.add("Description", detection.description)
        fields.add("ATT&CK", detection.attackTechniques.joined(separator: ", "))
        fields.add("Tags", detection.tags.joined(separator: ", "))
        for text in detection.falsePositives { fields.add("False positive", text) }
        for text in detection.references { fields.add("Reference", text) }
        fields.add("Author", detection.author)
        fields.add("File", detection.file)
        return fields
    }

    private static func state(_ detection: Detection) -> String {
        guard detection.enabled else { return "disabled" }
        return detection.onTrial ? "on trial" : "enabled"
    }

    private static func json(_ setting: DetectionSetting) -> JSONNode {
        .object([
            .init("account_id", .string(setting.accountID)),
            .init("enabled", flag(setting.enabled)),
            .init("severity", setting.severity == .unspecified ? .null : .string(setting.severity.word)),
            .init("on_trial", flag(setting.trial)),
        ])
    }

    private static func flag(_ value: Switch) -> JSONNode {
        switch value {
        case .on: .bool(true)
        case .off: .bool(false)
        default: .null
        }
    }

    static func json(_ report: MatchReport) -> JSONNode {
        .object([
            .init("match_count", .unsigned(report.matchCount)),
            .init("first_seen", report.firstSeen.map { .string($0.rfc3339) } ?? .null),
            .init("last_seen", report.lastSeen.map { .string($0.rfc3339) } ?? .null),
            .init("event_ids", .strings(report.eventIDs)),
            .init("account_ids", .strings(report.accountIDs)),
        ])
    }

    /// `in 111122223333: on, severity low, on trial`.
    private static func words(_ setting: DetectionSetting) -> String {
        var words: [String] = []
        if setting.enabled != .unspecified { words.append(setting.enabled == .on ? "on" : "off") }
        if setting.severity != .unspecified { words.append("severity \(setting.severity.shortWord)") }
        if setting.trial != .unspecified { words.append(setting.trial == .on ? "on trial" : "not on trial") }
        return (setting.accountID.isEmpty ? "everywhere" : "in \(setting.accountID)") + ": "
            + words.joined(separator: ", ")
    }

    static func words(_ report: MatchReport) -> String {
        "\(Numbers.counted(Int(clamping: report.matchCount), "match", "matches")) in "
            + "\(Numbers.counted(report.accountIDs.count, "account")), \(Clock.short(report.firstSeen)) to "
            + "\(Clock.short(report.lastSeen)); latest \(report.eventIDs.last ?? "")"
    }

    /// A problem of a rule file.
    package static func json(_ problem: RuleProblem) -> JSONNode {
        .object([
            .init("file", .string(problem.file)),
            .init("line", .unsigned(UInt64(problem.line))),
            .init("message", .string(problem.message)),
            .init("is_error", .bool(problem.isError)),
        ])
    }

    /// `rules/x.yml:12: error: …`, as compilers write it.
    package static func line(_ problem: RuleProblem) -> String {
        let place = problem.line > 0 ? "\(problem.file):\(problem.line)" : problem.file
        return "\(place): \(problem.isError ? "error" : "warning"): \(problem.message)"
    }
}
