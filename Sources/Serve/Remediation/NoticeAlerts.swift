// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Respond

/// The alerts that remediations raise of their own: the attacker is still there, Trailhound can't do what it should, or
/// a person has to act.
enum NoticeAlerts {
    /// As `eventSource` of these alerts: no remediation starts from them.
    static let source = "trailhound"

    private static let undone = Detection(
        id: "7d1c0a52-4d1e-4c0c-9a53-6f6d3f1e0001", title: "Remediation undone by somebody else",
        description: """
            What a remediation changed was changed back in the account, and not by a rollback. Whoever did it has rights \
            that the remediation did not take away.
            """, severity: .critical, attackTechniques: ["T1098"],
        runbook: """
            Find who did it in the account's trail, and take that identity's access away too. Then run the remediation \
            again.
            """)
    private static let newKey = Detection(
        id: "7d1c0a52-4d1e-4c0c-9a53-6f6d3f1e0002", title: "New access key on a user whose key was deactivated",
        description: """
            Within half an hour of the deactivation of an access key its user got a new one. That is what an attacker \
            does who still has a way in, and what an owner does who rotates keys.
            """, severity: .critical, attackTechniques: ["T1098.001"],
        runbook: "Ask the owner whether it is theirs. If not, deactivate it and find out who made it.")
    private static let failed = Detection(
        id: "7d1c0a52-4d1e-4c0c-9a53-6f6d3f1e0003", title: "Remediation failed",
        description: "A remediation could not be carried out or seen to be in effect: its target may still be at work.",
        severity: .critical,
        runbook: "Do by hand what the remediation should have done, then see to the reason that it gives.")
    private static let blind = Detection(
        id: "7d1c0a52-4d1e-4c0c-9a53-6f6d3f1e0004", title: "Remediated target can't be watched",
        description: "The change was made, but whether somebody undoes it can't be seen.", severity: .medium,
        runbook: "See to the reason, and look at the target by hand.")
    private static let personNeeded = Detection(
        id: "7d1c0a52-4d1e-4c0c-9a53-6f6d3f1e0005", title: "Remediation needs a person",
        description: "A remediation waits for an approval, or only a person can do what it should.", severity: .high,
        runbook: "trailhound remediation show ID says what it would do; trailhound remediation approve ID lets it.")
    private static let rollbackFailed = Detection(
        id: "7d1c0a52-4d1e-4c0c-9a53-6f6d3f1e0006", title: "Rollback of a remediation failed",
        description: "What a remediation changed could not be put back, though a person asked for it.",
        severity: .high, runbook: "Put it back by hand; the remediation's snapshot shows what was there.")

    /// The detection that a notice is raised as; nil where it is no alert.
    static func detection(_ notice: RemediationNotice, of remediation: Remediation) -> Detection? {
        switch notice.kind {
        case .undone: undone
        case .newKey: newKey
        case .failed: failed
        case .watchBlind: blind
        case .rollbackFailed: rollbackFailed
        case .approvalAsked: personNeeded
        case .finished: needsPerson(remediation) ? personNeeded : nil
        case .started, .approved, .snapshotTaken, .otherKeys, .executing, .retrying, .inEffect, .rollbackStarted,
            .rollbackRefused:
            nil
        }
    }

    /// Whether a remediation that an alert asked for was refused for a reason that leaves the work to people.
    private static func needsPerson(_ remediation: Remediation) -> Bool {
        guard remediation.alertID != nil, case .refused(let refusal, _) = remediation.outcome else { return false }
        switch refusal {
        case .rootKey, .root, .approvalExpired, .exclusionsUnknown, .policyNameTaken, .ownerMismatch: return true
        case .frozen, .accountNotOnboarded, .historical, .tooOld, .ownIdentity, .neverListed, .off, .belowSeverity,
            .detectionNotListed, .temporaryKeyOfRole, .temporaryKeyOfUser, .temporaryKey, .wrongTarget,
            .serviceLinkedRole, .identityCenterRole, .notApproved:
            return false
        }
    }

    /// The match that raises a notice as an alert. The same notice gives the same match, so that one that is told again
    /// after a crash is known.
    static func match(_ notice: RemediationNotice, of remediation: Remediation, region: String) -> Match? {
        guard let detection = detection(notice, of: remediation), let account = AccountID(remediation.accountID) else {
            return nil
        }
        let reference = EventReference(
            time: notice.time, text: "\(remediation.id)/\(notice.kind.rawValue)/\(notice.time)")
        let event = MatchedEvent(
            reference: reference, accountID: account, actor: actor(remediation), region: region, eventSource: source,
            eventName: "Remediation")
        var evidence = [
            Evidence(name: "remediation", value: remediation.id),
            Evidence(name: "action", value: remediation.action.rawValue),
            Evidence(name: "target", value: remediation.target.text),
            Evidence(name: "notice", value: notice.kind.rawValue),
        ]
        if !notice.detail.isEmpty {
            evidence.append(
                Evidence(name: "detail", value: String(notice.detail.prefix(DetectLimits.evidenceBytes / 4))))
        }
        if let alertID = remediation.alertID { evidence.append(Evidence(name: "alert", value: alertID)) }
        return Match(detection: detection, event: event, evidence: evidence)
    }

    /// Whom the alert is about: the target, by the name that alerts merge by.
    private static func actor(_ remediation: Remediation) -> Actor {
        var actor = Actor(principal: remediation.target.text)
        actor.accountID = remediation.accountID
        if case .accessKey(let key, _) = remediation.target.subject { actor.accessKeyID = key }
        return actor
    }
}
