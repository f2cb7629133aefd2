// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Glibc
import Journal
import RPC

/// The service as Prometheus sees it: read when it is asked for, from counters that are kept anyway.
struct ServiceMetrics: Sendable {
    let pipeline: Pipeline
    let server: Server
    let certificates: CertificateKeeper?

    /// Everything, as text. Reads the journal, so it must not run on an event loop.
    func text() -> String {
        var out = Exposition()
        calls(&out)
        connections(&out)
        events(&out)
        alerts(&out)
        stream(&out)
        store(&out)
        deadLetters(&out)
        security(&out)
        process(&out)
        return out.text
    }

    /// The names that gRPC's own Prometheus interceptors have made usual.
    private func calls(_ out: inout Exposition) {
        let methods = server.statistics.methods
        func labels(_ method: MethodStatistics) -> [(String, String)] {
            [
                ("grpc_type", Self.word(method.method.shape)), ("grpc_service", method.method.service),
                ("grpc_method", method.method.name),
            ]
        }
        out.begin("grpc_server_started_total", .counter, "Calls that began.")
        for method in methods { out.sample("grpc_server_started_total", labels(method), Double(method.started)) }
        out.begin("grpc_server_handled_total", .counter, "Calls that ended, by status.")
        for method in methods {
            for (code, count) in method.finished.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                out.sample(
                    "grpc_server_handled_total", labels(method) + [("grpc_code", code.description)], Double(count))
            }
        }
        out.begin("grpc_server_streams", .gauge, "Calls that are open.")
        for method in methods { out.sample("grpc_server_streams", labels(method), Double(method.open)) }
        out.begin("grpc_server_handling_seconds", .histogram, "How long calls took, from headers to status.")
        let bounds = LatencyHistogram.upperBounds.map { Double($0) / 1e9 }
        for method in methods where method.latency.count > 0 {
            out.histogram(
                "grpc_server_handling_seconds", labels(method), bounds: bounds, counts: method.latency.counts,
                sum: Double(method.latency.totalNanoseconds) / 1e9)
        }
    }

    private func connections(_ out: inout Exposition) {
        let seen = server.statistics
        out.add("trailhound_connections", .gauge, "Connections that are open.", Double(seen.connectionsOpen))
        out.add(
            "trailhound_connections_established_total", .counter, "Connections that came up, TLS included.",
            Double(seen.connectionsEstablished))
        out.add(
            "trailhound_handshakes", .gauge, "Connections that are in their handshake.", Double(seen.handshakesOpen))
        out.add(
            "trailhound_streams", .gauge,
            "Streams of requests that are open, also of calls whose status waits to be taken.",
            Double(seen.streamsOpen))
        out.begin("trailhound_message_bytes", .gauge, "What messages on their way take, by what it is.")
        for (kind, bytes) in [
            ("reserved", seen.reservedBytes), ("held", seen.heldBytes), ("unsent", seen.unsentBytes),
        ] { out.sample("trailhound_message_bytes", [("kind", kind)], Double(bytes)) }
        out.begin("trailhound_handshake_failures_total", .counter, "Connections that never came up, by reason.")
        for reason in HandshakeFailure.allCases {
            out.sample(
                "trailhound_handshake_failures_total", [("reason", Self.snake(reason.rawValue))],
                Double(seen.handshakeFailures[reason] ?? 0))
        }
        out.begin("trailhound_refused_total", .counter, "What peers were refused by a limit, by the limit's name.")
        for limit in LimitName.allCases {
            out.sample(
                "trailhound_refused_total", [("limit", Self.snake(limit.rawValue))], Double(seen.refusals[limit] ?? 0))
        }
        out.add(
            "trailhound_requests_refused_total", .counter, "Requests that were no gRPC, or of no known method.",
            Double(seen.requestsRefused))
        out.add("trailhound_received_bytes_total", .counter, "Bytes that came.", Double(seen.bytesReceived))
        out.add("trailhound_sent_bytes_total", .counter, "Bytes that went.", Double(seen.bytesSent))
    }

    private func events(_ out: inout Exposition) {
        let counters = pipeline.counters
        out.begin("trailhound_records_total", .counter, "Submitted records, by what became of them.")
        for (result, counter) in [
            ("accepted", counters.accepted.load(ordering: .relaxed)),
            ("duplicate", counters.duplicate.load(ordering: .relaxed)),
            ("rejected", counters.rejected.load(ordering: .relaxed)),
        ] { out.sample("trailhound_records_total", [("result", result)], Double(counter)) }
        let reasons = counters.rejections
        out.begin("trailhound_records_rejected_total", .counter, "Rejected records, by reason.")
        for reason in RejectionReason.allCases {
            out.sample(
                "trailhound_records_rejected_total", [("reason", reason.rawValue)], Double(reasons[reason] ?? 0))
        }
        out.begin("trailhound_queue_depth", .gauge, "Batches that wait, by the queue.")
        let queues = pipeline.queueDepths
        out.sample("trailhound_queue_depth", [("queue", "evaluate")], Double(queues.requests))
        out.sample("trailhound_queue_depth", [("queue", "sequence")], Double(queues.evaluated))
        out.add(
            "trailhound_damage_met_total", .counter, "Reads of the store that met damage.",
            Double(counters.damage.summary.met))
        out.begin("trailhound_commit_seconds", .histogram, "How long transactions took, the disk included.")
        let commits = counters.commits.snapshot
        out.histogram(
            "trailhound_commit_seconds", [], bounds: DurationHistogram.bounds, counts: commits.counts, sum: commits.sum)
        out.add(
            "trailhound_commit_failures_total", .counter, "Transactions that failed.",
            Double(counters.failedCommits.load(ordering: .relaxed)))
    }

    private func alerts(_ out: inout Exposition) {
        let counts = pipeline.counters.alerts
        out.begin("trailhound_alerts_total", .counter, "Alerts that were raised, by severity.")
        for severity in Severity.allCases {
            out.sample("trailhound_alerts_total", [("severity", severity.name)], Double(counts[severity] ?? 0))
        }
        let lag = pipeline.subscribers.lag(behind: pipeline.tail.last)
        out.add("trailhound_subscribers", .gauge, "Subscriptions to alerts that are open.", Double(lag.subscribers))
        out.add(
            "trailhound_subscribers_behind", .gauge, "Subscriptions that have not been sent everything.",
            Double(lag.behind))
        out.add(
            "trailhound_subscriber_lag_max", .gauge, "Revisions by which the last subscription is behind.",
            Double(lag.most))
        out.add("trailhound_detections", .gauge, "Detections that run.", Double(pipeline.catalog.enabledCount))
        out.add("trailhound_accounts", .gauge, "Accounts that are onboarded.", Double(pipeline.accounts.count))
    }

    private func stream(_ out: inout Exposition) {
        let stream = pipeline.counters.stream
        out.begin(
            "trailhound_stream_entries", .gauge,
            "What the stream remembers, by what it is; held_matches is all that waits until no late event can change it."
        )
        for (kind, count) in [
            ("groups", stream.groups), ("sessions", stream.sessions), ("combinations", stream.combinations),
            ("travellers", stream.travellers), ("held_matches", stream.held),
        ] { out.sample("trailhound_stream_entries", [("kind", kind)], Double(count)) }
        out.add("trailhound_stream_bytes", .gauge, "What the stream's memory takes, about.", Double(stream.bytes))
        out.begin(
            "trailhound_stream_evicted_total", .counter,
            "What the stream forgot, or (held_matches) judged, before its time since there was too much of it, by what it is."
        )
        let losses = stream.losses
        for (kind, count) in [
            ("groups", losses.evictedGroups), ("sessions", losses.evictedSessions),
            ("combinations", losses.evictedCombinations), ("travellers", losses.evictedTravellers),
            ("events", losses.forgottenEvents), ("held_matches", losses.releasedEarly),
        ] { out.sample("trailhound_stream_evicted_total", [("kind", kind)], Double(count)) }
        out.add(
            "trailhound_stream_late_events_total", .counter, "Events that came too late to be counted.",
            Double(losses.lateEvents))
        out.add(
            "trailhound_detections_inactive", .gauge, "Enabled detections that lack what they need.",
            Double(pipeline.catalog.plan.inactive.count))
    }

    private func store(_ out: inout Exposition) {
        guard let statistics = try? pipeline.journal.reader.statistics() else { return }
        out.add("trailhound_stored_records", .gauge, "Records in the archive.", Double(statistics.records))
        out.add("trailhound_database_bytes", .gauge, "Size of the database's file.", Double(statistics.databaseBytes))
    }

    private func deadLetters(_ out: inout Exposition) {
        guard let totals = try? pipeline.journal.reader.deadLetterTotals() else { return }
        out.add("trailhound_dead_letters", .gauge, "Dead letters that are kept.", Double(totals.letters))
        out.add(
            "trailhound_dead_letters_limit", .gauge, "Dead letters that are kept at most.",
            Double(JournalLimits.deadLetters))
        out.add(
            "trailhound_dead_letter_records", .gauge, "Refused records in the dead letters.", Double(totals.records))
        out.add("trailhound_dead_letter_bytes", .gauge, "What the dead letters take.", Double(totals.storedBytes))
        out.add(
            "trailhound_dead_letter_bytes_limit", .gauge, "What the dead letters take at most.",
            Double(JournalLimits.deadLettersStoredBytes))
        let age = totals.oldestAt.map { max(0, Clock.milliseconds() - $0) } ?? 0
        out.add(
            "trailhound_dead_letter_oldest_age_seconds", .gauge, "Time since the oldest dead letter was refused.",
            Double(age) / 1_000)
        out.add(
            "trailhound_dead_letter_age_limit_seconds", .gauge, "Age at which a dead letter is dropped.",
            Double(Limits.deadLetterDays) * 86_400)
        out.begin(
            "trailhound_dead_letter_records_dropped_total", .counter, "Records of dropped dead letters, by the limit.")
        for (limit, count) in [("bytes", totals.droppedForRoom), ("age", totals.droppedForAge)] {
            out.sample("trailhound_dead_letter_records_dropped_total", [("limit", limit)], Double(count))
        }
    }

    private func security(_ out: inout Exposition) {
        let problems = Set(pipeline.problems.all.map(\.name))
        out.begin("trailhound_problem", .gauge, "1 while something is wrong that somebody has to mend, by its name.")
        for name in ServiceProblems.Name.allCases {
            out.sample("trailhound_problem", [("name", name.rawValue)], problems.contains(name) ? 1 : 0)
        }
        out.add(
            "trailhound_audit_entries", .gauge, "The number of the last entry of the audit log.",
            Double(pipeline.audit.signal.last))
        out.add(
            "trailhound_audit_forgotten_total", .counter, "State-changing calls whose handler wrote no audit entry.",
            Double(pipeline.audit.forgotten.load(ordering: .relaxed)))
        guard let certificates else { return }
        out.begin(
            "trailhound_certificate_expiry_timestamp_seconds", .gauge,
            "When a certificate or revocation list ends, in seconds since 1970.")
        for expiry in certificates.loaded.expiries {
            out.sample(
                "trailhound_certificate_expiry_timestamp_seconds", [("name", expiry.name)], Double(expiry.notAfter))
        }
        out.add(
            "trailhound_certificates_revoked", .gauge, "Certificates on the revocation lists.",
            Double(certificates.loaded.revokedCount))
        out.add(
            "trailhound_certificate_reload_failures_total", .counter,
            "Times that changed certificate files did not fit.",
            Double(certificates.reloadFailures.load(ordering: .relaxed)))
    }

    /// The process itself, under the names of Prometheus' client libraries.
    private func process(_ out: inout Exposition) {
        let pages = Self.fields("/proc/self/statm").compactMap { Double($0) }
        let page = Double(getpagesize())
        if pages.count > 1 {
            out.add("process_virtual_memory_bytes", .gauge, "Virtual memory.", pages[0] * page)
            out.add("process_resident_memory_bytes", .gauge, "Resident memory.", pages[1] * page)
        }
        var usage = rusage()
        if getrusage(RUSAGE_SELF.rawValue, &usage) == 0 {
            let times = [usage.ru_utime, usage.ru_stime].map { Double($0.tv_sec) + Double($0.tv_usec) / 1e6 }
            out.add("process_cpu_seconds_total", .counter, "Time on the processors.", times[0] + times[1])
        }
        if let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            out.add("process_open_fds", .gauge, "Open file descriptors.", Double(files.count))
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            out.add("process_max_fds", .gauge, "File descriptors that may be open.", Double(limit.rlim_cur))
        }
        out.add(
            "process_start_time_seconds", .gauge, "When the service started, in seconds since 1970.",
            Double(pipeline.counters.startedAt) / 1_000)
    }

    private static func fields(_ path: String) -> [Substring] {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(whereSeparator: \.isWhitespace)
    }

    private static func word(_ shape: CallShape) -> String {
        switch shape {
        case .unary: "unary"
        case .clientStreaming: "client_stream"
        case .serverStreaming: "server_stream"
        case .bidirectional: "bidi_stream"
        }
    }

    /// `notYetValid` as `not_yet_valid`.
    static func snake(_ name: String) -> String {
        var result = ""
        var previousIsUpper = true
        for letter in name {
            if letter.isUppercase, !previousIsUpper { result += "_" }
            previousIsUpper = letter.isUppercase
            result += letter.lowercased()
        }
        return result
    }
}
