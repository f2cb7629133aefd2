// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Journal
import Respond
import Synchronization

/// How the service reaches an account.
package struct AccountAccess: Sendable, Hashable, Codable {
    package enum Way: String, Sendable, Hashable, Codable {
        /// By a role of the account, or by the service's own credentials where they are of that account.
        case role
        /// By an executor inside the account.
        case executor
    }

    package var way: Way
    /// `arn:aws:iam::ACCOUNT:role/NAME`; empty for the service's own credentials.
    package var roleARN: String
    /// Where STS and the account's trails are called; empty for the service's region.
    package var region: String

    package init(way: Way = .role, roleARN: String = "", region: String = "") {
        self.way = way
        self.roleARN = roleARN
        self.region = region
    }
}

/// An action's policy, and who set it.
package struct StoredPolicy: Sendable, Hashable, Codable {
    package var policy: RemediationPolicy
    /// When it was set; 0 where it never was.
    package var changedAt: Milliseconds
    package var changedBy: String

    package init(policy: RemediationPolicy = RemediationPolicy(), changedAt: Milliseconds = 0, changedBy: String = "") {
        self.policy = policy
        self.changedAt = changedAt
        self.changedBy = changedBy
    }
}

extension RemediationPolicy {
    /// Whether it lets the action do anything at all, if only on the always-list.
    var isLive: Bool { mode != .off || !always.isEmpty }
}

/// The switch that stops everything.
package struct FreezeState: Sendable, Hashable, Codable {
    package var isFrozen: Bool
    /// When it was set; 0 where it never was.
    package var changedAt: Milliseconds
    package var changedBy: String
    package var reason: String

    package init(isFrozen: Bool = false, changedAt: Milliseconds = 0, changedBy: String = "", reason: String = "") {
        self.isFrozen = isFrozen
        self.changedAt = changedAt
        self.changedBy = changedBy
        self.reason = reason
    }
}

/// What remediations are decided by, in memory as it stands in the journal.
///
/// A change is durable before it counts, and counts in the order in which the journal took the changes.
package final class PolicyBook: Sendable {
    private struct State {
        var policies: [String: [RemediationAction: StoredPolicy]] = [:]
        var access: [String: AccountAccess] = [:]
        var freeze = FreezeState()
        /// Uptime when a policy was set in this process.
        var setAt: [String: [RemediationAction: Milliseconds]] = [:]
    }

    private static let accessName = "access"
    private static let freezeName = "remediation/freeze"

    private let state: Mutex<State>
    private let pipeline: Pipeline
    /// Uptime when the journal was read.
    private let readAt = Clock.monotonic()

    /// Reads what the journal holds.
    package init(_ pipeline: Pipeline) throws {
        self.pipeline = pipeline
        var read = State()
        let decoder = JSONDecoder()
        for row in try pipeline.journal.reader.remediationPolicies() {
            let payload = Data(row.payload)
            do {
                if row.name == Self.accessName {
                    read.access[row.accountID] = try decoder.decode(AccountAccess.self, from: payload)
                } else if let action = RemediationAction(rawValue: row.name) {
                    read.policies[row.accountID, default: [:]][action] = try decoder.decode(
                        StoredPolicy.self, from: payload)
                }
            } catch {
                // Without its policy an action is off, and the other accounts have theirs.
                let error = JournalError.damaged("policy \(row.name) of account \(row.accountID)", "it can't be read")
                if pipeline.counters.damage.note(error) { pipeline.log.error("remediation is off: \(error)") }
            }
        }
        if let bytes = try pipeline.journal.reader.state(Self.freezeName) {
            do { read.freeze = try decoder.decode(FreezeState.self, from: Data(bytes)) } catch {
                // Nobody knows whether somebody froze: nothing acts until somebody says so.
                let error = JournalError.damaged("the freeze of remediations", "it can't be read")
                if pipeline.counters.damage.note(error) { pipeline.log.error("remediations are frozen: \(error)") }
                read.freeze = FreezeState(isFrozen: true, reason: "the stored freeze is damaged")
            }
        }
        state = Mutex(read)
    }

    /// Whether a stored policy, or way into an account, can be read.
    static func isReadable(_ row: RemediationPolicyRow) -> Bool {
        let (decoder, payload) = (JSONDecoder(), Data(row.payload))
        if row.name == accessName { return (try? decoder.decode(AccountAccess.self, from: payload)) != nil }
        return (try? decoder.decode(StoredPolicy.self, from: payload)) != nil
    }

    /// Whether a state is readable, where it is the freeze.
    static func isReadable(state name: String, _ value: [UInt8]) -> Bool {
        name != freezeName || (try? JSONDecoder().decode(FreezeState.self, from: Data(value))) != nil
    }

    // MARK: Reading

    /// An account's policy for an action; off where none was set.
    package func policy(_ action: RemediationAction, of account: String) -> StoredPolicy {
        state.withLock { $0.policies[account]?[action] ?? StoredPolicy() }
    }

    /// Since when a policy counts. One that was set by a clock that ran ahead counts for as long as it has stood by the
    /// uptime: else nothing that happens before that time comes would be answered.
    ///
    /// - Parameters:
    ///   - now: The clock.
    ///   - uptime: `Clock.monotonic`.
    package func since(
        _ action: RemediationAction, of account: String, now: Milliseconds, uptime: Milliseconds
    ) -> Milliseconds {
        state.withLock { state in
            let changedAt = state.policies[account]?[action]?.changedAt ?? 0
            guard changedAt > now else { return changedAt }
            return now - max(0, uptime - (state.setAt[account]?[action] ?? readAt))
        }
    }

    /// How an account is reached.
    package func access(to account: String) -> AccountAccess {
        state.withLock { $0.access[account] ?? AccountAccess() }
    }

    /// Accounts in which an action is not off.
    package var liveAccounts: [String] {
        state.withLock { state in
            state.policies.filter { $0.value.values.contains { $0.policy.isLive } }.keys.sorted()
        }
    }

    package var freeze: FreezeState { state.withLock { $0.freeze } }

    // MARK: Changing

    /// Sets policies and access of an account; what is nil stays. Durable on return, with its entry in the audit log.
    package func set(
        _ account: String, action: RemediationAction?, policy: StoredPolicy?, access: AccountAccess?,
        audit entry: AuditEntry
    ) async throws {
        let encoder = JSONEncoder()
        var rows: [RemediationPolicyRow] = []
        if let action, let policy {
            rows.append(
                RemediationPolicyRow(
                    accountID: account, name: action.rawValue, payload: [UInt8](try encoder.encode(policy))))
        }
        if let access {
            rows.append(
                RemediationPolicyRow(
                    accountID: account, name: Self.accessName, payload: [UInt8](try encoder.encode(access))))
        }
        let changed = rows
        let uptime = Clock.monotonic()
        try await pipeline.perform(
            audit: entry,
            then: { [self] _ in
                state.withLock { state in
                    if let action, let policy {
                        state.policies[account, default: [:]][action] = policy
                        state.setAt[account, default: [:]][action] = uptime
                    }
                    if let access { state.access[account] = access }
                }
            },
            { transaction, _ in for row in changed { try transaction.putRemediationPolicy(row) } })
    }

    /// Sets the switch that stops everything. Durable on return, with its entry in the audit log.
    package func set(_ freeze: FreezeState, audit entry: AuditEntry) async throws {
        let bytes = [UInt8](try JSONEncoder().encode(freeze))
        try await pipeline.perform(
            audit: entry, then: { [self] _ in state.withLock { $0.freeze = freeze } },
            { transaction, _ in try transaction.putState(Self.freezeName, bytes) })
    }

    /// Dates policies anew that a clock which ran ahead has dated: at the time since when they count. Durable on return,
    /// with an entry in the audit log for each. Returns how many there were.
    ///
    /// - Parameters:
    ///   - now: A clock that is right again.
    ///   - uptime: `Clock.monotonic`.
    @discardableResult
    package func correctClock(now: Milliseconds, uptime: Milliseconds) async throws -> Int {
        let ahead = state.withLock { state in
            state.policies.flatMap { account, policies in
                policies.filter { $0.value.changedAt > now + Limits.clockDriftMilliseconds }
                    .map { (account: account, action: $0.key, stored: $0.value) }
            }
        }
        for (account, action, stored) in ahead {
            var corrected = stored
            corrected.changedAt = since(action, of: account, now: now, uptime: uptime)
            let entry = AuditEntry(
                time: now, actor: .service, method: "clock", accountID: account,
                summary: "the policy for \(action.rawValue) was dated \(EventTime.format(stored.changedAt)) by a clock "
                    + "that ran ahead, and counts since \(EventTime.format(corrected.changedAt))")
            try await set(account, action: action, policy: corrected, access: nil, audit: entry)
        }
        return ahead.count
    }
}
