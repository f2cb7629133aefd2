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

    /// Files by their paths.
    package init(
        certificate: String, key: String, clientAuthority: String, revocationList: String?, mayLackRevocationList: Bool
    ) {
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

    /// Reads the files. Throws where one can't be read, or a list was not made by the authority that it names.
    package func load() throws -> LoadedCertificates {
        let authorities = try PEMFiles.certificates(at: clientAuthority)
        let chain = try PEMFiles.certificates(at: certificate)
        guard let own = chain.first, own.isOf(try PEMFiles.key(at: key)) else {
            throw PKIError("\(key) is not the key of \(certificate)")
        }
        var lists: [RevocationList] = []
        if let revocationList, !mayLackRevocationList || PEMFiles.exists(revocationList) {
            lists = try PEMFiles.revocationLists(at: revocationList)
        }
        for list in lists {
            let makers = authorities.filter { list.names($0) }
            guard makers.isEmpty || makers.contains(where: { list.isSigned(by: $0) }) else {
                throw PKIError("\(revocationList ?? ""): the list of \(list.issuer) is not signed by it")
            }
        }
        return LoadedCertificates(server: own, authorities: authorities, lists: lists)
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
