// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Journal
import Logging
import Messages
import RPC
import Synchronization

/// The way of an event, from a collector's request to its acknowledgement. The steps, in order:
///
/// 1. `submit`: a request waits for a worker, in a queue that is bounded in requests and in bytes, in sum and by caller.
///    Callers take turns. A full queue makes the stream wait, and HTTP/2 flow control the collector.
/// 2. `EvaluationWorker`: split, normalise, evaluate, compress. Stateless and parallel, a thread a core.
/// 3. `Sequencer`: one thread takes what waits as one group, by turns of the callers and each one's requests in the order in
///    which workers took them. Dedupe by account and eventID, then merge alerts.
/// 4. `Writer.commit`: events, alerts and state in one transaction, on disk when it returns.
/// 5. `AlertTail.publish`: subscribers see the group's alerts; the tickets carry the acknowledgements back.
package final class Pipeline: Sendable {
    package let journal: Journal
    package let catalog: LiveCatalog
    /// Where changes of the catalog are compiled.
    let changes = CompileLane("catalog-changes", places: Limits.waitingChanges)
    /// Where rules are compiled that do not run: validations and explanations.
    let trials = CompileLane("rule-trials", places: Limits.waitingTrials)
    package let accounts: AccountDirectory
    package let tail: AlertTail
    package let audit: AuditLog
    /// Who may read the archive, and when.
    let queries = QueryGate.queries()
    let lookups = QueryGate.lookups()
    let feed = QueryGate.feed()
    package let counters = Counters()
    let log: Logger
    package let retention: Retention
    /// What is wrong with the service's surroundings.
    package let problems = ServiceProblems()
    /// What the server's connections do.
    package let transport = TransportSource()
    /// Where the subscribers are.
    package let subscribers = SubscriberBoard()
    private let requests: FairQueue<Submission>
    private let evaluated: FairQueue<Sequencer.Work>
    private let ended = Ticket<Void>()
    private let stopsSoon = Atomic<Bool>(false)

    /// Opens the journal of a data directory and starts the threads.
    package init(
        dataDirectory: String, rules: String, placeholders placeholderFile: String? = nil, geography: Geography = .none,
        workers: Int, retention: Retention = Retention(), log: Logger
    ) async throws {
        self.log = log
        self.retention = retention
        journal = try Journal(
            directory: dataDirectory, options: Journal.Options(patience: Limits.dataDirectoryPatienceMilliseconds))
        let placeholders: [String: [String]]
        do { placeholders = try placeholderFile.map { try LiveCatalog.placeholders(of: $0) } ?? [:] } catch {
            throw ConfigurationError("--placeholders: \(error)")
        }
        catalog = try LiveCatalog(
            folder: rules, placeholders: placeholders, placeholderFile: placeholderFile,
            tuning: try TuningStore.load(journal.reader, placeholders: placeholders, counters.damage, log),
            geography: geography,
            secret: try StreamStore.secret(of: journal))
        accounts = try AccountDirectory(reading: journal.reader)
        tail = AlertTail(last: try journal.reader.alertLogHead())
        requests = FairQueue(Self.requestBounds, quantum: Limits.bytesPerTurn)
        evaluated = FairQueue(Self.evaluatedBounds, quantum: Limits.recordsPerTurn)
        audit = AuditLog(queue: evaluated, last: try journal.reader.auditHead().sequence, log: log)
        let ended = ended
        try await Sequencer.start(
            queue: evaluated, journal: journal, tail: tail, auditSignal: audit.signal, counters: counters,
            accounts: accounts, catalog: catalog, log: log
        ) { ended.answer(()) }
        // One more for light requests: it sleeps while their callers have others at work.
        let running = RunningWorkers(workers + 1, then: evaluated)
        for number in 0...workers {
            EvaluationWorker.start(
                number: number, takesLight: number == workers, input: requests, output: evaluated, catalog: catalog,
                accounts: accounts, log: log,
                ended: running.oneEnded)
        }
    }

    private static var requestBounds: FairQueue<Submission>.Bounds {
        var bounds = FairQueue<Submission>.Bounds(capacity: Limits.queuedRequests)
        bounds.cost = Limits.queuedPayloadBytes
        bounds.capacityOfParty = Limits.queuedRequestsOfCaller
        bounds.costOfParty = Limits.queuedPayloadBytesOfCaller
        bounds.lightCost = Limits.lightRequestBytes
        return bounds
    }

    private static var evaluatedBounds: FairQueue<Sequencer.Work>.Bounds {
        var bounds = FairQueue<Sequencer.Work>.Bounds(capacity: Limits.evaluatedBatches)
        bounds.cost = Limits.evaluatedCost
        bounds.capacityOfParty = Limits.evaluatedBatchesOfCaller
        bounds.costOfParty = Limits.evaluatedCostOfCaller
        bounds.lightCost = Limits.lightEvaluatedCost
        return bounds
    }

    /// Takes a request; its ticket gets the acknowledgement. Waits while the queue is full.
    package func submit(
        _ request: SubmitEventsRequest, scope: Set<AccountID>?, submitter: String = "",
        party: String = ServiceParty.name,
        _ ticket: Ticket<Result<SubmitEventsResponse, SubmissionFailure>>
    ) async {
        guard let payload = request.payload else { return ticket.answer(.failure(.stopping)) }
        let submission = Submission(
            sequence: request.sequence, source: request.source, payload: payload, historical: request.historical,
            scope: scope, submitter: submitter, party: party, ticket: ticket)
        let bytes = submission.bytes
        if await !requests.push(submission, of: party, cost: bytes, weight: bytes) {
            ticket.answer(.failure(.stopping))
        }
    }

    /// Submits a dead letter again, as the records or the log file that it was. It leaves the store in the transaction
    /// that stores its records; what is refused again stays in its place.
    ///
    /// - Parameters:
    ///   - scope: the accounts of whoever asks. Those of the first submitter bound them: nobody's forgery comes in by it.
    package func resubmit(
        _ resubmission: Resubmission, _ content: DeadLetterContent, scope: Set<AccountID>?
    ) async -> Result<SubmitEventsResponse, SubmissionFailure> {
        let letter = resubmission.letter
        let own = letter.scope.map { Set($0.compactMap { AccountID($0) }) }
        let both = own.map { own in scope.map(own.intersection) ?? own } ?? scope
        let payload: SubmitEventsRequest.Payload
        switch content {
        case .records(let records): payload = .records(RecordBatch(records: records.map { Bytes($0) }))
        case .logFile(let file): payload = .logFile(Bytes(file))
        }
        let ticket = Ticket<Result<SubmitEventsResponse, SubmissionFailure>>()
        let submission = Submission(
            sequence: 0, source: letter.source, payload: payload,
            historical: letter.isHistorical || resubmission.isHistorical, scope: both, submitter: letter.submitter,
            resubmission: resubmission, ticket: ticket)
        let bytes = submission.bytes
        if await !requests.push(submission, of: submission.party, cost: bytes, weight: bytes) {
            return .failure(.stopping)
        }
        return await ticket.value
    }

    /// Takes a request that is refused whole; the refusal goes to the dead letters in its turn.
    package func refuse(
        _ request: SubmitEventsRequest, _ rejection: CloudTrail.Rejection, scope: Set<AccountID>? = nil,
        submitter: String = "", party: String = ServiceParty.name,
        _ ticket: Ticket<Result<SubmitEventsResponse, SubmissionFailure>>
    ) async {
        let submission = Submission(
            sequence: request.sequence, source: String(request.source.prefix(Limits.sourceBytes)),
            payload: .logFile(Bytes()), historical: request.historical, scope: scope, submitter: submitter,
            party: party, ticket: ticket)
        let letters: [DeadLetterDraft]
        do { letters = try RefusalPacker.letters(of: request.payload, refused: rejection) } catch {
            return ticket.answer(.failure(.store(error)))
        }
        let refused = EvaluatedSubmission(
            submission: submission, batch: EvaluatedBatch(refused: rejection), blocks: [], letters: letters)
        if await !evaluated.push(.submission(refused), of: party, cost: refused.cost, weight: refused.weight) {
            ticket.answer(.failure(.stopping))
        }
    }

    /// Runs a change in one order with the records, and returns once it and its audit entry are durable.
    ///
    /// - Parameters:
    ///   - entry: tells the change in the audit log, in the same transaction; nothing is written where `body` throws.
    ///   - apply: as that of `perform(_:)`.
    ///   - body: as that of `perform(_:)`.
    @discardableResult
    package func perform<Answer: Sendable>(
        audit entry: AuditEntry, then apply: @escaping @Sendable (Answer) -> Void = { _ in },
        _ body: @escaping @Sendable (borrowing Transaction, inout AlertMerger) throws -> Answer
    ) async throws -> Answer {
        try await perform(
            auditing: { transaction, merger in (entry, try body(transaction, &merger)) }, then: apply)
    }

    /// As `perform(audit:_:)`, for a body that makes the entry of what it finds, beside its answer.
    @discardableResult
    package func perform<Answer: Sendable>(
        auditing body: @escaping @Sendable (borrowing Transaction, inout AlertMerger) throws -> (AuditEntry, Answer),
        then apply: @escaping @Sendable (Answer) -> Void = { _ in }
    ) async throws -> Answer {
        let answer = try await perform(then: apply) { transaction, merger in
            let (entry, answer) = try body(transaction, &merger)
            try transaction.appendAudit(entry)
            return answer
        }
        AuditScope.current?.mark()
        return answer
    }

    /// Runs a change that nobody asked for and that no audit entry tells, in one order with the records, and returns
    /// what it answered once it is durable.
    ///
    /// - Parameters:
    ///   - apply: runs on the sequencer's thread once the change is durable, in the order of the changes and whether the
    ///     caller still waits or not: what is kept in memory of the store is changed here, and only here. It only notes
    ///     what it is told.
    ///   - body: runs on the sequencer's thread, inside a transaction. It throws before it changes anything, or not at all;
    ///     what it throws is thrown here. It changes nothing but the store: it runs again where its group failed, and only
    ///     the answer of the last run, which became durable, counts.
    @discardableResult
    package func perform<Answer: Sendable>(
        then apply: @escaping @Sendable (Answer) -> Void = { _ in },
        _ body: @escaping @Sendable (borrowing Transaction, inout AlertMerger) throws -> Answer
    ) async throws -> Answer {
        let latest = LatestAnswer<Answer>()
        let ticket = Ticket<Result<Answer, any Error>>()
        let change = Sequencer.Change(
            run: { transaction, merger in latest.set(try body(transaction, &merger)) },
            finish: { result in
                if case .failure(let error) = result { return ticket.answer(.failure(error)) }
                guard let answer = latest.value else { return ticket.answer(.failure(Self.stopping)) }
                apply(answer)
                ticket.answer(.success(answer))
            })
        guard await evaluated.push(.change(change), of: ServiceParty.name) else { throw Self.stopping }
        return try await ticket.value.get()
    }

    /// Asks the stream's state, as it stands with all that is durable.
    ///
    /// - Parameter body: runs on the sequencer's thread, while records wait: it looks up and does no more.
    package func look<Answer: Sendable>(
        _ body: @escaping @Sendable (borrowing StreamState) -> Answer
    ) async throws -> Answer {
        let ticket = Ticket<Result<Answer, any Error>>()
        let change = Sequencer.Change(
            run: { _, _ in }, finish: { if case .failure(let error) = $0 { ticket.answer(.failure(error)) } },
            look: { ticket.answer(.success(body($0))) })
        guard await evaluated.push(.change(change), of: ServiceParty.name) else { throw Self.stopping }
        return try await ticket.value.get()
    }

    /// What a call gets that came too late; nothing of it was done.
    static let stopping = RPCError(.unavailable, "The service is stopping; try again.")

    /// Whether the service is about to stop: streams take no further request.
    var isStopping: Bool { stopsSoon.load(ordering: .relaxed) }

    /// Has streams end of their own, with everything acknowledged that they took.
    func stopSoon() {
        stopsSoon.store(true, ordering: .relaxed)
        tail.close()
        audit.close()
    }

    /// Requests that wait for a worker, and batches that wait for the sequencer.
    package var queueDepths: (requests: Int, evaluated: Int) { (requests.count, evaluated.count) }

    /// Requests and batches that wait.
    package var queued: Int { requests.count + evaluated.count }

    /// Lets go what waits and whose time is over by the clock, where there is any.
    package func tick() async {
        if counters.stream.held > 0 { _ = await evaluated.push(.tick, of: ServiceParty.name) }
    }

    /// Drops the days that were received longer ago than `days`.
    package func dropDays(olderThan days: Int) async throws {
        let oldest = Clock.milliseconds() - Milliseconds(days) * 86_400_000
        let day = Day(milliseconds: oldest)
        try await perform { transaction, _ in
            let dropped = try transaction.days(before: day)
            guard dropped > 0 else { return }
            try transaction.dropDays(before: day)
            try transaction.appendAudit(
                AuditEntry(
                    time: Clock.milliseconds(), actor: .service, method: "retention",
                    summary: "dropped \(dropped) days of records that were received more than \(days) days ago"))
        }
    }

    /// Moves days of the archive that a clock which ran ahead has made back to now, so that they end when others do and
    /// later records do not join them. Call it only by a clock that was right for a while.
    package func moveDaysBack() async throws {
        let now = Clock.milliseconds()
        guard now >= Limits.earliestClock else { return }
        try await perform { transaction, _ in
            let moved = try transaction.moveDaysBack(now: now, future: CloudTrailLimits.futureMilliseconds)
            guard moved > 0 else { return }
            try transaction.appendAudit(
                AuditEntry(
                    time: now, actor: .service, method: "clock",
                    summary:
                        "\(moved) days of the archive that were received by a clock which ran ahead were moved back"))
        }
    }

    /// Drops dead letters that were refused longer ago than `days`.
    package func dropDeadLetters(olderThan days: Int) async throws {
        let time = Clock.milliseconds() - Milliseconds(days) * 86_400_000
        while true {
            let dropped = try await perform { transaction, _ in
                let gone = try transaction.expireDeadLetters(before: time)
                guard gone.letters > 0 else { return gone.letters }
                try transaction.appendAudit(
                    AuditEntry(
                        time: Clock.milliseconds(), actor: .service, method: "retention",
                        summary: "dropped \(gone.letters) dead letters with \(gone.records) records that were refused "
                            + "more than \(days) days ago"))
                return gone.letters
            }
            if dropped < JournalLimits.pageRows { return }
        }
    }

    /// Tells the service's log what was refused since the last telling, by reason and source.
    package func tellRefusals() {
        for line in counters.takeUntoldRefusals() {
            var metadata: Logger.Metadata = [
                "reason": "\(line.reason.rawValue)", "count": "\(line.count)", "example": "\(line.example)",
            ]
            if !line.isRest { metadata["source"] = "\(line.source)" }
            log.warning("\(line.isRest ? "refused records of further sources" : "refused records")", metadata: metadata)
        }
    }

    /// Takes no more, finishes what was taken, and closes the journal. Returns the end of the audit log.
    @discardableResult
    package func stop() async throws -> AuditHead {
        stopSoon()
        requests.close()
        await ended.value
        tellRefusals()
        let head = try journal.reader.auditHead()
        if let problem = try journal.close() { log.warning("\(problem)") }
        return head
    }
}

/// Closes the sequencer's queue when the last worker has ended.
private final class RunningWorkers: Sendable {
    private let remaining: Atomic<Int>
    private let output: FairQueue<Sequencer.Work>

    init(_ count: Int, then output: FairQueue<Sequencer.Work>) {
        remaining = Atomic(count)
        self.output = output
    }

    var oneEnded: @Sendable () -> Void {
        { [self] in
            if remaining.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { output.close() }
        }
    }
}

/// The answer of a change's last run.
private final class LatestAnswer<Answer: Sendable>: Sendable {
    private let answer = Mutex<Answer?>(nil)

    var value: Answer? { answer.withLock { $0 } }

    func set(_ fresh: Answer) { answer.withLock { $0 = fresh } }
}
