// SPDX-License-Identifier: Apache-2.0

import TestKit
import Testing

/// A peer that vanishes without a word: the built programs in network namespaces, and a router between them that drops
/// everything. Skipped where namespaces are not permitted.
@Suite(
    .enabled(if: CuttableCable.isPermitted, "network namespaces are not permitted here"), .timeLimit(.minutes(2))
) struct CutCableTests {
    /// Without keepalives either end would wait for as long as TCP tries, a quarter of an hour, and the test's time limit
    /// end it. The client asks less often than the server, which keeps it from asking while the cable is whole.
    @Test(arguments: [false, true]) func bothEndsNotice(_ usesTLS: Bool) async throws {
        let certificates = usesTLS ? try TestCertificates.shared() : nil
        let cable = try CuttableCable()
        let serve = cable.command(
            at: .server, Programs.interop,
            [
                "serve", "--host", CuttableCable.serverAddress, "--port", "0", "--log-connections",
                "--keepalive-interval", "0.5", "--keepalive-timeout", "0.5",
            ] + (certificates.map { ["--tls", "--cert", $0.server, "--key", $0.serverKey] } ?? []))
        let server = try Subprocess(serve.path, serve.arguments)
        let port = try #require(await server.nextLine())
        let hold = cable.command(
            at: .client, Programs.interop,
            [
                "hold", "--host", CuttableCable.serverAddress, "--port", port, "--keepalive-interval", "1.5",
                "--keepalive-timeout", "0.5",
            ] + (certificates.map { ["--tls", "--ca", $0.authority, "--server-name", "localhost"] } ?? []))
        let client = try Subprocess(hold.path, hold.arguments)
        #expect(await client.nextLine() == "held")
        let address = try #require(await server.nextLine())
        #expect(address.hasPrefix("open "))

        try cable.cut()

        #expect(await client.nextLine() == "UNAVAILABLE")
        #expect(await client.nextLine() == nil)
        let peer = address.dropFirst("open ".count)
        #expect(await server.nextLine() == "limit keepalive \(peer)")
        #expect(await server.nextLine() == "closed \(peer)")
        withExtendedLifetime((server, client, cable)) {}
    }
}
