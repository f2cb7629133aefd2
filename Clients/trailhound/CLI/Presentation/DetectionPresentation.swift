// SPDX-License-Identifier: Apache-2.0

import Messages

/// Detections and the problems of rule files as tables and JSON.
package enum DetectionPresentation {
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
                .init("status", .string(detection.status)),
                .init("tags", .strings(detection.tags)),
                .init("attack_techniques", .strings(detection.attackTechniques)),
                .init("references", .strings(detection.references)),
                .init("false_positives", .strings(detection.falsePositives)),
                .init("file", .string(detection.file)),
                .init("author", .string(detection.author)),
            ] + (detection.yaml.isEmpty ? [] : [.init("yaml", .string(detection.yaml))]))
    }

    /// One row a detection.
    package static func table(_ detections: [Detection]) -> Table {
        var table = Table([
            Column("DETECTION"), Column("SEVERITY"), Column("AUDIENCE", dropped: 2), Column("STATE"),
            Column("ATT&CK", shrinksTo: 9, dropped: 1), Column("TITLE", shrinksTo: 24),
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
        fields.add("Severity", detection.severity.word, style: detection.severity.style)
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

    private static func state(_ detection: Detection) -> String { detection.enabled ? "enabled" : "disabled" }

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
