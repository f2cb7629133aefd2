// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Foundation
import Testing

/// Retries, pacing, renewal of credentials and errors, over scripted answers and a clock that a test moves.
@Suite struct ClientTests {
    static let identity = HTTPResponse.xml(
        """
        <GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a</Arn>\
        <UserId>AIDA1</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>
        """)

    private func client(
        _ transport: ScriptedTransport, _ clock: ManualClock = ManualClock(), fraction: Double = 1,
        credentials: (any CredentialsProvider)? = nil
    ) -> AWSClient {
        AWSClient(
            credentials: credentials
                ?? StaticCredentials(
                    Credentials(accessKeyID: "AKIATEST", secretAccessKey: "very-secret", sessionToken: "token-text")),
            region: "eu-west-1", transport: transport, clock: clock.clock(fraction: fraction))
    }

    @Test func addressesAndSigns() async throws {
        let transport = ScriptedTransport([Self.identity])
        let identity = try await STS(client(transport)).getCallerIdentity()
        #expect(identity.account == "123456789012")
        let request = try #require(transport.requests.first)
        #expect(request.url == "https://sts.eu-west-1.amazonaws.com/")
        let headers = Dictionary(request.headers.map { ($0.name, $0.value) }) { first, _ in first }
        #expect(headers["x-amz-date"] == "20231114T221320Z")
        #expect(headers["x-amz-security-token"] == "token-text")
        let authorization = try #require(headers["authorization"])
        #expect(
            authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIATEST/20231114/eu-west-1/sts/aws4_request, "))
        #expect(authorization.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "))
    }

    /// A bucket's name comes from a queue's message: it must not choose the host that a signed request goes to.
    @Test(arguments: [
        "localhost:8443/", "[2001:db8::1]/", "evil@host", "a/b", "evil#", "evil?x", "é", "ab", "", "a b",
        String(repeating: "a", count: 256),
    ])
    func whatIsNoBucketIsNoHost(bucket: String) async throws {
        let transport = ScriptedTransport([HTTPResponse(status: 200)])
        let error = try await #require(throws: AWSError.self) {
            try await S3(client(transport)).getObject(bucket: bucket, key: "k", limit: 10)
        }
        #expect(error.code == AWSError.invalidBucketName)
        #expect(transport.requests.isEmpty)
    }

    @Test(arguments: [
        ("trail-logs", "https://trail-logs.s3.eu-west-1.amazonaws.com/k"),
        ("Old_Logs", "https://Old_Logs.s3.eu-west-1.amazonaws.com/k"),
        ("logs.example.com", "https://s3.eu-west-1.amazonaws.com/logs.example.com/k"),
    ])
    func bucketsAreAddressed(bucket: String, url: String) async throws {
        let transport = ScriptedTransport([HTTPResponse(status: 200)])
        _ = try await S3(client(transport)).getObject(bucket: bucket, key: "k", limit: 10)
        #expect(transport.requests.first?.url == url)
    }

    @Test func transientFailuresAreRetriedWithFullJitter() async throws {
        let transport = ScriptedTransport { _, index in
            switch index {
            case 0: throw TransportError(.connection, "reset")
            case 1: return HTTPResponse(status: 500)
            case 2: return HTTPResponse(status: 503, body: Array("<html>".utf8))
            default: return Self.identity
            }
        }
        let clock = ManualClock()
        _ = try await STS(client(transport, clock, fraction: 0.5)).getCallerIdentity()
        #expect(clock.sleeps == [.milliseconds(25), .milliseconds(50), .milliseconds(100)])
    }

    @Test func triesAreLimited() async throws {
        let transport = ScriptedTransport([HTTPResponse(status: 502)])
        let error = try await #require(throws: AWSError.self) {
            try await STS(client(transport)).getCallerIdentity()
        }
        #expect(error.attempts == AWSLimits.attempts)
        #expect(transport.requests.count == AWSLimits.attempts)
        #expect(error.status == 502)
        #expect(error.description == "sts:GetCallerIdentity: HTTP502 (HTTP 502) after 5 attempts")
    }

    @Test func refusalsAreNotRetried() async throws {
        let transport = ScriptedTransport([.queryError("AccessDenied", "User: x is not authorized", status: 403)])
        let error = try await #require(throws: AWSError.self) {
            try await STS(client(transport)).getCallerIdentity()
        }
        #expect(transport.requests.count == 1)
        #expect(error.isAccessDenied)
        #expect(error.requestID == "req-1")
        #expect(
            error.description
                == "sts:GetCallerIdentity: AccessDenied: User: x is not authorized (HTTP 403, request id req-1)")
    }

    @Test func throttlingPausesLongerAndHeedsRetryAfter() async throws {
        let throttled = HTTPResponse.queryError("Throttling", "Rate exceeded")
        let asked = HTTPResponse(status: 429, headers: [Header("Retry-After", "7")])
        let transport = ScriptedTransport([throttled, asked, Self.identity])
        let clock = ManualClock()
        _ = try await STS(client(transport, clock)).getCallerIdentity()
        #expect(clock.sleeps == [.milliseconds(500), .seconds(7)])
    }

    @Test func expiredCredentialsAreRenewedOnce() async throws {
        let provider = CountingProvider()
        let transport = ScriptedTransport([.queryError("ExpiredToken", status: 403), Self.identity])
        let clock = ManualClock()
        let cached = CachedCredentials(provider, clock: clock.clock())
        _ = try await STS(client(transport, clock, credentials: cached)).getCallerIdentity()
        #expect(await provider.count == 2)

        let hopeless = ScriptedTransport([.queryError("ExpiredToken", status: 403)])
        let error = try await #require(throws: AWSError.self) {
            try await STS(client(hopeless, clock, credentials: cached)).getCallerIdentity()
        }
        #expect(error.code == "ExpiredToken")
        #expect(hopeless.requests.count == 2)
    }

    @Test func aSkewedClockIsCorrectedAndRemembered() async throws {
        let refusal = HTTPResponse.xml(
            "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: 1 is now earlier than 2</Message></Error></ErrorResponse>",
            status: 403, headers: [Header("Date", "Tue, 14 Nov 2023 23:13:20 GMT")])
        let transport = ScriptedTransport([refusal, Self.identity])
        let client = client(transport)
        _ = try await STS(client).getCallerIdentity()
        _ = try await STS(client).getCallerIdentity()
        let dates = transport.requests.map { $0.headers.first { $0.name == "x-amz-date" }?.value }
        #expect(dates == ["20231114T221320Z", "20231114T231320Z", "20231114T231320Z"])
    }

    @Test func aWrongSecretIsNoSkew() async throws {
        let message = """
            The request signature we calculated does not match the signature you provided.\n\n\
            The Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:token-text'
            """
        let transport = ScriptedTransport([
            .queryError("SignatureDoesNotMatch", message + " very-secret", status: 403)
        ])
        let error = try await #require(throws: AWSError.self) {
            try await STS(client(transport)).getCallerIdentity()
        }
        #expect(transport.requests.count == 1)
        #expect(error.message == "The request signature we calculated does not match the signature you provided.")
    }

    @Test func secretsInMessagesAreHidden() async throws {
        let transport = ScriptedTransport([.queryError("Odd", "you sent very-secret and token-text")])
        let error = try await #require(throws: AWSError.self) {
            try await STS(client(transport)).getCallerIdentity()
        }
        #expect(error.message == "you sent <secret> and <secret>")
    }

    @Test func longMessagesAreCut() {
        let error = AWSError(kind: .service, code: "x", message: String(repeating: "ü", count: 5_000), action: "a:b")
        #expect(error.message.utf8.count <= AWSLimits.errorMessageBytes + 6)
    }

    @Test func aBodyThatIsNoAnswerIsAnError() async throws {
        for response in [HTTPResponse(status: 200), .xml("<a>"), .xml("<Other/>")] {
            let error = try await #require(throws: AWSError.self) {
                try await STS(client(ScriptedTransport([response]))).getCallerIdentity()
            }
            #expect(error.kind == .response)
        }
        let json = ScriptedTransport([HTTPResponse(status: 200, body: Array("[1]".utf8))])
        let error = try await #require(throws: AWSError.self) {
            try await Trails(client(json)).status(of: "t")
        }
        #expect(error.code == "UnreadableResponse")
    }

    @Test func jsonErrorsOfAllForms() async throws {
        let forms: [(HTTPResponse, String)] = [
            (
                .xml(#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"}"#, status: 400),
                "QueueDoesNotExist"
            ),
            (.xml(#"{"__type":"TrailNotFoundException","Message":"no"}"#, status: 400), "TrailNotFoundException"),
            (.xml(#"{"message":"no"}"#, status: 400, headers: [Header("x-amzn-ErrorType", "Gone:http://x/")]), "Gone"),
            (.xml("<html>", status: 400), "HTTP400"), (.xml(#"{"__type":5}"#, status: 400), "HTTP400"),
        ]
        for (response, code) in forms {
            let error = try await #require(throws: AWSError.self) {
                try await Trails(client(ScriptedTransport([response]))).status(of: "t")
            }
            #expect(error.code == code)
        }
    }

    @Test func ratesArePerAccountAndAction() async throws {
        let clock = ManualClock()
        let transport = ScriptedTransport([HTTPResponse(status: 200, body: Array(#"{"Events":[]}"#.utf8))])
        let trails = Trails(client(transport, clock))
        for _ in 0..<4 { _ = try await trails.lookupEvents(from: clock.now, until: clock.now) }
        // Two at once, then two a second.
        #expect(clock.sleeps.map { $0 > .milliseconds(499) && $0 < .milliseconds(501) } == [true, true])
    }

    @Test func cancellationEndsTheWaiting() async throws {
        let transport = ScriptedTransport([HTTPResponse(status: 503)])
        let client = AWSClient(
            credentials: StaticCredentials(Credentials(accessKeyID: "A", secretAccessKey: "s")), region: "us-east-1",
            transport: transport, backoff: Backoff(attempts: 1_000_000, base: .seconds(3_600)))
        let task = Task { try await STS(client).getCallerIdentity() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

/// Gives a new key at every asking.
actor CountingProvider: CredentialsProvider {
    private(set) var count = 0
    private let lifetime: Duration?
    private let clock: ManualClock?
    var failure: CredentialsError?

    init(lifetime: Duration? = nil, clock: ManualClock? = nil) {
        self.lifetime = lifetime
        self.clock = clock
    }

    func fail(_ error: CredentialsError?) { failure = error }

    func credentials() async throws -> Credentials {
        count += 1
        if let failure { throw failure }
        let seconds = lifetime.map { TimeInterval($0.components.seconds) }
        return Credentials(
            accessKeyID: "ASIA\(count)", secretAccessKey: "s", sessionToken: "t",
            expiration: seconds.flatMap { clock?.now.addingTimeInterval($0) })
    }
}
