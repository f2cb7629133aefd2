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
        ])
    }

    /// One row an exception.
    package static func table(_ exceptions: [DetectionException]) -> Table {
        var table = Table([
            Column("EXCEPTION"), Column("ENDS (UTC)"), Column("RULES", shrinksTo: 10),
            Column("ACCOUNTS", shrinksTo: 12, dropped: 1), Column("OWNER", shrinksTo: 12),
            Column("REASON", shrinksTo: 20),
        ])
        for exception in exceptions {
            table.add([
                Cell(exception.exceptionID), Cell(Clock.short(exception.expireTime)),
                Cell(exception.rules.isEmpty ? "all" : exception.rules.map(ShortID.ofDetection).joined(separator: " ")),
                Cell(exception.accountIDs.isEmpty ? "all" : exception.accountIDs.joined(separator: " ")),
                Cell(exception.owner), Cell(exception.reason),
            ])
        }
        return table
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
        fields.add("File", exception.file)
        return fields
    }
}
