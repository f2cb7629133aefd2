// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CMalloc
import Dispatch
import Foundation
import Logging
import Serve

/// The service's main.
@main
struct Trailhoundd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trailhoundd", abstract: "Detection and response for AWS CloudTrail, self-hosted.",
        version: ServiceVersion.text, subcommands: [Serve.self, Backup.self, Restore.self, Check.self])

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run the service until SIGTERM or Ctrl-C.",
            discussion: """
                With no certificates given, a development CA, a server certificate and an admin's client certificate are \
                minted under DATA-DIR/pki.
                """)

        @Option(help: "Where the store, and certificates of its own making, live; here or in --config.")
        var dataDir: String?

        @Option(help: "The address to listen on, HOST:PORT; 127.0.0.1:7443 where it is not given.")
        var listen: String?

        @Option(help: "The folder with the Sigma rules; Rules where it is not given.")
        var rules: String?

        @Option(help: "A YAML or JSON file that maps the names which rules 'expand' to their values.")
        var placeholders: String?

        @Option(help: "A database that tells where addresses are, such as GeoLite2-City.mmdb.")
        var geoipCity: String?

        @Option(help: "A database that tells whose addresses are, such as GeoLite2-ASN.mmdb.")
        var geoipAsn: String?

        @Option(help: "A YAML file with the same settings as these options; an option given here wins.")
        var config: String?

        @Option(help: "PEM file of the server's certificate, its chain after it.")
        var certificate: String?

        @Option(help: "PEM file of the server's private key.")
        var key: String?

        @Option(help: "PEM file of the CA whose client certificates are let in.")
        var clientCa: String?

        @Option(help: "PEM file of that CA's revocation lists: who is on one of them is not let in.")
        var crl: String?

        @Option(
            help: "Serve metrics for Prometheus on this loopback address, HOST:PORT; nowhere where it is not given.")
        var metrics: String?

        @Option(help: "Days for which received records are kept.")
        var retentionDays: Int?

        @Option(help: "Days for which revisions of alerts are kept that a later revision supersedes.")
        var alertRevisionDays: Int?

        @Option(help: "Days for which closed and merged alerts are kept, from their last revision.")
        var closedAlertDays: Int?

        @Option(help: "Days for which entries of the audit log are kept.")
        var auditDays: Int?

        @Option(help: "Minutes without events after which an account is degraded where its trail logs.")
        var degradedAfterMinutes: Int?

        @Option(help: "Evaluation threads; as many as there are cores where it is not given.")
        var workers: Int?

        @Option(help: "Event loops; as many as there are cores where it is not given.")
        var eventLoops: Int?

        @Flag(help: "No TLS, and so no roles. For the loopback only.")
        var plaintext = false

        @Option(help: "The least level to log: trace, debug, info, notice, warning, error; info where it is not given.")
        var logLevel: String?

        @Option(help: "The form of a line of the log: text (key=value) or json; text where it is not given.")
        var logFormat: String?

        func run() async throws {
            let configuration = try settings()
            guard let level = Logger.Level(rawValue: configuration.logLevel) else {
                throw ValidationError("log-level: \(configuration.logLevel) is no level")
            }
            guard let format = LineLogHandler.Format(rawValue: configuration.logFormat) else {
                throw ValidationError("log-format: \(configuration.logFormat) is neither text nor json")
            }
            let log = Logger(label: "trailhoundd") { _ in LineLogHandler(format: format, level: level) }
            CMalloc_keep(Int32(Limits.heapBlockBytes), Int32(Limits.heapRoomBytes))
            Self.raiseDescriptorLimit()
            let signals = StopSignals()
            let service: Service
            do { service = try await Service(configuration, log: log) } catch {
                log.error("\(error)")
                throw ExitCode(1)
            }
            let addresses = service.addresses.map(\.description).joined(separator: ", ")
            let catalog = service.pipeline.catalog
            log.notice(
                "Serving on \(addresses) with \(catalog.enabledCount) of \(catalog.catalog.all.count) detections enabled"
            )
            if let metrics = service.metrics { log.notice("Metrics on \(metrics.address)") }
            let housekeeping = Task { await service.keepHouse(retentionDays: configuration.retentionDays) }
            let watch = Task { await service.watchAccounts(degradedAfter: configuration.degradedAfterMinutes) }
            await signals.wait { await service.reloadCertificates() }
            log.notice("Stopping")
            housekeeping.cancel()
            watch.cancel()
            try await service.stop()
            log.notice("Stopped")
        }

        /// A connection is a file descriptor: the soft limit, often 1,024, is raised to the hard one.
        private static func raiseDescriptorLimit() {
            var limit = rlimit()
            guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
            limit.rlim_cur = limit.rlim_max
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }

        private func settings() throws -> ServiceConfiguration {
            var settings = ServiceConfiguration(dataDirectory: "", rules: "Rules")
            if let config { try settings.read(file: config) }
            settings.dataDirectory = dataDir ?? settings.dataDirectory
            guard !settings.dataDirectory.isEmpty else {
                throw ValidationError("name the data directory with --data-dir, or with data-dir in --config")
            }
            settings.logLevel = logLevel ?? settings.logLevel
            settings.logFormat = logFormat ?? settings.logFormat
            if let listen { try settings.listen(on: listen) }
            settings.rules = rules ?? settings.rules
            settings.placeholders = placeholders ?? settings.placeholders
            settings.geoCity = geoipCity ?? settings.geoCity
            settings.geoNetwork = geoipAsn ?? settings.geoNetwork
            settings.isPlaintext = plaintext || settings.isPlaintext
            settings.certificate = certificate ?? settings.certificate
            settings.key = key ?? settings.key
            settings.clientCA = clientCa ?? settings.clientCA
            settings.revocationList = crl ?? settings.revocationList
            if let metrics { try settings.serveMetrics(on: metrics) }
            settings.retentionDays = retentionDays ?? settings.retentionDays
            settings.alertRevisionDays = alertRevisionDays ?? settings.alertRevisionDays
            settings.closedAlertDays = closedAlertDays ?? settings.closedAlertDays
            settings.auditDays = auditDays ?? settings.auditDays
            settings.degradedAfterMinutes = degradedAfterMinutes ?? settings.degradedAfterMinutes
            settings.workers = workers ?? settings.workers
            settings.eventLoops = eventLoops ?? settings.eventLoops
            return settings
        }
    }
}

/// SIGTERM and SIGINT as something to await, and SIGHUP as a wish to take up certificates anew. A peer that goes away must not end the process: SIGPIPE is ignored.
struct StopSignals {
    private let stream: AsyncStream<Int32>
    private let sources: [any DispatchSourceSignal]

    init() {
        signal(SIGPIPE, SIG_IGN)
        // A limit on the size of files is a full disk, not the end.
        signal(SIGXFSZ, SIG_IGN)
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        self.stream = stream
        sources = [SIGTERM, SIGINT, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
    }

    /// Returns at SIGTERM or SIGINT; calls `reload` at each SIGHUP until then.
    func wait(reload: () async -> Void) async {
        for await number in stream {
            guard number == SIGHUP else { return }
            await reload()
        }
    }
}
