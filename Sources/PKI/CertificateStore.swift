// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What an authority issued and revoked, in two files beside it: `issued.tsv`, a line a certificate, and `crl.pem`, the
/// revocation list that a service reads. Several processes may use it at the same time.
package struct CertificateStore: Sendable {
    /// The folder with ca.pem and ca-key.pem.
    package let folder: String

    /// The store of a folder.
    package init(folder: String) { self.folder = folder }

    /// The revocation list; it is there once something was revoked.
    package var revocationListPath: String { "\(folder)/crl.pem" }

    private var path: String { "\(folder)/issued.tsv" }

    /// Everything that was issued, the oldest first.
    package func list() throws(PKIError) -> [IssuedCertificate] {
        guard PEMFiles.exists(path) else { return [] }
        let text: String
        do { text = String(decoding: try PEMFiles.read(path, limit: PKILimits.storeBytes), as: UTF8.self) } catch {
            throw PKIError("\(path): \(error)")
        }
        var issued: [IssuedCertificate] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty && !line.hasPrefix("#") {
            guard let entry = IssuedCertificate(line: line) else {
                throw PKIError("\(path):\(number + 1): is no line of this store")
            }
            issued.append(entry)
        }
        return issued
    }

    /// Issues a certificate, remembers it, and writes `NAME.pem` and `NAME-key.pem` into `target`.
    package func issue(
        as name: String, into target: String, by authority: CertificateAuthority,
        _ issue: () throws(PKIError) -> Credential
    ) throws(PKIError) -> Credential {
        try PEMFiles.makeFolder(target)
        return try withLock { () throws(PKIError) -> Credential in
            let credential = try issue()
            // Remembered first: what was given out can always be revoked.
            let before = try list()
            try remember(credential.certificate, authority.certificate)
            do throws(PKIError) { try PEMFiles.write(credential, as: name, in: target) } catch {
                // Without its key nobody has the certificate.
                let key = "\(target)/\(name)-key.pem"
                if unlink(key) == 0 || errno == ENOENT || errno == EISDIR { try write(before) }
                throw error
            }
            return credential
        }
    }

    /// What `revoke` is told to revoke.
    package enum Target: Sendable {
        /// A serial number in hexadecimal digits, or the common name of one certificate that is good.
        case name(String)
        /// A certificate at hand.
        case certificate(Certificate)
    }

    /// Revokes a certificate of the authority and writes the revocation list anew.
    package func revoke(
        _ target: Target, reason: RevocationReason, by authority: CertificateAuthority, now: Int64
    ) throws(PKIError) -> IssuedCertificate {
        try withLock { () throws(PKIError) -> IssuedCertificate in
            var issued = try list()
            let place = try find(target, in: &issued, authority.certificate)
            if issued[place].revocation == nil {
                issued[place].revocation = IssuedCertificate.Revocation(time: now, reason: reason)
                try write(issued)
            }
            // Also where it was revoked before: the list may be lost.
            try writeRevocationList(issued, authority, now: now)
            return issued[place]
        }
    }

    private func find(
        _ target: Target, in issued: inout [IssuedCertificate], _ authority: Certificate
    ) throws(PKIError) -> Int {
        let own = issued.indices.filter { issued[$0].authority == authority.fingerprint }
        switch target {
        case .certificate(let certificate):
            guard certificate.isSigned(by: authority) else {
                throw PKIError("\(certificate.subject) was not issued by \(authority.subject)")
            }
            guard !certificate.isAuthority else { throw PKIError("\(certificate.subject) is the authority itself") }
            if let place = own.first(where: { issued[$0].fingerprint == certificate.fingerprint }) { return place }
            issued.append(IssuedCertificate(certificate, authority: authority))
            return issued.count - 1
        case .name(let name):
            if let place = own.first(where: { issued[$0].serial == name.uppercased() }) { return place }
            let named = own.filter { issued[$0].commonName == name }
            let good = named.filter { issued[$0].revocation == nil }
            if good.count == 1 { return good[0] }
            if good.count > 1 {
                let serials = good.map { issued[$0].serial }.joined(separator: ", ")
                throw PKIError(
                    "\(good.count) certificates are called \(name): name one by its serial number: \(serials)")
            }
            if let place = named.last { return place }
            throw PKIError("\(path) knows no certificate of the name or serial number \(name)")
        }
    }

    private func writeRevocationList(
        _ issued: [IssuedCertificate], _ authority: CertificateAuthority, now: Int64
    ) throws(PKIError) {
        let revoked = issued.filter { $0.authority == authority.certificate.fingerprint }.compactMap { entry in
            entry.revocation.map {
                CertificateAuthority.Revoked(serial: entry.serial, time: $0.time, reason: $0.reason)
            }
        }
        // The list is made where something is revoked, and read by a service that sees the file: it needs no renewal.
        let pem = try authority.revocationList(
            of: revoked, number: now, now: now, nextUpdate: authority.certificate.notAfter)
        try PEMFiles.write(pem, to: revocationListPath, mode: 0o644)
    }

    /// Adds a certificate. Under the lock.
    func remember(_ certificate: Certificate, _ authority: Certificate) throws(PKIError) {
        try write(try list() + [IssuedCertificate(certificate, authority: authority)])
    }

    private func write(_ issued: [IssuedCertificate]) throws(PKIError) {
        let heading = "# authority serial fingerprint not_before not_after use revoked_at reason subject"
        let text = ([heading] + issued.map(\.line)).joined(separator: "\n") + "\n"
        guard text.utf8.count <= PKILimits.storeBytes else {
            throw PKIError("\(path) would be longer than \(PKILimits.storeBytes) bytes")
        }
        try PEMFiles.write(Array(text.utf8), to: path, mode: 0o600)
    }

    /// Keeps other processes, and other tasks of this one, from changing the folder meanwhile.
    func withLock<Result>(_ body: () throws(PKIError) -> Result) throws(PKIError) -> Result {
        let lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else { throw PKIError.system("opening \(folder)") }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else { throw PKIError.system("locking \(folder)") }
        }
        return try body()
    }
}
