// SPDX-License-Identifier: Apache-2.0

import Foundation
import PKI
import Testing

@Suite struct DevelopmentPKITests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path + "/pki" }

    init() throws {
        temporary = try TemporaryFolder()
    }

    private func contents() throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            contents[name] = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        return contents
    }

    @Test func everythingIsMadeOnce() throws {
        let first = try DevelopmentPKI.ensure(in: folder, serverNames: ["trailhound.test"], now: newYear)
        #expect(first.minted == ["ca", "server", "admin"])
        let made = try contents()
        #expect(
            made.keys.sorted() == [
                "admin-key.pem", "admin.pem", "ca-key.pem", "ca.pem", "issued.tsv", "server-key.pem", "server.pem",
            ])
        let second = try DevelopmentPKI.ensure(in: folder, serverNames: ["trailhound.test"], now: newYear + 60)
        #expect(second.minted == [])
        #expect(try contents() == made)
    }

    @Test func keysAreTheOwnersAlone() throws {
        let pki = try DevelopmentPKI.ensure(in: folder, now: newYear)
        #expect(try mode(of: folder) == 0o700)
        for name in ["ca", "server", "admin"] {
            #expect(try mode(of: pki.keyPath(name)) == 0o600)
            #expect(try mode(of: pki.certificatePath(name)) == 0o644)
        }
    }

    /// A key that everybody may read is refused by its name, and not quietly made anew.
    @Test(arguments: ["ca", "server", "admin"]) func openKeysAreRefused(_ name: String) throws {
        let pki = try DevelopmentPKI.ensure(in: folder, now: newYear)
        let made = try contents()
        for mode in [0o644, 0o620, 0o604] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: pki.keyPath(name))
            let error = #expect(throws: PKIError.self) { try DevelopmentPKI.ensure(in: folder, now: newYear) }
            #expect(error?.description.contains("\(name)-key.pem has mode \(String(mode, radix: 8))") == true)
            #expect(try contents() == made)
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: pki.keyPath(name))
        #expect(try DevelopmentPKI.ensure(in: folder, now: newYear).minted == [])
    }

    @Test func theCertificatesAreForWhatTheyAreFor() throws {
        let pki = try DevelopmentPKI.ensure(in: folder, serverNames: ["10.1.2.3", "trailhound.test"], now: newYear)
        let authority = try PEMFiles.certificate(at: pki.certificatePath("ca"))
        let server = try PEMFiles.credential("server", in: folder)
        let admin = try PEMFiles.credential("admin", in: folder)
        #expect(server.certificate.dnsNames == ["localhost", "trailhound.test"])
        #expect(server.certificate.ipAddresses == ["127.0.0.1", "::1", "10.1.2.3"])
        #expect(admin.certificate.identity == ClientIdentity(role: .admin, accounts: .all))
        #expect(server.certificate.isSigned(by: authority) && admin.certificate.isSigned(by: authority))
    }

    @Test func opensslFindsTheChainsInOrder() throws {
        let pki = try DevelopmentPKI.ensure(in: folder, now: today)
        let authority = pki.certificatePath("ca")
        for (purpose, extra, name) in [
            ("sslserver", ["-verify_hostname", "localhost"], "server"), ("sslserver", ["-verify_ip", "::1"], "server"),
            ("sslclient", [], "admin"),
        ] {
            let verified = try run(
                ["openssl", "verify", "-x509_strict", "-CAfile", authority, "-purpose", purpose] + extra
                    + [pki.certificatePath(name)])
            #expect(verified.status == 0, "\(verified.output)")
        }
        // What must not verify: a client's certificate as a server's, and a name that the server has not.
        for arguments in [
            ["-purpose", "sslserver", pki.certificatePath("admin")],
            ["-verify_hostname", "elsewhere.test", pki.certificatePath("server")],
        ] {
            #expect(try run(["openssl", "verify", "-CAfile", authority] + arguments).status != 0)
        }
    }

    @Test func whatOpensslReadsIsWhatThisModuleReads() throws {
        let pki = try DevelopmentPKI.ensure(in: folder, now: newYear)
        let admin = try PEMFiles.certificate(at: pki.certificatePath("admin"))
        let read = try run(
            [
                "openssl", "x509", "-in", pki.certificatePath("admin"), "-noout", "-serial", "-ext", "subjectAltName",
                "-nameopt", "RFC2253", "-subject", "-fingerprint", "-sha256",
            ])
        let fingerprint = read.output.replacingOccurrences(of: ":", with: "").lowercased()
        #expect(read.output.contains("serial=\(admin.serial)\n"))
        #expect(read.output.contains("URI:trailhound://admin/*"))
        #expect(read.output.contains("subject=\(admin.subject)\n"))
        #expect(fingerprint.contains(admin.fingerprint))
    }

    @Test(arguments: ["server.pem", "server-key.pem"])
    func aMissingHalfIsMadeAnewAsAPair(file: String) throws {
        _ = try DevelopmentPKI.ensure(in: folder, now: newYear)
        let before = try contents()
        try FileManager.default.removeItem(atPath: "\(folder)/\(file)")
        #expect(try DevelopmentPKI.ensure(in: folder, now: newYear).minted == ["server"])
        let after = try contents()
        #expect(after["admin.pem"] == before["admin.pem"] && after["ca.pem"] == before["ca.pem"])
        #expect(throws: Never.self) { try PEMFiles.credential("server", in: folder) }
    }

    @Test func aNewNameAndAnEndingCertificateAreMadeAnew() throws {
        _ = try DevelopmentPKI.ensure(in: folder, now: newYear)
        #expect(try DevelopmentPKI.ensure(in: folder, serverNames: ["new.test"], now: newYear).minted == ["server"])
        // One name fewer is no reason.
        #expect(try DevelopmentPKI.ensure(in: folder, now: newYear).minted == [])
        let late = newYear + Int64(PKILimits.leafDays - PKILimits.renewalDays + 1) * 86_400
        #expect(try DevelopmentPKI.ensure(in: folder, now: late).minted == ["server", "admin"])
        let muchLater = newYear + Int64(PKILimits.authorityDays) * 86_400
        #expect(try DevelopmentPKI.ensure(in: folder, now: muchLater).minted == ["ca", "server", "admin"])
    }

    @Test func withoutTheAuthoritysKeyWhatIsThereIsEnough() throws {
        _ = try DevelopmentPKI.ensure(in: folder, now: newYear)
        try FileManager.default.removeItem(atPath: "\(folder)/ca-key.pem")
        #expect(try DevelopmentPKI.ensure(in: folder, now: newYear).minted == [])
        try FileManager.default.removeItem(atPath: "\(folder)/admin.pem")
        #expect(throws: PKIError.self) { try DevelopmentPKI.ensure(in: folder, now: newYear) }
    }

    @Test func aNewAuthorityReplacesWhatTheOldOneSigned() throws {
        _ = try DevelopmentPKI.ensure(in: folder, now: newYear)
        try FileManager.default.removeItem(atPath: "\(folder)/ca.pem")
        #expect(try DevelopmentPKI.ensure(in: folder, now: newYear).minted == ["ca", "server", "admin"])
    }

    @Test func anAuthorityThatIsBrokenIsAnErrorAndStays() throws {
        _ = try DevelopmentPKI.ensure(in: folder, now: newYear)
        try "broken".write(toFile: "\(folder)/ca.pem", atomically: true, encoding: .utf8)
        let error = #expect(throws: PKIError.self) { try DevelopmentPKI.ensure(in: folder, now: newYear) }
        #expect(error?.description.contains("ca.pem") == true)
        #expect(try String(contentsOfFile: "\(folder)/ca.pem", encoding: .utf8) == "broken")
    }

    @Test func manyAtOnceMakeOne() async throws {
        let folder = folder
        let minted = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<8 {
                group.addTask { try DevelopmentPKI.ensure(in: folder, now: newYear).minted }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(minted == ["ca", "server", "admin"])
    }

    @Test func aFolderThatCantBeMadeIsAnError() {
        #expect(throws: PKIError.self) { try DevelopmentPKI.ensure(in: "\(folder)/a/b", now: newYear) }
    }

    @Test func aWriteReplacesAFileAndItsRights() throws {
        let path = temporary.path + "/key.pem"
        try "old".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
        try PEMFiles.write(Array("new".utf8), to: path, mode: 0o600)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
        #expect(try mode(of: path) == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path) == ["key.pem"])
        #expect(throws: PKIError.self) {
            try PEMFiles.write([], to: temporary.path + "/none/key.pem", mode: 0o600)
        }
    }
}

/// The commands of Certs/README.md, run as they stand there.
@Suite struct ProductionInstructionsTests {
    @Test func theCommandsWork() throws {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let readme = try String(contentsOf: repository.appendingPathComponent("Certs/README.md"), encoding: .utf8)
        let blocks = readme.components(separatedBy: "```sh\n").dropFirst()
            .map { $0.components(separatedBy: "```")[0] }
        #expect(blocks.count == 6)
        let temporary = try TemporaryFolder()
        let done = try run(["sh", "-euc", blocks.dropLast().joined()], in: temporary.path)
        #expect(done.status == 0, "\(done.output)")
        #expect(done.output.contains("server.pem: OK") && done.output.contains("collector.pem: OK"))

        let root = try PEMFiles.certificate(at: "\(temporary.path)/root.pem")
        let issuing = try CertificateAuthority(PEMFiles.credential("issuing", in: temporary.path)).certificate
        let server = try PEMFiles.credential("server", in: temporary.path).certificate
        let collector = try PEMFiles.credential("collector", in: temporary.path).certificate
        #expect(root.isAuthority && issuing.isSigned(by: root))
        #expect(server.isSigned(by: issuing) && collector.isSigned(by: issuing))
        #expect(server.dnsNames == ["trailhound.example.com"] && server.ipAddresses == ["192.0.2.10"])
        #expect(try PEMFiles.certificates(at: "\(temporary.path)/clients.pem") == [issuing, root])
        #expect(
            collector.identity
                == ClientIdentity(role: .collector, accounts: .some(["111122223333", "444455556666"])))
        #expect(collector.commonName == "collector-eu")
        #expect(try mode(of: "\(temporary.path)/collector-key.pem") == 0o600)

        #expect(try PEMFiles.revocationLists(at: "\(temporary.path)/crl.pem").map(\.serials) == [[]])
        let revoked = try run(["sh", "-euc", blocks.last ?? ""], in: temporary.path)
        #expect(revoked.status == 0, "\(revoked.output)")
        let list = try #require(try PEMFiles.revocationLists(at: "\(temporary.path)/crl.pem").first)
        #expect(list.serials == [collector.serial] && list.isSigned(by: issuing))
        #expect(try #require(list.nextUpdate) - list.thisUpdate == 7 * 86_400)
    }
}
