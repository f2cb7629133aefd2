// SPDX-License-Identifier: Apache-2.0

/// Records of one log file that the service refused for one reason.
package struct Refusal: Sendable, Hashable, CustomStringConvertible {
    /// The service's name of the reason: `account_not_onboarded`.
    package let reason: String
    /// The first record's detail, in words.
    package let detail: String
    /// How many records.
    package var count: Int

    package init(reason: String, detail: String, count: Int) {
        self.reason = reason
        self.detail = detail
        self.count = count
    }

    package var description: String {
        "\(count) \(count == 1 ? "record" : "records") refused: \(reason)" + (detail.isEmpty ? "" : " (\(detail))")
    }
}
