// SPDX-License-Identifier: Apache-2.0

/// A certificate that an authority issued, as its store remembers it.
package struct IssuedCertificate: Equatable, Sendable {
    /// That it was revoked.
    package struct Revocation: Equatable, Sendable {
        /// Seconds since 1970.
        package var time: Int64
        package var reason: RevocationReason
    }

    /// SHA-256 of the authority's certificate: an authority made anew has nothing to do with the old one's.
    package var authority: String
    /// In capital hexadecimal digits.
    package var serial: String
    /// SHA-256 of the certificate.
    package var fingerprint: String
    /// The first and the last second of validity, since 1970.
    package var notBefore: Int64
    package var notAfter: Int64
    /// The client's URI, `trailhound://ROLE/ACCOUNTS`; `server` for a server's certificate.
    package var use: String
    /// Nil while it is good.
    package var revocation: Revocation?
    /// The subject as RFC 2253 writes it.
    package var subject: String

    /// What is to be remembered of a certificate.
    package init(_ certificate: Certificate, authority: Certificate) {
        self.authority = authority.fingerprint
        serial = certificate.serial
        fingerprint = certificate.fingerprint
        notBefore = certificate.notBefore
        notAfter = certificate.notAfter
        use = certificate.identity?.uri ?? "server"
        subject = certificate.subject
    }

    /// Who the client is; nil for a server.
    package var identity: ClientIdentity? { ClientIdentity(uri: use) }

    /// The subject's common name.
    package var commonName: String {
        let names = subject.split(separator: ",").filter { $0.hasPrefix("CN=") }
        return names.first.map { String($0.dropFirst(3)) } ?? ""
    }

    /// The fields of a line, in its order.
    private static let fieldCount = 9

    /// One line of the store: fields with tabs between. OpenSSL escapes control characters of a subject.
    var line: String {
        [
            authority, serial, fingerprint, String(notBefore), String(notAfter), use,
            revocation.map { String($0.time) } ?? "-", revocation?.reason.rawValue ?? "-", subject,
        ].joined(separator: "\t")
    }

    /// Reads a line; nil for one that no store wrote.
    init?(line: Substring) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == Self.fieldCount, let notBefore = Int64(fields[3]), let notAfter = Int64(fields[4]) else {
            return nil
        }
        (authority, serial, fingerprint, use, subject) = (fields[0], fields[1], fields[2], fields[5], fields[8])
        self.notBefore = notBefore
        self.notAfter = notAfter
        if fields[6] != "-" {
            guard let time = Int64(fields[6]), let reason = RevocationReason(rawValue: fields[7]) else { return nil }
            revocation = Revocation(time: time, reason: reason)
        }
    }
}
