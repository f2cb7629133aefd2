// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import Journal
import Respond

/// Remediations in the journal, in one order with the records and the alerts.
struct JournalRemediationStore: RemediationStore {
    let pipeline: Pipeline

    func save(_ remediation: Remediation) async throws {
        let row = try Self.row(remediation)
        try await pipeline.perform { transaction, _ in try transaction.putRemediation(row) }
    }

    func load(_ id: String) async throws -> Remediation? {
        try await pipeline.journal.reader.detached(.response) { try $0.remediation(id) }.map(Self.remediation)
    }

    func unfinished() async throws -> [Remediation] {
        try await pipeline.journal.reader.detached(.response) { try $0.unsettledRemediations() }.compactMap { row in
            do { return try Self.remediation(row) } catch {
                if pipeline.counters.damage.note(error) {
                    pipeline.log.error("a remediation is not taken up: \(error)")
                }
                return nil
            }
        }
    }

    func automaticRuns(
        accountID: String, action: RemediationAction, since time: Milliseconds
    ) async throws -> [Milliseconds] {
        try await pipeline.journal.reader.detached(.response) {
            try $0.automaticRemediations(
                accountID: accountID, action: action.rawValue, since: time, through: time + RespondLimits.capReach)
        }
    }

    /// The row of a remediation: its stored form is JSON.
    static func row(_ remediation: Remediation) throws -> RemediationRow {
        RemediationRow(
            remediationID: remediation.id, accountID: remediation.accountID, action: remediation.action.rawValue,
            alertID: remediation.alertID ?? "", createdAt: remediation.createdAt, updatedAt: remediation.updatedAt,
            automaticAt: remediation.automaticAt, isFinished: remediation.isFinished,
            isSettled: remediation.isSettled, payload: [UInt8](try JSONEncoder().encode(remediation)))
    }

    static func remediation(_ row: RemediationRow) throws -> Remediation {
        do { return try JSONDecoder().decode(Remediation.self, from: Data(row.payload)) } catch {
            throw JournalError.damaged("remediation \(row.remediationID)", "its bytes are no remediation")
        }
    }
}

extension Remediation {
    /// The alert that led to it, if one did.
    var alertID: String? {
        if case .alert(let alertID, _, _, _, _, _) = trigger { alertID } else { nil }
    }
}

/// What remediations are decided by, as it stands when they ask.
struct LiveRemediationRules: RemediationRules {
    let book: PolicyBook
    let accounts: AccountDirectory
    let ways: AccountWays

    func rules(
        accountID: String, action: RemediationAction
    ) async throws -> (policy: RemediationPolicy, situation: RemediationSituation) {
        let isOnboarded = AccountID(accountID).map(accounts.contains) ?? false
        let policy = book.policy(action, of: accountID).policy
        // Where nothing can act there is no reason to go to AWS.
        let own = isOnboarded && policy.isLive ? await ways.ownIdentities(of: accountID) : []
        return (
            policy,
            RemediationSituation(
                isFrozen: book.freeze.isFrozen, isOnboarded: isOnboarded, ownIdentities: own, automaticRuns: 0)
        )
    }
}
