// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages

// The contract's enumerations as the words that people type and read.

/// A severity on the command line.
package enum SeverityChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    case informational, low, medium, high, critical

    /// Takes `info` too, as tables show it.
    package init?(argument: String) { self.init(rawValue: argument == "info" ? "informational" : argument) }

    package var value: Severity {
        switch self {
        case .informational: .informational
        case .low: .low
        case .medium: .medium
        case .high: .high
        case .critical: .critical
        }
    }
}

/// An audience on the command line.
package enum AudienceChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    case analyst, owner

    package var value: Audience { self == .analyst ? .analyst : .owner }
}

/// A status of alerts on the command line.
package enum StatusChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    case open, acknowledged, closed, merged

    package var value: AlertStatus {
        switch self {
        case .open: .open
        case .acknowledged: .acknowledged
        case .closed: .closed
        case .merged: .merged
        }
    }
}

/// The answer to a DUET on the command line.
package enum AnswerChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    case expected, unexpected

    package var value: DuetAnswer { self == .expected ? .expected : .unexpected }
}

extension Severity {
    /// In lower case, without the contract's prefix.
    package var word: String { Words.short(protoName, "SEVERITY_") }

    /// As a table has room for.
    package var shortWord: String { self == .informational ? "info" : word }

    /// How a severity looks on a terminal.
    package var style: Style {
        switch self {
        case .critical: .boldRed
        case .high: .red
        case .medium: .yellow
        case .low: .cyan
        default: .plain
        }
    }
}

extension Audience {
    /// In lower case, without the contract's prefix.
    package var word: String { Words.short(protoName, "AUDIENCE_") }
}

extension AlertStatus {
    /// In lower case, without the contract's prefix.
    package var word: String { Words.short(protoName, "ALERT_STATUS_") }
}

extension DuetAnswer {
    /// In lower case, without the contract's prefix; empty where there is no answer.
    package var word: String { self == .unspecified ? "" : Words.short(protoName, "DUET_ANSWER_") }
}

extension AccountState {
    /// In lower case, without the contract's prefix.
    package var word: String { Words.short(protoName, "ACCOUNT_STATE_") }
}

enum Words {
    /// `SEVERITY_HIGH` as `high`.
    static func short(_ protoName: String, _ prefix: String) -> String {
        protoName.hasPrefix(prefix) ? protoName.dropFirst(prefix.utf8.count).lowercased() : protoName
    }
}

extension JSONNode {
    /// A point in time in RFC 3339, or null.
    package static func time(_ time: Timestamp?) -> JSONNode { time.map { .string($0.rfc3339) } ?? .null }
}
