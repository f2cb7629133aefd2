// SPDX-License-Identifier: Apache-2.0

import AWS
import CMalloc
import CloudTrail
import Contract
import Detect
import Foundation
import Journal
import Logging
import NIOCore
import PKI
import RPC

/// The service: pipeline and RPC server, from start to stop.
package final class Service: Sendable {
    package let pipeline: Pipeline
    package let desk: RemediationDesk
    package let addresses: [BoundAddress]
    /// The files behind TLS; nil without it.
    package let certificates: CertificateKeeper?
    /// Where the metrics are; nil where they were not asked for.
    package let metrics: MetricsListener?
    private let server: Server
    private let health: Health
    private let connectionLog: ConnectionLog
    private let inspector: AccountInspector
    private let log: Logger

    /// Starts everything; it serves when this returns.
    package init(_ configuration: ServiceConfiguration, log: Logger) async throws {
        self.log = log
        try configuration.check()
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let descriptors = try Descriptors(loops: configuration.eventLoops ?? cores)
        pipeline = try await Pipeline(
            dataDirectory: configuration.dataDirectory, rules: configuration.rules,
            placeholders: configuration.placeholders,
            geography: try Geography(city: configuration.geoCity, network: configuration.geoNetwork, log),
            workers: configuration.workers ?? cores, retention: Retention(configuration), log: log)
        for problem in pipeline.catalog.catalog.problems { log.warning("\(problem)") }
        DataDirectory.check(configuration.dataDirectory, pipeline.problems, log)
        for (detection, needs) in pipeline.catalog.plan.inactive {
            log.notice("'\(detection.title)' is inactive: it needs \(needs.rawValue)")
        }
        desk = try RemediationDesk(
            pipeline, context: CredentialContext(environment: ProcessInfo.processInfo.environment), log: log)
        health = Health(services: Self.serviceNames)
        inspector = AccountInspector()
        let access = AccessControl(isPlaintext: configuration.isPlaintext)
        let router = Self.router(pipeline, desk, access, health, inspector)
        let problems = pipeline.problems
        certificates = try Self.certificateFiles(configuration, log).map {
            try CertificateKeeper($0, problems: problems, log: log)
        }
        var settings = ServerConfiguration(
            addresses: [.tcp(host: configuration.host, port: configuration.port)], tls: certificates?.configuration)
        settings.limits.maxReceiveMessageBytes = Limits.requestBytes
        settings.limits.maxReceivingBytes = Limits.receivingBytes
        settings.limits.maxReceivingBytesPerCaller = Limits.receivingBytesOfCollector
        settings.limits.maxConnectionPendingBytes = 2 * Limits.receivingBytesOfCollector
        settings.limits.maxUnsentBytes = Limits.unsentBytes
        settings.limits.maxUnsentBytesPerCaller = Limits.unsentBytesOfCaller
        settings.limits.maxWindowBytes = Limits.windowBytes
        settings.limits.maxConnections = descriptors.connections(
            wanted: settings.limits.maxConnections, pipeline.problems, log)
        settings.share = CallerShares.share
        settings.eventLoops = configuration.eventLoops ?? cores
        connectionLog = ConnectionLog(certificates: certificates, log: log)
        settings.observer = connectionLog
        server = try Server(configuration: settings, router: router)
        pipeline.transport.set { [server] in server.statistics }
        if let address = configuration.metrics {
            let source = ServiceMetrics(pipeline: pipeline, server: server, certificates: certificates)
            do {
                metrics = try await MetricsListener(host: address.host, port: address.port) { source.text() }
            } catch { throw Self.listenFailure("--metrics", address.host, address.port, error) }
        } else {
            metrics = nil
        }
        try await desk.start()
        do { addresses = try await server.start() } catch {
            throw Self.listenFailure("--listen", configuration.host, configuration.port, error)
        }
    }

    /// A failure to listen in an operator's words.
    private static func listenFailure(_ option: String, _ host: String, _ port: Int, _ error: any Error) -> any Error {
        guard let error = error as? IOError else {
            return ConfigurationError("can't listen on \(host):\(port): \(error)")
        }
        let reason = String(cString: strerror(error.errnoCode))
        let hint =
            switch error.errnoCode {
            case EADDRINUSE: "; another program listens there: stop it, or choose another address with \(option)"
            case EADDRNOTAVAIL: "; the address is none of this machine's: choose another one with \(option)"
            case EACCES: "; ports below 1024 need the right to use them: choose another one with \(option)"
            default: ""
            }
        return ConfigurationError("can't listen on \(host):\(port): \(reason)\(hint)")
    }

    /// The names under which health is asked for, beside the empty one.
    private static let serviceNames = [
        IngestService.name, AlertService.name, AccountService.name, AuditService.name, DetectionService.name,
        InvestigationService.name, RemediationService.name, DeadLetterService.name,
    ]

    /// Every service of the contract, health and reflection, behind the table of roles.
    package static func router(
        _ pipeline: Pipeline, _ desk: RemediationDesk, _ access: AccessControl, _ health: Health,
        _ inspector: AccountInspector = AccountInspector()
    ) -> Router {
        var router = Router()
        router.register(IngestServer(pipeline: pipeline, access: access))
        router.register(AlertServer(pipeline: pipeline, access: access))
        router.register(AccountServer(pipeline: pipeline, access: access, inspector: inspector, desk: desk))
        router.register(AuditServer(pipeline: pipeline, access: access))
        router.register(DetectionServer(pipeline: pipeline, access: access))
        router.register(InvestigationServer(pipeline: pipeline, access: access, book: desk.book))
        router.register(RemediationServer(pipeline: pipeline, access: access, desk: desk))
        router.register(DeadLetterServer(pipeline: pipeline, access: access))
        router.register(health)
        Reflection.register(in: &router)
        router.interceptors = [
            AuditInterceptor(audit: pipeline.audit, access: access), access,
            StoreFailureInterceptor(damage: pipeline.counters.damage, log: pipeline.log),
        ]
        return router
    }

    /// The certificates: the configured ones, or those of a development CA that is minted under the data directory.
    private static func certificateFiles(
        _ configuration: ServiceConfiguration, _ log: Logger
    ) throws -> CertificateFiles? {
        if configuration.isPlaintext { return nil }
        let listed = configuration.dataDirectory + "/revocation-lists-seen"
        if let certificate = configuration.certificate, let key = configuration.key, let ca = configuration.clientCA {
            return CertificateFiles(
                certificate: certificate, key: key, clientAuthority: ca, revocationList: configuration.revocationList,
                mayLackRevocationList: false, listedAuthorities: listed)
        }
        let names = [configuration.host].filter { !["0.0.0.0", "::"].contains($0) }
        let pki = try DevelopmentPKI.ensure(in: configuration.dataDirectory + "/pki", serverNames: names)
        if !pki.minted.isEmpty {
            log.notice("No certificates are configured: minted \(pki.minted.joined(separator: ", ")) in \(pki.folder)")
        }
        return CertificateFiles(
            certificate: pki.certificatePath("server"), key: pki.keyPath("server"),
            clientAuthority: pki.certificatePath("ca"),
            revocationList: CertificateStore(folder: pki.folder).revocationListPath, mayLackRevocationList: true,
            listedAuthorities: listed)
    }

    /// What the transport has seen.
    package var transport: TransportStatistics { server.statistics }

    /// Takes up certificates, authorities and revocation lists from their files now.
    package func reloadCertificates() async {
        await certificates?.refresh(server, pipeline.audit, force: true)
    }

    /// Does what is to be done from time to time, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - days: For how long records are kept.
    ///   - certificatePoll: Between two looks at the files of certificates.
    package func keepHouse(
        retentionDays days: Int, certificatePoll: Duration = .seconds(Limits.certificatePollSeconds)
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.watchCertificates(every: certificatePoll) }
            group.addTask { await self.warnOfExpiry() }
            group.addTask { await self.keepRetention(days: days) }
            group.addTask { await self.watchClock() }
            group.addTask { await self.noteAuditHead() }
            group.addTask { await self.tick() }
            group.addTask { await self.tellRefusals() }
            group.addTask { await self.trimHeap() }
        }
    }

    /// Takes up certificates when their files change.
    private func watchCertificates(every interval: Duration) async {
        while !Task.isCancelled {
            await certificates?.refresh(server, pipeline.audit)
            try? await Task.sleep(for: interval)
        }
    }

    /// Has matches released that wait and whose time is over.
    private func tick() async {
        while !Task.isCancelled {
            await pipeline.tick()
            try? await Task.sleep(for: .seconds(Limits.tickSeconds))
        }
    }

    /// Gives pages back that lie free between blocks in use: what a burst took would else count as the service's memory
    /// until the next one.
    private func trimHeap() async {
        while !Task.isCancelled {
            malloc_trim(0)
            try? await Task.sleep(for: .seconds(Limits.heapTrimSeconds))
        }
    }

    /// Tells the service's log of refusals, seldom enough that a flood of them is no flood of lines.
    private func tellRefusals() async {
        while !Task.isCancelled {
            pipeline.tellRefusals()
            connectionLog.tell(now: Clock.monotonic())
            try? await Task.sleep(for: .seconds(Limits.refusalLogSeconds))
        }
    }

    /// Warns of certificates that end soon, now and every hour.
    private func warnOfExpiry() async {
        while !Task.isCancelled {
            certificates?.warn(now: Clock.milliseconds() / 1_000)
            try? await Task.sleep(for: .seconds(Limits.expiryCheckSeconds))
        }
    }

    /// Dates policies anew once a clock that ran ahead is right again.
    private func watchClock() async {
        var clock = SteadyClock()
        while !Task.isCancelled {
            let (now, uptime) = (Clock.milliseconds(), Clock.monotonic())
            if clock.isSteady(clock: now, uptime: uptime), now >= Limits.earliestClock {
                do {
                    let count = try await desk.book.correctClock(now: now, uptime: uptime)
                    if count > 0 { log.warning("\(count) remediation policies had been set by a clock that ran ahead") }
                } catch { log.error("policies set by a clock that ran ahead: \(error)") }
            }
            try? await Task.sleep(for: .seconds(Limits.clockCheckSeconds))
        }
    }

    /// Drops what is older than the retention every hour in which the clock was not set.
    private func keepRetention(days: Int) async {
        var clock = SteadyClock()
        let start = ContinuousClock.now
        while !Task.isCancelled {
            let uptime = Milliseconds((ContinuousClock.now - start).components.seconds * 1_000)
            if clock.isSteady(clock: Clock.milliseconds(), uptime: uptime) {
                do {
                    try await pipeline.moveDaysBack()
                    try await pipeline.dropDays(olderThan: days)
                    try await pipeline.dropDeadLetters(olderThan: Limits.deadLetterDays)
                    try await pipeline.dropClosedAlerts(olderThan: pipeline.retention.closedAlerts)
                    try await pipeline.compactAlertLog(olderThan: pipeline.retention.alertRevisions)
                    try await pipeline.cutAudit(olderThan: pipeline.retention.audit)
                } catch { log.error("retention: \(error)") }
            } else if uptime > 0 {
                log.warning("retention: the clock was set since the last check; nothing is dropped until the next one")
            }
            try? await Task.sleep(for: .seconds(Limits.retentionCheckSeconds))
        }
    }

    /// Watches whether the accounts' events still come, until the task is cancelled.
    ///
    /// - Parameter minutes: From how many minutes of silence on an account's trail is asked.
    package func watchAccounts(degradedAfter minutes: Int) async {
        let inspector = inspector
        await AccountWatch(pipeline: pipeline, minutes: minutes, log: log) { await inspector.trailState($0) }.run()
    }

    /// Tells the service's log where the audit log ends, now and when it has grown: what is noted there, or where that
    /// log is sent to, shows later whether the audit log was cut or written anew.
    private func noteAuditHead() async {
        var noted: AuditHead?
        while !Task.isCancelled {
            do {
                let head = try await pipeline.journal.reader.detached(.response) { try $0.auditHead() }
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
        pipeline.stopSoon()
        await desk.stop()
        await metrics?.stop()
        await server.shutdown(gracePeriod: .seconds(Limits.shutdownGraceSeconds))
        let head = try await pipeline.stop()
        log.notice("audit log", metadata: ["head": "\(head)"])
    }
}
