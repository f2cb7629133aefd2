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
    /// A last word on a peer whose certificate is trusted: false ends the connection (a revoked certificate).
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

/// Why a connection never became one, as counted in the statistics.
public enum HandshakeFailure: String, Sendable, Hashable, CaseIterable {
    /// The peer's bytes were no TLS.
    case notTLS
    /// No version or cipher in common.
    case noCommonProtocol
    /// The peer does not speak `h2`.
    case noApplicationProtocol
    /// The peer showed no certificate.
    case missingCertificate
    /// The peer's certificate is expired, revoked, or of another authority.
    case untrustedCertificate
    /// The peer refused us (its alert said so), or went away.
    case refusedByPeer
    /// It took too long.
    case timeout
    /// The peer's bytes were no HTTP/2.
    case notHTTP2
    /// Something else.
    case other
}

/// A certificate or key could not be loaded.
public struct TLSConfigurationError: Error, Sendable, CustomStringConvertible {
    /// What is wrong with which file.
    public let description: String
}
