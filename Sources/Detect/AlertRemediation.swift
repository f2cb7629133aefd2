// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// How a remediation stands that an alert led to.
package struct AlertRemediation: Hashable, Sendable {
    /// Where a remediation is in its life. The raw values are on disk and in the contract: never renumber them.
    package enum State: UInt8, Hashable, Sendable {
        case running = 1
        case awaitingApproval = 2
        case watching = 3
        case finished = 4
    }

    package let id: String
    /// For example `deactivate_access_key`.
    package let action: String
    /// For example `key/AKIAIOSFODNN7EXAMPLE`.
    package let target: String
    package let state: State
    /// How it ended or stands; empty while nothing is decided.
    package let outcome: String
    package let updatedAt: Milliseconds

    package init(
        id: String, action: String, target: String, state: State, outcome: String, updatedAt: Milliseconds
    ) {
        self.id = id
        self.action = action
        self.target = target
        self.state = state
        self.outcome = outcome
        self.updatedAt = updatedAt
    }
}
