// SPDX-License-Identifier: Apache-2.0

/// Who did something, as the audit log tells it.
package struct AuditActor: Hashable, Sendable {
    /// The role of the certificate; `service` for the service itself, empty where no role could be read.
    package var role: String
    /// The certificate's subject as RFC 2253 writes it; empty without a certificate.
    package var subject: String
    /// The certificate's serial number in capital hexadecimal digits.
    package var serial: String
    /// SHA-256 of the certificate in small hexadecimal digits.
    package var fingerprint: String
    /// The peer's address, `host:port`.
    package var address: String

    /// Somebody, by what is known of them.
    package init(
        role: String, subject: String = "", serial: String = "", fingerprint: String = "", address: String = ""
    ) {
        self.role = role
        self.subject = subject
        self.serial = serial
        self.fingerprint = fingerprint
        self.address = address
    }

    /// The service itself: nobody called.
    package static let service = AuditActor(role: "service")
}

/// What is to be written into the audit log: who did what, when, from where, and what came of it.
package struct AuditEntry: Hashable, Sendable {
    /// The outcome of what was done.
    package static let succeeded = "OK"

    /// When, in milliseconds since 1970 by the service's clock.
    package var time: Int64
    /// Who, and from where.
    package var actor: AuditActor
    /// The RPC's path, `/package.Service/Name`, or the name of what the service does by itself.
    package var method: String
    /// The AWS account that it is about; empty where it is about none or several.
    package var accountID: String
    /// What changed, for a person, without secrets. Cut to `JournalLimits.auditSummaryBytes` when it is stored.
    package var summary: String
    /// `OK`, or the name of the gRPC status that refused it.
    package var outcome: String

    /// An entry, as it is to be stored.
    package init(
        time: Int64, actor: AuditActor, method: String, accountID: String = "", summary: String,
        outcome: String = AuditEntry.succeeded
    ) {
        self.time = time
        self.actor = actor
        self.method = method
        self.accountID = accountID
        self.summary = summary
        self.outcome = outcome
    }

    /// The entry with every text cut to its limit, as it is stored and hashed.
    var bounded: AuditEntry {
        var entry = self
        entry.summary = Self.cut(summary, JournalLimits.auditSummaryBytes)
        for field in [\AuditEntry.method, \.accountID, \.outcome, \.actor.role, \.actor.serial, \.actor.fingerprint] {
            entry[keyPath: field] = Self.cut(entry[keyPath: field], JournalLimits.auditFieldBytes)
        }
        entry.actor.subject = Self.cut(actor.subject, JournalLimits.auditSummaryBytes)
        entry.actor.address = Self.cut(actor.address, JournalLimits.auditFieldBytes)
        return entry
    }

    /// The longest whole characters of a text within so many bytes of UTF-8.
    private static func cut(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var bytes = 0
        return String(
            text.prefix {
                bytes += $0.utf8.count
                return bytes <= limit
            })
    }

    /// The bytes that are hashed: `trailhound-audit-1`, then the sequence number and the time (64 bits, big-endian),
    /// then role, subject, serial, fingerprint, address, method, account, summary and outcome, each as its length
    /// (32 bits, big-endian) and its UTF-8. Two different entries never have the same bytes.
    func canonical(sequence: Int64) -> [UInt8] {
        var bytes = Array("trailhound-audit-1".utf8)
        for number in [sequence, time] {
            withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        }
        let texts = [
            actor.role, actor.subject, actor.serial, actor.fingerprint, actor.address, method, accountID, summary,
            outcome,
        ]
        for text in texts {
            withUnsafeBytes(of: UInt32(text.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }
}
