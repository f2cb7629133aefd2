// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages

/// Dead letters as tables and JSON.
package enum DeadLetterPresentation {
    /// Everything a letter has, under the contract's names, with its bytes where `content` has them: as text where they
    /// are UTF-8, as an object with `base64` where they are not.
    package static func json(_ letter: DeadLetter, content: GetDeadLetterResponse? = nil) -> JSONNode {
        var members: [JSONNode.Member] = [
            .init("id", .unsigned(letter.id)),
            .init("refused_at", .time(letter.refusedAt)),
            .init("reason", .string(letter.reason)),
            .init("detail", .string(letter.detail)),
            .init("source", .string(letter.source)),
            .init("submitter", .string(letter.submitter)),
            .init("account_id", .string(letter.accountID)),
            .init("account_covered", .bool(letter.accountCovered)),
            .init("records", .unsigned(UInt64(letter.records))),
            .init("first_index", .unsigned(UInt64(letter.firstIndex))),
            .init("total_bytes", .unsigned(letter.totalBytes)),
            .init("kept_bytes", .unsigned(letter.keptBytes)),
            .init("stored_bytes", .unsigned(letter.storedBytes)),
            .init("log_file", .bool(letter.logFile)),
            .init("historical", .bool(letter.historical)),
            .init("attempts", .unsigned(UInt64(letter.attempts))),
        ]
        if let content {
            let parts = letter.logFile ? [content.logFile] : content.records
            members.append(.init("content", .array(parts.map(bytes))))
        }
        return .object(members)
    }

    /// Whether bytes are UTF-8 without NULs.
    package static func isText(_ bytes: Bytes) -> Bool { text(bytes) != nil }

    private static func text(_ bytes: Bytes) -> String? {
        let array = bytes.array
        return array.contains(0) ? nil : String(validating: array, as: UTF8.self)
    }

    private static func bytes(_ bytes: Bytes) -> JSONNode {
        text(bytes).map { .string($0) }
            ?? .object([.init("base64", .string(Data(bytes.array).base64EncodedString()))])
    }

    /// One row a letter.
    package static func table(_ letters: [DeadLetter]) -> Table {
        var table = Table([
            Column("ID", alignment: .right), Column("REFUSED (UTC)", dropped: 2), Column("REASON"), Column("ACCOUNT"),
            Column("RECORDS", alignment: .right), Column("BYTES", alignment: .right, dropped: 1),
            Column("SOURCE", shrinksTo: 16),
        ])
        for letter in letters {
            table.add([
                Cell(String(letter.id)), Cell(Clock.short(letter.refusedAt)), Cell(letter.reason),
                Cell(letter.accountID, style: letter.accountCovered ? .plain : .faint),
                Cell(letter.logFile ? "file" : Numbers.grouped(UInt64(letter.records))),
                Cell(Numbers.bytes(letter.totalBytes)), Cell(letter.source),
            ])
        }
        return table
    }

    /// Everything but the bytes, for a person.
    package static func fields(_ letter: DeadLetter) -> FieldList {
        var fields = FieldList()
        fields.add("Dead letter", String(letter.id))
        fields.add("Refused", letter.refusedAt?.rfc3339 ?? "")
        fields.add("Reason", letter.reason)
        fields.add("Detail", letter.detail)
        fields.add("Source", letter.source)
        fields.add("Submitted by", letter.submitter)
        let uncovered = letter.accountID.isEmpty || letter.accountCovered ? "" : " (its submitter does not cover it)"
        fields.add("Account", letter.accountID + uncovered)
        fields.add(
            "Holds", letter.logFile ? "a log file" : Numbers.counted(Int(letter.records), "record"))
        fields.add("Bytes", Numbers.grouped(letter.totalBytes))
        if letter.keptBytes < letter.totalBytes {
            fields.add("Kept", "\(Numbers.grouped(letter.keptBytes)) bytes: the rest was cut off", style: .yellow)
        }
        fields.add("Historical", letter.historical ? "yes" : "")
        if letter.attempts > 1 { fields.add("Refused", "\(letter.attempts) times") }
        return fields
    }
}

/// What came of letters that were submitted again, over several calls.
package struct DeadLetterOutcome: Sendable {
    package private(set) var letters: UInt64 = 0
    package private(set) var accepted: UInt64 = 0
    package private(set) var duplicate: UInt64 = 0
    package private(set) var rejected: UInt64 = 0
    package private(set) var incomplete: UInt64 = 0
    private var reasons: [String: UInt64] = [:]

    package init() {}

    /// Adds one call's part.
    package mutating func add(_ part: ResubmitDeadLettersResponse) {
        letters += UInt64(part.letters)
        accepted += part.accepted
        duplicate += part.duplicate
        rejected += part.rejected
        incomplete += UInt64(part.incomplete)
        for reason in part.rejectedByReason { reasons[reason.reason, default: 0] += reason.count }
    }

    /// Under the contract's names.
    package var json: JSONNode {
        .object([
            .init("letters", .unsigned(letters)), .init("accepted", .unsigned(accepted)),
            .init("duplicate", .unsigned(duplicate)), .init("rejected", .unsigned(rejected)),
            .init(
                "rejected_by_reason",
                .object(reasons.sorted { $0.key < $1.key }.map { .init($0.key, .unsigned($0.value)) })),
            .init("incomplete", .unsigned(incomplete)),
        ])
    }

    /// For a person.
    package var fields: FieldList {
        var fields = FieldList()
        fields.add("Letters", Numbers.grouped(letters))
        fields.add("Accepted", Numbers.grouped(accepted))
        fields.add("Duplicate", Numbers.grouped(duplicate))
        fields.add("Refused again", Numbers.grouped(rejected), style: rejected > 0 ? .yellow : .plain)
        for (reason, count) in reasons.sorted(by: { $0.key < $1.key }) {
            fields.add("  \(reason)", Numbers.grouped(count))
        }
        if incomplete > 0 { fields.add("Not whole", "\(Numbers.grouped(incomplete)) passed over", style: .yellow) }
        return fields
    }
}
