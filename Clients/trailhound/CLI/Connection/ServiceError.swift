// SPDX-License-Identifier: Apache-2.0

import Contract
import NIOCore
import NIOPosix
import RPC

/// What a failed call means to a person, and whether trying again could help.
package enum ServiceError {
    /// The service ended a stream that had more to say: it is shutting down.
    package static let streamEnded = RPCError(.unavailable, "the service ended the stream")

    /// True for a failure of the connection or of the service's being there, rather than of the request.
    package static func isTransient(_ error: any Error) -> Bool {
        guard let error = error as? RPCError else { return false }
        // What the service said of the certificate, it says again at the next attempt.
        if let kind = error.handshakeFailure, refusals.contains(kind) { return false }
        // CANCELLED comes from a service that shuts down too: what this side cancels never gets here.
        return [.unavailable, .aborted, .cancelled].contains(error.code)
    }

    /// What a service says for good of a client's certificate.
    private static let refusals: Set<HandshakeFailure> = [
        .ownCertificateRevoked, .ownCertificateExpired, .ownCertificateUntrusted, .ownCertificateMissing,
    ]

    /// The one line for a failed call.
    package static func failure(_ error: any Error, settings: ConnectionSettings) -> Failure {
        if let failure = error as? Failure { return failure }
        guard let error = error as? RPCError else { return Failure("\(error)") }
        let server = settings.endpoint.description
        switch error.code {
        case .unavailable: return Failure(unavailable(error, settings))
        case .deadlineExceeded: return Failure("\(server) gave no answer in time")
        case .unauthenticated:
            return Failure("the service does not know this client: \(error.message)")
        case .permissionDenied:
            return Failure("this certificate may not do that: \(error.message)")
        case .unimplemented:
            return Failure("the service at \(server) can't do that; is it of another version? (\(error.message))")
        case .invalidArgument, .notFound, .alreadyExists, .failedPrecondition, .outOfRange, .resourceExhausted:
            return Failure(violations(error) ?? error.message)
        default: return Failure("\(server) answered \(error.code): \(violations(error) ?? error.message)")
        }
    }

    /// The fields at fault and what is wrong with each, where the service names them.
    package static func violations(_ error: RPCError) -> String? {
        let fields = error.fieldViolations
        guard !fields.isEmpty else { return nil }
        return fields.map { "\($0.field): \($0.description)" }.joined(separator: "; ")
    }

    /// Why the service could not be reached, and what to do about it.
    private static func unavailable(_ error: RPCError, _ settings: ConnectionSettings) -> String {
        let server = settings.endpoint.description
        if let code = systemError(error.cause) {
            return code == ECONNREFUSED
                ? "nothing listens at \(server): is trailhoundd running there?"
                : "can't connect to \(server): \(SystemError.text(code))"
        }
        if case .connectTimeout? = error.cause as? ChannelError { return "\(server) gave no answer in time" }
        if let cause = error.cause as? NIOConnectionError, cause.connectionErrors.isEmpty {
            return "the name \(settings.endpoint.host) could not be found"
        }
        if let kind = error.handshakeFailure { return handshake(kind, settings) }
        guard error.message.hasPrefix("No connection to ") else {
            return "lost the connection to \(server): \(error.message)"
        }
        // It came up and was closed before it could be used, without a word.
        switch settings.security {
        case .plaintext: return "\(server) closed the connection: it may want TLS, so leave out --plaintext"
        case .tls(let credentials):
            return "\(server) closed the connection: it may not accept the certificate \(credentials.certificate), "
                + "which must come from the service's own authority"
        }
    }

    private static func systemError(_ cause: (any Error)?) -> Int32? {
        if let cause = cause as? IOError { return cause.errnoCode }
        if let cause = cause as? NIOConnectionError {
            return cause.connectionErrors.lazy.compactMap { ($0.error as? IOError)?.errnoCode }.first
        }
        return nil
    }

    private static func handshake(_ kind: HandshakeFailure, _ settings: ConnectionSettings) -> String {
        let server = settings.endpoint.description
        guard case .tls(let credentials) = settings.security else {
            return "what listens at \(server) does not speak plaintext: leave out --plaintext"
        }
        switch kind {
        case .unknownAuthority:
            return "the certificate of \(server) is not trusted: it is not from \(credentials.authority)"
        case .expiredCertificate: return "the certificate of \(server) has expired"
        case .notYetValidCertificate:
            return "the certificate of \(server) is not valid yet: is one of the two clocks wrong?"
        case .revokedCertificate: return "the certificate of \(server) was revoked"
        case .wrongHost: return "the certificate of \(server) is for another name"
        case .untrustedCertificate: return "the certificate of \(server) is not trusted"
        case .notTLS:
            return "what listens at \(server) does not speak TLS: a service started with --plaintext needs --plaintext "
                + "here too"
        case .noCommonProtocol: return "\(server) shares no version of TLS with this client: it needs 1.2 or 1.3"
        case .noApplicationProtocol, .notHTTP2: return "what listens at \(server) is no Trailhound service"
        case .ownCertificateExpired: return "the certificate \(credentials.certificate) has expired, says \(server)"
        case .ownCertificateRevoked: return "the certificate \(credentials.certificate) was revoked, says \(server)"
        case .missingCertificate, .ownCertificateMissing, .ownCertificateUntrusted, .refusedByPeer:
            return "\(server) refused the certificate \(credentials.certificate): is it from the service's authority?"
        case .timeout, .displaced: return "\(server) gave no answer in time"
        case .other: return "no TLS connection to \(server) could be made"
        }
    }
}
