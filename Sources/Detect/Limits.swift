// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Every limit of detection and alerting.
package enum DetectLimits {
    /// No stored time, span or count is beyond: some 285,000 years in milliseconds.
    package static let storedTime: Int64 = 1 << 53
    /// A match joins an alert when its event time lies no further than this from the alert's first and last match.
    package static let mergeWindow: Milliseconds = 3_600_000

    /// How many event ids an alert keeps: the earliest.
    package static let alertEvents = 100

    /// How many distinct facts an alert keeps: the earliest.
    package static let alertEvidence = 40

    /// How many remediations an alert keeps: the latest.
    package static let alertRemediations = 20

    /// How many facts one match brings.
    package static let matchEvidence = 16

    /// The longest value of a fact, in bytes.
    package static let evidenceBytes = 1_024

    /// How many alerts that can still grow are held in memory. The ones least recently seen are sealed: they stay in
    /// the journal and are looked up when a late match needs them.
    package static let openAlerts = 20_000

    /// How many alerts sealing leaves in memory, so that it happens seldom.
    package static let openAlertsAfterSealing = 18_000

    /// The longest note of a person, in bytes.
    package static let noteBytes = 4_096

    /// How many rejections of a batch are told one by one; the rest is counted by reason.
    package static let keptRejections = 1_000

    /// How many files a rules folder may hold, tests included.
    package static let ruleFiles = 20_000

    /// The longest text of an exception, in bytes.
    package static let exceptionBytes = 64 << 10
    /// The longest name of who answers for an exception, in bytes.
    package static let exceptionOwnerBytes = 256
    /// The longest reason of an exception, in bytes.
    package static let exceptionReasonBytes = 1_024
    /// How many accounts an exception may name.
    package static let exceptionAccounts = 10_000
    /// How many exceptions operators may make.
    package static let exceptions = 10_000

    /// How many records of a file are explained, and how many are read for what was seen before and after.
    package static let explainedRecords = 20
    package static let explainedHistory = 10_000

    /// The largest file of placeholders, in bytes.
    package static let placeholderBytes = 1 << 20

    /// Into how many alternatives a condition is taken apart when rules are checked.
    package static let lintedBranches = 64

    /// The most rules that all filters of a catalog are added to, a rule counted once for each filter.
    package static let filteredRules = 200_000

    /// How many rules for other log sources are remarked one by one.
    package static let foreignRuleRemarks = 10

    /// How deep folders may nest, of rules and of files to scan.
    package static let folderDepth = 16

    /// The largest rule file, in bytes.
    package static let ruleFileBytes = 1 << 20

    /// The largest file of a rule's test events, in bytes.
    package static let ruleTestBytes = 8 << 20

    /// The largest file that a scan takes into memory as a whole, in bytes; larger ones are read piece by piece.
    package static let wholeFileBytes = 64 << 20

    /// How much of a file is read at once, in bytes.
    package static let readChunk = 256 << 10

    /// How many parts of sessions whose actor may change an alert keeps apart; the earliest beyond stay with the actor
    /// that they have.
    package static let alertParts = 64

    /// How many makers of sessions are kept, in all joins of sessions with them.
    package static let lineageSessions = 500_000

    /// How long they are kept, in seconds of the service's clock: no session lives longer than 36 hours.
    package static let lineageSeconds: UInt32 = 48 * 3_600

    /// How many callers one join keeps apart, of those that it knows equally well: the first.
    package static let lineageCallers = 8

    /// How many calls that may have made a session are looked up.
    package static let lineageOrigins = 16

    /// How many sessions a chain has at most.
    package static let lineageDepth = 16

    /// How much earlier than the event that made a session one of the session's own may be dated.
    package static let lineageSkew: Milliseconds = 300_000

    /// How many events wait for who made their session, for rules that ask what their actor did before; of more the
    /// earliest are judged by what is known.
    package static let unattributedEvents = 50_000

    /// How many combinations of baselines are remembered.
    package static let baselineEntries = 1_000_000

    /// How many days a baseline may look back; a rare one that has to count days, no further than `rareDays`.
    package static let baselineDays = 400
    package static let rareDays = 60

    /// How many fields a baseline or a merge key may have.
    package static let combinedFields = 8

    /// The longest merge window of a rule.
    package static let longestMergeWindow: Milliseconds = 30 * 86_400_000

    /// How many matches of rules with `unless` wait at a time; of more the first due are released.
    package static let heldMatches = 50_000

    /// How many events that clear such matches are remembered.
    package static let clearingEvents = 200_000

    /// The longest time within which an event may clear a match, and the longest that one may be late.
    package static let longestHold: Milliseconds = 7 * 86_400_000

    /// The speed that nobody exceeds where a rule says nothing, in kilometres an hour, and what a rule may say.
    package static let travelSpeed = 900.0
    package static let travelSpeeds = 100...100_000

    /// The distance below which travel is not looked at where a rule says nothing, in kilometres, and what a rule may say.
    package static let travelDistance = 500.0
    package static let travelDistances = 10...20_000

    /// How many actors are remembered for impossible travel, and what they take in bytes at most.
    package static let travellers = 200_000
    package static let travelBytes = 64 << 20

    /// How many events of an actor may still be found impossible; of more the earliest are only remembered by place.
    package static let travelSightings = 512

    /// How many places of an actor are remembered: the latest.
    package static let travelPlaces = 64

    /// For how many events at most a batch makes room before it has them.
    package static let reservedEvents = 4_096
    /// How many texts of matches a worker keeps as strings, a power of two, and how long these are at most.
    package static let cachedTexts = 512
    package static let cachedTextBytes = 1_024
    /// How many actors of matches a worker keeps, a power of two.
    package static let cachedActors = 128
    /// How many facts an event brings to correlations.
    package static let observationEvidence = 8

    /// How late after later events of its group an event may come and still be counted, in seconds.
    package static let latenessSeconds = 3_600

    /// How many evidence fields a detection may name.
    package static let evidenceFields = 16
}
