// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// deny_user and disable_console_login: an inline policy that denies everything to a user's temporary credentials, or to
/// the console sessions among them. `DenyPolicy` says why the password itself is left alone.
struct UserDenyPlan: ActionPlan {
    let userName: String
    let principal: PrincipalKind
    /// Whether it is disable_console_login, which asks for a password first.
    let isForConsole: Bool

    private var deny: DenyPolicy { DenyPolicy(isForConsole ? .console : .temporaryCredentials) }

    var impossibility: RemediationRefusal? { principal == .root ? .root : nil }

    var identification: ActionCall? { .getUser(userName: userName) }

    func identified(_ result: ActionResult, facts: inout TargetFacts) -> RemediationRefusal? {
        guard case .user(let name, let path, let id) = result else { return nil }
        (facts.userName, facts.path, facts.principalID) = (name, path, id)
        return nil
    }

    func stateRead(_ facts: TargetFacts) -> ActionCall {
        .getUserPolicy(userName: facts.userName ?? userName, policyName: deny.name)
    }

    func snapshotReads(_ facts: TargetFacts) -> [ActionCall] {
        let user = facts.userName ?? userName
        return (isForConsole ? [.getLoginProfile(userName: user)] : []) + watchReads(facts)
    }

    func watchReads(_ facts: TargetFacts) -> [ActionCall] {
        [.listAccessKeys(userName: facts.userName ?? userName), stateRead(facts)]
    }

    func policy(_ now: Milliseconds) -> DenyPolicy? { deny }

    func standing(_ answers: [ActionResult], wanted: DenyPolicy?) -> Standing {
        if case .loginProfile(createDate: nil)? = answers.first { return .gone("the user has no password") }
        return DenyPolicy.standing(answers.last, wanted: wanted)
    }

    func execution(_ facts: TargetFacts, wanted: DenyPolicy?) -> ActionCall {
        .putUserPolicy(userName: facts.userName ?? userName, policyName: deny.name, document: deny.document)
    }

    func reversal(
        _ answer: ActionResult, snapshot: RemediationSnapshot, facts: TargetFacts, wanted: DenyPolicy?
    ) -> Reversal {
        let user = facts.userName ?? userName
        return DenyPolicy.reversal(
            answer, before: snapshot.policy, wanted: wanted,
            put: { .putUserPolicy(userName: user, policyName: deny.name, document: $0) },
            delete: .deleteUserPolicy(userName: user, policyName: deny.name))
    }

    func text(_ event: PlanText, _ facts: TargetFacts) -> String {
        let user = facts.userName ?? userName
        switch event {
        case .inEffect:
            return "the \(isForConsole ? "console sessions" : "temporary credentials") of \(user) are denied everything"
        case .notInEffect: return "iam:PutUserPolicy: \(deny.name) of \(user) does not stand"
        case .undone: return "\(deny.name) of \(user) was removed or changed"
        }
    }
}
