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
    /// All that the accepted records bring to the detection stage, in the order of events.
    package private(set) var inputs: [StageInput] = []
    /// The kinds that are among `inputs`.
    package private(set) var kinds: StageInput.Kinds = []
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

    /// Adds an input of the record that is evaluated.
    mutating func append(_ input: StageInput) {
        kinds.insert(input.kind)
        inputs.append(input)
    }

    /// Takes back the inputs of the last record, which is not accepted.
    mutating func withdrawInputs(of eventIndex: Int) {
        while inputs.last?.eventIndex == eventIndex { inputs.removeLast() }
    }

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
