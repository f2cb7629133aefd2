// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One call of an API, before it is addressed and signed.
package struct APICall: Sendable {
    /// How the service writes its errors.
    package enum Format: Sendable, Hashable {
        case xml
        case json
    }

    /// The service to call.
    package var service: Service
    /// The operation, as IAM policies name it.
    package var operation: String
    /// How errors are written.
    package var format: Format
    /// The HTTP method.
    package var method = "POST"
    /// The path, with its percent-encoding.
    package var path = "/"
    /// The query's parameters, not encoded.
    package var query: [QueryItem] = []
    /// Headers of the call; host, date, token and signature are added.
    package var headers: [Header] = []
    /// The body.
    package var body: [UInt8] = []
    /// A bucket that goes into the host's name, or before the path where the endpoint is the operator's.
    package var bucket: String?
    /// A region other than the client's.
    package var region: String?
    /// An endpoint of the service to ask in the place of the region's, as a VPC's; the operator's own goes before it.
    package var host: String?
    /// How long one attempt may take.
    package var timeout = AWSLimits.attemptTimeout
    /// The largest answer to take.
    package var responseLimit = AWSLimits.responseBytes
    /// Whether the call is signed. Only AssumeRoleWithWebIdentity is not: its token is the proof.
    package var isSigned = true

    /// Starts a call; the rest is set by name.
    package init(_ service: Service, _ operation: String, format: Format) {
        self.service = service
        self.operation = operation
        self.format = format
    }

    /// The call as IAM policies name it: `iam:UpdateAccessKey`.
    package var action: String { "\(service.rawValue):\(operation)" }
}

/// Makes calls to AWS with one set of credentials in one region: addresses, signs, paces, retries.
package final class AWSClient: Sendable {
    /// Where calls go that name no region.
    package let region: String
    /// What calls are signed with.
    package let credentials: any CredentialsProvider
    let transport: any HTTPTransport
    let endpoints: EndpointResolver
    let limiter: RateLimiter
    let backoff: Backoff
    let clock: AWSClock
    /// Whose rates are used up: an account's id.
    let scope: String
    /// What to add to this machine's time to get AWS's, in seconds. Learnt from a refused signature.
    private let skew = Mutex<TimeInterval>(0)

    /// Makes a client.
    ///
    /// - Parameter scope: Clients of the same scope that share a limiter share its rates: the account's id.
    package init(
        credentials: any CredentialsProvider, region: String, endpoints: EndpointResolver = EndpointResolver(),
        transport: any HTTPTransport = SocketTransport.shared, limiter: RateLimiter = RateLimiter(),
        backoff: Backoff = Backoff(), clock: AWSClock = .system, scope: String = ""
    ) {
        self.credentials = credentials
        self.region = region
        self.endpoints = endpoints
        self.transport = transport
        self.limiter = limiter
        self.backoff = backoff
        self.clock = clock
        self.scope = scope
    }

    /// A client that differs in who calls, and where.
    package func with(
        credentials: (any CredentialsProvider)? = nil, region: String? = nil, scope: String? = nil,
        backoff: Backoff? = nil
    ) -> AWSClient {
        AWSClient(
            credentials: credentials ?? self.credentials, region: region ?? self.region, endpoints: endpoints,
            transport: transport, limiter: limiter, backoff: backoff ?? self.backoff, clock: clock,
            scope: scope ?? self.scope)
    }

    /// A client whose requests go through another transport, made from this one's.
    package func through(_ wrap: (any HTTPTransport) -> any HTTPTransport) -> AWSClient {
        AWSClient(
            credentials: credentials, region: region, endpoints: endpoints, transport: wrap(transport),
            limiter: limiter, backoff: backoff, clock: clock, scope: scope)
    }

    /// Makes a call until it succeeds, fails for good, or has been tried often enough. Every call that Trailhound makes
    /// can be made twice: what matters is the state that it sets.
    ///
    /// - Throws: `AWSError`, or `CancellationError`.
    package func send(_ call: APICall) async throws -> HTTPResponse {
        var attempt = 0
        var hasRenewed = false
        var hasCorrected = false
        while true {
            attempt += 1
            try await pace(call)
            let signing = try await signingCredentials(call)
            let failure: Failure
            do {
                return try await exchange(call, signing: signing)
            } catch let caught as Failure {
                failure = caught
            }
            if let signing, failure.error.isExpiredCredentials, !hasRenewed {
                hasRenewed = true
                await credentials.invalidate(signing)
                continue
            }
            if failure.error.isClockSkew, !hasCorrected, let date = failure.date {
                hasCorrected = true
                let difference = date.timeIntervalSince(clock.now())
                skew.withLock { $0 = difference }
                continue
            }
            if failure.error.isThrottling {
                limiter.throttled(action: call.action, scope: rateScope(call), now: clock.instant())
            }
            guard failure.error.isTransient, attempt < backoff.attempts else {
                var error = failure.error
                error.attempts = attempt
                throw error
            }
            let pause = backoff.pause(
                after: attempt, throttled: failure.error.isThrottling, fraction: clock.fraction(),
                retryAfter: failure.retryAfter)
            try await clock.sleep(pause)
        }
    }

    private func rateScope(_ call: APICall) -> String { "\(scope) \(call.region ?? region)" }

    private func pace(_ call: APICall) async throws {
        let delay = limiter.delay(action: call.action, scope: rateScope(call), now: clock.instant())
        if let delay, delay > .zero { try await clock.sleep(delay) }
    }

    private func signingCredentials(_ call: APICall) async throws -> Credentials? {
        guard call.isSigned else { return nil }
        do {
            return try await credentials.credentials()
        } catch let error as CredentialsError {
            let code = error.code == .unavailable ? "CredentialsUnavailable" : "NoCredentials"
            throw AWSError(kind: .credentials, code: code, message: error.message, action: call.action)
        }
    }

    /// One attempt.
    private func exchange(_ call: APICall, signing: Credentials?) async throws -> HTTPResponse {
        let request = try address(call, signing: signing)
        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch let error as TransportError {
            let kind: AWSError.Kind
            switch error.code {
            case .connection, .timeout: kind = .transport
            case .tooLarge: kind = .response
            case .invalidURL: kind = .request
            }
            throw Failure(
                AWSError(kind: kind, code: error.code.rawValue, message: error.message, action: call.action))
        }
        guard (200..<300).contains(response.status) else {
            throw ErrorReader.failure(response, call: call, hiding: signing)
        }
        return response
    }

    /// The request on the wire: address, headers, signature.
    private func address(_ call: APICall, signing: Credentials?) throws -> HTTPRequest {
        let endpoint: Endpoint
        do throws(EndpointError) {
            endpoint = try endpoints.endpoint(call.service, region: call.region ?? region)
        } catch {
            throw AWSError(kind: .request, code: "InvalidEndpoint", message: error.message, action: call.action)
        }
        var host = endpoint.isCustom ? endpoint.host : call.host ?? endpoint.host
        var path = endpoint.basePath + call.path
        if let bucket = call.bucket {
            guard Self.isBucketName(bucket) else {
                throw AWSError(
                    kind: .request, code: AWSError.invalidBucketName, message: "'\(bucket)' is no bucket's name",
                    action: call.action)
            }
            // A dot in a bucket's name would not fit the endpoint's wildcard certificate.
            if endpoint.isCustom || bucket.contains(".") {
                path = endpoint.basePath + "/" + PercentEncoding.encode(bucket) + call.path
            } else {
                host = bucket + "." + host
            }
        }
        var headers = [Header("host", host)] + call.headers
        if let signing {
            headers += signature(call, path: path, headers: headers, endpoint: endpoint, signing: signing)
        }
        let query = call.query.isEmpty ? "" : "?" + CanonicalRequest.queryString(call.query)
        return HTTPRequest(
            method: call.method, url: "\(endpoint.scheme)://\(host)\(path)\(query)", headers: headers,
            body: call.body, timeout: call.timeout, responseLimit: call.responseLimit)
    }

    /// Whether a text can be a bucket's name. It becomes part of a host's name, and may come from a queue's message: with
    /// anything else in it, the signed request would go to a host of its writer's choice. Old buckets have names with
    /// capitals and underscores, of up to 255 bytes.
    private static func isBucketName(_ text: String) -> Bool {
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return allowed && AWSLimits.bucketNameBytes.contains(text.utf8.count)
    }

    private func signature(
        _ call: APICall, path: String, headers: [Header], endpoint: Endpoint, signing: Credentials
    ) -> [Header] {
        let timestamp = Signer.timestamp(clock.now().addingTimeInterval(skew.withLock { $0 }))
        let payloadHash = SHA256.hexadecimal(call.body)
        var added = [Header("x-amz-date", timestamp)]
        if call.service == .s3 { added.append(Header("x-amz-content-sha256", payloadHash)) }
        if let token = signing.sessionToken { added.append(Header("x-amz-security-token", token.reveal())) }
        let signature = Signer(region: endpoint.signingRegion, service: call.service.rawValue).sign(
            method: call.method, path: path, query: call.query, headers: headers + added, payloadHash: payloadHash,
            timestamp: timestamp, credentials: signing)
        return added + [Header("authorization", signature.authorization)]
    }
}

/// A failed attempt, with what the next one may need.
struct Failure: Error {
    let error: AWSError
    /// AWS's time of day.
    var date: Date?
    /// The least pause that the service asks for.
    var retryAfter: Duration?

    init(_ error: AWSError) { self.error = error }
}
