// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Collect
import Glibc

/// Output of a running collector: lines for people on standard error, and with `-o jsonl` an object a line
/// on standard output too.
package struct CollectVoice: Sendable {
    private let format: OutputFormat

    package init(_ format: OutputFormat) { self.format = format }

    /// A report that is told as it comes.
    package func report() -> CollectReport {
        CollectReport { _, text in
            note(text)
        } refused: { object, refusal in
            guard format == .jsonl else { return }
            line([
                .init("kind", .string("refusal")), .init("file", .string(object.description)),
                .init("reason", .string(refusal.reason)), .init("detail", .string(refusal.detail)),
                .init("records", .signed(Int64(refusal.count))),
            ])
        }
    }

    /// A line for people.
    package func note(_ text: String) { Diagnostics.note("trailhound: " + text) }

    /// Progress of the collector.
    package func progress(_ state: CollectProgress) {
        guard format == .jsonl else { return note(state.text) }
        line([.init("kind", .string("progress"))] + state.fields)
    }

    /// Lines come from several tasks: each is written whole, beside the buffer of the command's result.
    private func line(_ fields: [JSONNode.Member]) {
        _ = FileWriting.writeAll(JSONNode.object(fields).compact + [UInt8(ascii: "\n")], to: STDOUT_FILENO)
    }
}

/// Progress of a collector: its sums and its backlog.
package struct CollectProgress: Sendable, Equatable {
    package let totals: CollectTotals
    /// Messages that wait in the queues; nil where there is none, or none that can be asked.
    package let messages: Int?
    /// Seconds since the newest event of the accounts whose files came; nil where that is not known.
    package let newestEventAge: Int?

    package init(_ totals: CollectTotals, messages: Int?, newestEventAge: Int?) {
        self.totals = totals
        self.messages = messages
        self.newestEventAge = newestEventAge
    }

    /// One line for people.
    package var text: String {
        var parts = [Self.sums(totals)]
        if let messages { parts.append("\(Numbers.grouped(UInt64(messages))) messages in the queue") }
        if let listed = totals.listed { parts.append("\(Numbers.grouped(UInt64(listed))) listed files left") }
        if let age = newestEventAge { parts.append("newest event \(Numbers.duration(Double(age))) ago") }
        return parts.joined(separator: "; ")
    }

    /// The sums in words, with the reasons of what was refused.
    package static func sums(_ totals: CollectTotals) -> String {
        let number = { (count: Int) in Numbers.grouped(UInt64(max(0, count))) }
        let reasons = totals.refusals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
            "\($0.key) \(number($0.value))"
        }
        var text =
            "\(number(totals.files)) log files: \(number(totals.accepted)) records accepted, "
            + "\(number(totals.duplicate)) duplicate, \(number(totals.rejected)) rejected"
        if !reasons.isEmpty { text += " (\(reasons.joined(separator: ", ")))" }
        text += "; \(number(totals.aside)) set aside"
        if totals.retried > 0 { text += ", \(number(totals.retried)) not readable" }
        if totals.leftOut > 0 { text += ", \(number(totals.leftOut)) other objects left out" }
        return text
    }

    /// The members of the JSON form.
    package var fields: [JSONNode.Member] {
        let optional = { (value: Int?) in value.map { JSONNode.signed(Int64($0)) } ?? .null }
        return Self.sumFields(totals) + [
            .init("queue_messages", optional(messages)), .init("listed_files_left", optional(totals.listed)),
            .init("newest_event_age_seconds", optional(newestEventAge)),
        ]
    }

    /// The sums as members.
    package static func sumFields(_ totals: CollectTotals) -> [JSONNode.Member] {
        [
            .init("files", .signed(Int64(totals.files))), .init("bytes", .signed(Int64(totals.bytes))),
            .init("accepted", .signed(Int64(totals.accepted))),
            .init("duplicate", .signed(Int64(totals.duplicate))),
            .init("rejected", .signed(Int64(totals.rejected))),
            .init(
                "refusals",
                .object(
                    totals.refusals.sorted { $0.key < $1.key }.map { .init($0.key, .signed(Int64($0.value))) })),
            .init("messages_received", .signed(Int64(totals.received))),
            .init("messages_deleted", .signed(Int64(totals.deleted))),
            .init("set_aside", .signed(Int64(totals.aside))), .init("retried", .signed(Int64(totals.retried))),
            .init("left_out", .signed(Int64(totals.leftOut))),
        ]
    }
}
