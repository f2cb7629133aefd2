// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Journal
import Logging
import Messages
import Synchronization

/// The way of an event, from a collector's request to its acknowledgement. The steps, in order:
///
/// 1. `submit`: a request waits for a worker, in a queue that is bounded in requests and in bytes. A full queue makes
///    the stream wait, and HTTP/2 flow control the collector.
/// 2. `EvaluationWorker`: split, normalise, evaluate, compress. Stateless and parallel, a thread a core.
/// 3. `Sequencer`: one thread takes all that waits as one group. Dedupe by eventID, then merge alerts.
/// 4. `Writer.commit`: events, alerts and state in one transaction, on disk when it returns.
/// 5. `AlertTail.publish`: subscribers see the group's alerts; the tickets carry the acknowledgements back.
package final class Pipeline: Sendable {
    package let journal: Journal
    package let catalog: LiveCatalog
    package let accounts: AccountDirectory
    package let tail: AlertTail
    package let counters = Counters()
    private let log: Logger
    private let requests: BoundedQueue<Submission>
    private let evaluated: BoundedQueue<Sequencer.Work>
    private let ended = Ticket<Void>()

    /// Opens the journal of a data directory and starts the threads.
    package init(
        dataDirectory: String, rules: String, placeholders: [String: [String]] = [:], workers: Int, log: Logger
    ) async throws {
        self.log = log
        journal = try Journal(directory: dataDirectory)
        catalog = try LiveCatalog(
            folder: rules, placeholders: placeholders,
            tuning: try TuningStore.load(journal.reader, placeholders: placeholders, log))
        accounts = try AccountDirectory(reading: journal.reader)
        tail = AlertTail(last: try journal.reader.alertLogHead())
        requests = BoundedQueue(capacity: Limits.queuedRequests, costLimit: Limits.queuedPayloadBytes)
        evaluated = BoundedQueue(capacity: Limits.evaluatedBatches)
        let ended = ended
        try await Sequencer.start(
            queue: evaluated, journal: journal, tail: tail, counters: counters, accounts: accounts, log: log
        ) { ended.answer(()) }
        let running = RunningWorkers(workers, then: evaluated)
        for number in 0..<workers {
            EvaluationWorker.start(
                number: number, input: requests, output: evaluated, catalog: catalog, accounts: accounts, log: log,
                ended: running.oneEnded)
        }
    }

    /// Takes a request; its ticket gets the acknowledgement. Waits while the queue is full.
    package func submit(
        _ request: SubmitEventsRequest, scope: Set<AccountID>?,
        _ ticket: Ticket<Result<SubmitEventsResponse, SubmissionFailure>>
    ) async {
        guard let payload = request.payload else { return ticket.answer(.failure(.stopping)) }
        let submission = Submission(
            sequence: request.sequence, source: request.source, payload: payload, historical: request.historical,
            scope: scope, ticket: ticket)
        if await !requests.push(submission, cost: submission.bytes) { ticket.answer(.failure(.stopping)) }
    }

    /// Takes a request that is refused whole; the refusal goes to the dead letters in its turn.
    package func refuse(
        _ request: SubmitEventsRequest, _ rejection: CloudTrail.Rejection,
        _ ticket: Ticket<Result<SubmitEventsResponse, SubmissionFailure>>
    ) async {
        let submission = Submission(
            sequence: request.sequence, source: String(request.source.prefix(Limits.sourceBytes)),
            payload: .logFile(Bytes()), historical: request.historical, scope: nil, ticket: ticket)
        let refused = EvaluatedSubmission(
            submission: submission, batch: EvaluatedBatch(refused: rejection), blocks: [])
        if await !evaluated.push(.submission(refused)) { ticket.answer(.failure(.stopping)) }
    }

    /// Runs a change in one order with the records, and returns once it is durable.
    ///
    /// - Parameter body: runs on the sequencer's thread, inside a transaction. It throws before it changes anything, or
    ///   not at all; what it throws is thrown here.
    package func perform(
        _ body: @escaping @Sendable (borrowing Transaction, inout AlertMerger) throws -> Void
    ) async throws {
        let ticket = Ticket<Result<Void, any Error>>()
        let change = Sequencer.Change(run: body) { ticket.answer($0) }
        guard await evaluated.push(.change(change)) else { throw SubmissionFailure.stopping }
        try await ticket.value.get()
    }

    /// Takes the tuning that the journal holds, after a change of it that did not become durable.
    func restoreTuning() throws {
        let tuning = try TuningStore.load(journal.reader, placeholders: catalog.placeholders, log)
        try catalog.tune { $0 = tuning }
    }

    /// Requests and batches that wait.
    package var queued: Int { requests.count + evaluated.count }

    /// Drops the days that were received longer ago than `days`.
    package func dropDays(olderThan days: Int) async throws {
        let oldest = Clock.milliseconds() - Milliseconds(days) * 86_400_000
        try await perform { transaction, _ in try transaction.dropDays(before: Day(milliseconds: oldest)) }
    }

    /// Takes no more, finishes what was taken, and closes the journal.
    package func stop() async throws {
        tail.close()
        requests.close()
        await ended.value
        try journal.close()
    }
}

/// Closes the sequencer's queue when the last worker has ended.
private final class RunningWorkers: Sendable {
    private let remaining: Atomic<Int>
    private let output: BoundedQueue<Sequencer.Work>

    init(_ count: Int, then output: BoundedQueue<Sequencer.Work>) {
        remaining = Atomic(count)
        self.output = output
    }

    var oneEnded: @Sendable () -> Void {
        { [self] in
            if remaining.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { output.close() }
        }
    }
}
