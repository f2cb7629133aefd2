// SPDX-License-Identifier: Apache-2.0

/// Why a command ends without having done what it was asked: one line, and an exit code.
package struct Failure: Error, Sendable, Equatable {
    /// Exit codes, as the help text lists them.
    package enum Code {
        /// The command could not do its work.
        package static let failed: Int32 = 1
        /// The work was done and some of what it was given was refused.
        package static let rejected: Int32 = 3
        /// The arguments make no sense (sysexits' EX_USAGE).
        package static let usage: Int32 = 64
        /// Ctrl-C, as a shell counts it.
        package static let interrupted: Int32 = 130
        /// SIGTERM, as a shell counts it.
        package static let terminated: Int32 = 143
    }

    package let message: String
    package let code: Int32

    package init(_ message: String, code: Int32 = Code.failed) {
        self.message = message
        self.code = code
    }
}
