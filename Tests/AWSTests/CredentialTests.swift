// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Foundation
import Testing

@Suite struct SecrecyTests {
    @Test func credentialsDoNotPrint() {
        let credentials = Credentials(
            accessKeyID: "AKIAPUBLIC", secretAccessKey: "hush-secret", sessionToken: "hush-token")
        var dumped = ""
        dump(credentials, to: &dumped)
        dump(StaticCredentials(credentials), to: &dumped)
        dump([credentials], to: &dumped)
        let texts = [
            "\(credentials)", String(reflecting: credentials), String(describing: [credentials]),
            String(describing: StaticCredentials(credentials)), String(describing: credentials.secretAccessKey),
            String(reflecting: credentials.sessionToken), dumped, "\(Optional(credentials) as Any)",
        ]
        for text in texts { #expect(!text.contains("hush")) }
        #expect("\(credentials)" == "Credentials(AKIAPUBLIC)")
    }

    @Test func requestsPrintWithoutHeadersAndBody() {
        let request = HTTPRequest(
            method: "POST", url: "https://x/", headers: [Header("x-amz-security-token", "hush")],
            body: Array("WebIdentityToken=hush".utf8))
        var dumped = ""
        dump(request, to: &dumped)
        dump(HTTPResponse(status: 200, body: Array("hush".utf8)), to: &dumped)
        #expect("\(request)" == "POST https://x/")
        #expect(!dumped.contains("hush") && !dumped.contains("104"))
    }
}

@Suite struct CachedCredentialsTests {
    private let clock = ManualClock()

    @Test func areKeptUntilShortlyBeforeTheirEnd() async throws {
        let source = CountingProvider(lifetime: .seconds(3_600), clock: clock)
        let cached = CachedCredentials(source, clock: clock.clock())
        #expect(try await cached.credentials().accessKeyID == "ASIA1")
        clock.advance(.seconds(3_299))
        #expect(try await cached.credentials().accessKeyID == "ASIA1")
        clock.advance(.seconds(1))
        #expect(try await cached.credentials().accessKeyID == "ASIA2")
    }

    @Test func holdWhileTheSourceIsDownAndNoLonger() async throws {
        let source = CountingProvider(lifetime: .seconds(3_600), clock: clock)
        let cached = CachedCredentials(source, clock: clock.clock())
        _ = try await cached.credentials()
        await source.fail(CredentialsError(.unavailable, "down"))
        clock.advance(.seconds(3_400))
        #expect(try await cached.credentials().accessKeyID == "ASIA1")
        #expect(try await cached.credentials().accessKeyID == "ASIA1")
        // The failed renewal is not repeated at every call.
        #expect(await source.count == 2)
        clock.advance(.seconds(31))
        #expect(try await cached.credentials().accessKeyID == "ASIA1")
        #expect(await source.count == 3)
        clock.advance(.seconds(160))
        await #expect(throws: CredentialsError.self) { try await cached.credentials() }
        await source.fail(nil)
        #expect(try await cached.credentials().accessKeyID == "ASIA5")
    }

    @Test func manyCallersAskOnce() async throws {
        let source = CountingProvider()
        let cached = CachedCredentials(source, clock: clock.clock())
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try await cached.credentials().accessKeyID } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(keys == ["ASIA1"])
    }

    @Test func refusedOnesAreNotGivenAgain() async throws {
        let cached = CachedCredentials(CountingProvider(), clock: clock.clock())
        let first = try await cached.credentials()
        await cached.invalidate(first)
        #expect(try await cached.credentials().accessKeyID == "ASIA2")
        // A refusal of an older key, which another call had in flight, changes nothing.
        await cached.invalidate(first)
        #expect(try await cached.credentials().accessKeyID == "ASIA2")
    }
}

@Suite struct SharedConfigurationTests {
    @Test func sectionsSettingsAndComments() {
        let text = """
            # a comment
            [default]
            region = eu-west-1   # inline
            aws_access_key_id=A#B
            s3 =
              addressing_style = path
            [profile "two words"]
            Role_ARN = arn:aws:iam::1:role/x
            [profile dev] ; ignored
            region=us-east-1
            [sso-session s]
            region=mars
            [nonsense
            region=venus
            """
        let profiles = SharedConfiguration(text, isConfig: true).profiles
        #expect(profiles.keys.sorted() == ["default", "dev", "two words"])
        #expect(profiles["default"] == ["region": "eu-west-1", "aws_access_key_id": "A#B", "s3": ""])
        #expect(profiles["two words"] == ["role_arn": "arn:aws:iam::1:role/x"])
        let credentials = SharedConfiguration("[dev]\naws_access_key_id = K\n[profile x]\na=b", isConfig: false)
            .profiles
        #expect(credentials["dev"] == ["aws_access_key_id": "K"])
    }
}

@Suite struct CredentialChainTests {
    @Test func aByteOrderMarkBeforeTheSharedFilesIsSkipped() async throws {
        let files = [
            "/h/.aws/config": "\u{FEFF}[default]\nregion = eu-west-1\n",
            "/h/.aws/credentials": "\u{FEFF}[default]\naws_access_key_id = AKIABOM\naws_secret_access_key = s\n",
        ]
        #expect(try await key([:], files: files) == "AKIABOM")
    }

    static let assumed = HTTPResponse.xml(
        """
        <R><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
        <SessionToken>t</SessionToken><Expiration>2033-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>\
        <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAWEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
        <SessionToken>t</SessionToken><Expiration>2033-01-01T00:00:00.5Z</Expiration></Credentials>\
        </AssumeRoleWithWebIdentityResult></R>
        """)
    static let endpoint = HTTPResponse(
        status: 200,
        body: Array(
            #"{"Code":"Success","AccessKeyId":"ASIAEND","SecretAccessKey":"s","Token":"t","Expiration":"2033-01-01T00:00:00Z"}"#
                .utf8))
    static let nobody = ScriptedTransport { _, _ in throw TransportError(.connection, "nobody there") }

    private func key(
        _ environment: [String: String], files: [String: String] = [:], profile: String? = nil,
        transport: ScriptedTransport = nobody
    ) async throws -> String {
        let context = CredentialContext(
            environment: environment.merging(["HOME": "/h"]) { first, _ in first },
            files: ConfigurationFiles { path in files[path].map { Array($0.utf8) } }, transport: transport,
            clock: ManualClock().clock(), profile: profile)
        return try await CredentialChain(context).credentials().accessKeyID
    }

    private func failure(
        _ environment: [String: String], files: [String: String] = [:], profile: String? = nil,
        transport: ScriptedTransport = nobody
    ) async throws -> CredentialsError {
        try await #require(throws: CredentialsError.self) {
            try await key(environment, files: files, profile: profile, transport: transport)
        }
    }

    static let keys = ["AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"]
    static let web = ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "arn:aws:iam::1:role/web"]
    static let files = ["/h/.aws/credentials": "[default]\naws_access_key_id=AKIAFILE\naws_secret_access_key=s"]

    @Test func theOrderIsAWSOwn() async throws {
        let tokens = ["/t": "jwt\n"]
        let transport = ScriptedTransport([Self.assumed])
        #expect(try await key(Self.keys.merging(Self.web) { $1 }, files: Self.files) == "AKIAENV")
        #expect(
            try await key(Self.web, files: Self.files.merging(tokens) { $1 }, transport: transport) == "ASIAWEB")
        let request = try #require(transport.requests.first)
        #expect(!request.headers.contains { $0.name == "authorization" })
        #expect(String(decoding: request.body, as: UTF8.self).contains("WebIdentityToken=jwt"))
        let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/creds"]
        #expect(try await key(container, files: Self.files) == "AKIAFILE")
        let agent = ScriptedTransport([Self.endpoint])
        #expect(try await key(container, transport: agent) == "ASIAEND")
        #expect(agent.requests.map(\.url) == ["http://169.254.170.2/creds"])
        #expect(try await key(Self.keys, files: Self.files, profile: "default") == "AKIAFILE")
    }

    @Test func halfAKeyEndsTheSearch() async throws {
        for variable in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            #expect(try await failure([variable: "x"], files: Self.files).code == .invalid)
        }
        #expect(try await failure(["AWS_WEB_IDENTITY_TOKEN_FILE": "/t"], files: Self.files).code == .invalid)
        let half = ["/h/.aws/credentials": "[default]\naws_access_key_id=A"]
        #expect(try await failure([:], files: half).code == .invalid)
    }

    @Test func nothingAnywhereNamesAllPlaces() async throws {
        let error = try await failure([:], files: ["/h/.aws/config": "[default]\nregion=eu-west-1"])
        #expect(error.code == .notConfigured)
        for word in ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "profile", "container", "metadata"] {
            #expect(error.message.contains(word))
        }
    }

    @Test func rolesThroughProfiles() async throws {
        let config = """
            [profile base]
            role_arn = arn:aws:iam::1:role/base
            source_profile = keys
            [profile top]
            role_arn = arn:aws:iam::2:role/top
            source_profile = base
            external_id = ext
            role_session_name = me
            duration_seconds = 1200
            [profile self]
            role_arn = arn:aws:iam::1:role/self
            source_profile = self
            aws_access_key_id = AKIASELF
            aws_secret_access_key = s
            [profile env]
            role_arn = arn:aws:iam::1:role/env
            credential_source = Environment
            """
        let files = ["/c": config, "/s": "[keys]\naws_access_key_id=AKIAKEYS\naws_secret_access_key=s"]
        let paths = ["AWS_CONFIG_FILE": "/c", "AWS_SHARED_CREDENTIALS_FILE": "/s"]
        let transport = ScriptedTransport([Self.assumed])
        #expect(
            try await key(paths.merging(["AWS_PROFILE": "top"]) { $1 }, files: files, transport: transport)
                == "ASIAROLE")
        let bodies = transport.requests.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies.count == 2)
        #expect(bodies[0].contains("role%2Fbase"))
        for part in ["role%2Ftop", "ExternalId=ext", "RoleSessionName=me", "DurationSeconds=1200"] {
            #expect(bodies[1].contains(part))
        }
        let signers = transport.requests.compactMap { $0.headers.first { $0.name == "authorization" }?.value }
        #expect(signers[0].contains("Credential=AKIAKEYS/") && signers[1].contains("Credential=ASIAROLE/"))
        #expect(try await key(paths, files: files, profile: "self", transport: transport) == "ASIAROLE")
        #expect(
            try await key(paths.merging(Self.keys) { $1 }, files: files, profile: "env", transport: transport)
                == "ASIAROLE")
        #expect(try await failure(paths, files: files, profile: "env").code == .invalid)
    }

    @Test(arguments: [
        "[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nrole_arn=r\nsource_profile=p",
        "[profile p]\nrole_arn=r\nsource_profile=gone", "[profile p]\nrole_arn=r",
        "[profile p]\nrole_arn=r\nsource_profile=p\ncredential_source=Environment",
        "[profile p]\nrole_arn=r\ncredential_source=Magic",
        "[profile p]\nsso_start_url=https://x", "[profile p]\nregion=eu-west-1", "[profile other]\n",
        "[profile p]\nrole_arn=r\nmfa_serial=m\nsource_profile=q",
        "[profile p]\nrole_arn=r\nsource_profile=a\n[profile a]\nrole_arn=r\nsource_profile=b\n[profile b]\nrole_arn=r\nsource_profile=c\n[profile c]\nrole_arn=r\nsource_profile=d\n[profile d]\nrole_arn=r\nsource_profile=e\n[profile e]\naws_access_key_id=A\naws_secret_access_key=s",
    ])
    func wrongProfilesEndTheSearch(config: String) async throws {
        let transport = ScriptedTransport([Self.assumed])
        let error = try await failure(
            ["AWS_PROFILE": "p"], files: ["/h/.aws/config": config], transport: transport)
        #expect(error.code == .invalid)
        #expect(transport.requests.isEmpty)
    }

    @Test func containersMayOnlyTalkToThemselvesInTheClear() async throws {
        let variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
        let good = [
            "https://agent.example/c", "http://127.0.0.1:51679/c", "http://localhost/c", "http://[::1]:80/c",
            "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/c",
        ]
        for url in good {
            #expect(try await key([variable: url], transport: ScriptedTransport([Self.endpoint])) == "ASIAEND")
        }
        let bad = [
            "http://evil.example/", "http://127.0.0.1.evil.example/", "http://127.0.0.1@evil.example/", "ftp://x",
            "http://localhost:80@evil.example/", "http://[::1]@evil.example/", "localhost",
        ]
        for url in bad {
            let transport = ScriptedTransport([Self.endpoint])
            #expect(try await failure([variable: url], transport: transport).code == .invalid)
            #expect(transport.requests.isEmpty)
        }
        let transport = ScriptedTransport([Self.endpoint])
        let environment = [variable: good[1], "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token"]
        _ = try await key(environment, files: ["/token": "bearer\n"], transport: transport)
        #expect(transport.requests[0].headers == [Header("authorization", "bearer")])
    }

    @Test func instancesAreAskedByVersionTwo() async throws {
        let transport = ScriptedTransport { request, index in
            switch index {
            case 0: HTTPResponse(status: 200, body: Array("session-token".utf8))
            case 1: HTTPResponse(status: 200, body: Array("my-role\n".utf8))
            default: Self.endpoint
            }
        }
        #expect(try await key([:], transport: transport) == "ASIAEND")
        #expect(transport.requests.map(\.method) == ["PUT", "GET", "GET"])
        #expect(transport.requests[2].url.hasSuffix("/latest/meta-data/iam/security-credentials/my-role"))
        for request in transport.requests[1...] {
            #expect(request.headers == [Header("x-aws-ec2-metadata-token", "session-token")])
        }
        #expect(try await failure(["AWS_EC2_METADATA_DISABLED": "true"], transport: transport).code == .notConfigured)
    }

    @Test func endpointsThatAnswerNonsenseAreUnavailable() async throws {
        for body in ["", "{}", #"{"Code":"Failed"}"#, #"{"AccessKeyId":"A"}"#, "[]"] {
            let transport = ScriptedTransport([HTTPResponse(status: 200, body: Array(body.utf8))])
            let error = try await failure(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"], transport: transport)
            #expect(error.code == .unavailable)
        }
        let flaky = ScriptedTransport([HTTPResponse(status: 500), HTTPResponse(status: 429), Self.endpoint])
        #expect(try await key(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"], transport: flaky) == "ASIAEND")
    }

    @Test func systemFiles() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "trailhound-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let context = { (home: String) in
            CredentialContext(environment: ["HOME": home, "AWS_CONFIG_FILE": path], transport: Self.nobody)
        }
        #expect(try context("/nowhere").resolvedRegion() == nil)
        try Data("[default]\nregion = eu-north-1".utf8).write(to: URL(filePath: path))
        #expect(try context("/nowhere").resolvedRegion() == "eu-north-1")
        try Data(count: AWSLimits.configurationFileBytes + 1).write(to: URL(filePath: path))
        #expect(throws: CredentialsError.self) { try context("/nowhere").resolvedRegion() }
    }
}
