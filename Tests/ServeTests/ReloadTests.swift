// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import PKI
import RPC
import Serve
import TestKit
import Testing

/// Certificates, authorities and revocations change under a running service.
@Suite(.serialized) struct ReloadTests {
    private static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    private static func status(_ client: Client) async -> StatusCode {
        do {
            _ = try await client.unary(
                InvestigationService.getStatus, GetStatusRequest(), options: CallOptions(timeout: .seconds(20)))
            return .ok
        } catch { return RPCError.from(error).code }
    }

    @Test(.timeLimit(.minutes(1)))
    func aRevokedCertificatesConnectionIsClosedAndItsNeighboursIsNot() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let authority = try CertificateAuthority(PEMFiles.credential("ca", in: rig.pki))
            let store = CertificateStore(folder: rig.pki)
            let identity = ClientIdentity(role: .subscriber, accounts: .all)
            for name in ["lost", "kept"] {
                _ = try store.issue(as: name, into: rig.folder.path, by: authority) { () throws(PKIError) in
                    try authority.issueClient(name: name, identity: identity, now: Self.now)
                }
            }
            let lost = try rig.client(rig.folder.appendingPathComponent("lost").path)
            let kept = try rig.client(rig.folder.appendingPathComponent("kept").path)
            let request = SubscribeAlertsRequest(cursor: "latest")
            let streams = [
                try await lost.serverStreaming(AlertService.subscribeAlerts, request),
                try await kept.serverStreaming(AlertService.subscribeAlerts, request),
            ]
            #expect(await Self.status(lost) == .ok)
            #expect(await Self.status(kept) == .ok)

            let revoked = try store.revoke(.name("lost"), reason: .keyCompromise, by: authority, now: Self.now)
            await rig.service.reloadCertificates()
            // Its stream ends, it can't come back, and its neighbour notices nothing.
            await #expect(throws: RPCError.self) { try await streams[0].next() }
            #expect(await Self.status(lost) == .unavailable)
            // The first refusal may be of the connection that was closed, and the next attempt comes after a pause.
            try await eventually {
                #expect(await Self.status(lost) == .unavailable)
                return rig.service.transport.handshakeFailures[.revokedCertificate] ?? 0 > 0
            }
            #expect(await Self.status(kept) == .ok)
            _ = try await rig.withClient { client in
                try await rig.submit(.init(account: ServiceRig.accounts[0], attackEvery: 1, seed: 77), 0..<3, client)
            }
            #expect(try await streams[1].next()?.alert != nil)
            streams[1].cancel()
            let entry = try #require(try await rig.auditLog().first { $0.method == "certificates" })
            #expect(entry.role == "service" && entry.summary.contains(revoked.serial), "\(entry.summary)")
            await lost.close(now: true)
            await kept.close(now: true)
        }
    }

    /// Revoking an authority between the root and the clients ends the connections of those that it certified.
    @Test(.timeLimit(.minutes(1)))
    func aRevokedAuthoritysConnectionsAreClosed() async throws {
        let root = try TestCertificates()
        let issuing = try TestCertificates(under: root)
        let names = "URI:trailhound://subscriber/*"
        let lost = try issuing.issued("lost", names: names)
        let kept = try root.issued("kept", names: names)
        let own = try issuing.revocationList(of: [])
        let lists = try issuing.joined("lists.pem", [own, try root.revocationList(of: [])])
        try await ServiceRig.run {
            ($0.certificate, $0.key) = (root.server, root.serverKey)
            $0.clientCA = try issuing.joined("trust.pem", [issuing.authority, root.authority])
            $0.revocationList = lists
        } _: { rig in
            func client(_ own: (certificate: String, key: String)) throws -> Client {
                var configuration = ClientConfiguration(
                    target: .tcp(host: "127.0.0.1", port: rig.port),
                    tls: .client(
                        trustRoots: .file(root.authority), certificateChainFile: own.certificate,
                        privateKeyFile: own.key))
                configuration.backoff.initial = .milliseconds(20)
                configuration.backoff.maximum = .milliseconds(100)
                return try Client(configuration: configuration)
            }
            let clients = [try client(lost), try client(kept)]
            var streams: [ResponseStream<SubscribeAlertsResponse>] = []
            for client in clients {
                let request = SubscribeAlertsRequest(cursor: "latest")
                streams.append(try await client.serverStreaming(AlertService.subscribeAlerts, request))
                #expect(await Self.status(client) == .ok)
            }
            // Taken up, and nothing is wrong with anybody yet.
            await rig.service.reloadCertificates()
            #expect(await Self.status(clients[0]) == .ok)
            #expect(rig.service.transport.connectionsEstablished == 2)

            _ = try issuing.joined("lists.pem", [own, try root.revocationList(of: [issuing.authority])])
            await rig.service.reloadCertificates()
            // Whose authority certified whom is known at the handshake only: all have to come again, and these may not.
            for stream in streams { await #expect(throws: RPCError.self) { try await stream.next() } }
            try await eventually {
                #expect(await Self.status(clients[0]) == .unavailable)
                return rig.service.transport.handshakeFailures[.revokedCertificate] ?? 0 > 0
            }
            try await eventually { await Self.status(clients[1]) == .ok }
            #expect(rig.service.transport.connectionsOpen == 1)
            for client in clients { await client.close(now: true) }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func filesAreLookedAtByThemselves() async throws {
        try await ServiceRig.run { rig in
            let polling = Task { await rig.service.keepHouse(retentionDays: 1, certificatePoll: .milliseconds(20)) }
            defer { polling.cancel() }
            let authority = try CertificateAuthority(PEMFiles.credential("ca", in: rig.pki))
            let before = try #require(rig.service.certificates?.loaded.server.serial)
            let renewed = try authority.issueServer(hosts: DevelopmentPKI.localNames, now: Self.now)
            try PEMFiles.write(renewed, as: "server", in: rig.pki)
            while rig.service.certificates?.loaded.server.serial == before {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(rig.service.certificates?.loaded.server.serial == renewed.certificate.serial)
            // A new handshake is made with the new certificate.
            #expect(try await rig.withClient { await Self.status($0) } == .ok)
        }
    }

    /// An authority between the root and the clients is found revoked by the root's list, and by no other.
    @Test func aRevokedAuthorityIsFound() throws {
        let root = try TestCertificates()
        let issuing = try TestCertificates(under: root)
        let trust = try issuing.joined("trust.pem", [issuing.authority, root.authority])
        func revoked(_ lists: [String]) throws -> Set<String> {
            let files = CertificateFiles(
                certificate: root.server, key: root.serverKey, clientAuthority: trust,
                revocationList: try issuing.joined("lists.pem", lists), mayLackRevocationList: false)
            return try files.load().revokedAuthorities
        }
        let own = try issuing.revocationList(of: [issuing.client])
        #expect(try revoked([own]).isEmpty)
        #expect(try revoked([own, try root.revocationList(of: [])]).isEmpty)
        let fingerprint = try PEMFiles.certificate(at: issuing.authority).fingerprint
        #expect(try revoked([own, try root.revocationList(of: [issuing.authority])]) == [fingerprint])
        // The number of the issuing authority on its own list means one of its certificates.
        #expect(try revoked([try issuing.revocationList(of: [issuing.authority])]).isEmpty)
    }

    @Test(.timeLimit(.minutes(1)))
    func filesThatDoNotFitAreLeftAlone() async throws {
        try await ServiceRig.run { rig in
            let before = try #require(rig.service.certificates?.loaded)
            let stranger = try CertificateAuthority.mint(commonName: "Stranger", now: Self.now)
            let renewed = try stranger.issueServer(hosts: DevelopmentPKI.localNames, now: Self.now)
            let good = try PEMFiles.certificate(at: "\(rig.pki)/server.pem")
            // The certificate without its key, as in the middle of a change.
            try PEMFiles.write(renewed.certificate.pem, to: "\(rig.pki)/server.pem", mode: 0o644)
            await rig.service.reloadCertificates()
            #expect(rig.service.certificates?.loaded == before)
            #expect(rig.service.certificates?.reloadFailures.load(ordering: .relaxed) == 1)
            try PEMFiles.write(good.pem, to: "\(rig.pki)/server.pem", mode: 0o644)
            // A list that somebody else signed under the authority's name.
            let forger = try CertificateAuthority.mint(
                commonName: before.authorities[0].commonName, now: Self.now)
            let forged = try forger.revocationList(of: [], number: 1, now: Self.now, nextUpdate: Self.now + 86_400)
            try PEMFiles.write(forged, to: "\(rig.pki)/crl.pem", mode: 0o644)
            await rig.service.reloadCertificates()
            #expect(rig.service.certificates?.reloadFailures.load(ordering: .relaxed) == 2)
            #expect(rig.service.certificates?.loaded == before)
            #expect(try await rig.withClient { await Self.status($0) } == .ok)
        }
    }

    /// A list that vanishes, or an older one in its place, lets nobody back in: not while the service runs, and not after a
    /// restart either.
    @Test(.timeLimit(.minutes(1)))
    func aListThatVanishesStaysInForce() async throws {
        try await ServiceRig.run { rig in
            let authority = try CertificateAuthority(PEMFiles.credential("ca", in: rig.pki))
            let store = CertificateStore(folder: rig.pki)
            let identity = ClientIdentity(role: .subscriber, accounts: .all)
            _ = try store.issue(as: "gone", into: rig.folder.path, by: authority) { () throws(PKIError) in
                try authority.issueClient(name: "gone", identity: identity, now: Self.now)
            }
            _ = try store.revoke(.name("gone"), reason: .keyCompromise, by: authority, now: Self.now)
            await rig.service.reloadCertificates()
            let loaded = try #require(rig.service.certificates?.loaded)
            #expect(loaded.lists.count == 1)
            let list = try Data(contentsOf: URL(fileURLWithPath: store.revocationListPath))
            try FileManager.default.removeItem(atPath: store.revocationListPath)
            await rig.service.reloadCertificates()
            #expect(rig.service.certificates?.loaded == loaded)
            #expect(rig.service.pipeline.problems.all.map(\.name) == [.revocationListMissing])
            let lost = try rig.client(rig.folder.appendingPathComponent("gone").path)
            #expect(await Self.status(lost) == .unavailable)
            await lost.close(now: true)
            let status = try await rig.withClient {
                try await $0.unary(InvestigationService.getStatus, GetStatusRequest())
            }
            #expect(status.problems.map(\.name) == ["revocation_list_missing"])
            // So it would be at a start: the store knows that something was revoked, and the data directory that there was a list.
            var files = CertificateFiles(
                certificate: "\(rig.pki)/server.pem", key: "\(rig.pki)/server-key.pem",
                clientAuthority: "\(rig.pki)/ca.pem", revocationList: store.revocationListPath,
                mayLackRevocationList: true)
            #expect(throws: MissingRevocationList.self) { try files.load() }
            try FileManager.default.removeItem(atPath: "\(rig.pki)/issued.tsv")
            #expect(try files.load().lists.isEmpty)
            files.listedAuthorities = rig.folder.appendingPathComponent("data/revocation-lists-seen").path
            #expect(throws: MissingRevocationList.self) { try files.load() }
            // An older list, of a time before the revocation.
            let empty = try authority.revocationList(
                of: [], number: 1, now: Self.now - 86_400, nextUpdate: Self.now + 86_400)
            try PEMFiles.write(empty, to: store.revocationListPath, mode: 0o644)
            let error = #expect(throws: PKIError.self) { try files.load() }
            #expect(error?.description.contains("older") == true)
            // Put back, everything is well.
            try list.write(to: URL(fileURLWithPath: store.revocationListPath))
            await rig.service.reloadCertificates()
            #expect(rig.service.pipeline.problems.all.isEmpty)
            #expect(rig.service.certificates?.loaded == loaded)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func whoCameWithAnAuthorityThatIsGoneHasToComeAgain() async throws {
        try await ServiceRig.run { rig in
            let client = try rig.client()
            #expect(await Self.status(client) == .ok)
            let stream = try await client.serverStreaming(
                AlertService.subscribeAlerts, SubscribeAlertsRequest(cursor: "latest"))
            let other = try CertificateAuthority.mint(commonName: "The next CA", now: Self.now)
            try PEMFiles.write(other.certificate.pem, to: "\(rig.pki)/ca.pem", mode: 0o644)
            await rig.service.reloadCertificates()
            await #expect(throws: RPCError.self) { try await stream.next() }
            #expect(await Self.status(client) == .unavailable)
            await client.close(now: true)
        }
    }

    /// Each is a series of its own in the metrics: a name twice would make Prometheus refuse the whole page.
    @Test func authoritiesOfOneNameAreToldApart() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let authorities = try (0..<2).map { _ in try CertificateAuthority.mint(commonName: "One name", now: Self.now) }
        try PEMFiles.write(authorities.flatMap { try $0.certificate.pem }, to: "\(folder)/both.pem", mode: 0o644)
        let server = try authorities[0].issueServer(hosts: ["localhost"], now: Self.now)
        try PEMFiles.write(server, as: "server", in: folder)
        let files = CertificateFiles(
            certificate: "\(folder)/server.pem", key: "\(folder)/server-key.pem", clientAuthority: "\(folder)/both.pem",
            revocationList: nil, mayLackRevocationList: true)
        let names = try files.load().expiries.map(\.name)
        #expect(names.count == 3 && Set(names).count == 3, "\(names)")
    }

    @Test func endsAreWarnedOfOnNamedDays() {
        var warnings = ExpiryWarnings()
        let end: Int64 = 1_800_000_000
        func due(daysBefore days: Double) -> String? {
            warnings.due("server", notAfter: end, now: end - Int64(days * 86_400))
        }
        #expect(due(daysBefore: 31) == nil)
        #expect(due(daysBefore: 30) == "expires in 30 days")
        #expect(due(daysBefore: 29.5) == nil, "once for each step")
        #expect(due(daysBefore: 13) == "expires in 13 days")
        #expect(due(daysBefore: 7) == "expires in 7 days")
        #expect(due(daysBefore: 2) == "expires in 2 days")
        #expect(due(daysBefore: 1) == "expires tomorrow")
        #expect(due(daysBefore: 0.5) == nil)
        #expect(due(daysBefore: -1) == "has expired")
        #expect(due(daysBefore: -2) == nil)
        func list(daysBefore days: Double) -> String? {
            warnings.due(
                "list", notAfter: end, now: end - Int64(days * 86_400), days: Limits.revocationListWarningDays)
        }
        #expect(list(daysBefore: 6) == nil && list(daysBefore: 0.5) == "expires today")
        #expect(
            due(daysBefore: 60) == nil && due(daysBefore: 3) == "expires in 3 days", "it was renewed, and ends again")
    }
}
