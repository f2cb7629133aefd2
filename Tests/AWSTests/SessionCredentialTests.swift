// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Cryptography
import Foundation
import Testing

/// Profiles whose credentials other tools left behind, or print.
@Suite struct SessionCredentialTests {
    private static let config = """
        [profile p]
        sso_session = corp
        sso_account_id = 111122223333
        sso_role_name = Reader
        [sso-session corp]
        sso_start_url = https://corp.awsapps.com/start
        sso_region = eu-west-1
        [profile legacy]
        sso_start_url = https://corp.awsapps.com/start
        sso_region = eusc-de-east-1
        sso_account_id = 111122223333
        sso_role_name = Reader
        [profile login]
        login_session = arn:aws:iam::111122223333:user/me
        [profile lost]
        sso_session = gone
        """
    private static let answer = HTTPResponse(
        status: 200,
        body: Array(
            #"{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"s","sessionToken":"t","expiration":1990000000000}}"#
                .utf8))

    private static func token(_ name: String, until end: String) -> [String: String] {
        [
            "/h/.aws/sso/cache/\(SHA1.hexadecimal(Array(name.utf8))).json":
                #"{"accessToken":"hush","expiresAt":"\#(end)","region":"eu-west-1"}"#
        ]
    }

    private static func login(until end: String) -> [String: String] {
        [
            "/h/.aws/login/cache/\(SHA256.hexadecimal(Array("arn:aws:iam::111122223333:user/me".utf8))).json":
                #"{"accessToken":{"accessKeyId":"ASIALOGIN","secretAccessKey":"s","sessionToken":"t","expiresAt":"\#(end)"}}"#
        ]
    }

    private func key(
        _ profile: String, _ files: [String: String], config: String = config, transport: ScriptedTransport
    ) async throws -> String {
        let all = files.merging(["/h/.aws/config": config]) { $1 }
        let context = CredentialContext(
            environment: ["HOME": "/h"], files: ConfigurationFiles { all[$0].map { Array($0.utf8) } },
            transport: transport, clock: ManualClock().clock(), profile: profile)
        return try await CredentialChain(context).credentials().accessKeyID
    }

    private func reason(
        _ profile: String, _ files: [String: String], config: String = config, status: Int = 200
    ) async throws -> String {
        let error = try await #require(throws: CredentialsError.self) {
            try await key(profile, files, config: config, transport: ScriptedTransport([HTTPResponse(status: status)]))
        }
        #expect(!error.message.contains("hush"))
        return error.message
    }

    @Test func theCachedTokenOfASingleSignOnGivesTheRole() async throws {
        let transport = ScriptedTransport([Self.answer])
        #expect(
            try await key("p", Self.token("corp", until: "2033-01-01T00:00:00Z"), transport: transport) == "ASIASSO")
        let request = try #require(transport.requests.first)
        #expect(
            request.url
                == "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials"
                + "?account_id=111122223333&role_name=Reader")
        #expect(request.headers.contains { $0.name == "x-amz-sso_bearer_token" && $0.value == "hush" })
        let legacy = Self.token("https://corp.awsapps.com/start", until: "2033-01-01T00:00:00UTC")
        #expect(try await key("legacy", legacy, transport: transport) == "ASIASSO")
        #expect(transport.requests.last?.url.hasPrefix("https://portal.sso.eusc-de-east-1.amazonaws.eu/") == true)
    }

    @Test func aMissingOrExpiredTokenSaysWhatToRun() async throws {
        let valid = Self.token("corp", until: "2033-01-01T00:00:00Z")
        let command = "run aws sso login --sso-session corp"
        #expect(try await reason("p", [:]).contains(command))
        let expired = try await reason("p", Self.token("corp", until: "2020-01-01T00:00:00Z"))
        #expect(expired.contains("expired at 2020-01-01T00:00:00Z") && expired.contains(command))
        #expect(try await reason("p", valid, status: 401).contains(command))
        #expect(try await reason("p", valid, status: 403).contains("Reader in 111122223333"))
        #expect(try await reason("lost", [:]).contains("'gone'"))
    }

    @Test func aLoginSessionIsUsedUntilItsEnd() async throws {
        let transport = ScriptedTransport([Self.answer])
        #expect(
            try await key("login", Self.login(until: "2033-01-01T00:00:00Z"), transport: transport) == "ASIALOGIN")
        #expect(transport.requests.isEmpty)
        let expired = try await reason("login", Self.login(until: "2020-01-01T00:00:00Z"))
        #expect(expired.contains("aws configure export-credentials --profile login --format process"), "\(expired)")
        #expect(try await reason("login", [:]).contains("run aws login"))
    }

    @Test func aProcessPrintsCredentials() async throws {
        let none = ScriptedTransport([Self.answer])
        let printed = #"{"Version":1,"AccessKeyId":"ASIAPROC","SecretAccessKey":"s","SessionToken":"t"}"#
        let good = "[profile p]\ncredential_process = printf '%s' '\(printed)'"
        #expect(try await key("p", [:], config: good, transport: none) == "ASIAPROC")
        for (command, text) in [
            ("exit 7", "ended with exit code 7"), ("echo hello", "no credentials of version 1"),
            ("/no/such/program 2>&-", "exit code 127"), ("head -c 100000 /dev/zero", "prints too much"),
        ] {
            let reason = try await reason("p", [:], config: "[profile p]\ncredential_process = \(command)")
            #expect(reason.contains(text), "\(reason)")
        }
    }
}
