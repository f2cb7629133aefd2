// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Journal
import Messages

/// The audit log as a table and as JSON.
package enum AuditPresentation {
    package static let columns = [
        Column("#", alignment: .right), Column("TIME (UTC)"), Column("WHO", shrinksTo: 12),
        Column("FROM", shrinksTo: 9, dropped: 1), Column("WHAT", shrinksTo: 16),
        Column("ACCOUNT", dropped: 2), Column("OUTCOME", dropped: 3), Column("CHANGE", shrinksTo: 12),
    ]

    /// How wide the columns are: a tail's table has no last row to measure.
    package static func layout(width: Int?) -> TableLayout {
        TableLayout(columns, natural: [6, 19, 24, 21, 30, 12, 17, Limits.widestTitle], width: width)
    }

    package static func row(_ entry: AuditLogEntry) -> [Cell] {
        let succeeded = entry.outcome == AuditEntry.succeeded
        return [
            Cell(String(entry.sequence)), Cell(Clock.short(entry.time)), Cell(who(entry)), Cell(entry.peerAddress),
            Cell(method(entry.method)), Cell(entry.accountID),
            Cell(succeeded ? "ok" : entry.outcome, style: succeeded ? .plain : .red), Cell(entry.summary),
        ]
    }

    /// Everything an entry has, under the contract's names.
    package static func json(_ entry: AuditLogEntry) -> JSONNode {
        .object([
            .init("sequence", .unsigned(entry.sequence)),
            .init("time", .time(entry.time)),
            .init("role", .string(entry.role)),
            .init("subject", .string(entry.subject)),
            .init("serial", .string(entry.serial)),
            .init("fingerprint", .string(entry.fingerprint)),
            .init("peer_address", .string(entry.peerAddress)),
            .init("method", .string(entry.method)),
            .init("account_id", .string(entry.accountID)),
            .init("summary", .string(entry.summary)),
            .init("outcome", .string(entry.outcome)),
            .init("hash", .string(Hexadecimal.encode(entry.hash.array))),
        ])
    }

    /// What a verification came to.
    package static func json(_ verifier: AuditVerifier, broken: AuditBreak?) -> JSONNode {
        .object([
            .init("intact", .bool(broken == nil)),
            .init("entries", .signed(verifier.head.sequence)),
            .init("head", .string(verifier.head.description)),
            .init("begins_after", .signed(verifier.anchor?.head.sequence ?? 0)),
            .init("forgotten_heads", .array(verifier.forgotten.map { .string($0.description) })),
            .init("first_broken", broken.map { .signed($0.sequence) } ?? .null),
            .init("problem", broken.map { .string($0.description) } ?? .null),
        ])
    }

    /// The same for a person.
    package static func fields(_ verifier: AuditVerifier, broken: AuditBreak?) -> FieldList {
        let head = verifier.head
        var fields = FieldList()
        fields.add("Audit log", broken == nil ? "intact" : "broken", style: broken == nil ? .green : .red)
        if let broken { fields.add("Problem", broken.description) }
        fields.add(broken == nil ? "Entries" : "Intact entries", String(head.sequence))
        fields.add("Head", head.description)
        if let anchor = verifier.anchor {
            fields.add(
                "Begins after",
                "entry \(anchor.head.sequence): the retention dropped \(Numbers.grouped(UInt64(clamping: anchor.entries))) entries"
            )
        }
        for old in verifier.forgotten {
            fields.add("Not comparable", "\(old): the retention dropped its entry", style: .yellow)
        }
        return fields
    }

    /// The role and the common name.
    private static func who(_ entry: AuditLogEntry) -> String {
        let name = entry.subject.split(separator: ",").first { $0.hasPrefix("CN=") }.map { String($0.dropFirst(3)) }
        return [entry.role, name ?? entry.subject].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// `AccountService/OnboardAccount` of the RPC's whole path.
    private static func method(_ path: String) -> String {
        guard path.hasPrefix("/") else { return path }
        let parts = path.split(separator: "/")
        guard parts.count == 2, let service = parts[0].split(separator: ".").last else { return path }
        return "\(service)/\(parts[1])"
    }
}
