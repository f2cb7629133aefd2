// SPDX-License-Identifier: Apache-2.0

import Contract
import Detect
import Foundation
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
            placeholders: try configuration.placeholders.map(Self.placeholders) ?? [:],
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

    private static func placeholders(_ path: String) throws -> [String: [String]] {
        do {
            let bytes = try FileTree.read(path, limit: DetectLimits.placeholderBytes)
            return try Placeholders.read(String(decoding: bytes, as: UTF8.self))
        } catch { throw ConfigurationError("--placeholders: \(error)") }
    }

    /// The names under which health is asked for, beside the empty one.
    private static let serviceNames = [
        IngestService.name, AlertService.name, AccountService.name, DetectionService.name, InvestigationService.name,
    ]

    /// Every service of the contract, health and reflection, behind the table of roles.
    package static func router(_ pipeline: Pipeline, _ access: AccessControl, _ health: Health) -> Router {
        var router = Router()
        router.register(IngestServer(pipeline: pipeline, access: access))
        router.register(AlertServer(pipeline: pipeline, access: access))
        router.register(AccountServer(pipeline: pipeline, access: access))
        router.register(DetectionServer(pipeline: pipeline))
        router.register(InvestigationServer(pipeline: pipeline, access: access))
        router.register(health)
        Reflection.register(in: &router)
        router.interceptors = [access]
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

    /// Drops what is older than the retention, now and every hour, until the task is cancelled.
    package func keepRetention(days: Int) async {
        while !Task.isCancelled {
            do { try await pipeline.dropDays(olderThan: days) } catch { log.error("retention: \(error)") }
            try? await Task.sleep(for: .seconds(Limits.retentionCheckSeconds))
        }
    }

    /// Stops: no new call, a grace period for open ones, everything taken is finished and on disk.
    package func stop() async throws {
        health.shutDown()
        pipeline.tail.close()
        await server.shutdown(gracePeriod: .seconds(Limits.shutdownGraceSeconds))
        try await pipeline.stop()
    }
}
