// SPDX-License-Identifier: Apache-2.0

/// restore_logging: StartLogging of a stopped trail, in its home region. A trail that is deleted can't be restored by
/// it, which is a failure that people hear of.
struct TrailPlan: ActionPlan {
    let trail: String
    let region: String

    var impossibility: RemediationRefusal? { nil }
    var identification: ActionCall? { nil }
    var isAbsenceHarm: Bool { true }

    func stateRead(_ facts: TargetFacts) -> ActionCall { .getTrailStatus(trail: trail, region: region) }
    func snapshotReads(_ facts: TargetFacts) -> [ActionCall] { [stateRead(facts)] }
    func watchReads(_ facts: TargetFacts) -> [ActionCall] { [stateRead(facts)] }

    func standing(_ answers: [ActionResult], wanted: DenyPolicy?) -> Standing {
        if case .trailStatus(isLogging: true)? = answers.last { return .inEffect }
        return .pending
    }

    func execution(_ facts: TargetFacts, wanted: DenyPolicy?) -> ActionCall {
        .startLogging(trail: trail, region: region)
    }

    func reversal(
        _ answer: ActionResult, snapshot: RemediationSnapshot, facts: TargetFacts, wanted: DenyPolicy?
    ) -> Reversal {
        .refused(RemediationAction.restoreLogging.irreversibility ?? "")
    }

    func text(_ event: PlanText, _ facts: TargetFacts) -> String {
        switch event {
        case .inEffect: "the trail \(trail) logs"
        case .notInEffect: "cloudtrail:StartLogging: the trail \(trail) still does not log"
        case .undone: "the trail \(trail) was stopped again"
        }
    }
}
