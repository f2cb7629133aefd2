// SPDX-License-Identifier: Apache-2.0

import Messages
import PKI

/// Certificates as tables and JSON.
package enum CertificatePresentation {
    /// A certificate and the file it is in.
    package struct Entry: Sendable {
        package let file: String
        package let certificate: Certificate

        package init(file: String, certificate: Certificate) {
            self.file = file
            self.certificate = certificate
        }
    }

    /// What a certificate says.
    package static func json(_ entry: Entry) -> JSONNode {
        let certificate = entry.certificate
        return .object([
            .init("file", .string(entry.file)),
            .init("subject", .string(certificate.subject)),
            .init("use", .string(use(certificate))),
            .init("role", certificate.identity.map { .string($0.role.rawValue) } ?? .null),
            .init("accounts", certificate.identity.map { .string($0.accounts.text) } ?? .null),
            .init("dns_names", .strings(certificate.dnsNames)),
            .init("ip_addresses", .strings(certificate.ipAddresses)),
            .init("not_before", .time(Timestamp(seconds: certificate.notBefore, nanos: 0))),
            .init("not_after", .time(Timestamp(seconds: certificate.notAfter, nanos: 0))),
            .init("serial", .string(certificate.serial)),
            .init("fingerprint", .string(certificate.fingerprint)),
        ])
    }

    /// One row a certificate. `now` tells which have expired.
    package static func table(_ entries: [Entry], now: Timestamp) -> Table {
        var table = Table([
            Column("FILE", shrinksTo: 12), Column("SUBJECT", shrinksTo: 12, dropped: 1), Column("USE"),
            Column("ACCOUNTS", shrinksTo: 8),
            Column("VALID UNTIL (UTC)"),
        ])
        for entry in entries {
            let certificate = entry.certificate
            let hasExpired = certificate.notAfter < now.seconds
            table.add([
                Cell(entry.file), Cell(certificate.subject), Cell(use(certificate)),
                Cell(certificate.identity?.accounts.text ?? ""),
                Cell(
                    Clock.short(Timestamp(seconds: certificate.notAfter, nanos: 0)) + (hasExpired ? " expired" : ""),
                    style: hasExpired ? .red : .plain),
            ])
        }
        return table
    }

    /// Everything, for a person.
    package static func fields(_ entry: Entry, now: Timestamp) -> FieldList {
        let certificate = entry.certificate
        var fields = FieldList()
        fields.add("File", entry.file)
        fields.add("Subject", certificate.subject, style: .bold)
        fields.add("Use", use(certificate))
        fields.add("Accounts", certificate.identity?.accounts.text ?? "")
        fields.add("Names", (certificate.dnsNames + certificate.ipAddresses).joined(separator: ", "))
        fields.add("Valid from", Timestamp(seconds: certificate.notBefore, nanos: 0).rfc3339)
        let hasExpired = certificate.notAfter < now.seconds
        fields.add(
            "Valid until",
            Timestamp(seconds: certificate.notAfter, nanos: 0).rfc3339 + (hasExpired ? " (expired)" : ""),
            style: hasExpired ? .red : .plain)
        fields.add("Serial", certificate.serial)
        fields.add("SHA-256", certificate.fingerprint)
        return fields
    }

    /// The role of a client, `authority`, or `server`.
    private static func use(_ certificate: Certificate) -> String {
        if certificate.isAuthority { return "authority" }
        if let identity = certificate.identity { return identity.role.rawValue }
        return certificate.dnsNames.isEmpty && certificate.ipAddresses.isEmpty ? "unknown" : "server"
    }
}

/// What an authority issued.
extension CertificatePresentation {
    /// What the store remembers of a certificate, and how it stands.
    package static func json(_ issued: IssuedCertificate, now: Timestamp) -> JSONNode {
        .object([
            .init("serial", .string(issued.serial)),
            .init("subject", .string(issued.subject)),
            .init("role", issued.identity.map { .string($0.role.rawValue) } ?? .null),
            .init("accounts", issued.identity.map { .string($0.accounts.text) } ?? .null),
            .init("not_before", .time(Timestamp(seconds: issued.notBefore, nanos: 0))),
            .init("not_after", .time(Timestamp(seconds: issued.notAfter, nanos: 0))),
            .init("state", .string(state(issued, now: now).word)),
            .init("revoked_at", .time(issued.revocation.map { Timestamp(seconds: $0.time, nanos: 0) })),
            .init("reason", issued.revocation.map { .string($0.reason.rawValue) } ?? .null),
            .init("fingerprint", .string(issued.fingerprint)),
            .init("authority", .string(issued.authority)),
        ])
    }

    /// One row a certificate.
    package static func table(_ issued: [IssuedCertificate], now: Timestamp) -> Table {
        var table = Table([
            Column("NAME", shrinksTo: 12), Column("USE"), Column("ACCOUNTS", shrinksTo: 8),
            Column("STATE", shrinksTo: 8), Column("VALID UNTIL (UTC)"), Column("SERIAL", dropped: 1),
        ])
        for entry in issued {
            let state = state(entry, now: now)
            let reason = entry.revocation.map { $0.reason == .unspecified ? "" : " (\($0.reason.rawValue))" } ?? ""
            table.add([
                Cell(entry.commonName), Cell(entry.identity?.role.rawValue ?? "server"),
                Cell(entry.identity?.accounts.text ?? ""), Cell(state.word + reason, style: state.style),
                Cell(Clock.short(Timestamp(seconds: entry.notAfter, nanos: 0))), Cell(entry.serial),
            ])
        }
        return table
    }

    private static func state(_ issued: IssuedCertificate, now: Timestamp) -> (word: String, style: Style) {
        if issued.revocation != nil { return ("revoked", .red) }
        return issued.notAfter < now.seconds ? ("expired", .faint) : ("valid", .green)
    }
}
