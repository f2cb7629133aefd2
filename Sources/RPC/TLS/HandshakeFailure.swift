// SPDX-License-Identifier: Apache-2.0

import CTransport

/// Why a connection never became one, as counted in the statistics and as carried by a client's errors
/// (`RPCError.handshakeFailure`).
///
/// The names that begin with `own` are what the peer said of this side's certificate, by a TLS alert (RFC 8446 section
/// 6.2); a client's connection may have been up for a moment then, since TLS 1.3 lets the server judge last.
public enum HandshakeFailure: String, Error, Sendable, Hashable, CaseIterable {
    /// The peer's bytes were no TLS.
    case notTLS
    /// No version or cipher in common.
    case noCommonProtocol
    /// The peer does not speak `h2`.
    case noApplicationProtocol
    /// The peer showed no certificate.
    case missingCertificate
    /// The peer's certificate is of an authority that is not trusted here, or signed by itself.
    case unknownAuthority
    /// The peer's certificate, or one of its chain, has expired.
    case expiredCertificate
    /// The peer's certificate is not valid yet: one of the two clocks may be wrong.
    case notYetValidCertificate
    /// The peer's certificate was revoked: by a revocation list, or by `TLSConfiguration.acceptsPeer`.
    case revokedCertificate
    /// The peer's certificate is for another name.
    case wrongHost
    /// The peer's certificate is wrong in another way.
    case untrustedCertificate
    /// The peer wants a certificate from us, and we showed none.
    case ownCertificateMissing
    /// The peer does not trust our certificate, or its authority.
    case ownCertificateUntrusted
    /// Our certificate has expired, says the peer.
    case ownCertificateExpired
    /// Our certificate was revoked, says the peer.
    case ownCertificateRevoked
    /// The peer refused us for another reason, or went away.
    case refusedByPeer
    /// It took too long.
    case timeout
    /// It was the oldest of too many, and gave way to a newcomer.
    case displaced
    /// The peer's bytes were no HTTP/2.
    case notHTTP2
    /// Something else.
    case other

    /// What OpenSSL's verification found (`X509_V_ERR_…`); nil when it found nothing.
    init?(verifyResult: Int32) {
        switch verifyResult {
        case X509_V_OK: return nil
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CRL_HAS_EXPIRED: self = .expiredCertificate
        case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValidCertificate
        case X509_V_ERR_CERT_REVOKED: self = .revokedCertificate
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .wrongHost
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
            X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_SIGNATURE_FAILURE,
            X509_V_ERR_CERT_UNTRUSTED:
            self = .unknownAuthority
        default: self = .untrustedCertificate
        }
    }

    /// What a fatal alert of the peer says.
    init(alert: Int32) {
        switch alert {
        case 116: self = .ownCertificateMissing
        case 42, 43, 46, 48, 49: self = .ownCertificateUntrusted
        case 44: self = .ownCertificateRevoked
        case 45: self = .ownCertificateExpired
        case 70, 86: self = .noCommonProtocol
        case 120: self = .noApplicationProtocol
        default: self = .refusedByPeer
        }
    }

    /// The reason in OpenSSL's error code, which it takes off this thread's queue.
    static func takeFromQueue() -> HandshakeFailure {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        switch CTransport_ERR_GET_REASON(code) {
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_UNEXPECTED_MESSAGE,
            SSL_R_BAD_RECORD_TYPE, SSL_R_RECORD_LENGTH_MISMATCH, SSL_R_PACKET_LENGTH_TOO_LONG,
            SSL_R_RECORD_TOO_SMALL, SSL_R_BAD_PACKET:
            return .notTLS
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_SHARED_CIPHER, SSL_R_VERSION_TOO_LOW,
            SSL_R_NO_PROTOCOLS_AVAILABLE:
            return .noCommonProtocol
        case SSL_R_NO_APPLICATION_PROTOCOL: return .noApplicationProtocol
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return .missingCertificate
        case let reason where reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256:
            return HandshakeFailure(alert: reason - SSL_AD_REASON_OFFSET)
        default: return .other
        }
    }
}
