// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What an operator sets. Every value has a default but the data directory.
package struct ServiceConfiguration: Sendable {
    /// Where the journal and, where none are configured, the certificates live.
    package var dataDirectory: String
    /// The least level to log, and the form of a line of the log.
    package var logLevel = "info"
    package var logFormat = "text"
    /// The address to listen on.
    package var host = "127.0.0.1"
    package var port = 7443
    /// The rules folder.
    package var rules: String
    /// A YAML or JSON file that maps the names rules `expand` to their values; nil for none.
    package var placeholders: String?
    /// Databases in MaxMind's format: where addresses are, and whose; nil for none.
    package var geoCity: String?
    package var geoNetwork: String?
    /// Without TLS, and so without roles: for the loopback only.
    package var isPlaintext = false
    /// PEM files of the server's certificate and key and of the CA of the clients; all three or none.
    package var certificate: String?
    package var key: String?
    package var clientCA: String?
    /// PEM file of the revocation lists of that CA; nil where none are looked at.
    package var revocationList: String?
    /// Where Prometheus may ask for metrics: a loopback address; nil for nowhere.
    package var metrics: (host: String, port: Int)?
    /// Days for which received records are kept.
    package var retentionDays = Limits.retentionDays
    /// Days for which superseded revisions of alerts are kept, closed alerts, and entries of the audit log.
    package var alertRevisionDays = Limits.alertRevisionDays
    package var closedAlertDays = Limits.closedAlertDays
    package var auditDays = Limits.auditDays
    /// Minutes without events after which an account's trail is asked, and the account degraded.
    package var degradedAfterMinutes = Limits.degradedAfterMinutes
    /// Evaluation threads and event loops; nil for as many as there are cores.
    package var workers: Int?
    package var eventLoops: Int?

    package init(dataDirectory: String, rules: String) {
        self.dataDirectory = dataDirectory
        self.rules = rules
    }

    /// Takes `HOST:PORT`, where an IPv6 address stands in brackets.
    package mutating func listen(on text: String) throws(ConfigurationError) {
        (host, port) = try Self.address(text, "listen")
    }

    /// Takes `HOST:PORT` of a loopback address, where metrics are to be had.
    package mutating func serveMetrics(on text: String) throws(ConfigurationError) {
        let address = try Self.address(text, "metrics")
        guard Self.isLoopback(address.host) else {
            throw ConfigurationError("--metrics is for the loopback only, and \(address.host) is not")
        }
        metrics = address
    }

    private static func address(
        _ text: String, _ name: String
    ) throws(ConfigurationError) -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw ConfigurationError("\(name): \(text) is not HOST:PORT") }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else {
            throw ConfigurationError("\(name): \(text) has no host; use 0.0.0.0 for every address")
        }
        return (host, port)
    }

    /// Throws for what can't be, or must not be, together.
    package func check() throws(ConfigurationError) {
        if isPlaintext && !Self.isLoopback(host) {
            throw ConfigurationError(
                "--plaintext is for the loopback only, and \(host) is not; leave it out to use TLS")
        }
        let files = [certificate, key, clientCA].compactMap { $0 }
        guard files.isEmpty || files.count == 3 else {
            throw ConfigurationError("--certificate, --key and --client-ca go together")
        }
        guard revocationList == nil || !files.isEmpty else {
            throw ConfigurationError("--crl goes with --client-ca")
        }
        if isPlaintext && !files.isEmpty { throw ConfigurationError("--plaintext uses no certificates") }
        for (name, value, most) in [
            ("retention-days", retentionDays, Limits.mostRetentionDays),
            ("alert-revision-days", alertRevisionDays, Limits.mostRetentionDays),
            ("closed-alert-days", closedAlertDays, Limits.mostRetentionDays),
            ("audit-days", auditDays, Limits.mostRetentionDays),
            ("degraded-after-minutes", degradedAfterMinutes, Limits.mostDegradedAfterMinutes),
            ("workers", workers ?? 1, Limits.mostThreads), ("event-loops", eventLoops ?? 1, Limits.mostThreads),
        ] where !(1...most).contains(value) {
            throw ConfigurationError("--\(name) is \(value), and has to be from 1 to \(most)")
        }
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

/// A setting that can't be used, in one line.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// The version of the programs.
package enum ServiceVersion {
    package static let text = "0.1.0"
}
