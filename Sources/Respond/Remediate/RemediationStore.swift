// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Where remediations are kept.
package protocol RemediationStore: Sendable {
    /// Keeps a remediation in place of an earlier state of it. It is durable when this returns.
    func save(_ remediation: Remediation) async throws
    /// The remediation with that id.
    func load(_ id: String) async throws -> Remediation?
    /// All that are not settled.
    func unfinished() async throws -> [Remediation]
    /// The times at which automatic runs of an action began in an account since `time`: their `automaticAt`.
    func automaticRuns(
        accountID: String, action: RemediationAction, since time: Milliseconds
    ) async throws -> [Milliseconds]
}

/// What a remediation is decided by, as it stands now.
package protocol RemediationRules: Sendable {
    /// An account's policy for an action. `situation.automaticRuns` is filled in by the caller.
    func rules(
        accountID: String, action: RemediationAction
    ) async throws -> (policy: RemediationPolicy, situation: RemediationSituation)
}
