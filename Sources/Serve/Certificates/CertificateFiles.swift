// SPDX-License-Identifier: Apache-2.0

import Glibc
import PKI
import RPC

/// The files that the service's TLS comes from.
package struct CertificateFiles: Sendable, Hashable {
    /// The server's certificate, its chain after it.
    package var certificate: String
    /// The server's key.
    package var key: String
    /// The authorities whose client certificates are let in.
    package var clientAuthority: String
    /// Revocation lists of those authorities; looked at where the file is there.
    package var revocationList: String?
    /// Whether the revocation list may be missing: a development authority has none before it revokes something.
    package var mayLackRevocationList: Bool
    /// A file that names the authorities of which there was a list, and when it was made: one that vanished, or an older one in
    /// its place, is found out after a restart too.
    package var listedAuthorities: String?

    /// Files by their paths.
    package init(
        certificate: String, key: String, clientAuthority: String, revocationList: String?, mayLackRevocationList: Bool,
        listedAuthorities: String? = nil
    ) {
        self.listedAuthorities = listedAuthorities
        self.certificate = certificate
        self.key = key
        self.clientAuthority = clientAuthority
        self.revocationList = revocationList
        self.mayLackRevocationList = mayLackRevocationList
    }

    /// What a file was when it was looked at: another stamp means another content.
    struct Stamp: Hashable {
        private let seconds: Int
        private let nanoseconds: Int
        private let inode: UInt
        private let size: Int

        /// Nil where there is no such file.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
            inode = UInt(status.st_ino)
            size = Int(status.st_size)
        }
    }

    /// The stamps of all files; nil for one that is missing.
    var stamps: [Stamp?] {
        [certificate, key, clientAuthority].map(Stamp.init) + [revocationList.flatMap(Stamp.init)]
    }

    /// Reads the files. Throws where one can't be read, where a list is gone that was there, or was not made by the authority
    /// that it names.
    package func load() throws -> LoadedCertificates {
        let authorities = try PEMFiles.certificates(at: clientAuthority)
        let chain = try PEMFiles.certificates(at: certificate)
        guard let own = chain.first, own.isOf(try PEMFiles.key(at: key)) else {
            throw PKIError("\(key) is not the key of \(certificate)")
        }
        var lists: [RevocationList] = []
        if let revocationList {
            if PEMFiles.exists(revocationList) {
                lists = try PEMFiles.revocationLists(at: revocationList)
            } else if try !mayLackRevocationList || hadList(of: authorities) {
                throw MissingRevocationList(path: revocationList)
            }
        }
        for list in lists {
            let makers = authorities.filter { list.names($0) }
            guard makers.isEmpty || makers.contains(where: { list.isSigned(by: $0) }) else {
                throw PKIError("\(revocationList ?? ""): the list of \(list.issuer) is not signed by it")
            }
        }
        let loaded = LoadedCertificates(server: own, authorities: authorities, lists: lists)
        try note(loaded)
        return loaded
    }

    /// A list of one of these authorities was in use, or something was revoked that stands on none.
    private func hadList(of authorities: [Certificate]) throws -> Bool {
        let noted = try notedLists()
        if authorities.contains(where: { noted[$0.fingerprint] != nil }) { return true }
        let folder = revocationList.flatMap { list in list.lastIndex(of: "/").map { String(list[..<$0]) } } ?? "."
        let fingerprints = Set(authorities.map(\.fingerprint))
        return try CertificateStore(folder: folder).list().contains {
            $0.revocation != nil && fingerprints.contains($0.authority)
        }
    }

    /// When the lists that were in use were made, in seconds since 1970, by the fingerprints of their authorities.
    private func notedLists() throws -> [String: Int64] {
        guard let listedAuthorities, PEMFiles.exists(listedAuthorities) else { return [:] }
        var noted: [String: Int64] = [:]
        for line in String(decoding: try PEMFiles.read(listedAuthorities), as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 2, let time = Int64(fields[1]) else {
                throw PKIError("\(listedAuthorities): '\(line)' is no line of this file")
            }
            noted[String(fields[0])] = time
        }
        return noted
    }

    /// Notes which lists are in use. Throws for one that is older than one that was: who was revoked since would come back.
    private func note(_ loaded: LoadedCertificates) throws {
        guard let listedAuthorities, !loaded.lists.isEmpty else { return }
        let noted = try notedLists()
        var latest: [String: Int64] = [:]
        for authority in loaded.authorities {
            guard let time = loaded.lists.filter({ $0.names(authority) }).map(\.thisUpdate).max() else { continue }
            if let before = noted[authority.fingerprint], time < before {
                throw PKIError(
                    "\(revocationList ?? ""): the list of \(authority.subject) is older than one that was in use")
            }
            latest[authority.fingerprint] = time
        }
        guard noted != latest else { return }
        let text = latest.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
        try PEMFiles.write(Array(text.utf8), to: listedAuthorities, mode: 0o600)
    }

    /// How the server uses the files.
    func configuration(_ loaded: LoadedCertificates) -> TLSConfiguration {
        var configuration = TLSConfiguration.server(
            certificateChainFile: certificate, privateKeyFile: key, trustRoots: .file(clientAuthority),
            clientCertificates: .require)
        if !loaded.lists.isEmpty { configuration.revocationListFile = revocationList }
        return configuration
    }
}

/// A revocation list is not where it was.
package struct MissingRevocationList: Error, Sendable, CustomStringConvertible {
    /// Where it was.
    package let path: String

    package var description: String {
        "\(path) is missing, and whom it revoked must stay out: put it back, or have it made again by "
            + "'trailhound certs revoke' of a certificate that is revoked"
    }
}

/// What the files held.
package struct LoadedCertificates: Sendable, Equatable {
    /// The server's own certificate.
    package let server: Certificate
    /// The authorities of the clients.
    package let authorities: [Certificate]
    /// What they revoked.
    package let lists: [RevocationList]

    /// Whether a client's certificate is on a list.
    func hasRevoked(_ certificate: PeerCertificate) -> Bool {
        lists.contains { $0.issuer == certificate.issuer && $0.serials.contains(certificate.serial) }
    }

    /// The fingerprints of the authorities that one above them has revoked.
    package var revokedAuthorities: Set<String> {
        let revoked = authorities.filter { authority in
            lists.contains { list in
                list.serials.contains(authority.serial)
                    && authorities.contains { list.names($0) && authority.isSigned(by: $0) }
            }
        }
        return Set(revoked.map(\.fingerprint))
    }

    /// How many certificates are revoked.
    var revokedCount: Int { lists.reduce(0) { $0 + $1.serials.count } }

    /// Everything that ends, by what it is.
    package var expiries: [Expiry] {
        [Expiry(name: "server", notAfter: server.notAfter, warningDays: Limits.expiryWarningDays)]
            + authorities.map { authority in
                // While one authority takes over from another they may bear the same name.
                let isAlone = authorities.count { $0.commonName == authority.commonName } == 1
                return Expiry(
                    name: "authority \(authority.commonName)" + (isAlone ? "" : " \(authority.serial)"),
                    notAfter: authority.notAfter, warningDays: Limits.expiryWarningDays)
            }
            + lists.compactMap { list in
                list.nextUpdate.map {
                    Expiry(
                        name: "revocation list of \(list.issuer)", notAfter: $0,
                        warningDays: Limits.revocationListWarningDays)
                }
            }
    }

    /// When something ends.
    package struct Expiry: Sendable {
        package let name: String
        /// Seconds since 1970.
        package let notAfter: Int64
        /// The days before on which it is warned of.
        let warningDays: [Int]
    }
}
