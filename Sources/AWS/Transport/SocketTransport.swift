// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// HTTP over sockets, by async-http-client. It holds connections, so it has to be `shutdown` before it goes away; the
/// `shared` one lives as long as the process.
package final class SocketTransport: HTTPTransport {
    /// The process's own transport, never shut down.
    package static let shared = SocketTransport()

    private let client: HTTPClient

    /// Makes a transport with connections of its own.
    package init() {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = TimeAmount(AWSLimits.connectTimeout)
        // A redirect would carry the signature to another host; no AWS API needs one followed.
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        // Our own retries know the call that they repeat, and pause with jitter.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Closes all connections and ends the requests on them.
    package func shutdown() async {
        // The only failures say that it is shut down already.
        try? await client.shutdown()
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        do {
            // The client's own deadline ends with the answer's head: a body that trickles has to end as well.
            return try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
                group.addTask { try await self.exchange(request) }
                group.addTask {
                    try await Task.sleep(for: request.timeout)
                    throw TransportError(.timeout, "no whole answer within \(request.timeout)")
                }
                defer { group.cancelAll() }
                guard let response = try await group.next() else { throw CancellationError() }
                return response
            }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw Self.translated(error)
        }
    }

    private func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = HTTPMethod(rawValue: request.method)
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        if !request.body.isEmpty { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
        let response = try await client.execute(outgoing, deadline: .now() + TimeAmount(request.timeout))
        // An error may be longer than the small object that the caller has room for.
        let isError = response.status.code >= 300
        let limit = isError ? max(request.responseLimit, AWSLimits.errorBytes) : request.responseLimit
        let buffer = try await response.body.collect(upTo: limit)
        return HTTPResponse(
            status: Int(response.status.code),
            headers: response.headers.map { Header($0.name, $0.value) },
            body: Array(buffer.readableBytesView))
    }

    private static func translated(_ error: any Error) -> TransportError {
        if let known = error as? TransportError { return known }
        if error is NIOTooManyBytesError { return TransportError(.tooLarge, "the answer is over the limit") }
        guard let known = error as? HTTPClientError else {
            return TransportError(.connection, String(describing: type(of: error)))
        }
        switch known {
        case .deadlineExceeded, .readTimeout, .writeTimeout, .connectTimeout, .tlsHandshakeTimeout,
            .getConnectionFromPoolTimeout, .socksHandshakeTimeout, .httpProxyHandshakeTimeout:
            return TransportError(.timeout, known.shortDescription)
        case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath:
            return TransportError(.invalidURL, known.shortDescription)
        default:
            return known.shortDescription == "Unsupported scheme"
                ? TransportError(.invalidURL, known.shortDescription)
                : TransportError(.connection, known.shortDescription)
        }
    }
}
