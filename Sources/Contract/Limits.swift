// SPDX-License-Identifier: Apache-2.0

/// The bounds of the services that stand here.
package enum ContractLimits {
    /// Calls of Health/Watch at the same time; each keeps a task and the latest status.
    package static let healthWatchers = 1_024
    /// Field violations that a peer's rich status may carry; further ones are not read.
    package static let fieldViolations = 256
}
