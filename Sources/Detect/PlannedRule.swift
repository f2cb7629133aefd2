// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Sigma

/// One rule of a `DetectionPlan`: its detection, how it stands in each account, and the slots that its matches read.
package struct PlannedRule: Sendable {
    package let detection: Detection
    /// True where it stands for itself. One that only correlations count makes no match.
    package let raisesAlerts: Bool
    let standings: PlannedStandings
    /// The exceptions that may cover its events, as indexes into the plan's.
    let exceptions: [Int]
    /// Names and slots of the detection's evidence fields.
    let evidence: [NamedSlot]
    /// Names and slots of the fields that explain its part in correlations: those that these group by and count, then the
    /// detection's own.
    let observed: [NamedSlot]
    /// The values that its baseline, its own merge key and its `unless` combine; empty where it has none.
    let baseline: [CombinedValue]
    let merge: [CombinedValue]
    let unless: [CombinedValue]
    /// Matches of other rules that its events clear.
    var clears: [Clears] = []

    /// A field's path and where an extractor keeps its values.
    typealias NamedSlot = (name: String, slot: Slot)

    /// One value of a combination.
    enum CombinedValue: Sendable {
        case field(Slot)
        /// The source's network.
        case network
        /// The source's autonomous system.
        case autonomousSystem
    }

    /// Matches of another rule that events clear, told by the values of their fields.
    struct Clears: Sendable {
        let detectionID: String
        let unless: Unless
        let values: [CombinedValue]
    }

    /// - Parameters:
    ///   - index: the rule's place in the plan, by which `correlations` know it.
    ///   - fields: the fields that extractors read, to which the rule's are added.
    init(
        _ detection: Detection, at index: Int, raisesAlerts: Bool, standings: PlannedStandings, exceptions: [Int],
        _ correlations: CorrelationPlan, fields: inout FieldSet
    ) throws {
        self.detection = detection
        self.raisesAlerts = raisesAlerts
        self.standings = standings
        self.exceptions = exceptions
        var evidence: [NamedSlot] = []
        for path in detection.evidenceFields { evidence.append((path, try fields.insert(path))) }
        self.evidence = evidence
        observed = try Self.observed(detection, at: index, correlations, &fields)
        baseline = try Self.values(detection.baseline?.fields ?? [], &fields)
        if case .fields(let names) = detection.merging.key {
            merge = try Self.values(names, &fields)
        } else {
            merge = []
        }
        unless = try Self.values(detection.unless?.fields ?? [], &fields)
    }

    private static func observed(
        _ detection: Detection, at index: Int, _ correlations: CorrelationPlan, _ fields: inout FieldSet
    ) throws -> [NamedSlot] {
        var observed: [NamedSlot] = []
        for path in correlations.fields(rule: index).joined() {
            let slot = try fields.insert(path)
            if observed.count < DetectLimits.observationEvidence { observed.append((path, slot)) }
        }
        guard correlations.concerns(rule: index) else { return observed }
        // What the rule itself would tell, so that an alert of the correlation says what happened in its events.
        for path in detection.evidenceFields where !observed.contains(where: { $0.name == path }) {
            guard observed.count < DetectLimits.observationEvidence else { break }
            observed.append((path, try fields.insert(path)))
        }
        return observed
    }

    private static func values(_ names: [String], _ fields: inout FieldSet) throws -> [CombinedValue] {
        try names.map { name in
            switch name {
            case Baseline.network: .network
            case Baseline.autonomousSystem: .autonomousSystem
            default: .field(try fields.insert(name))
            }
        }
    }
}

/// One correlation of a `DetectionPlan`: its detection, and how it stands in each account.
package struct PlannedCorrelation: Sendable {
    package let detection: Detection
    /// True where it stands for itself. One that only other correlations count makes no alert.
    package let raisesAlerts: Bool
    let standings: PlannedStandings
}

/// How a detection stands in each account.
struct PlannedStandings: Sendable {
    private let elsewhere: Tuning.Standing
    private let accounts: [AccountID: Tuning.Standing]

    /// - Parameters:
    ///   - isForced: it runs whatever the tuning says.
    ///   - isSilent: it alerts only where somebody switched it on by hand.
    init(_ detection: Detection, _ tuning: Tuning, isForced: Bool, isSilent: Bool) {
        func standing(_ account: AccountID?) -> Tuning.Standing {
            let standing = tuning.standing(of: detection, in: account)
            let isEnabled =
                isForced || standing.isEnabled && (!isSilent || tuning.isSwitchedOn(detection.id, in: account))
            return Tuning.Standing(
                isEnabled: isEnabled, severity: standing.severity, isOnTrial: standing.isOnTrial)
        }
        elsewhere = standing(nil)
        accounts = Dictionary(
            tuning.accounts(tuning: detection.id).map { ($0, standing($0)) }, uniquingKeysWith: { first, _ in first })
    }

    subscript(account: AccountID) -> Tuning.Standing { accounts[account] ?? elsewhere }
}
