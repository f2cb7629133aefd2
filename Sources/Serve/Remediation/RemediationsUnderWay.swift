// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Respond
import Synchronization

/// The remediations that are not finished, by what they act on, and the alerts that each answers beside its own: a key
/// that raises ten alerts within a second is deactivated once.
package final class RemediationsUnderWay: Sendable {
    /// What at most one remediation that an alert starts acts on at a time.
    package struct Key: Hashable, Sendable {
        let action: RemediationAction
        let accountID: String
        let target: String

        package init(_ action: RemediationAction, _ target: RemediationTarget) {
            self.action = action
            accountID = target.accountID
            self.target = target.text
        }
    }

    private struct Entry {
        /// nil between the decision to start it and its first state.
        var remediation: Remediation?
        let id: String
        var alerts: [String] = []
    }

    private struct State {
        var entries: [Key: Entry] = [:]
    }

    package init() {}

    private let state = Mutex(State())

    /// How an alert's wish for a remediation stands.
    package enum Claim {
        /// There is none of the target: this one may start.
        case free
        /// One is under way that answers the alert as well; nil where it has no state yet.
        case joined(Remediation?)
    }

    /// Claims a target for a remediation, or joins the alert to the one that is under way.
    package func claim(_ key: Key, id: String, for alert: Alert) -> Claim {
        state.withLock { state in
            if var entry = state.entries[key], entry.id != id, Self.answers(entry.remediation, alert) {
                if entry.alerts.count < Limits.alertsPerRemediation, !entry.alerts.contains(alert.id) {
                    entry.alerts.append(alert.id)
                }
                state.entries[key] = entry
                return .joined(entry.remediation)
            }
            state.entries[key] = Entry(id: id)
            return .free
        }
    }

    /// Whether a remediation that is under way is an answer to what the alert tells too: not where it is in effect and
    /// the actor went on all the same.
    private static func answers(_ remediation: Remediation?, _ alert: Alert) -> Bool {
        guard let remediation else { return true }
        if remediation.isFinished || remediation.outcome == .undone { return false }
        guard let inEffect = remediation.inEffectAt else { return true }
        return alert.lastSeen <= inEffect + Limits.effectLag
    }

    /// The remediation of a target that is not yet in effect, if there is one.
    func unsettled(_ key: Key) -> String? {
        state.withLock { state in
            guard let entry = state.entries[key] else { return nil }
            return entry.remediation?.inEffectAt == nil ? entry.id : nil
        }
    }

    /// Takes a remediation's newest state. Returns the alerts that it answers beside its own.
    func update(_ remediation: Remediation) -> [String] {
        state.withLock { state in
            let key = Key(remediation.action, remediation.target)
            guard var entry = state.entries[key], entry.id == remediation.id else {
                if state.entries[key] == nil, !remediation.isFinished {
                    state.entries[key] = Entry(remediation: remediation, id: remediation.id)
                }
                return []
            }
            entry.remediation = remediation
            state.entries[key] = remediation.isFinished ? nil : entry
            return entry.alerts
        }
    }

    /// A remediation did not come to a state at all.
    package func drop(_ key: Key, id: String) {
        state.withLock { state in
            if state.entries[key]?.id == id { state.entries[key] = nil }
        }
    }

    /// Whether a remediation more of an account may start: those that only watch or wait for a person don't count. An account
    /// with none at work may always start one, so that no other's flood keeps it from acting.
    package func hasRoom(_ account: String) -> Bool {
        state.withLock { state in
            var (own, all) = (0, 0)
            for (key, entry) in state.entries {
                let phase = entry.remediation?.phase
                guard phase != .watching, phase != .awaitingApproval else { continue }
                all += 1
                if key.accountID == account { own += 1 }
            }
            return own == 0 || own < Limits.remediationsUnderWayOfAccount && all < Limits.remediationsUnderWay
        }
    }

    /// Forgets all: the service stops.
    func close() { state.withLock { $0.entries = [:] } }
}
