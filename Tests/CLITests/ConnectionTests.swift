// SPDX-License-Identifier: Apache-2.0

import Testing
import TrailhoundCLI

@Suite struct EndpointTests {
    @Test(arguments: [
        ("127.0.0.1:7443", "127.0.0.1", 7443), ("hound.example", "hound.example", 7443), ("[::1]:99", "::1", 99),
        ("[fe80::1]", "fe80::1", 7443), ("::1", "::1", 7443), ("localhost:65535", "localhost", 65535),
    ])
    func addressesAreRead(text: String, host: String, port: Int) {
        let endpoint = Endpoint(text)
        #expect(endpoint?.host == host)
        #expect(endpoint?.port == port)
    }

    @Test(arguments: ["", ":7443", "host:", "host:0", "host:65536", "host:+80", "[::1", "[]:1", "http://x", "a b", "h:1x"])
    func nonsenseIsNot(text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.9.8.7", true), ("localhost", true), ("::1", true), ("127.evil.example.com", false),
        ("127.0.0.1.example.com", false), ("10.0.0.1", false), ("0.0.0.0", false), ("127.0.0.999", false),
    ])
    func loopbackIsTold(host: String, isLoopback: Bool) {
        #expect(Endpoint(host)?.isLoopback == isLoopback)
    }

    @Test func theTextCanBeReadAgain() {
        #expect(Endpoint("[::1]:99")?.description == "[::1]:99")
        #expect(Endpoint("h:99")?.description == "h:99")
    }
}

@Suite struct ConnectionSettingsTests {
    private func settings(
        _ choices: ConnectionSettings.Choices, _ environment: [String: String] = [:], files: Set<String>
    ) throws -> ConnectionSettings {
        try ConnectionSettings(choices, environment: { environment[$0] }, isReadable: { files.contains($0) })
    }

    private func folder(_ path: String) -> Set<String> {
        ["\(path)/ca.pem", "\(path)/admin.pem", "\(path)/admin-key.pem"]
    }

    @Test func optionsGoBeforeEnvironmentBeforeDefaults() throws {
        var choices = ConnectionSettings.Choices()
        let environment = ["TRAILHOUND_SERVER": "env:1", "TRAILHOUND_PKI": "/env", "HOME": "/home/me"]
        let files = folder("/env").union(folder("/opt")).union(folder("trailhound-data/pki"))
        #expect(try settings(choices, files: files).endpoint.description == "127.0.0.1:7443")
        #expect(
            try settings(choices, files: files).security == .tls(.init(folder: "trailhound-data/pki")))
        let fromEnvironment = try settings(choices, environment, files: files)
        #expect(fromEnvironment.endpoint.description == "env:1")
        #expect(fromEnvironment.security == .tls(.init(folder: "/env")))
        choices.server = "opt:2"
        choices.folder = "/opt"
        let fromOptions = try settings(choices, environment, files: files)
        #expect(fromOptions.endpoint.description == "opt:2")
        #expect(fromOptions.security == .tls(.init(folder: "/opt")))
    }

    @Test func theHomeFolderIsTheLastResort() throws {
        let files = folder("/home/me/.config/trailhound/pki")
        let found = try settings(.init(), ["HOME": "/home/me"], files: files)
        #expect(found.security == .tls(.init(folder: "/home/me/.config/trailhound/pki")))
    }

    @Test func singleFilesReplaceThoseOfTheFolder() throws {
        var choices = ConnectionSettings.Choices()
        choices.folder = "/pki"
        choices.certificate = "/mine.pem"
        choices.key = "/mine-key.pem"
        let found = try settings(choices, files: ["/pki/ca.pem", "/mine.pem", "/mine-key.pem"])
        var expected = ConnectionSettings.Credentials(folder: "/pki")
        expected.certificate = "/mine.pem"
        expected.key = "/mine-key.pem"
        #expect(found.security == .tls(expected))
    }

    @Test func whatIsMissingIsNamedWithARemedy() {
        var choices = ConnectionSettings.Choices()
        let nothing = #expect(throws: Failure.self) { try settings(choices, files: []) }
        #expect(nothing?.message.contains("--pki DIR") == true)
        #expect(nothing?.code == 1)
        choices.folder = "/pki"
        let key = #expect(throws: Failure.self) { try settings(choices, files: ["/pki/ca.pem", "/pki/admin.pem"]) }
        #expect(key?.message.hasPrefix("can't read /pki/admin-key.pem") == true)
    }

    @Test func plaintextIsForLoopbackOnly() throws {
        var choices = ConnectionSettings.Choices()
        choices.plaintext = true
        #expect(try settings(choices, files: []).security == .plaintext)
        choices.server = "hound.example:1"
        let failure = #expect(throws: Failure.self) { try settings(choices, files: []) }
        #expect(failure?.code == 64)
    }
}

@Suite struct BackoffTests {
    @Test func pausesDoubleUpToALongestAndStartAgain() {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(5))
        #expect((0..<5).map { _ in backoff.pause(random: 0) } == [1, 2, 4, 5, 5].map { .seconds($0) })
        backoff.reset()
        #expect(backoff.pause(random: 1) == .milliseconds(500))
        #expect(backoff.pause(random: 7) == .seconds(1))
    }
}
