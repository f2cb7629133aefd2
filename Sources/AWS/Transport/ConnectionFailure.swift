// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Turns the errors of async-http-client and NIO into sentences that name the host and the cause.
enum ConnectionFailure {
    /// The failure of a request to `authority`, through `proxy` where there is one.
    static func translated(
        _ error: any Error, to authority: URLAuthority, by proxy: ProxySettings.Proxy?
    ) -> TransportError {
        if let known = error as? TransportError { return known }
        if error is NIOTooManyBytesError { return TransportError(.tooLarge, "the answer is over the limit") }
        // A proxy is the only host that is connected to.
        let peer = proxy.map { "the proxy \($0.host):\($0.port)" } ?? authority.description
        guard let known = error as? HTTPClientError else {
            return TransportError(.connection, "can't connect to \(peer): \(cause(error))")
        }
        switch known {
        case .connectTimeout:
            return TransportError(.timeout, "can't connect to \(peer): no answer within \(AWSLimits.connectTimeout)")
        case .tlsHandshakeTimeout:
            return TransportError(.timeout, "can't connect to \(authority): the TLS handshake does not end")
        case .socksHandshakeTimeout, .httpProxyHandshakeTimeout:
            return TransportError(.timeout, "\(peer) does not answer")
        case .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout:
            return TransportError(.timeout, "no whole answer from \(authority) in time")
        case .proxyAuthenticationRequired:
            return TransportError(.connection, "\(peer) asks for a user's name and password")
        case .invalidProxyResponse:
            return TransportError(.connection, "\(peer) does not let \(authority) be connected to")
        case .remoteConnectionClosed:
            return TransportError(.connection, "\(authority) closed the connection without an answer")
        case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath:
            return TransportError(.invalidURL, known.shortDescription)
        default:
            return known.shortDescription == "Unsupported scheme"
                ? TransportError(.invalidURL, known.shortDescription)
                : TransportError(.connection, "\(authority): \(known.shortDescription)")
        }
    }

    /// The reason in the system's words.
    private static func cause(_ error: any Error) -> String {
        switch error {
        case let error as IOError: return text(error.errnoCode)
        case let error as NIOConnectionError:
            // Each address of the host failed; the first is as good a reason as any.
            if let first = error.connectionErrors.first { return cause(first.error) }
            return "its name can't be resolved"
        case let error as ChannelError:
            if case .connectTimeout = error { return "no answer within \(AWSLimits.connectTimeout)" }
            return "the connection broke"
        case is SocketAddressError: return "its name can't be resolved"
        default: return tls(String(describing: error)) ?? "the connection broke (\(type(of: error)))"
        }
    }

    /// BoringSSL's reason out of the text of an error of NIOSSL, whose types this module does not import.
    private static func tls(_ text: String) -> String? {
        if let mark = text.firstRange(of: "OPENSSL_internal:") {
            let reason = text[mark.upperBound...].prefix { $0.isLetter || $0 == "_" || $0.isNumber }
            return "TLS: " + reason.lowercased().replacing("_", with: " ")
        }
        return text.contains("SSL") ? "TLS: \(text.prefix(AWSLimits.errorMessageBytes / 4))" : nil
    }

    private static func text(_ code: Int32) -> String {
        guard let text = strerror(code) else { return "error \(code)" }
        let whole = String(cString: text)
        return whole.prefix(1).lowercased() + whole.dropFirst()
    }
}
