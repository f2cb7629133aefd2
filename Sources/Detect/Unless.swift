// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Sigma

/// What `trailhound: unless` asks for: an event on which the rule holds is a match only if no event of another rule
/// follows it within a time. The match is held back until that is known.
package struct Unless: Hashable, Sendable {
    /// The id or name of the rule whose events clear.
    package var rule: String
    /// The fields whose values both events have in common.
    package var fields: [String]
    /// How long after a match an event clears it, by event time.
    package var within: Milliseconds
    /// How late a clearing event may come.
    package var lateness: Milliseconds

    package init(
        rule: String, fields: [String], within: Milliseconds,
        lateness: Milliseconds = Milliseconds(DetectLimits.latenessSeconds) * 1_000
    ) {
        self.rule = rule
        self.fields = fields
        self.within = within
        self.lateness = lateness
    }
}

/// What keeps a match back until no event can clear it any more.
package struct Hold: Hashable, Sendable {
    /// Stands for the rule, the account and the values of the fields that clearing events have in common with it.
    package let key: CorrelationKey
    package let unless: Unless

    package init(key: CorrelationKey, unless: Unless) {
        self.key = key
        self.unless = unless
    }

    /// The key of a rule's match, and of the events that clear it.
    static func key(_ detectionID: String, _ account: AccountID, _ values: String) -> CorrelationKey {
        var hasher = CorrelationHasher(0x756E_6C65_7373)
        hasher.combine(detectionID)
        hasher.combine(account.number)
        hasher.combine(values)
        return hasher.key
    }
}

/// A rule held on an event, which clears matches of another rule.
package struct Clearing: Sendable {
    /// The event's place among the accepted records of its batch.
    package let eventIndex: Int
    package let event: EventReference
    package let accountID: AccountID
    package let hold: Hold
}
