// SPDX-License-Identifier: Apache-2.0

/// How a server or a client uses TLS. The version is 1.2 or higher and the application protocol is always `h2`.
public struct TLSConfiguration: Sendable {
    /// What a server asks of its clients.
    public enum ClientCertificates: Sendable, Hashable {
        /// No certificate is asked for.
        case none
        /// Asked for, and verified where there is one.
        case request
        /// A handshake without a trusted certificate fails.
        case require
    }

    /// Which peers are believed.
    public enum TrustRoots: Sendable, Hashable {
        /// The certificate authorities of a PEM file.
        case file(String)
        /// The ones of the operating system.
        case system
        /// Nobody is verified. For a server that asks for no certificates, and for tests.
        case none
    }

    /// PEM file with the own certificate, and the intermediate ones after it. A client may have none.
    public var certificateChainFile: String?
    /// PEM file with the private key of the certificate.
    public var privateKeyFile: String?
    /// Whom to believe.
    public var trustRoots: TrustRoots
    /// What a server asks of its clients. Clients ignore it.
    public var clientCertificates: ClientCertificates
    /// The name that a server's certificate must carry, where it is not the host that is connected to. Servers
    /// ignore it.
    public var serverName: String?
    /// PEM file with the revocation lists of the authorities that are trusted. A peer's certificate on one of them is
    /// refused, and so is one whose authority's list is missing from the file. The certificates of the authorities above
    /// it are held against the lists that are there: the chain ends where one of them was revoked. A list that is out of
    /// date refuses everything that it is about. nil: none are looked at.
    public var revocationListFile: String?
    /// A last word on a peer whose certificate is trusted: false refuses it as revoked, within the handshake. Called on
    /// an event loop, so it must not block. `Server.closeConnections` ends those that are open already.
    public var acceptsPeer: (@Sendable (PeerCertificate) -> Bool)?

    /// For a server.
    public static func server(
        certificateChainFile: String, privateKeyFile: String, trustRoots: TrustRoots = .none,
        clientCertificates: ClientCertificates = .none
    ) -> TLSConfiguration {
        TLSConfiguration(
            certificateChainFile: certificateChainFile, privateKeyFile: privateKeyFile, trustRoots: trustRoots,
            clientCertificates: clientCertificates)
    }

    /// For a client; the certificate is for servers that ask for one.
    public static func client(
        trustRoots: TrustRoots, certificateChainFile: String? = nil, privateKeyFile: String? = nil,
        serverName: String? = nil
    ) -> TLSConfiguration {
        TLSConfiguration(
            certificateChainFile: certificateChainFile, privateKeyFile: privateKeyFile, trustRoots: trustRoots,
            clientCertificates: .none, serverName: serverName)
    }
}

/// A certificate or key could not be loaded.
public struct TLSConfigurationError: Error, Sendable, CustomStringConvertible {
    /// What is wrong with which file.
    public let description: String
}
