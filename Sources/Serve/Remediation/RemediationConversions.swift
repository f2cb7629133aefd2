// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Messages
import Respond

// Between remediations and the contract's messages.

extension Messages.RemediationAction {
    init(_ action: Respond.RemediationAction) {
        self =
            switch action {
            case .deactivateAccessKey: .deactivateAccessKey
            case .revokeRoleSessions: .revokeRoleSessions
            case .denyUser: .denyUser
            case .disableConsoleLogin: .disableConsoleLogin
            case .restoreLogging: .restoreLogging
            }
    }

    /// The action; nil for unspecified and for numbers of a newer contract.
    var action: Respond.RemediationAction? {
        Respond.RemediationAction.allCases.first { Messages.RemediationAction($0) == self }
    }
}

extension Messages.RemediationMode {
    init(_ mode: Respond.RemediationMode) {
        self =
            switch mode {
            case .off: .off
            case .dryRun: .dryRun
            case .approve: .approve
            case .auto: .auto
            }
    }

    var mode: Respond.RemediationMode? {
        Respond.RemediationMode.allCases.first { Messages.RemediationMode($0) == self }
    }
}

extension Messages.RemediationPolicy {
    init(_ stored: StoredPolicy, action: Respond.RemediationAction) {
        let policy = stored.policy
        self.init()
        self.action = Messages.RemediationAction(action)
        mode = Messages.RemediationMode(policy.mode)
        minSeverity = Messages.Severity(policy.minimumSeverity)
        detectionIDs = policy.detections.sorted()
        never = policy.never.map(\.text)
        always = policy.always.map(\.text)
        hourlyCap = UInt32(clamping: policy.hourlyCap)
        actsOnDuets = policy.actsOnDuets
        maxAgeMinutes = UInt32(clamping: policy.maximumAge / 60_000)
        changedAt = stored.changedAt > 0 ? Timestamp(milliseconds: stored.changedAt) : nil
        changedBy = stored.changedBy
    }
}

extension Messages.RemediationAccess {
    init(_ access: AccountAccess) {
        self.init(
            way: access.way == .executor ? .executor : .role, roleArn: access.roleARN, region: access.region)
    }
}

extension Messages.Freeze {
    init(_ freeze: FreezeState) {
        self.init(
            frozen: freeze.isFrozen,
            changedAt: freeze.changedAt > 0 ? Timestamp(milliseconds: freeze.changedAt) : nil,
            changedBy: freeze.changedBy, reason: freeze.reason)
    }
}

extension Messages.RemediationTarget {
    init(_ target: Respond.RemediationTarget) {
        self.init()
        switch target.subject {
        case .accessKey(let id, let user):
            accessKeyID = id
            userName = user ?? ""
        case .user(let name): userName = name
        case .role(let name): roleName = name
        case .trail(let name, let region):
            trail = name
            self.region = region
        }
    }
}

extension Messages.Remediation {
    init(_ remediation: Respond.Remediation) {
        self.init()
        remediationID = remediation.id
        accountID = remediation.accountID
        action = Messages.RemediationAction(remediation.action)
        target = Messages.RemediationTarget(remediation.target)
        if target?.userName.isEmpty == true { target?.userName = remediation.facts.userName ?? "" }
        state = Messages.RemediationState(rawValue: Int32(remediation.alertState.rawValue))
        outcome = remediation.outcome?.name ?? ""
        reason = remediation.outcome?.explanation ?? ""
        switch remediation.trigger {
        case .alert(let alert, let detection, _, _, _, _): (alertID, detectionID) = (alert, detection)
        case .person(let name, let isDryRun):
            requestedBy = name
            dryRun = isDryRun
        }
        dryRun = dryRun || remediation.mode == .dryRun
        approvedBy = remediation.approvedBy ?? ""
        createdAt = Timestamp(milliseconds: remediation.createdAt)
        updatedAt = Timestamp(milliseconds: remediation.updatedAt)
        before = remediation.snapshot?.facts ?? []
        after = remediation.verification
        history = remediation.history.map { notice in
            RemediationStep(
                time: Timestamp(milliseconds: notice.time), kind: notice.kind.rawValue, detail: notice.detail,
                alert: NoticeAlerts.detection(notice, of: remediation) != nil)
        }
    }
}

extension Respond.RemediationSnapshot {
    /// What stood there before, a fact a line.
    var facts: [Messages.Evidence] {
        var facts = [Messages.Evidence(name: "principal", value: principal)]
        if let principalID { facts.append(Messages.Evidence(name: "principal_id", value: principalID)) }
        for key in keys ?? [] {
            facts.append(
                Messages.Evidence(name: "key/\(key.accessKeyID)", value: key.status.rawValue))
        }
        if let policy { facts.append(Messages.Evidence(name: "policy", value: policy)) }
        if let passwordCreated { facts.append(Messages.Evidence(name: "password_created", value: passwordCreated)) }
        if let isLogging { facts.append(Messages.Evidence(name: "logging", value: isLogging ? "true" : "false")) }
        facts.append(Messages.Evidence(name: "taken_at", value: Timestamp(milliseconds: takenAt).rfc3339))
        return facts
    }
}

extension Respond.Remediation {
    /// What was seen once the change had come into effect.
    fileprivate var verification: [Messages.Evidence] {
        guard let inEffectAt else { return [] }
        var facts: [Messages.Evidence] = []
        if case .accessKey(let key, _) = target.subject, outcome != .rolledBack, outcome != .undone {
            facts.append(Messages.Evidence(name: "key/\(key)", value: "Inactive"))
        }
        if let document { facts.append(Messages.Evidence(name: "policy", value: document)) }
        if case .trail = target.subject { facts.append(Messages.Evidence(name: "logging", value: "true")) }
        facts.append(Messages.Evidence(name: "seen_at", value: Timestamp(milliseconds: inEffectAt).rfc3339))
        return facts
    }
}
