// SPDX-License-Identifier: Apache-2.0

import Journal
import Logging
import PKI
import RPC
import Synchronization

/// Keeps a running server's certificates, authorities and revocations those of the files: looks at the files from time
/// to time, and at once where it is told to. Files that don't fit together, as in the middle of a change, are left until
/// they do; the server goes on with what it had.
package final class CertificateKeeper: Sendable {
    private struct State {
        var loaded: LoadedCertificates
        var stamps: [CertificateFiles.Stamp?]
        /// The stamps of files that were found unfit, so that it is told once.
        var refused: [CertificateFiles.Stamp?]?
        var warnings = ExpiryWarnings()
        var isBusy = false
    }

    /// Times that changed files could not be used.
    package let reloadFailures = Atomic<Int>(0)
    private let files: CertificateFiles
    private let problems: ServiceProblems
    private let state: Mutex<State>
    private let log: Logger

    /// Reads the files for the first time. Throws where they don't fit.
    package init(_ files: CertificateFiles, problems: ServiceProblems = ServiceProblems(), log: Logger) throws {
        self.files = files
        self.problems = problems
        self.log = log
        let stamps = files.stamps
        state = Mutex(State(loaded: try files.load(), stamps: stamps))
    }

    /// What is in use.
    package var loaded: LoadedCertificates { state.withLock { $0.loaded } }

    /// How the server starts.
    var configuration: TLSConfiguration { files.configuration(loaded) }

    /// Looks at the files; takes them up where they changed, or where it is told to whether they did or not.
    func refresh(_ server: Server, _ audit: AuditLog, force: Bool = false) async {
        let stamps = files.stamps
        // One look at a time: what changes meanwhile is found by the next.
        let begins = state.withLock { state in
            guard !state.isBusy, force || (state.stamps != stamps && state.refused != stamps) else { return false }
            state.isBusy = true
            return true
        }
        guard begins else { return }
        defer { state.withLock { $0.isBusy = false } }
        let before = loaded
        let fresh: LoadedCertificates
        do {
            fresh = try files.load()
            let summary = Self.summary(before, fresh)
            if let summary {
                let entry = AuditEntry(
                    time: Clock.milliseconds(), actor: .service, method: "certificates", summary: summary)
                try await audit.record(entry)
            }
            try server.reloadTLS(files.configuration(fresh))
            log.notice("certificates reloaded", metadata: ["change": "\(summary ?? "none")"])
        } catch {
            state.withLock { $0.refused = stamps }
            reloadFailures.wrappingAdd(1, ordering: .relaxed)
            let isMissing = error is MissingRevocationList
            problems.set(.revocationListMissing, isMissing ? "\(error)" : nil)
            problems.set(.certificatesUnusable, isMissing ? nil : "\(error)")
            log.error(
                isMissing
                    ? "a revocation list is missing; the last one stays in force"
                    : "certificates: what is in the files can't be used, and what was before stays",
                metadata: ["error": "\(error)"])
            return
        }
        problems.set(.revocationListMissing, nil)
        problems.set(.certificatesUnusable, nil)
        state.withLock { state in
            state.loaded = fresh
            state.stamps = stamps
            state.refused = nil
        }
        let kept = Set(fresh.authorities.map(\.fingerprint))
        let lostAuthority =
            before.authorities.contains { !kept.contains($0.fingerprint) }
            || !fresh.revokedAuthorities.isSubset(of: before.revokedAuthorities)
        // Who came with an authority that is no longer trusted can't be told from the others any more: all are asked to
        // show their certificates again.
        server.closeConnections { peer in
            guard let certificate = peer.certificate else { return false }
            return lostAuthority || fresh.hasRevoked(certificate)
        }
    }

    /// What changed, for the audit log; nil where nothing did.
    private static func summary(_ before: LoadedCertificates, _ fresh: LoadedCertificates) -> String? {
        var parts: [String] = []
        if fresh.server != before.server { parts.append("server certificate \(fresh.server.serial)") }
        if fresh.authorities != before.authorities {
            let names = fresh.authorities.map(\.subject).joined(separator: "; ")
            parts.append("client authorities \(names)")
        }
        if fresh.lists != before.lists {
            let old = before.lists.reduce(into: Set<String>()) { $0.formUnion($1.serials) }
            let new = fresh.lists.reduce(into: Set<String>()) { $0.formUnion($1.serials) }.subtracting(old).sorted()
            let named = new.prefix(Limits.auditedSerials).joined(separator: ", ")
            parts.append("\(fresh.revokedCount) certificate(s) revoked" + (new.isEmpty ? "" : ", new: \(named)"))
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// Warns of what ends soon.
    func warn(now: Int64) {
        for expiry in loaded.expiries {
            let due = state.withLock {
                $0.warnings.due(
                    "\(expiry.name) \(expiry.notAfter)", notAfter: expiry.notAfter, now: now, days: expiry.warningDays)
            }
            if let due { log.warning("the \(expiry.name) \(due)", metadata: ["not-after": "\(expiry.notAfter)"]) }
        }
    }

    /// Warns of a client's certificate that ends soon.
    func warn(of certificate: PeerCertificate, now: Int64) {
        let due = state.withLock {
            $0.warnings.due(certificate.fingerprint, notAfter: certificate.notAfter, now: now)
        }
        guard let due else { return }
        log.warning(
            "a client's certificate \(due)",
            metadata: ["subject": "\(certificate.subject)", "serial": "\(certificate.serial)"])
    }
}
