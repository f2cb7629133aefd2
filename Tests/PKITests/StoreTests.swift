// SPDX-License-Identifier: Apache-2.0

import Foundation
import PKI
import Testing

/// What an authority issued and revoked; the openssl command judges the list.
@Suite struct StoreTests {
    private struct Rig {
        let folder: TemporaryFolder
        let authority: CertificateAuthority
        let store: CertificateStore

        init() throws {
            folder = try TemporaryFolder()
            _ = try DevelopmentPKI.ensure(in: folder.path + "/pki", now: today)
            store = CertificateStore(folder: folder.path + "/pki")
            authority = try CertificateAuthority(PEMFiles.credential("ca", in: store.folder))
        }

        func issue(_ name: String, _ role: Role = .collector) throws -> Certificate {
            try store.issue(as: name, into: store.folder, by: authority) { () throws(PKIError) in
                try authority.issueClient(
                    name: name, identity: ClientIdentity(role: role, accounts: .some(["111122223333"])), now: today)
            }.certificate
        }

        func verify(_ name: String) throws -> (status: Int32, output: String) {
            try run([
                "openssl", "verify", "-CAfile", "\(store.folder)/ca.pem", "-CRLfile", store.revocationListPath,
                "-crl_check", "\(store.folder)/\(name).pem",
            ])
        }
    }

    @Test func whatIsIssuedIsRemembered() throws {
        let rig = try Rig()
        let certificate = try rig.issue("collector-1")
        let issued = try rig.store.list()
        #expect(issued.map(\.commonName) == ["localhost", "admin", "collector-1"])
        #expect(issued.map(\.use) == ["server", "trailhound://admin/*", "trailhound://collector/111122223333"])
        let last = try #require(issued.last)
        #expect(last.serial == certificate.serial && last.fingerprint == certificate.fingerprint)
        #expect(last.notAfter == certificate.notAfter && last.revocation == nil)
        #expect(last.authority == rig.authority.certificate.fingerprint)
        #expect(try mode(of: "\(rig.store.folder)/issued.tsv") == 0o600)
    }

    @Test func aCertificateGoesIntoAFolderThatIsMadeForIt() throws {
        let rig = try Rig()
        let folder = rig.folder.path + "/new/place"
        _ = try rig.store.issue(as: "siem", into: folder, by: rig.authority) { () throws(PKIError) in
            try rig.authority.issueClient(
                name: "siem", identity: ClientIdentity(role: .subscriber, accounts: .all), now: today)
        }
        #expect(PEMFiles.exists(folder + "/siem.pem"))
        #expect(PEMFiles.exists(folder + "/siem-key.pem"))
    }

    @Test func aCertificateThatCouldNotBeWrittenIsNotListed() throws {
        let rig = try Rig()
        let before = try rig.store.list().count
        let folder = rig.folder.path + "/blocked"
        // The key's name is taken by a folder, so that nothing can be renamed to it.
        try FileManager.default.createDirectory(atPath: folder + "/siem-key.pem", withIntermediateDirectories: true)
        #expect(throws: PKIError.self) {
            try rig.store.issue(as: "siem", into: folder, by: rig.authority) { () throws(PKIError) in
                try rig.authority.issueClient(
                    name: "siem", identity: ClientIdentity(role: .subscriber, accounts: .all), now: today)
            }
        }
        #expect(try rig.store.list().count == before)
    }

    @Test func theRevocationListIsOneToOpenSSL() throws {
        let rig = try Rig()
        let names = ["a", "b", "c"]
        let certificates = try names.map { try rig.issue($0) }
        _ = try rig.store.revoke(.name("a"), reason: .keyCompromise, by: rig.authority, now: today)
        _ = try rig.store.revoke(
            .name(certificates[1].serial.lowercased()), reason: .unspecified, by: rig.authority, now: today)
        for name in ["a", "b"] {
            let verdict = try rig.verify(name)
            #expect(verdict.status != 0 && verdict.output.contains("certificate revoked"), "\(verdict.output)")
        }
        for name in ["c", "admin", "server"] {
            let verdict = try rig.verify(name)
            #expect(verdict.status == 0, "\(verdict.output)")
        }
        let text = try run(["openssl", "crl", "-in", rig.store.revocationListPath, "-noout", "-text"]).output
        #expect(text.contains("Key Compromise") && text.contains("X509v3 CRL Number"))
        #expect(text.contains("X509v3 Authority Key Identifier") && !text.contains("Unspecified"))

        let lists = try PEMFiles.revocationLists(at: rig.store.revocationListPath)
        #expect(lists.count == 1)
        #expect(lists[0].serials == Set(certificates[..<2].map(\.serial)))
        #expect(lists[0].names(rig.authority.certificate) && lists[0].isSigned(by: rig.authority.certificate))
        #expect(lists[0].thisUpdate == today || lists[0].thisUpdate == today - 1)
        let other = try Rig()
        #expect(!lists[0].isSigned(by: other.authority.certificate))
    }

    @Test func whatIsRevokedTwiceStaysAsItWas() throws {
        let rig = try Rig()
        _ = try rig.issue("a")
        let first = try rig.store.revoke(.name("a"), reason: .superseded, by: rig.authority, now: today - 60)
        let second = try rig.store.revoke(.name("a"), reason: .keyCompromise, by: rig.authority, now: today)
        #expect(first == second)
        #expect(second.revocation?.reason == .superseded && second.revocation?.time == today - 60)
    }

    @Test func aNameOfSeveralIsNotGuessed() throws {
        let rig = try Rig()
        _ = try rig.issue("a")
        let second = try rig.issue("a")
        #expect(throws: PKIError.self) {
            try rig.store.revoke(.name("a"), reason: .unspecified, by: rig.authority, now: today)
        }
        _ = try rig.store.revoke(.name(second.serial), reason: .unspecified, by: rig.authority, now: today)
        // One is left that is good.
        let revoked = try rig.store.revoke(.name("a"), reason: .unspecified, by: rig.authority, now: today)
        #expect(revoked.serial != second.serial)
        #expect(throws: PKIError.self) {
            try rig.store.revoke(.name("nobody"), reason: .unspecified, by: rig.authority, now: today)
        }
    }

    @Test func aCertificateAtHandIsRevokedThoughTheStoreForgotIt() throws {
        let rig = try Rig()
        let certificate = try rig.authority.issueClient(
            name: "old", identity: ClientIdentity(role: .analyst, accounts: .all), now: today
        ).certificate
        let revoked = try rig.store.revoke(
            .certificate(certificate), reason: .superseded, by: rig.authority, now: today)
        #expect(revoked.serial == certificate.serial)
        let stranger = try Rig().issue("x")
        #expect(throws: PKIError.self) {
            try rig.store.revoke(.certificate(stranger), reason: .unspecified, by: rig.authority, now: today)
        }
        #expect(throws: PKIError.self) {
            try rig.store.revoke(
                .certificate(rig.authority.certificate), reason: .unspecified, by: rig.authority, now: today)
        }
    }

    @Test func aRevokedAdminIsMadeAnew() throws {
        let rig = try Rig()
        _ = try rig.store.revoke(.name("admin"), reason: .keyCompromise, by: rig.authority, now: today)
        let again = try DevelopmentPKI.ensure(in: rig.store.folder, now: today)
        #expect(again.minted == ["admin"])
        #expect(try rig.verify("admin").status == 0)
    }

    @Test func aNewAuthorityHasNoListOfTheOldOne() throws {
        let rig = try Rig()
        _ = try rig.store.revoke(.name("admin"), reason: .superseded, by: rig.authority, now: today)
        #expect(PEMFiles.exists(rig.store.revocationListPath))
        for name in ["ca.pem", "ca-key.pem"] {
            try FileManager.default.removeItem(atPath: "\(rig.store.folder)/\(name)")
        }
        #expect(try DevelopmentPKI.ensure(in: rig.store.folder, now: today).minted == ["ca", "server", "admin"])
        #expect(!PEMFiles.exists(rig.store.revocationListPath))
    }

    @Test func aDamagedStoreIsNamedByItsLine() throws {
        let rig = try Rig()
        let path = "\(rig.store.folder)/issued.tsv"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try (text + "rubbish\n").write(toFile: path, atomically: true, encoding: .utf8)
        let problem = #expect(throws: PKIError.self) { try rig.store.list() }
        #expect(problem?.description == "\(path):4: is no line of this store")
    }

    @Test func manyProcessesIssueAtOnce() async throws {
        let rig = try Rig()
        let folder = rig.store.folder
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let store = CertificateStore(folder: folder)
                    let authority = try CertificateAuthority(PEMFiles.credential("ca", in: folder))
                    _ = try store.issue(as: "n\(number)", into: folder, by: authority) { () throws(PKIError) in
                        try authority.issueClient(
                            name: "n\(number)", identity: ClientIdentity(role: .subscriber, accounts: .all), now: today)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try rig.store.list().count == 18)
    }
}
