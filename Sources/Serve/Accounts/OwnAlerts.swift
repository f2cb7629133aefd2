// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal

/// Alerts that come from what the service itself sees of an account, and from no event: its log has been at, or has
/// fallen silent.
///
/// The same observation gives the same match, and is raised once: the journal remembers what was raised.
enum OwnAlerts {
    /// As `eventSource` of these alerts, as of all that the service raises of its own.
    static let source = "trailhound"

    /// An account has fallen silent.
    static let degraded = Detection(
        id: "2b7f4f7e-52a3-4b5e-9c0b-64a1d3c10001", title: "Account degraded: its events have stopped",
        description: """
            No events of the account have come for longer than they should, while its trail logs or after it was stopped. \
            What happens there is not seen now.
            """, severity: .high, attackTechniques: ["T1562.008"],
        runbook: """
            trailhound account verify ACCOUNT says what is wrong. See whether a collector runs, whether its queue fills, and \
            who changed the trail, the bucket's notifications or its policy.
            """)

    /// What the verification of a trail's digests found, by its kind.
    static func integrity(_ kind: DigestFinding.Kind) -> Detection {
        switch kind {
        case .logFileAltered: altered
        case .logFileMissing: missing
        case .logFileUnsigned: unsigned
        default: chain
        }
    }

    private static let altered = Detection(
        id: "2b7f4f7e-52a3-4b5e-9c0b-64a1d3c10002", title: "CloudTrail log file altered",
        description: "A log file is not as CloudTrail delivered it: its digest has another SHA-256.",
        severity: .critical, attackTechniques: ["T1070", "T1565.001"], runbook: integrityRunbook)
    private static let missing = Detection(
        id: "2b7f4f7e-52a3-4b5e-9c0b-64a1d3c10003", title: "CloudTrail log file missing",
        description: "CloudTrail delivered a log file, as its digest says, and the file is gone.", severity: .critical,
        attackTechniques: ["T1070", "T1485"], runbook: integrityRunbook)
    private static let unsigned = Detection(
        id: "2b7f4f7e-52a3-4b5e-9c0b-64a1d3c10004", title: "Log file that CloudTrail did not sign",
        description: "A log file lies among CloudTrail's, and no digest of its time names it.", severity: .high,
        attackTechniques: ["T1565.001"], runbook: integrityRunbook)
    private static let chain = Detection(
        id: "2b7f4f7e-52a3-4b5e-9c0b-64a1d3c10005", title: "Chain of CloudTrail digests broken",
        description: """
            A digest is missing, altered, unsigned or out of its place, or digests have ended: whether the \
            log files of its time are whole can't be told.
            """, severity: .critical, attackTechniques: ["T1070", "T1562.008"], runbook: integrityRunbook)

    private static let integrityRunbook = """
        Somebody who can write to the bucket may have covered tracks. See the bucket's data events and access log for who \
        wrote or deleted the objects named here. What the service has stored of them before stays: trailhound timeline \
        finds it. trailhound collect validate looks again.
        """

    /// What was seen.
    struct Observation: Sendable {
        let detection: Detection
        let account: AccountID
        /// When it was, by the account's time.
        let time: Milliseconds
        /// Tells it from every other.
        let identity: String
        /// What it is about: a trail, a bucket.
        let subject: String
        let region: String
        let name: String
        let evidence: [Evidence]

        var match: Match {
            var actor = Actor(principal: subject)
            actor.accountID = account.description
            let event = MatchedEvent(
                reference: EventReference(time: time, text: identity), accountID: account, actor: actor,
                region: region, eventSource: OwnAlerts.source, eventName: name)
            return Match(detection: detection, event: event, evidence: evidence)
        }

        fileprivate var stateName: String { "observation/\(identity)" }
    }

    /// Raises an observation within a transaction. False where it was raised before.
    static func raise(
        _ observation: Observation, _ transaction: borrowing Transaction, _ merger: inout AlertMerger,
        now: Milliseconds, _ damage: DamageTally
    ) throws -> Bool {
        guard try transaction.state(observation.stateName) == nil else { return false }
        try transaction.putState(observation.stateName, Array(EventTime.format(now).utf8))
        try merger.add(observation.match, historical: false, now: now) { key, range in
            try AlertStore.sealed(key, range, transaction, damage)
        }
        return true
    }
}
