// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Respond

/// Finds what an action would act on in answer to an alert. Pure: everything comes from the alert.
package enum TargetFinder {
    /// The target of an action, or nil where the alert names none.
    ///
    /// What acts is the actor, so keys, users and roles are sought in the actor's account, which may be another than the
    /// one that the events belong to; a trail is sought where the events are.
    package static func target(_ action: RemediationAction, of alert: Alert) -> RemediationTarget? {
        // Whom a record merely names is the attack's target, not its actor.
        guard action.effect(of: evidence(action, alert)) != .never else { return nil }
        return switch action {
        case .deactivateAccessKey: accessKey(alert)
        case .revokeRoleSessions: role(alert)
        case .denyUser, .disableConsoleLogin: user(alert)
        case .restoreLogging: trail(alert)
        }
    }

    /// The tie between an alert's events and what an action would act on.
    ///
    /// - Parameter isOfOneActor: Whether the detection's events are all of one principal.
    static func evidence(_ action: RemediationAction, _ alert: Alert, isOfOneActor: Bool = true) -> EvidenceKind {
        guard alert.isActorAuthenticated else { return .named }
        if action == .restoreLogging { return .changedThing }
        return isOfOneActor ? .ownCall : .sharedGroup
    }

    /// What is known of a target before anything is asked.
    static func facts(_ target: RemediationTarget) -> TargetFacts {
        switch target.subject {
        case .accessKey(let id, let userName): TargetFacts(accessKeyIDs: [id], userName: userName)
        case .user(let name): TargetFacts(userName: name)
        case .role(let name): TargetFacts(roleName: name)
        case .trail(let name, _): TargetFacts(trail: name)
        }
    }

    private static func accessKey(_ alert: Alert) -> RemediationTarget? {
        let key = alert.actor.accessKeyID
        guard key.hasPrefix("AKIA") || key.hasPrefix("ASIA") else { return nil }
        // Temporary keys and root's can't be deactivated; the machine refuses them in words that say what to do instead.
        return RemediationTarget(
            accountID: account(alert), subject: .accessKey(key, userName: name(alert.actor, "user/")),
            principal: kind(alert.actor))
    }

    private static func role(_ alert: Alert) -> RemediationTarget? {
        guard kind(alert.actor) == .role, let role = sessionRole(alert.actor) ?? name(alert.actor, "role/") else {
            return nil
        }
        return RemediationTarget(accountID: account(alert), subject: .role(role), principal: .role)
    }

    private static func user(_ alert: Alert) -> RemediationTarget? {
        let principal = kind(alert.actor)
        guard principal == .user || principal == .federatedUser, let user = name(alert.actor, "user/") else {
            return nil
        }
        return RemediationTarget(accountID: account(alert), subject: .user(user), principal: principal)
    }

    /// Only a trail that was stopped can be started: one that was deleted or changed needs a person.
    private static func trail(_ alert: Alert) -> RemediationTarget? {
        guard alert.eventSource == "cloudtrail.amazonaws.com", alert.eventName == "StopLogging",
            let trail = alert.facts.first(where: { $0.evidence.name == "requestParameters.name" })
        else { return nil }
        return RemediationTarget(
            accountID: alert.accountID.description, subject: .trail(trail.evidence.value, region: alert.region),
            principal: kind(alert.actor))
    }

    private static func account(_ alert: Alert) -> String {
        AccountID(alert.actor.accountID)?.description ?? alert.accountID.description
    }

    /// CloudTrail's `userIdentity.type`.
    static func kind(_ actor: Actor) -> PrincipalKind {
        switch actor.type {
        case "Root": .root
        case "IAMUser": .user
        case "AssumedRole": .role
        case "FederatedUser": .federatedUser
        default: .unknown
        }
    }

    /// The role of a session by its ARN, `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`: the principal may be the person
    /// who took the role on.
    private static func sessionRole(_ actor: Actor) -> String? {
        let parts = actor.arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "sts" else { return nil }
        let path = parts[5].split(separator: "/")
        return path.count == 3 && path[0] == "assumed-role" ? String(path[1]) : nil
    }

    /// The name at the end of the principal's ARN, `arn:aws:iam::ACCOUNT:user/PATH/NAME`, without its path.
    private static func name(_ actor: Actor, _ prefix: String) -> String? {
        let parts = actor.principal.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "iam", parts[5].hasPrefix(prefix) else { return nil }
        return parts[5].split(separator: "/").last.map(String.init)
    }
}

extension RemediationTrigger {
    /// An alert as what wants a remediation of a target.
    ///
    /// - Parameters:
    ///   - isOfOneActor: Whether the detection's events are all of one principal.
    ///   - now: The service's clock.
    package init(
        _ alert: Detect.Alert, for target: RemediationTarget, by action: RemediationAction, isOfOneActor: Bool = true,
        now: Milliseconds
    ) {
        let account = alert.accountID.description
        let (sinceEvent, sinceReceipt) = (now - alert.lastSeen, now - alert.matchedAt)
        self = .alert(
            alertID: alert.id, detectionID: alert.detectionID, severity: alert.severity, isHistorical: alert.historical,
            otherAccount: account == target.accountID ? nil : account,
            basis: AlertBasis(
                evidence: TargetFinder.evidence(action, alert, isOfOneActor: isOfOneActor),
                // A record from the future is as wrong as an old one, whenever it was received.
                age: sinceEvent < 0 ? sinceEvent : max(sinceEvent, sinceReceipt),
                isUnansweredDuet: alert.audience == .owner && alert.duetAnswer == nil))
    }
}
