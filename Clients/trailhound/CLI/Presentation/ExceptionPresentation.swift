// SPDX-License-Identifier: Apache-2.0

import Messages

/// Exceptions of detections as documents, tables and JSON.
package enum ExceptionPresentation {
    /// The Sigma filter that `detections except` sends.
    ///
    /// - Parameter items: fields as rules write them, `field|modifier: value`; all of them have to hold.
    package static func document(
        detectionID: String, items: [String], owner: String, reason: String, expires: String, accounts: [String]
    ) -> String {
        var lines = [
            "title: \(quoted(String(reason.prefix(200))))",
            "logsource:",
            "    product: aws",
            "    service: cloudtrail",
            "filter:",
            "    rules: [\(quoted(detectionID))]",
            "    selection:",
        ]
        lines += items.map { "        " + $0 }
        lines += [
            "    condition: not selection",
            "trailhound:",
            "    owner: \(quoted(owner))",
            "    reason: \(quoted(reason))",
            "    expires: \(quoted(expires))",
        ]
        if !accounts.isEmpty { lines.append("    accounts: [\(accounts.map(quoted).joined(separator: ", "))]") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A text in YAML's double quotes, which are JSON's.
    private static func quoted(_ text: String) -> String {
        String(decoding: JSONNode.string(text).compact, as: UTF8.self)
    }

    /// The rules that an exception is for as they are loaded now.
    package static func reach(_ response: CreateDetectionExceptionResponse) -> String {
        let ids = response.detectionIDs.map(ShortID.ofDetection)
        return ids.isEmpty
            ? "it is for no loaded rule"
            : "it is for \(Numbers.counted(ids.count, "rule")): "
                + ids.prefix(20).joined(separator: " ") + (ids.count > 20 ? " and more" : "")
    }

    /// Everything an exception has, under the contract's names.
    package static func json(_ exception: DetectionException) -> JSONNode {
        .object([
            .init("exception_id", .string(exception.exceptionID)),
            .init("title", .string(exception.title)),
            .init("rules", .strings(exception.rules)),
            .init("account_ids", .strings(exception.accountIDs)),
            .init("owner", .string(exception.owner)),
            .init("reason", .string(exception.reason)),
            .init("expire_time", exception.expireTime.map { .string($0.rfc3339) } ?? .null),
            .init("file", .string(exception.file)),
            .init("yaml", .string(exception.yaml)),
            .init("excepted", exception.excepted.map(DetectionPresentation.json) ?? .null),
        ])
    }

    /// The matches that a preview would have kept from being alerts, under the contract's names.
    package static func json(_ preview: ExceptionPreview) -> JSONNode {
        .object([
            .init("alert_count", .unsigned(UInt64(preview.alertCount))),
            .init("excepted_alert_count", .unsigned(UInt64(preview.exceptedAlertCount))),
            .init("event_count", .unsigned(UInt64(preview.eventCount))),
            .init("excepted_event_count", .unsigned(UInt64(preview.exceptedEventCount))),
            .init("excepted_alert_ids", .strings(preview.exceptedAlertIDs)),
            .init("more", .bool(preview.more)),
        ])
    }

    /// `of the newest 12 alerts with 40 events it would have kept 3 alerts and 9 events from you`.
    package static func past(_ preview: ExceptionPreview) -> String {
        guard preview.alertCount > 0 else { return "its rules raised no alert whose events are stored" }
        let looked =
            "\(Numbers.counted(Int(preview.alertCount), "alert")) with "
            + "\(Numbers.counted(Int(preview.eventCount), "stored event"))"
        let covered =
            "\(Numbers.counted(Int(preview.exceptedEventCount), "event")) and "
            + "\(Numbers.counted(Int(preview.exceptedAlertCount), "whole alert"))"
        let ids = preview.exceptedAlertIDs.map(ShortID.ofAlert).joined(separator: " ")
        return (preview.more ? "of the newest \(looked)" : "of all \(looked)") + " it would have hidden \(covered)"
            + (ids.isEmpty ? "" : ": \(ids)")
    }

    /// One row an exception.
    package static func table(_ exceptions: [DetectionException]) -> Table {
        var table = Table([
            Column("EXCEPTION"), Column("ENDS (UTC)"), Column("RULES", shrinksTo: 10),
            Column("ACCOUNTS", shrinksTo: 12, dropped: 1), Column("HIDDEN"), Column("OWNER", shrinksTo: 12),
            Column("FILTER", shrinksTo: 20, dropped: 3), Column("REASON", shrinksTo: 20),
        ])
        for exception in exceptions {
            table.add([
                Cell(exception.exceptionID), Cell(Clock.short(exception.expireTime)),
                Cell(exception.rules.isEmpty ? "all" : exception.rules.map(ShortID.ofDetection).joined(separator: " ")),
                Cell(exception.accountIDs.isEmpty ? "all" : exception.accountIDs.joined(separator: " ")),
                Cell(String(exception.excepted?.matchCount ?? 0)), Cell(exception.owner),
                Cell(condition(exception).joined(separator: "; ")), Cell(exception.reason),
            ])
        }
        return table
    }

    /// The filter as it was written: what stands under `filter` but the rules.
    package static func condition(_ exception: DetectionException) -> [String] {
        var lines: [String] = []
        var isFilter = false
        for line in exception.yaml.split(separator: "\n").map(String.init) {
            if line.first?.isWhitespace == false { isFilter = line.hasPrefix("filter:") }
            let text = line.trimmed
            guard isFilter, !text.isEmpty, !text.hasPrefix("rules:"), !text.hasPrefix("#") else { continue }
            lines.append(text.hasPrefix("filter:") ? String(text.dropFirst("filter:".count)).trimmed : text)
        }
        return lines.filter { !$0.isEmpty }
    }

    /// Everything but the text, for a person.
    package static func fields(_ exception: DetectionException) -> FieldList {
        var fields = FieldList()
        fields.add("Exception", exception.exceptionID)
        fields.add("Rules", exception.rules.isEmpty ? "all" : exception.rules.joined(separator: " "))
        fields.add("Accounts", exception.accountIDs.isEmpty ? "all" : exception.accountIDs.joined(separator: " "))
        fields.add("Owner", exception.owner)
        fields.add("Reason", exception.reason)
        fields.add("Ends", Clock.short(exception.expireTime))
        fields.add("Filter", condition(exception).joined(separator: "; "))
        if let excepted = exception.excepted { fields.add("Hidden", DetectionPresentation.words(excepted)) }
        fields.add("File", exception.file)
        return fields
    }
}

extension String {
    /// Without blanks at its ends.
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
