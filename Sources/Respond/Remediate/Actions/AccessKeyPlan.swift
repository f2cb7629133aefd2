// SPDX-License-Identifier: Apache-2.0

import AWS

/// deactivate_access_key: UpdateAccessKey with Status=Inactive, never DeleteAccessKey. Exactly the key of the target;
/// the user's other keys are told of and left alone.
struct AccessKeyPlan: ActionPlan {
    let accessKeyID: String
    let principal: PrincipalKind

    /// How IAM's reports call root where a user's name is expected.
    private static let rootNames: Set<String> = ["<root_account>", "root_account"]

    var impossibility: RemediationRefusal? {
        if principal == .root { return .rootKey }
        guard accessKeyID.hasPrefix("ASIA") else { return nil }
        switch principal {
        case .role: return .temporaryKeyOfRole
        case .user, .federatedUser: return .temporaryKeyOfUser
        case .root, .unknown: return .temporaryKey
        }
    }

    /// What the event said of the owner is not enough to act on.
    var identification: ActionCall? { .getAccessKeyLastUsed(accessKeyID: accessKeyID) }

    func identified(_ result: ActionResult, facts: inout TargetFacts) -> RemediationRefusal? {
        guard case .owner(let userName) = result else { return nil }
        guard let userName, !Self.rootNames.contains(userName) else { return .rootKey }
        facts.userName = userName
        return nil
    }

    func stateRead(_ facts: TargetFacts) -> ActionCall { .listAccessKeys(userName: facts.userName ?? "") }
    func snapshotReads(_ facts: TargetFacts) -> [ActionCall] { [stateRead(facts)] }
    func watchReads(_ facts: TargetFacts) -> [ActionCall] { [stateRead(facts)] }

    func standing(_ answers: [ActionResult], wanted: DenyPolicy?) -> Standing {
        guard let key = key(answers.last) else { return .gone("the user has no such key") }
        return key.status == .active ? .pending : .inEffect
    }

    func execution(_ facts: TargetFacts, wanted: DenyPolicy?) -> ActionCall {
        .updateAccessKey(userName: facts.userName ?? "", accessKeyID: accessKeyID, status: .inactive)
    }

    func reversal(
        _ answer: ActionResult, snapshot: RemediationSnapshot, facts: TargetFacts, wanted: DenyPolicy?
    ) -> Reversal {
        guard let key = key(answer) else { return .refused("the key is gone") }
        guard let before = snapshot.keys?.first(where: { $0.accessKeyID == accessKeyID }) else {
            return .refused("the snapshot does not have the key")
        }
        guard before.status == .active else { return .refused("the key was not active before") }
        guard key.createDate == before.createDate else {
            return .refused("the key is another than the one that was deactivated")
        }
        if key.status == .active { return .none }
        return .call(.updateAccessKey(userName: facts.userName ?? "", accessKeyID: accessKeyID, status: .active))
    }

    func text(_ event: PlanText, _ facts: TargetFacts) -> String {
        let key = "\(accessKeyID) of \(facts.userName ?? "")"
        switch event {
        case .inEffect: return "\(key) is inactive"
        case .notInEffect: return "iam:UpdateAccessKey: \(key) is still active"
        case .undone: return "\(key) is active again"
        }
    }

    private func key(_ answer: ActionResult?) -> IAM.AccessKey? {
        guard case .accessKeys(let keys)? = answer else { return nil }
        return keys.first { $0.accessKeyID == accessKeyID }
    }
}
