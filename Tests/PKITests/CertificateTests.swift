// SPDX-License-Identifier: Apache-2.0

import Foundation
import PKI
import Testing

@Suite struct CertificateTests {
    private let authority: CertificateAuthority

    init() throws {
        authority = try CertificateAuthority.mint(commonName: "A test's CA", now: newYear)
    }

    @Test func anAuthorityReadsAsWhatItIs() throws {
        let certificate = authority.certificate
        #expect(certificate.isAuthority)
        #expect(certificate.commonName == "A test's CA")
        #expect(certificate.subject == "CN=A test's CA,O=Trailhound")
        #expect(certificate.isSigned(by: certificate))
        #expect(certificate.isOf(authority.credential.key))
        #expect(certificate.notBefore == newYear - PKILimits.backdatingSeconds)
        #expect(certificate.notAfter == newYear + Int64(PKILimits.authorityDays) * 86_400)
        #expect(certificate.dnsNames.isEmpty && certificate.ipAddresses.isEmpty && certificate.uris.isEmpty)
        #expect(certificate.identity == nil)
    }

    @Test func aServersNamesAreSortedByKind() throws {
        let hosts = ["localhost", "127.0.0.1", "::1", "2001:DB8:0:0::7", "trailhound.example.com"]
        let server = try authority.issueServer(hosts: hosts, days: 30, now: newYear).certificate
        #expect(server.dnsNames == ["localhost", "trailhound.example.com"])
        #expect(server.ipAddresses == ["127.0.0.1", "::1", "2001:db8::7"])
        #expect(server.commonName == "localhost")
        #expect(!server.isAuthority)
        #expect(server.isSigned(by: authority.certificate))
        #expect(server.notAfter == newYear + 30 * 86_400)
    }

    @Test func aClientsIdentityComesBack() throws {
        for identity in [
            ClientIdentity(role: .admin, accounts: .all),
            ClientIdentity(role: .collector, accounts: .some(["111122223333", "444455556666"])),
        ] {
            let client = try authority.issueClient(name: "Zoë, of eu-west", identity: identity, now: newYear)
            #expect(client.certificate.identity == identity)
            #expect(client.certificate.uris == [identity.uri])
            #expect(client.certificate.commonName == "Zoë, of eu-west")
            #expect(client.certificate.isOf(client.key))
        }
    }

    @Test func serialsAreRandomAndLong() throws {
        let identity = ClientIdentity(role: .analyst, accounts: .all)
        let serials = try (0..<20).map { _ in
            try authority.issueClient(name: "one", identity: identity, now: newYear).certificate.serial
        }
        #expect(Set(serials).count == serials.count)
        // 128 random bits have 32 digits, fewer only where leading ones happen to be 0: never eight of them.
        #expect(serials.allSatisfy { $0.count > 24 && $0.count <= 32 })
    }

    @Test func encodingsComeBack() throws {
        let certificate = authority.certificate
        #expect(try Certificate(pem: try certificate.pem) == certificate)
        #expect(try Certificate(der: certificate.der) == certificate)
        #expect(certificate.fingerprint.count == 64)
    }

    @Test func aStrangersSignatureAndKeyAreTold() throws {
        // The same name, so that only the signature tells them apart.
        let stranger = try CertificateAuthority.mint(commonName: "A test's CA", now: newYear)
        let server = try stranger.issueServer(hosts: ["localhost"], now: newYear)
        #expect(!server.certificate.isSigned(by: authority.certificate))
        #expect(!server.certificate.isOf(authority.credential.key))
        #expect(throws: PKIError.self) {
            try CertificateAuthority(Credential(certificate: authority.certificate, key: stranger.credential.key))
        }
        #expect(throws: PKIError.self) { try CertificateAuthority(server) }
    }

    @Test func aLeafEndsWithItsAuthority() throws {
        let old = try CertificateAuthority.mint(commonName: "old", days: 10, now: newYear)
        let server = try old.issueServer(hosts: ["localhost"], days: 365, now: newYear)
        #expect(server.certificate.notAfter == old.certificate.notAfter)
        #expect(throws: PKIError.self) {
            try old.issueServer(hosts: ["localhost"], now: newYear + 11 * 86_400)
        }
    }

    @Test(arguments: [0, -1, PKILimits.leafDaysMost + 1])
    func aValidityOutOfBoundsIsRefused(days: Int) {
        #expect(throws: PKIError.self) { try authority.issueServer(hosts: ["localhost"], days: days, now: newYear) }
    }

    @Test(arguments: ["", String(repeating: "n", count: 65)])
    func aNameOutOfBoundsIsRefused(name: String) {
        let identity = ClientIdentity(role: .admin, accounts: .all)
        #expect(throws: PKIError.self) { try authority.issueClient(name: name, identity: identity, now: newYear) }
    }

    @Test(arguments: [["büro.example.com"], ["two words"], [""], []])
    func aHostThatIsNoNameIsRefused(hosts: [String]) {
        #expect(throws: PKIError.self) { try authority.issueServer(hosts: hosts, now: newYear) }
    }

    @Test(arguments: [[], ["1234"], ["111122223333,444455556666"], ["11112222333x"]])
    func accountsThatAreNoneAreRefused(accounts: [String]) {
        let identity = ClientIdentity(role: .collector, accounts: .some(Set(accounts)))
        #expect(throws: PKIError.self) { try authority.issueClient(name: "c", identity: identity, now: newYear) }
    }

    @Test func garbageIsNoCertificateAndNoKey() throws {
        #expect(throws: PKIError.self) { try Certificate(pem: Array("not PEM".utf8)) }
        #expect(throws: PKIError.self) { try Certificate(pem: []) }
        #expect(throws: PKIError.self) { try Certificate(der: [0x30, 0x82, 0xFF]) }
        #expect(throws: PKIError.self) { try PrivateKey(pem: Array("not PEM".utf8)) }
        // Every shortened certificate is an error, never a crash.
        let der = authority.certificate.der
        for length in 0..<der.count {
            #expect(throws: PKIError.self) { try Certificate(der: Array(der[..<length])) }
        }
    }

    @Test func anEncryptedKeyIsRefusedWithoutAsking() throws {
        let folder = try TemporaryFolder()
        let made = try run(
            [
                "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes256", "-pass",
                "pass:secret", "-out", "key.pem",
            ], in: folder.path)
        #expect(made.status == 0, "\(made.output)")
        #expect(throws: PKIError.self) { try PEMFiles.key(at: "\(folder.path)/key.pem") }
    }

    @Test func aKeyDoesNotDescribeItself() throws {
        #expect("\(try PrivateKey.generate())" == "a private key")
    }
}

@Suite struct ClientIdentityTests {
    @Test(arguments: Role.allCases)
    func everyRoleReads(role: Role) {
        #expect(ClientIdentity(uri: "trailhound://\(role.rawValue)/*") == ClientIdentity(role: role, accounts: .all))
    }

    @Test func accountsReadInAnyOrder() {
        let identity = ClientIdentity(uri: "trailhound://collector/444455556666,111122223333")
        #expect(identity?.accounts == .some(["111122223333", "444455556666"]))
        #expect(identity?.uri == "trailhound://collector/111122223333,444455556666")
        #expect(identity?.accounts.contains("111122223333") == true)
        #expect(identity?.accounts.contains("999999999999") == false)
        #expect(AccountSet.all.contains("999999999999"))
    }

    @Test(arguments: [
        "", "trailhound://", "trailhound://admin", "trailhound://admin/", "trailhound://root/*", "trailhound://Admin/*",
        "trailhound://admin/*/", "trailhound://admin/*,111122223333", "trailhound://admin/111122223333,",
        "trailhound://admin/11112222333", "trailhound://admin/1111222233334", "trailhound://admin/１11122223333",
        "https://admin/*", "trailhound:/admin/*", " trailhound://admin/*", "trailhound://admin/*?x", "trailhound:///*",
    ])
    func anythingElseIsNone(uri: String) {
        #expect(ClientIdentity(uri: uri) == nil)
    }

    @Test func tooManyAccountsAreNone() {
        func list(_ count: Int) -> String {
            (0..<count).map { String(100_000_000_000 + $0) }.joined(separator: ",")
        }
        #expect(AccountSet(text: list(PKILimits.accounts)) != nil)
        #expect(AccountSet(text: list(PKILimits.accounts + 1)) == nil)
    }

    @Test func twoIdentitiesAreNone() {
        #expect(ClientIdentity(uris: ["https://x", "trailhound://admin/*"]) != nil)
        #expect(ClientIdentity(uris: ["trailhound://admin/*", "trailhound://analyst/*"]) == nil)
        #expect(ClientIdentity(uris: []) == nil)
    }
}
