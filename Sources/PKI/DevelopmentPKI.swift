// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The certificates that a service makes for itself where none are configured.
///
/// A folder holds an authority (ca.pem, ca-key.pem), a server's certificate (server.pem, server-key.pem), an admin's
/// (admin.pem, admin-key.pem), and the store of what was issued and revoked (`CertificateStore`).
package struct DevelopmentPKI: Sendable {
    /// The folder with the files.
    package let folder: String
    /// The names of the certificates that this run made, in the order of making; empty where all were there.
    package let minted: [String]

    /// The names that every development server has.
    package static let localNames = ["localhost", "127.0.0.1", "::1"]

    /// The path of a certificate by its name: ca, server or admin.
    package func certificatePath(_ name: String) -> String { "\(folder)/\(name).pem" }
    /// The path of a key by its certificate's name: ca, server or admin.
    package func keyPath(_ name: String) -> String { "\(folder)/\(name)-key.pem" }

    /// Makes what is missing, and makes anew what ends soon, was revoked, fits no longer together or lacks one of the
    /// names.
    ///
    /// What is in order stays as it is. Where the authority's key was taken away, everything else must be in order.
    /// Several processes may do this at the same time.
    ///
    /// - Parameters:
    ///   - folder: Made with mode 0700 where it is missing; its parent must exist.
    ///   - serverNames: Names and addresses of the server beside `localNames`.
    ///   - now: Seconds since 1970.
    package static func ensure(
        in folder: String, serverNames: [String] = [], now: Int64 = Int64(time(nil))
    ) throws(PKIError) -> DevelopmentPKI {
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw PKIError.system("creating \(folder)") }
        return try CertificateStore(folder: folder).withLock { () throws(PKIError) -> DevelopmentPKI in
            var work = EnsuringWork(folder: folder, now: now)
            try work.run(hosts: localNames + serverNames.filter { !localNames.contains($0) })
            return DevelopmentPKI(folder: folder, minted: work.minted)
        }
    }
}

/// One run of `DevelopmentPKI.ensure`, under its lock.
private struct EnsuringWork {
    let folder: String
    let now: Int64
    var minted: [String] = []

    init(folder: String, now: Int64) {
        self.folder = folder
        self.now = now
    }

    mutating func run(hosts: [String]) throws(PKIError) {
        let authority = try authority()
        let names = AlternativeNames(hosts: hosts)
        try leaf("server", authority) { certificate in
            Set(names.dns).isSubset(of: certificate.dnsNames)
                && Set(names.addresses).isSubset(of: certificate.ipAddresses)
        } issue: { (signer, now) throws(PKIError) in
            try signer.issueServer(hosts: hosts, now: now)
        }
        let admin = ClientIdentity(role: .admin, accounts: .all)
        try leaf("admin", authority) { certificate in
            certificate.identity == admin
        } issue: { (signer, now) throws(PKIError) in
            try signer.issueClient(name: "admin", identity: admin, now: now)
        }
    }

    /// The authority's certificate, and the authority itself where its key is there.
    private struct Authority {
        var certificate: Certificate
        var signer: CertificateAuthority?
    }

    private mutating func authority() throws(PKIError) -> Authority {
        let hasCertificate = PEMFiles.exists("\(folder)/ca.pem")
        let hasKey = PEMFiles.exists("\(folder)/ca-key.pem")
        if hasCertificate, !hasKey {
            return Authority(certificate: try PEMFiles.certificate(at: "\(folder)/ca.pem"))
        }
        if hasCertificate {
            let signer = try CertificateAuthority(try PEMFiles.credential("ca", in: folder))
            guard isExpiring(signer.certificate) else {
                return Authority(certificate: signer.certificate, signer: signer)
            }
        }
        // A key alone is what a crash between the two files leaves; nothing was issued from it.
        let signer = try CertificateAuthority.mint(commonName: "Trailhound development CA", now: now)
        // A list of the authority before would have every certificate of this one refused.
        if unlink(CertificateStore(folder: folder).revocationListPath) != 0, errno != ENOENT {
            throw PKIError.system("removing the old revocation list")
        }
        try PEMFiles.write(signer.credential, as: "ca", in: folder)
        minted.append("ca")
        return Authority(certificate: signer.certificate, signer: signer)
    }

    private mutating func leaf(
        _ name: String, _ authority: Authority, isFit: (Certificate) -> Bool,
        issue: (CertificateAuthority, Int64) throws(PKIError) -> Credential
    ) throws(PKIError) {
        // A key that others may read is not quietly replaced: what it was used for is for a person to find out.
        try PEMFiles.checkMode(ofKey: "\(folder)/\(name)-key.pem")
        if let credential = try? PEMFiles.credential(name, in: folder), !isExpiring(credential.certificate),
            credential.certificate.isSigned(by: authority.certificate), isFit(credential.certificate),
            try !isRevoked(credential.certificate)
        {
            return
        }
        guard let signer = authority.signer else {
            throw PKIError(
                "\(folder)/\(name).pem is missing, revoked, expiring or of other names, and \(folder)/ca-key.pem is not there "
                    + "to make it: put the key back, or remove ca.pem to start anew")
        }
        let credential = try issue(signer, now)
        try CertificateStore(folder: folder).remember(credential.certificate, signer.certificate)
        try PEMFiles.write(credential, as: name, in: folder)
        minted.append(name)
    }

    private func isRevoked(_ certificate: Certificate) throws(PKIError) -> Bool {
        try CertificateStore(folder: folder).list().contains {
            $0.fingerprint == certificate.fingerprint && $0.revocation != nil
        }
    }

    private func isExpiring(_ certificate: Certificate) -> Bool {
        certificate.notAfter < now + Int64(PKILimits.renewalDays) * 86_400
    }
}
