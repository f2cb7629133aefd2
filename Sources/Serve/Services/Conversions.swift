// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Messages
import Onboard
import Respond

// Between the service's own values and the contract's.

extension Messages.Rejection {
    init(_ refused: EvaluatedBatch.RejectedRecord) {
        self.init(
            index: UInt32(clamping: refused.index), reason: refused.rejection.reason.rawValue,
            detail: refused.rejection.detail)
    }
}

extension Messages.Severity {
    init(_ severity: Detect.Severity) {
        self = Messages.Severity(rawValue: Int32(severity.rawValue))
    }
}

extension Messages.Audience {
    init(_ audience: Detect.Audience) {
        self = Messages.Audience(rawValue: Int32(audience.rawValue))
    }
}

extension Messages.Alert {
    /// - Parameter consoleRole: The role that analysts take on in the alert's account; empty for the usual one.
    init(_ alert: Detect.Alert, consoleRole: String = "") {
        self.init()
        alertID = alert.id
        detectionID = alert.detectionID
        title = alert.title
        description = alert.description
        severity = Messages.Severity(alert.severity)
        status = Messages.AlertStatus(rawValue: Int32(alert.status.rawValue))
        audience = Messages.Audience(alert.audience)
        accountID = alert.accountID.description
        actor = Messages.Actor(alert.actor)
        firstSeen = Timestamp(milliseconds: alert.firstSeen)
        lastSeen = Timestamp(milliseconds: alert.lastSeen)
        createdAt = Timestamp(milliseconds: alert.createdAt)
        matchCount = alert.matchCount
        eventIDs = alert.eventIDs
        evidence = alert.evidence.map { Messages.Evidence(name: $0.name, value: $0.value) }
        attackTechniques = alert.attackTechniques
        historical = alert.historical
        revision = alert.revision
        eventSource = alert.eventSource
        eventName = alert.eventName
        region = alert.region
        mergedInto = alert.mergedInto
        duetAnswer = alert.duetAnswer.map { Messages.DuetAnswer(rawValue: Int32($0.rawValue)) } ?? .unspecified
        note = alert.note
        runbook = alert.runbook
        remediations = alert.remediations.map(Messages.AlertRemediation.init)
        consoleLinks = Self.links(alert, role: consoleRole)
    }

    /// Where to look in the console. What the service raised of its own has no event there.
    private static func links(_ alert: Detect.Alert, role: String) -> [Messages.ConsoleLink] {
        let links = ConsoleLinks(accountID: alert.accountID.description, region: alert.region, role: role)
        let isOwn = alert.eventSource == OwnAlerts.source
        return links.links(
            eventID: isOwn ? "" : alert.first.text, accessKeyID: alert.actor.accessKeyID, arn: alert.actor.arn
        ).map { Messages.ConsoleLink(label: $0.label, url: $0.url) }
    }
}

extension Messages.AlertRemediation {
    init(_ remediation: Detect.AlertRemediation) {
        self.init(
            remediationID: remediation.id,
            action: Respond.RemediationAction(rawValue: remediation.action).map(Messages.RemediationAction.init)
                ?? .unspecified, target: remediation.target,
            state: Messages.RemediationState(rawValue: Int32(remediation.state.rawValue)),
            outcome: remediation.outcome, updatedAt: Timestamp(milliseconds: remediation.updatedAt))
    }
}

extension Messages.Actor {
    init(_ actor: CloudTrail.Actor) {
        self.init(
            principal: actor.principal, type: actor.type, arn: actor.arn, accessKeyID: actor.accessKeyID,
            accountID: actor.accountID, sourceIP: actor.sourceIP, userAgent: actor.userAgent,
            sourceIdentity: actor.sourceIdentity)
    }
}

extension Messages.Detection {
    init(_ detection: Detect.Detection, _ tuning: Tuning) {
        self.init()
        let standing = tuning.standing(of: detection)
        severity = Messages.Severity(standing.severity)
        enabled = standing.isEnabled
        onTrial = standing.isOnTrial
        ruleSeverity = Messages.Severity(detection.severity)
        enabledByDefault = detection.enabledByDefault
        correlation = detection.kind == .correlation
        let own = tuning.setting(detection.id)
        if !own.isEmpty { settings.append(DetectionSetting(own, accountID: "")) }
        for account in tuning.accounts(tuning: detection.id) {
            settings.append(
                DetectionSetting(tuning.setting(detection.id, in: account), accountID: account.description))
        }
        detectionID = detection.id
        title = detection.title
        description = detection.description
        audience = Messages.Audience(detection.audience)
        status = detection.status
        tags = detection.tags
        attackTechniques = detection.attackTechniques
        references = detection.references
        falsePositives = detection.falsePositives
        file = detection.file
        author = detection.author
    }
}

extension Messages.DetectionSetting {
    init(_ setting: Tuning.Setting, accountID: String) {
        func word(_ flag: Bool?) -> Switch { flag.map { $0 ? .on : .off } ?? .unspecified }
        self.init(
            accountID: accountID, enabled: word(setting.enabled),
            severity: setting.severity.map(Messages.Severity.init) ?? .unspecified, trial: word(setting.onTrial))
    }
}

extension Messages.MatchReport {
    init(_ tally: MatchTally) {
        self.init(
            matchCount: UInt64(clamping: tally.matches), firstSeen: Timestamp(milliseconds: tally.first),
            lastSeen: Timestamp(milliseconds: tally.last), eventIDs: tally.eventIDs, accountIDs: tally.accounts)
    }
}

extension Messages.DetectionException {
    init(_ exception: Detect.DetectionException) {
        self.init()
        exceptionID = exception.id
        yaml = exception.text
        title = exception.filter.metadata.title
        owner = exception.owner
        reason = exception.reason
        expireTime = Timestamp(milliseconds: exception.expires)
        accountIDs = exception.accounts.map(\.description)
        if case .rules(let names) = exception.filter.target { rules = names }
        file = exception.file
    }
}

extension Messages.RuleProblem {
    init(_ problem: Catalog.Problem) {
        self.init(
            file: problem.file, line: UInt32(clamping: problem.line), message: problem.message,
            isError: problem.isError)
    }
}
