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

    /// Mints a new authority, and a server's and a client's certificate by it.
    public init() throws {
        directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("trailhound-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try openssl(
            ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=Test CA", "-keyout", path("ca-key.pem")]
                + Self.newKey + ["-out", authority])
        try issue("server", subject: "/CN=localhost", names: "DNS:localhost,IP:127.0.0.1,IP:::1")
        try issue("client", subject: "/O=Example/CN=collector-7", names: "URI:\(Self.clientURI)")
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]

    private func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    private func issue(_ name: String, subject: String, names: String) throws {
        let request = path("\(name).csr")
        let extensions = path("\(name).cnf")
        try "subjectAltName=\(names)\n".write(toFile: extensions, atomically: true, encoding: .utf8)
        try openssl(
            ["req", "-new", "-nodes", "-subj", subject, "-keyout", path("\(name)-key.pem"), "-out", request]
                + Self.newKey)
        try openssl([
            "x509", "-req", "-days", "2", "-in", request, "-CA", authority, "-CAkey", path("ca-key.pem"),
            "-CAcreateserial", "-extfile", extensions, "-out", path("\(name).pem"),
        ])
    }

    /// Runs the command and waits for it. Not by Foundation's Process: its waiting turns a run loop, which hangs when
    /// every thread of the cooperative pool does it.
    private func openssl(_ arguments: [String]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var strings: [UnsafeMutablePointer<CChar>?] = (["openssl"] + arguments).map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        var child = pid_t()
        guard posix_spawnp(&child, "openssl", &actions, nil, &strings, environ) == 0 else {
            throw MintingFailed(command: arguments.joined(separator: " "))
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        guard status == 0 else { throw MintingFailed(command: arguments.joined(separator: " ")) }
    }

    /// The `openssl` command failed.
    public struct MintingFailed: Error {
        /// Its arguments.
        public let command: String
    }
}
