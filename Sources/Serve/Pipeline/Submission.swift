// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Messages
import Synchronization

/// One request of a collector on its way through the pipeline.
package struct Submission: Sendable {
    package let sequence: UInt64
    package let source: String
    package private(set) var payload: SubmitEventsRequest.Payload
    package let historical: Bool
    /// The accounts that the collector's certificate covers; nil for all.
    package let scope: Set<AccountID>?
    /// Name of the collector's certificate.
    package var submitter = ""
    /// Who takes turns with others: the collector's accounts or certificate.
    package var party = ServiceParty.name
    /// The dead letter that is submitted again; nil for what a collector sends.
    package var resubmission: Resubmission?
    /// Gets the acknowledgement, or the status that ends the stream.
    package let ticket: Ticket<Result<SubmitEventsResponse, SubmissionFailure>>

    /// The submission with nothing in it: its records stand in blocks, and need no memory any more.
    func withoutPayload() -> Submission {
        var rest = self
        rest.payload = .logFile(Bytes())
        return rest
    }

    /// The payload's size, which the bound of the queue counts.
    package var bytes: Int {
        switch payload {
        case .records(let batch): batch.records.reduce(0) { $0 + $1.count }
        case .logFile(let file): file.count
        }
    }
}

/// A dead letter that is submitted again.
package struct Resubmission: Sendable {
    package let letter: DeadLetterRow
    /// Its alerts are marked historical even if the letter is not.
    package let isHistorical: Bool
    /// Gets what is refused again.
    package let refused: RefusalCounts
}

/// Refusals by reason, of one call.
package final class RefusalCounts: Sendable {
    private let counts = Mutex<[RejectionReason: Int]>([:])

    /// All that were added.
    package var byReason: [RejectionReason: Int] { counts.withLock { $0 } }

    func add(_ more: [RejectionReason: Int]) { counts.withLock { $0.merge(more, uniquingKeysWith: +) } }
}

/// Why a request was neither stored nor refused: the service could not do its part, and the collector should send it
/// again.
package enum SubmissionFailure: Error, Sendable {
    /// The service is stopping.
    case stopping
    /// The store refused the transaction; `StoreFailure` says what the peer hears of it.
    case store(any Error)
}

/// A submission after everything that needs no state: its records in blocks, its matches found.
package struct EvaluatedSubmission: Sendable {
    package let submission: Submission
    package let batch: EvaluatedBatch
    /// The accepted records, in order, as many blocks as they fill.
    package let blocks: [Block]
    /// What was refused, whole.
    package var letters: [DeadLetterDraft] = []
    /// The submission's place among those that workers took; nil for one that none did.
    package var number: UInt64?

    /// What it takes of the queue before the sequencer, in KiB: blocks, what is known of each record, and refused files.
    package var cost: Int {
        let bytes =
            blocks.reduce(0) { $0 + $1.compressed.count } + batch.events.count * Limits.evaluatedRecordBytes
            + letters.reduce(0) { $0 + $1.storedBytes }
        return 1 + bytes >> 10
    }

    /// The work that it is for the sequencer, in records.
    package var weight: Int { 1 + batch.events.count + letters.count }
}

/// The party of what the service does itself: it takes turns with the collectors.
package enum ServiceParty {
    package static let name = ""
}
