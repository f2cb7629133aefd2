// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Every limit on what a response to an alert does, and how long it tries. Times are milliseconds.
package enum RespondLimits {
    /// How long IAM may go on showing the state before a change. It says some four seconds.
    package static let iamLag: Milliseconds = 5_000

    /// The pause between two looks at whether a change has come through.
    package static let verifyPause: Milliseconds = 1_000

    /// From then on a change that does not show is taken for one that was not made, and made again.
    package static let verifyWindow: Milliseconds = 15_000

    /// How many times a change is made before it counts as having no effect.
    package static let executions = 3

    /// How long a user is watched after a key was deactivated, for the undo and for new keys.
    package static let watch: Milliseconds = 30 * 60_000

    /// The pause between two looks in the first minutes of watching, when an attacker who is there reacts.
    package static let watchPauseEarly: Milliseconds = 10_000

    /// How long watching is early.
    package static let watchEarly: Milliseconds = 5 * 60_000

    /// The pause between two looks after that.
    package static let watchPause: Milliseconds = 60_000

    /// The pauses before a step that failed for the moment is tried again. The AWS module has retried each call itself
    /// by then; after the last pause the remediation has failed.
    package static let retryPauses: [Milliseconds] = [1_000, 2_000, 5_000, 10_000, 20_000, 40_000]

    /// How far ahead of now the sessions of a role are revoked, for those taken on while IAM spreads the policy. AWS's own
    /// revocation takes as much.
    package static let revocationAhead: Milliseconds = 30_000

    /// How long a person has to approve.
    package static let approval: Milliseconds = 24 * 3_600_000

    /// The span of the cap on automatic remediations.
    package static let capSpan: Milliseconds = 3_600_000

    /// How far behind the beginning of `capSpan` a run counts towards the cap, in milliseconds: what is dated later than a
    /// day from now was dated by a clock that ran ahead, and would count for good.
    package static let capReach: Milliseconds = capSpan + 86_400_000

    /// The cap on automatic remediations of an account within `capSpan`, unless the policy says otherwise.
    package static let hourlyCap = 5

    /// How many entries a remediation's history keeps.
    package static let historyEntries = 200

    /// The longest pattern of a never-list or always-list.
    package static let patternBytes = 512

    /// The most patterns in such a list.
    package static let patterns = 1_000

    /// The length of an access key's id.
    package static let accessKeyBytes = 16...128

    /// The length of a user's or role's name.
    package static let principalNameBytes = 1...64

    /// The length of a trail's name. A trail of one letter is refused by CloudTrail itself.
    package static let trailNameBytes = 1...128

    /// How old an alert's newest record may be for an action to answer it, unless the policy says otherwise: measured from
    /// the event's time and from its receipt.
    package static let actingAge: Milliseconds = 2 * 3_600_000

    /// The most that a policy may say: a day.
    package static let longestActingAge: Milliseconds = 24 * 3_600_000
}
