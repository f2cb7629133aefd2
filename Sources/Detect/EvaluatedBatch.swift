// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// What a request carries: the bytes stay the caller's and have to outlive the evaluation.
package enum SubmittedPayload {
    /// One JSON object each.
    case records([UnsafeRawBufferPointer])
    /// One CloudTrail log file as delivered, plain or gzip.
    case logFile(UnsafeRawBufferPointer)
}

/// A request's records after everything that needs no state: split, checked, evaluated. A value that moves to the
/// sequencer, which alone knows what was stored before.
package struct EvaluatedBatch: Sendable {
    /// One accepted record. Its place in `events` is its place among the records that the sink was given.
    package struct Event: Sendable {
        package let id: EventID
        package let time: Milliseconds
        /// Index into `accounts`.
        package let account: UInt32
        /// The record's place in the request.
        package let submittedIndex: UInt32
    }

    /// One refused record.
    package struct RejectedRecord: Sendable {
        /// The record's place in the request; 0 where the whole payload was refused.
        package let index: Int
        package let rejection: Rejection
    }

    /// The accepted records in the order of the request.
    package internal(set) var events: [Event] = []
    /// The accounts that the accepted records belong to.
    package internal(set) var accounts: [AccountID] = []
    /// How many bytes the accepted records have.
    package internal(set) var recordBytes = 0
    /// Event time of the earliest accepted record; nil where there is none.
    package internal(set) var earliest: Milliseconds?
    /// Event time of the latest accepted record.
    package internal(set) var latest: Milliseconds?
    /// In the order of events.
    package internal(set) var matches: [Match] = []
    /// Matches of detections on trial, which make no alerts, in the order of events.
    package internal(set) var trialMatches: [Match] = []
    /// What exceptions kept from being matches, in the order of events.
    package internal(set) var excepted: [ExceptedMatch] = []
    /// What matches bring to correlations, in the order of events.
    package internal(set) var observations: [Observation] = []
    /// What matches if it is new, in the order of events.
    package internal(set) var baselines: [BaselineObservation] = []
    /// What matches if nobody can have travelled there, in the order of events.
    package internal(set) var travels: [TravelObservation] = []
    /// What clears matches that are held, in the order of events.
    package internal(set) var clearings: [Clearing] = []
    /// The sessions that were made, in the order of events.
    package internal(set) var issuances: [(eventIndex: Int, issuance: Issuance)] = []
    /// The detections that the batch was evaluated with; the observations' indexes are its. Nil where a payload was
    /// refused as a whole.
    package internal(set) var plan: DetectionPlan?
    /// The refused records, up to `DetectLimits.keptRejections`.
    package internal(set) var rejections: [RejectedRecord] = []
    /// All refused records.
    package internal(set) var rejectedCount = 0
    /// All refused records, by reason.
    package internal(set) var rejectedByReason: [RejectionReason: Int] = [:]
    /// The payload was refused as a whole: nothing in it was looked at record by record.
    package private(set) var isRefusedWhole = false

    package init() {}

    /// A payload that is refused as a whole.
    package init(refused rejection: Rejection) {
        rejections = [RejectedRecord(index: 0, rejection: rejection)]
        rejectedCount = 1
        rejectedByReason = [rejection.reason: 1]
        isRefusedWhole = true
    }
}

/// Takes the refused records of a batch, to keep them.
package protocol RefusedRecordSink: AnyObject {
    /// Takes one refused record.
    ///
    /// - Parameters:
    ///   - record: valid during the call; empty where the damage lies outside the records of a log file.
    ///   - account: the account that the record claims, where it can be read.
    func refuse(_ record: UnsafeRawBufferPointer, index: Int, _ rejection: Rejection, account: AccountID?)
}

/// What an event brings to the stream's state.
package enum StreamObservation: Sendable {
    case baseline(BaselineObservation)
    case travel(TravelObservation)
    case correlated(Observation)
}

extension EvaluatedBatch {
    /// Gives what the records bring to the stream's state, record by record: time must not run ahead for one kind of it
    /// while another is looked at.
    ///
    /// - Parameter isWanted: whether a record counts, by its place among the accepted ones.
    package func forEachObservation(
        where isWanted: (Int) -> Bool, _ body: (StreamObservation) throws -> Void
    ) rethrows {
        var (baseline, travel, correlated) = (0, 0, 0)
        while true {
            let places = (
                baseline < baselines.count ? baselines[baseline].match.eventIndex : .max,
                travel < travels.count ? travels[travel].match.eventIndex : .max,
                correlated < observations.count ? observations[correlated].eventIndex : .max
            )
            let place = min(places.0, places.1, places.2)
            if place == .max { return }
            if places.0 == place {
                if isWanted(place) { try body(.baseline(baselines[baseline])) }
                baseline += 1
            } else if places.1 == place {
                if isWanted(place) { try body(.travel(travels[travel])) }
                travel += 1
            } else {
                if isWanted(place) { try body(.correlated(observations[correlated])) }
                correlated += 1
            }
        }
    }
}
