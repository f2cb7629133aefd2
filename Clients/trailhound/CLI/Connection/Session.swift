// SPDX-License-Identifier: Apache-2.0

import Contract
import Messages
import PKI
import RPC

/// One command's way to the service. It connects with the first call.
package struct Session: Sendable {
    /// Where and how.
    package let settings: ConnectionSettings
    private let client: Client

    /// Where.
    package var endpoint: Endpoint { settings.endpoint }

    /// Reads the certificates; what is wrong with them is thrown.
    package init(_ settings: ConnectionSettings) throws(Failure) {
        self.settings = settings
        client = try Self.makeClient(settings)
    }

    /// Another connection to the same service, for a stream of its own.
    package func makeClient() throws(Failure) -> Client { try Self.makeClient(settings) }

    private static func makeClient(_ settings: ConnectionSettings) throws(Failure) -> Client {
        var tls: TLSConfiguration?
        if case .tls(let credentials) = settings.security {
            do { try PEMFiles.checkMode(ofKey: credentials.key) } catch { throw Failure(error.description) }
            tls = .client(
                trustRoots: .file(credentials.authority), certificateChainFile: credentials.certificate,
                privateKeyFile: credentials.key)
        }
        let endpoint = settings.endpoint
        var configuration = ClientConfiguration(target: .tcp(host: endpoint.host, port: endpoint.port), tls: tls)
        configuration.limits.maxReceiveMessageBytes = Limits.answerBytes
        configuration.connectTimeout = Limits.connectTimeout
        configuration.userAgent = "trailhound/\(Version.current)"
        // Whoever calls decides when to try again, so the library's own pauses must not be in the way.
        configuration.backoff.initial = Limits.firstBackoff / 2
        configuration.backoff.maximum = Limits.firstBackoff / 2
        configuration.keepalive = KeepaliveConfiguration(
            interval: Limits.keepaliveInterval, timeout: Limits.keepaliveTimeout, withoutCalls: false)
        do { return try Client(configuration: configuration) } catch { throw Failure(error.description) }
    }

    /// Asks once.
    package func call<Request: Message, Response: Message>(
        _ method: Method<Request, Response>, _ request: Request, timeout: Duration = Limits.callTimeout
    ) async throws(Failure) -> Response {
        do {
            return try await client.unary(method, request, options: CallOptions(timeout: timeout))
        } catch {
            throw failure(error)
        }
    }

    /// Makes sure that the service can be reached: any answer from it will do. Throws the call's own error.
    package func probe() async throws {
        do {
            _ = try await client.unary(
                GrpcHealthV1Health.check, GrpcHealthV1.HealthCheckRequest(),
                options: CallOptions(timeout: Limits.callTimeout))
        } catch {
            if ServiceError.isTransient(error) || (error as? RPCError)?.code == .deadlineExceeded { throw error }
        }
    }

    /// Asks for a stream of answers.
    package func stream<Request: Message, Response: Message>(
        _ method: Method<Request, Response>, _ request: Request
    ) async throws -> ResponseStream<Response> {
        try await client.serverStreaming(method, request)
    }

    /// Reads alerts until the service ends the stream.
    package func subscribe(
        _ request: SubscribeAlertsRequest, _ body: (SubscribeAlertsResponse) throws -> Void
    ) async throws {
        let responses = try await client.serverStreaming(AlertService.subscribeAlerts, request)
        while let response = try await responses.next() { try body(response) }
    }

    /// What a failed call means.
    package func failure(_ error: any Error) -> Failure { ServiceError.failure(error, settings: settings) }

    /// Closes the connection, cutting what is open.
    package func close() async { await client.close(now: true) }
}
