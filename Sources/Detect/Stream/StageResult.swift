// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// The outcome of one step of a `DetectionStage`, beside the changed alerts and the state, which are taken once for a
/// whole commit group.
package struct StageResult: Sendable {
    /// Events of one account that a step took.
    package struct AccountCount: Sendable, Equatable {
        package let account: AccountID
        /// Events that were not seen before.
        package internal(set) var new = 0
        /// Events that were seen before.
        package internal(set) var known = 0
        /// Event time of the latest new event; `.min` where there is none.
        package internal(set) var latest = Milliseconds.min
    }

    /// The accounts of the events, each with one event at least.
    package internal(set) var accounts: [AccountCount] = []
    /// Matches of detections on trial, which are counted and raise no alert.
    package internal(set) var trialMatches: [Match] = []
    /// Matches that exceptions suppress, which are counted too.
    package internal(set) var exceptedMatches: [ExceptedMatch] = []
    /// All matches, those of detections on trial included, where the stage reports them; else none.
    package internal(set) var matches: [StreamMatch] = []

    init() {}
}

/// The changes of one commit group, to be stored in one transaction with its events.
package struct StageChanges: Sendable {
    /// The changed alerts, each whole and with its new revision.
    package let alerts: [Alert]
    /// A row for the log of the stream's state; empty where nothing was learned.
    package let row: [UInt8]
}
