// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// revoke_role_sessions: an inline policy that denies everything to sessions issued before a time. Whoever may take on
/// the role takes it on again and works on; services and instances fetch fresh credentials by themselves.
struct RoleSessionsPlan: ActionPlan {
    let roleName: String

    private var policyName: String { DenyPolicy(.sessionsBefore(0)).name }

    var impossibility: RemediationRefusal? { Self.refusal(name: roleName, path: nil) }

    /// The path says for certain what the name only suggests.
    private static func refusal(name: String, path: String?) -> RemediationRefusal? {
        if path?.hasPrefix("/aws-service-role/") == true || (path == nil && name.hasPrefix("AWSServiceRoleFor")) {
            return .serviceLinkedRole
        }
        if path?.hasPrefix("/aws-reserved/") == true || name.hasPrefix("AWSReservedSSO_") {
            return .identityCenterRole
        }
        return nil
    }

    var identification: ActionCall? { .getRole(roleName: roleName) }

    func identified(_ result: ActionResult, facts: inout TargetFacts) -> RemediationRefusal? {
        guard case .role(let name, let path, let id, let tags) = result else { return nil }
        (facts.roleName, facts.path, facts.principalID, facts.tags) = (name, path, id, tags)
        return Self.refusal(name: name, path: path)
    }

    func stateRead(_ facts: TargetFacts) -> ActionCall {
        .getRolePolicy(roleName: facts.roleName ?? roleName, policyName: policyName)
    }
    func snapshotReads(_ facts: TargetFacts) -> [ActionCall] { [stateRead(facts)] }
    func watchReads(_ facts: TargetFacts) -> [ActionCall] { [stateRead(facts)] }

    func policy(_ now: Milliseconds) -> DenyPolicy? {
        // IAM compares whole seconds.
        DenyPolicy(.sessionsBefore((now + RespondLimits.revocationAhead) / 1_000 * 1_000))
    }

    func standing(_ answers: [ActionResult], wanted: DenyPolicy?) -> Standing {
        DenyPolicy.standing(answers.last, wanted: wanted)
    }

    func execution(_ facts: TargetFacts, wanted: DenyPolicy?) -> ActionCall {
        .putRolePolicy(
            roleName: facts.roleName ?? roleName, policyName: policyName, document: wanted?.document ?? "")
    }

    func reversal(
        _ answer: ActionResult, snapshot: RemediationSnapshot, facts: TargetFacts, wanted: DenyPolicy?
    ) -> Reversal {
        let role = facts.roleName ?? roleName
        return DenyPolicy.reversal(
            answer, before: snapshot.policy, wanted: wanted,
            put: { .putRolePolicy(roleName: role, policyName: policyName, document: $0) },
            delete: .deleteRolePolicy(roleName: role, policyName: policyName))
    }

    func text(_ event: PlanText, _ facts: TargetFacts) -> String {
        let role = facts.roleName ?? roleName
        switch event {
        case .inEffect: return "the sessions of \(role) until now are denied everything"
        case .notInEffect: return "iam:PutRolePolicy: \(policyName) of \(role) does not stand"
        case .undone: return "\(policyName) of \(role) was removed or changed"
        }
    }
}

extension DenyPolicy {
    /// How a user or role stands to a policy that it is to have.
    static func standing(_ answer: ActionResult?, wanted: DenyPolicy?) -> Standing {
        guard case .policy(let document)? = answer, let document else { return .pending }
        guard let found = DenyPolicy(document), found.name == wanted?.name else { return .refused(.policyNameTaken) }
        return wanted.map(found.covers) == true ? .inEffect : .pending
    }

    /// What takes a policy away again: only ours, and only where nobody has changed it.
    static func reversal(
        _ answer: ActionResult, before: String?, wanted: DenyPolicy?, put: (String) -> ActionCall, delete: ActionCall
    ) -> Reversal {
        guard case .policy(let document) = answer else { return .refused("there is no answer") }
        // Gone is gone, whoever did it: nothing of ours is left.
        guard let document, document != before else { return .none }
        guard let found = DenyPolicy(document), found == wanted else {
            return .refused("the policy was changed since: look at it and remove it by hand")
        }
        // An earlier remediation's, which has a rollback of its own.
        guard let before else { return .call(delete) }
        guard let earlier = DenyPolicy(before) else { return .refused("the policy from before was not Trailhound's") }
        return .call(put(earlier.document))
    }
}
