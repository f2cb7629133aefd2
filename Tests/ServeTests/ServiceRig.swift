// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Logging
import Messages
import PKI
import RPC
import Serve
import TestKit

/// A service in this process on a port of its own, with real TLS and a folder that goes with it.
final class ServiceRig: Sendable {
    static let accounts = ["111122223333", "444455556666"]

    let folder: URL
    let service: Service
    let port: Int

    static func rule(_ number: Int, event: String, audience: String) -> String {
        """
        title: \(event)
        id: 00000000-0000-4000-8000-00000000000\(number)
        status: test
        description: For tests.
        author: Trailhound
        date: 2026-11-22
        tags: [attack.defense-evasion, attack.t1562.008]
        logsource: {product: aws, service: cloudtrail}
        detection:
            selection: {eventName: \(event)}
            condition: selection
        level: high
        trailhound: {audience: \(audience)}
        """
    }

    /// Starts a service. `prepare` runs before it, with the data folder made: certificates of its own go there.
    init(
        _ configure: (inout ServiceConfiguration) throws -> Void = { _ in }, log: Logger? = nil
    ) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("trailhound-\(UUID().uuidString)")
        let rules = folder.appendingPathComponent("rules")
        try FileManager.default.createDirectory(at: rules, withIntermediateDirectories: true)
        for (number, event) in [("StopLogging", "analyst"), ("DeleteFlowLogs", "owner")].enumerated() {
            try Self.rule(number + 1, event: event.0, audience: event.1).write(
                to: rules.appendingPathComponent("\(event.0).yml"), atomically: true, encoding: .utf8)
        }
        var configuration = ServiceConfiguration(
            dataDirectory: folder.appendingPathComponent("data").path, rules: rules.path)
        configuration.port = 0
        configuration.workers = 1
        configuration.eventLoops = 1
        try configure(&configuration)
        var quiet = Logger(label: "test")
        quiet.logLevel = .critical
        service = try await Service(configuration, log: log ?? quiet)
        port = service.addresses[0].port
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var pki: String { folder.appendingPathComponent("data/pki").path }

    /// Runs `body` with a rig and stops it.
    @discardableResult
    static func run<Result: Sendable>(
        _ configure: (inout ServiceConfiguration) throws -> Void = { _ in }, log: Logger? = nil,
        _ body: (ServiceRig) async throws -> Result
    ) async throws -> Result {
        let rig = try await ServiceRig(configure, log: log)
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await body(rig)) } catch { outcome = .failure(error) }
        try await rig.service.stop()
        return try outcome.get()
    }

    /// Issues a client's certificate of the service's own authority, and returns the path without `.pem`.
    func issue(_ name: String, _ role: Role, accounts: AccountSet = .all) throws -> String {
        let authority = try CertificateAuthority(PEMFiles.credential("ca", in: pki))
        let credential = try authority.issueClient(
            name: name, identity: ClientIdentity(role: role, accounts: accounts),
            now: Int64(Date().timeIntervalSince1970))
        try PEMFiles.write(credential, as: name, in: folder.path)
        return folder.appendingPathComponent(name).path
    }

    /// A client with a certificate by its path without `.pem`; the admin's where none is named. Nil for none at all.
    func client(_ credential: String?? = .none) throws -> Client {
        let path: String? = credential ?? "\(pki)/admin"
        var configuration = ClientConfiguration(
            target: .tcp(host: "127.0.0.1", port: port),
            tls: .client(
                trustRoots: .file("\(pki)/ca.pem"), certificateChainFile: path.map { "\($0).pem" },
                privateKeyFile: path.map { "\($0)-key.pem" }))
        configuration.backoff.initial = .milliseconds(20)
        configuration.backoff.maximum = .milliseconds(100)
        return try Client(configuration: configuration)
    }

    /// Runs `body` with a client and closes it.
    @discardableResult
    func withClient<Result: Sendable>(
        _ credential: String?? = .none, _ body: (Client) async throws -> Result
    ) async throws -> Result {
        let client = try client(credential)
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await body(client)) } catch { outcome = .failure(error) }
        await client.close(now: true)
        return try outcome.get()
    }

    /// Onboards the accounts and submits an attack on each, so that there are alerts of both kinds.
    func seed() async throws {
        try await withClient { client in
            for (seed, account) in Self.accounts.enumerated() {
                _ = try await client.unary(
                    AccountService.onboardAccount, OnboardAccountRequest(accountID: account, name: "a", owner: "o"))
                let trail = SyntheticTrail(account: account, attackEvery: 2, seed: UInt64(seed + 1))
                let acknowledged = try await submit(trail, 0..<12, client)
                guard acknowledged.accepted == 12 else { throw RPCError(.internalError, "\(acknowledged)") }
            }
        }
    }

    /// Submits a trail's records in one request.
    func submit(
        _ trail: SyntheticTrail, _ records: Range<Int>, _ client: Client
    ) async throws -> SubmitEventsResponse {
        let stream = try await client.bidirectional(IngestService.submitEvents)
        try await stream.requests.write(
            SubmitEventsRequest(sequence: 1, source: "test", payload: .logFile(Bytes(trail.logFile(records)))))
        try await stream.requests.finish()
        guard let response = try await stream.responses.next() else { throw RPCError(.internalError, "no answer") }
        while try await stream.responses.next() != nil {}
        return response
    }

    /// The alerts there are.
    func alerts(_ client: Client) async throws -> [Alert] {
        try await client.unary(AlertService.listAlerts, ListAlertsRequest()).alerts
    }

    /// The audit log as far as it goes, as the admin reads it.
    func auditLog() async throws -> [AuditLogEntry] {
        try await withClient { client in
            var entries: [AuditLogEntry] = []
            let stream = try await client.serverStreaming(
                AuditService.tailAudit, TailAuditRequest(untilCaughtUp: true))
            for try await response in stream { if let entry = response.entry { entries.append(entry) } }
            return entries
        }
    }
}
