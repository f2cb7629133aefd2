// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// Certificates for one test, minted by the `openssl` command in a folder of their own, which goes with this object.
public final class TestCertificates: Sendable {
    /// The folder.
    public let directory: URL

    /// The authority's certificate.
    public var authority: String { path("ca.pem") }
    /// The server's certificate, for `localhost` and the loopback addresses.
    public var server: String { path("server.pem") }
    /// Its key.
    public var serverKey: String { path("server-key.pem") }
    /// A client's certificate, with a URI in its subject alternative names.
    public var client: String { path("client.pem") }
    /// Its key.
    public var clientKey: String { path("client-key.pem") }

    /// The URI in the client's certificate.
    public static let clientURI = "spiffe://trailhound.test/role/collector"

    /// The ones for tests that need no others of their own; the folder goes when the process ends.
    public static func shared() throws -> TestCertificates { try sharedResult.get() }

    private static let sharedResult = Result<TestCertificates, any Error> {
        let certificates = try TestCertificates()
        sharedDirectory.withLock { $0 = certificates.directory }
        atexit {
            if let directory = sharedDirectory.withLock({ $0 }) { try? FileManager.default.removeItem(at: directory) }
        }
        return certificates
    }

    private static let sharedDirectory = Mutex<URL?>(nil)

    /// Mints a new authority, and a server's and a client's certificate by it. Under another one it is an intermediate.
    public init(under root: TestCertificates? = nil) throws {
        directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("trailhound-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        if let root {
            try root.issue(
                "issuing", subject: "/CN=Test issuing CA", extensions: "basicConstraints=critical,CA:TRUE")
            let files = FileManager.default
            try files.copyItem(atPath: root.path("issuing.pem"), toPath: authority)
            try files.copyItem(atPath: root.path("issuing-key.pem"), toPath: path("ca-key.pem"))
        } else {
            try openssl(
                ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=Test CA", "-keyout", path("ca-key.pem")]
                    + Self.newKey + ["-out", authority])
        }
        try issue("server", subject: "/CN=localhost", names: "DNS:localhost,IP:127.0.0.1,IP:::1")
        try issue("client", subject: "/O=Example/CN=collector-7", names: "URI:\(Self.clientURI)")
    }

    /// One file with what is in several.
    public func joined(_ name: String, _ files: [String]) throws -> String {
        let texts = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
        try texts.joined().write(toFile: path(name), atomically: true, encoding: .utf8)
        return path(name)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// A certificate of this authority beside the usual ones, as paths of it and its key. Negative days: it has expired.
    public func issued(_ name: String, days: Int = 2, names: String = "DNS:localhost,IP:127.0.0.1") throws -> (
        certificate: String, key: String
    ) {
        try issue(name, subject: "/CN=\(name)", names: names, days: days)
        return (path("\(name).pem"), path("\(name)-key.pem"))
    }

    /// The authority's revocation list with these certificates on it; the path of the file.
    public func revocationList(of certificates: [String]) throws -> String {
        let configuration = path("crl.cnf")
        try """
        [ca]
        default_ca = authority
        [authority]
        database = \(path("index.txt"))
        certificate = \(authority)
        private_key = \(path("ca-key.pem"))
        default_md = sha256
        default_crl_days = 2
        """.write(toFile: configuration, atomically: true, encoding: .utf8)
        try "".write(toFile: path("index.txt"), atomically: true, encoding: .utf8)
        for certificate in certificates { try openssl(["ca", "-config", configuration, "-revoke", certificate]) }
        try openssl(["ca", "-config", configuration, "-gencrl", "-out", path("crl.pem")])
        return path("crl.pem")
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]

    private func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    private func issue(_ name: String, subject: String, names: String, days: Int = 2) throws {
        try issue(name, subject: subject, extensions: "subjectAltName=\(names)", days: days)
    }

    private func issue(_ name: String, subject: String, extensions text: String, days: Int = 2) throws {
        let request = path("\(name).csr")
        let extensions = path("\(name).cnf")
        try "\(text)\n".write(toFile: extensions, atomically: true, encoding: .utf8)
        try openssl(
            ["req", "-new", "-nodes", "-subj", subject, "-keyout", path("\(name)-key.pem"), "-out", request]
                + Self.newKey)
        try openssl([
            "x509", "-req", "-days", "\(days)", "-in", request, "-CA", authority, "-CAkey", path("ca-key.pem"),
            "-CAcreateserial", "-extfile", extensions, "-out", path("\(name).pem"),
        ])
    }

    private func openssl(_ arguments: [String]) throws { try Command.run("openssl", arguments) }
}
