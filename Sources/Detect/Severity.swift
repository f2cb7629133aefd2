// SPDX-License-Identifier: Apache-2.0

/// How much a match should worry its reader. The raw values are those of the contract.
package enum Severity: UInt8, Sendable, Comparable, CaseIterable {
    case informational = 1
    case low = 2
    case medium = 3
    case high = 4
    case critical = 5

    package static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }

    /// The word that Sigma's `level` uses.
    package var name: String {
        switch self {
        case .informational: "informational"
        case .low: "low"
        case .medium: "medium"
        case .high: "high"
        case .critical: "critical"
        }
    }

    /// Reads Sigma's `level`.
    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}

/// Who an alert is for first. The raw values are those of the contract.
package enum Audience: UInt8, Sendable {
    /// The security team triages it.
    case analyst = 1
    /// A DUET: the account's owner confirms or denies it before anyone triages it.
    case owner = 2

    /// The word that rules use.
    package var name: String { self == .analyst ? "analyst" : "owner" }
}

/// Where an alert stands. The raw values are those of the contract.
package enum AlertStatus: UInt8, Sendable {
    case open = 1
    case acknowledged = 2
    case closed = 3
    /// Its matches went to the alert that `mergedInto` names.
    case merged = 4

    /// Whether further matches may join.
    package var growsOn: Bool { self == .open || self == .acknowledged }
}

/// An owner's answer to a DUET. The raw values are those of the contract.
package enum DuetAnswer: UInt8, Sendable {
    case expected = 1
    case unexpected = 2
}
