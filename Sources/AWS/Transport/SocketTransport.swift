// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// HTTP over sockets, by async-http-client. It holds connections, so it has to be `shutdown` before it goes away; the
/// `shared` one lives as long as the process.
package final class SocketTransport: HTTPTransport {
    /// The process's own transport, never shut down. It goes through the proxies that the environment names.
    package static let shared = SocketTransport(
        proxies: ProxySettings(environment: ProcessInfo.processInfo.environment))

    private let proxies: ProxySettings
    private let direct: HTTPClient
    /// A client for each proxy: two at most, one for each scheme.
    private let proxied = Mutex<[ProxySettings.Proxy: HTTPClient]>([:])

    /// Makes a transport with connections of its own.
    package init(proxies: ProxySettings = ProxySettings(environment: [:])) {
        self.proxies = proxies
        direct = Self.client(nil)
    }

    private static func client(_ proxy: ProxySettings.Proxy?) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = TimeAmount(AWSLimits.connectTimeout)
        // A redirect would carry the signature to another host; no AWS API needs one followed.
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        // Our own retries know the call that they repeat, and pause with jitter.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let proxy {
            let authorization = proxy.user.map { user in
                HTTPClient.Authorization.basic(username: user, password: proxy.password?.reveal() ?? "")
            }
            configuration.proxy =
                switch proxy.kind {
                case .http: .server(host: proxy.host, port: proxy.port, authorization: authorization)
                case .socks: .socksServer(host: proxy.host, port: proxy.port)
                }
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    private func client(for proxy: ProxySettings.Proxy?) -> HTTPClient {
        guard let proxy else { return direct }
        return proxied.withLock { clients in
            if let known = clients[proxy] { return known }
            let made = Self.client(proxy)
            clients[proxy] = made
            return made
        }
    }

    /// Closes all connections and ends the requests on them.
    package func shutdown() async {
        let clients = [direct] + proxied.withLock { Array($0.values) }
        // The only failures say that it is shut down already.
        for client in clients { try? await client.shutdown() }
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard let authority = URLAuthority(request.url) else {
            throw TransportError(.invalidURL, "the address has no host")
        }
        let proxy = try proxies.proxy(for: authority)
        let client = client(for: proxy)
        do {
            // The client's own deadline ends with the answer's head: a body that trickles has to end as well.
            return try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
                group.addTask { try await Self.exchange(request, by: client) }
                group.addTask {
                    try await Task.sleep(for: request.timeout)
                    throw TransportError(.timeout, "no whole answer from \(authority) within \(request.timeout)")
                }
                defer { group.cancelAll() }
                guard let response = try await group.next() else { throw CancellationError() }
                return response
            }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw ConnectionFailure.translated(error, to: authority, by: proxy)
        }
    }

    private static func exchange(_ request: HTTPRequest, by client: HTTPClient) async throws -> HTTPResponse {
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
}
