// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// What one action knows: which calls show how its target stands, which change it, and what an answer means. It is a
/// pure value of the target; the machine that drives it is `Remediation`.
protocol ActionPlan: Sendable {
    /// Why it can't be done for what the target is, before any call; nil where it can.
    var impossibility: RemediationRefusal? { get }

    /// The call that tells who the target is, or nil where the target says it all. No policy is decided before it.
    var identification: ActionCall? { get }

    /// Takes what the identification showed.
    ///
    /// - Returns: Why it can't be done for what it showed, or nil.
    func identified(_ result: ActionResult, facts: inout TargetFacts) -> RemediationRefusal?

    /// What the snapshot is made of. The last answer is that of `stateRead`.
    func snapshotReads(_ facts: TargetFacts) -> [ActionCall]

    /// The call that shows whether the action is in effect.
    func stateRead(_ facts: TargetFacts) -> ActionCall

    /// What is looked at while the target is watched. The last answer is that of `stateRead`.
    func watchReads(_ facts: TargetFacts) -> [ActionCall]

    /// The policy that the action would put at `now`, or nil for actions that put none.
    func policy(_ now: Milliseconds) -> DenyPolicy?

    /// How the target stands.
    ///
    /// - Parameters:
    ///   - answers: Those of `snapshotReads` or `watchReads`, or that of `stateRead` alone.
    ///   - wanted: The document that the action puts.
    func standing(_ answers: [ActionResult], wanted: DenyPolicy?) -> Standing

    /// The call that carries the action out.
    func execution(_ facts: TargetFacts, wanted: DenyPolicy?) -> ActionCall

    /// What a rollback has to do, by the answer of `stateRead`.
    func reversal(
        _ answer: ActionResult, snapshot: RemediationSnapshot, facts: TargetFacts, wanted: DenyPolicy?
    ) -> Reversal

    /// What happened, for people.
    func text(_ event: PlanText, _ facts: TargetFacts) -> String

    /// Whether a target that is gone is the harm itself and not the end of it, as a deleted trail is.
    var isAbsenceHarm: Bool { get }
}

/// How a target stands to an action.
enum Standing: Sendable, Hashable {
    /// The action is to be done.
    case pending
    /// What the action wants is so.
    case inEffect
    /// There is nothing that the action could be done to; why.
    case gone(String)
    /// It must not be done.
    case refused(RemediationRefusal)
}

/// What a rollback has to do.
enum Reversal: Sendable, Hashable {
    /// Nothing: it is as it was before.
    case none
    case call(ActionCall)
    /// It can't be done, or would destroy what others did since.
    case refused(String)
}

/// The sentences in which an action speaks of its target.
enum PlanText: Sendable, Hashable {
    case inEffect
    case notInEffect
    case undone
}

extension ActionPlan {
    var isAbsenceHarm: Bool { false }

    func policy(_ now: Milliseconds) -> DenyPolicy? { nil }

    func identified(_ result: ActionResult, facts: inout TargetFacts) -> RemediationRefusal? { nil }
}

extension RemediationAction {
    /// How the action is done to a target, or nil where it is not for such a target.
    func plan(_ target: RemediationTarget) -> (any ActionPlan)? {
        switch (self, target.subject) {
        case (.deactivateAccessKey, .accessKey(let id, _)):
            AccessKeyPlan(accessKeyID: id, principal: target.principal)
        case (.revokeRoleSessions, .role(let name)): RoleSessionsPlan(roleName: name)
        case (.denyUser, .user(let name)):
            UserDenyPlan(userName: name, principal: target.principal, isForConsole: false)
        case (.disableConsoleLogin, .user(let name)):
            UserDenyPlan(userName: name, principal: target.principal, isForConsole: true)
        case (.restoreLogging, .trail(let name, let region)): TrailPlan(trail: name, region: region)
        default: nil
        }
    }
}
