// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Journal
import Logging
import NIOCore
import PKI
import RPC

/// The service: pipeline and RPC server, from start to stop.
package final class Service: Sendable {
    package let pipeline: Pipeline
    package let addresses: [BoundAddress]
    private let server: Server
    private let health: Health
    private let log: Logger

    /// Starts everything; it serves when this returns.
    package init(_ configuration: ServiceConfiguration, log: Logger) async throws {
        self.log = log
        try configuration.check()
        let cores = ProcessInfo.processInfo.activeProcessorCount
        pipeline = try await Pipeline(
            dataDirectory: configuration.dataDirectory, rules: configuration.rules,
            workers: configuration.workers ?? cores, log: log)
        for problem in pipeline.catalog.catalog.problems { log.warning("\(problem)") }
        health = Health(services: Self.serviceNames)
        let access = AccessControl(isPlaintext: configuration.isPlaintext)
        let router = Self.router(pipeline, access, health)
        var settings = ServerConfiguration(
            addresses: [.tcp(host: configuration.host, port: configuration.port)],
            tls: try Self.tls(configuration, log))
        settings.limits.maxReceiveMessageBytes = Limits.requestBytes
        settings.eventLoops = configuration.eventLoops ?? cores
        server = try Server(configuration: settings, router: router)
        addresses = try await server.start()
    }

    /// The names under which health is asked for, beside the empty one.
    private static let serviceNames = [
        IngestService.name, AlertService.name, AccountService.name, AuditService.name, DetectionService.name,
        InvestigationService.name,
    ]

    /// Every service of the contract, health and reflection, behind the table of roles.
    package static func router(_ pipeline: Pipeline, _ access: AccessControl, _ health: Health) -> Router {
        var router = Router()
        router.register(IngestServer(pipeline: pipeline, access: access))
        router.register(AlertServer(pipeline: pipeline, access: access))
        router.register(AccountServer(pipeline: pipeline, access: access))
        router.register(AuditServer(pipeline: pipeline, access: access))
        router.register(DetectionServer(pipeline: pipeline, access: access))
        router.register(InvestigationServer(pipeline: pipeline, access: access))
        router.register(health)
        Reflection.register(in: &router)
        router.interceptors = [AuditInterceptor(audit: pipeline.audit, access: access), access]
        return router
    }

    /// The certificates: the configured ones, or those of a development CA that is minted under the data directory.
    private static func tls(_ configuration: ServiceConfiguration, _ log: Logger) throws -> TLSConfiguration? {
        if configuration.isPlaintext { return nil }
        if let certificate = configuration.certificate, let key = configuration.key, let ca = configuration.clientCA {
            return .server(
                certificateChainFile: certificate, privateKeyFile: key, trustRoots: .file(ca),
                clientCertificates: .require)
        }
        let names = [configuration.host].filter { !["0.0.0.0", "::"].contains($0) }
        let pki = try DevelopmentPKI.ensure(in: configuration.dataDirectory + "/pki", serverNames: names)
        if !pki.minted.isEmpty {
            log.notice("No certificates are configured: minted \(pki.minted.joined(separator: ", ")) in \(pki.folder)")
        }
        return .server(
            certificateChainFile: pki.certificatePath("server"), privateKeyFile: pki.keyPath("server"),
            trustRoots: .file(pki.certificatePath("ca")), clientCertificates: .require)
    }

    /// Does what is to be done from time to time, until the task is cancelled.
    package func keepHouse(retentionDays days: Int) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepRetention(days: days) }
            group.addTask { await self.noteAuditHead() }
        }
    }

    /// Drops what is older than the retention, now and every hour.
    private func keepRetention(days: Int) async {
        while !Task.isCancelled {
            do { try await pipeline.dropDays(olderThan: days) } catch { log.error("retention: \(error)") }
            try? await Task.sleep(for: .seconds(Limits.retentionCheckSeconds))
        }
    }

    /// Tells the service's log where the audit log ends, now and when it has grown: what is noted there, or where that
    /// log is sent to, shows later whether the audit log was cut or written anew.
    private func noteAuditHead() async {
        var noted: AuditHead?
        while !Task.isCancelled {
            do {
                let head = try await pipeline.journal.reader.detached { try $0.auditHead() }
                if head != noted { log.notice("audit log", metadata: ["head": "\(head)"]) }
                noted = head
            } catch {
                log.error("reading the head of the audit log: \(error)")
            }
            try? await Task.sleep(for: .seconds(Limits.auditHeadSeconds))
        }
    }

    /// Stops: no new call, a grace period for open ones, everything taken is finished and on disk.
    package func stop() async throws {
        health.shutDown()
        pipeline.tail.close()
        pipeline.audit.close()
        await server.shutdown(gracePeriod: .seconds(Limits.shutdownGraceSeconds))
        let head = try await pipeline.stop()
        log.notice("audit log", metadata: ["head": "\(head)"])
    }
}
