// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Messages

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
    init(_ alert: Detect.Alert) {
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

extension Messages.Account {
    init(_ row: AccountRow) {
        self.init()
        accountID = row.accountID
        name = row.name
        owner = row.owner
        onboardedAt = Timestamp(milliseconds: row.onboardedAt)
        lastEventAt = row.lastEventAt.map(Timestamp.init(milliseconds:))
        eventCount = UInt64(clamping: row.eventCount)
        switch StoredAccountState(rawValue: row.state) {
        case .onboarded: state = row.eventCount > 0 ? .active : .pending
        case .offboarded: state = .offboarded
        case nil: state = .unspecified
        }
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

extension Messages.TrialReport {
    init(_ report: TrialReport) {
        self.init(
            matchCount: UInt64(clamping: report.matches), firstSeen: Timestamp(milliseconds: report.first),
            lastSeen: Timestamp(milliseconds: report.last), eventIDs: report.eventIDs, accountIDs: report.accounts)
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
