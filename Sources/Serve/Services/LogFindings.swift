// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Cryptography
import Detect
import Journal
import Messages
import RPC

/// Takes what collectors find wrong with the log files and digests of trails, and raises each finding as an alert once.
package struct LogFindings: Sendable {
    private let pipeline: Pipeline

    package init(pipeline: Pipeline) { self.pipeline = pipeline }

    /// Raises what is new, durably when it returns. Throws INVALID_ARGUMENT for what is no finding.
    ///
    /// - Parameter entry: Tells of it in the audit log.
    package func report(
        _ request: ReportLogFindingsRequest, _ caller: Caller, audit entry: AuditEntry
    ) async throws -> ReportLogFindingsResponse {
        guard request.findings.count <= Limits.findingsPerReport else {
            throw Validation.failure(
                "findings", "has \(request.findings.count) entries; the limit is \(Limits.findingsPerReport)")
        }
        let accounts = pipeline.accounts.filter(scope: nil)
        var observations: [OwnAlerts.Observation] = []
        var ignored: UInt32 = 0
        for (index, finding) in request.findings.enumerated() {
            let observation = try Self.observation(finding, field: "findings[\(index)]", caller)
            if accounts.accepts(observation.account) { observations.append(observation) } else { ignored += 1 }
        }
        let taken = observations
        let damage = pipeline.counters.damage
        let raised = try await pipeline.perform(audit: entry) { transaction, merger in
            let now = Clock.milliseconds()
            // Counted within: where the group's commit fails this runs again.
            var raised = 0
            for observation in taken where try OwnAlerts.raise(observation, transaction, &merger, now: now, damage) {
                raised += 1
            }
            return raised
        }
        return ReportLogFindingsResponse(
            raised: UInt32(clamping: raised), known: UInt32(clamping: taken.count - raised), ignored: ignored)
    }

    private static func observation(
        _ finding: LogFinding, field: String, _ caller: Caller
    ) throws -> OwnAlerts.Observation {
        let account = try Validation.account(finding.accountID, field: field + ".account_id")
        try caller.require(account)
        guard let kind = DigestFinding.Kind(rawValue: finding.kind), DigestFinding(kind).verdict == .bad else {
            throw Validation.failure(field + ".kind", "is no finding of something wrong: \(finding.kind.prefix(64))")
        }
        let region = try Validation.text(finding.region, field: field + ".region", bytes: CloudTrailLimits.regionBytes)
        for (name, text) in [
            ("trail", finding.trail), ("bucket", finding.bucket), ("key", finding.key), ("detail", finding.detail),
        ] { _ = try Validation.text(text, field: "\(field).\(name)", bytes: Limits.findingTextBytes) }
        let time = finding.end ?? finding.start
        let object = finding.bucket.isEmpty ? "" : "s3://\(finding.bucket)/\(finding.key)"
        let span = [finding.start, finding.end].map { $0?.rfc3339 ?? "" }
        let identity = SHA256.hexadecimal(
            Array(
                ([finding.accountID, region, finding.kind, finding.trail, object]
                    + (object.isEmpty ? span : [])).joined(separator: "\n").utf8))
        var evidence = [Detect.Evidence(name: "finding", value: finding.kind)]
        if !object.isEmpty { evidence.append(Detect.Evidence(name: "object", value: object)) }
        if !finding.detail.isEmpty { evidence.append(Detect.Evidence(name: "detail", value: finding.detail)) }
        if object.isEmpty, !span.joined().isEmpty {
            evidence.append(Detect.Evidence(name: "span", value: span.joined(separator: " to ")))
        }
        let subject = finding.trail.isEmpty ? (finding.bucket.isEmpty ? "trail" : finding.bucket) : finding.trail
        return OwnAlerts.Observation(
            detection: OwnAlerts.integrity(kind), account: account, time: time?.milliseconds ?? Clock.milliseconds(),
            identity: identity, subject: subject, region: region, name: "LogFileIntegrity", evidence: evidence)
    }
}
