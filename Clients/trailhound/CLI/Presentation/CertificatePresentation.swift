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
            "Valid until", Timestamp(seconds: certificate.notAfter, nanos: 0).rfc3339 + (hasExpired ? " (expired)" : ""),
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
