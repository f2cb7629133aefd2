// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Journal
import Logging
import Messages

/// The one place where things happen in order: it takes what waits as one group, dedupes, applies what is new to the
/// detection stage, and commits events, alerts and state in one transaction. Only then does it acknowledge and publish.
///
/// While a transaction waits for the disk, the next group gathers: so the size of a group follows the load.
final class Sequencer {
    /// What the sequencer takes.
    enum Work: Sendable {
        /// Records to store.
        case submission(EvaluatedSubmission)
        /// A worker took a submission and nothing came of it.
        case nothing(UInt64)
        /// A change that a person or the service itself makes, in one order with the records.
        case change(Change)
        /// A look at the clock, by which what waits may be due.
        case tick
    }

    /// A change within the transaction of its group.
    struct Change: Sendable {
        /// Runs inside the transaction. It throws before it changes anything, or not at all.
        let run: @Sendable (borrowing Transaction, inout AlertMerger) throws -> Void
        /// Is told once the transaction is durable, or why nothing came of it.
        let finish: @Sendable (Result<Void, any Error>) -> Void
        /// Looks at the stream's state once the group is durable, before `finish`.
        var look: (@Sendable (borrowing StreamState) -> Void)?
    }

    private let queue: FairQueue<Work>
    private let journal: Journal
    private let writer: Writer
    private let tail: AlertTail
    private let auditSignal: PositionSignal
    private let counters: Counters
    private let accounts: AccountDirectory
    private let catalog: LiveCatalog
    private let log: Logger
    private var stage: DetectionStage
    private var stream: StreamStore
    /// A transaction failed and its part of the stream's state is to be undone.
    private var mustRestoreStream = false
    /// Records that the transaction under way stored, and those that were known, by account.
    private var activity: [AccountID: Counters.Activity] = [:]
    /// What workers finish out of order, by the party.
    private var orders: [String: Resequencer<EvaluatedSubmission>] = [:]
    /// What was taken from the queue and is not stored yet: parties take turns, slice by slice.
    private var ready = FairLine<Unit>(quantum: Limits.recordsPerTurn)
    private var parties = RecentParties()

    /// What one transaction takes whole.
    private enum Unit {
        case slice(EvaluatedSlice)
        case change(Change)
        case tick
    }

    private init(
        queue: FairQueue<Work>, journal: Journal, tail: AlertTail, auditSignal: PositionSignal, counters: Counters,
        accounts: AccountDirectory, catalog: LiveCatalog, log: Logger
    ) throws {
        self.catalog = catalog
        self.queue = queue
        self.journal = journal
        self.tail = tail
        self.auditSignal = auditSignal
        self.counters = counters
        self.accounts = accounts
        self.log = log
        writer = try journal.makeWriter()
        let merger = try AlertStore.restoreMerger(journal.reader, counters.damage, log)
        let restored = try StreamStore.restore(journal.reader, secret: catalog.secret, now: Clock.milliseconds())
        stage = DetectionStage(state: restored.state, merger: merger)
        stream = restored.store
        counters.set(StreamStatistics(stage.state))
    }

    /// Starts the sequencer's thread and returns once it is ready; it ends when the queue is closed and empty, and then
    /// calls `ended`.
    static func start(
        queue: FairQueue<Work>, journal: Journal, tail: AlertTail, auditSignal: PositionSignal, counters: Counters,
        accounts: AccountDirectory, catalog: LiveCatalog, log: Logger, ended: @escaping @Sendable () -> Void
    ) async throws {
        try await withCheckedThrowingContinuation { (ready: CheckedContinuation<Void, any Error>) in
            let thread = Thread {
                do {
                    let sequencer = try Sequencer(
                        queue: queue, journal: journal, tail: tail, auditSignal: auditSignal, counters: counters,
                        accounts: accounts, catalog: catalog, log: log)
                    ready.resume()
                    sequencer.run()
                } catch {
                    ready.resume(throwing: error)
                }
                ended()
            }
            thread.name = "sequence"
            thread.stackSize = 4 << 20
            thread.start()
        }
    }

    private func run() {
        while let taken = takeMore() {
            prepare(taken)
            storeNext()
            while ready.isEmpty && queue.isEmpty && writer.needsMaintenance { maintain() }
        }
        for (party, var order) in orders { order.finish().forEach { prepare($0, of: party) } }
        while !ready.isEmpty { storeNext() }
    }

    /// Takes what waits, up to what one transaction stores; of a party that has nothing at hand in any case. Blocks while
    /// there is nothing at all, and answers nil at the end.
    private func takeMore() -> [(party: String, element: Work)]? {
        let (count, first) = (Limits.evaluatedBatches, ServiceParty.name)
        let room = recordsPerCommit - ready.weight
        if ready.isEmpty { return queue.take(upTo: count, weight: room, first: first) }
        if room > 0 { return queue.take(upTo: count, weight: room, first: first, blocking: false) ?? [] }
        return queue.take(upTo: count, weight: recordsPerCommit, first: first, blocking: false) { [ready] in
            ready.count(of: $0) == 0
        } ?? []
    }

    /// Records that one transaction takes now.
    private var recordsPerCommit: Int {
        parties.areSeveral(now: Clock.monotonic()) ? Limits.recordsPerSharedCommit : Limits.recordsPerCommit
    }

    /// Stores what has its turn in one transaction.
    private func storeNext() {
        let group = self.group(upTo: recordsPerCommit)
        if !group.isEmpty { process(group) }
    }

    /// What has its turn: what the service does itself, then records up to a number.
    private func group(upTo records: Int) -> [Unit] {
        var group: [Unit] = []
        while let own = ready.next(of: ServiceParty.name) { group.append(own.element) }
        var weight = 0
        while weight < records, let (_, entry) = ready.next() {
            weight += entry.weight
            group.append(entry.element)
        }
        return group
    }

    /// Puts work in the line: submissions in the order in which workers took those of their party.
    private func prepare(_ taken: [(party: String, element: Work)]) {
        for (party, work) in taken {
            switch work {
            case .submission(let evaluated):
                guard let number = evaluated.number else {
                    prepare(evaluated, of: party)
                    continue
                }
                admit(evaluated, number, of: party)
            case .nothing(let number): admit(nil, number, of: party)
            case .change(let change): ready.append(.init(.change(change), cost: 0, weight: 1), of: party)
            case .tick: ready.append(.init(.tick, cost: 0, weight: 1), of: party)
            }
        }
    }

    private func admit(_ evaluated: EvaluatedSubmission?, _ number: UInt64, of party: String) {
        var next: [EvaluatedSubmission] = []
        orders[party, default: Resequencer()].admit(evaluated, number: number, to: &next)
        next.forEach { prepare($0, of: party) }
    }

    private func prepare(_ evaluated: EvaluatedSubmission, of party: String) {
        if party != ServiceParty.name { parties.saw(party, now: Clock.monotonic()) }
        for slice in EvaluatedSlice.slices(of: evaluated) {
            ready.append(.init(.slice(slice), cost: 0, weight: slice.weight), of: party)
        }
    }

    /// Moves the store's upkeep on while there is nothing else to do; work that comes waits for one short step at most.
    private func maintain() {
        do { try writer.commit { _ in } } catch {
            log.error("the store's upkeep failed: \(error)")
            Thread.sleep(forTimeInterval: Limits.maintenancePauseSeconds)
        }
    }

    /// What a group's transaction made, to be told once it is durable.
    private struct Outcome {
        /// Slices, and how many of their records were new.
        var slices: [(EvaluatedSlice, accepted: Int)] = []
        var changes: [(Change, (any Error)?)] = []
        var published: [AlertTail.Entry] = []
    }

    private func process(_ group: [Unit]) {
        let now = Clock.milliseconds()
        let started = ContinuousClock.now
        activity.removeAll(keepingCapacity: true)
        do {
            if mustRestoreStream {
                // What was learned from events that were not stored is forgotten by reading what was stored.
                let restored = try StreamStore.restore(journal.reader, secret: catalog.secret, now: now)
                stage.restore(restored.state)
                stream = restored.store
                mustRestoreStream = false
            }
            let outcome = try writer.commit { transaction in
                var outcome = Outcome()
                for unit in group { try take(unit, transaction, now, &outcome) }
                let alerts = try stream.store(&stage, transaction, now: now)
                outcome.published = try AlertStore.append(alerts, transaction, now: now)
                return outcome
            }
            stage.commit()
            stream.commit()
            counters.set(StreamStatistics(stage.state))
            counters.add(activity)
            counters.commits.observe(ContinuousClock.now - started)
            if !outcome.published.isEmpty { counters.add(raised: outcome.published.lazy.map(\.alert)) }
            // Live subscribers see an alert no later than the collector sees its acknowledgement.
            tail.publish(outcome.published)
            auditSignal.publish(writer.auditHead.sequence)
            for (slice, accepted) in outcome.slices { acknowledge(slice, accepted) }
            for (change, problem) in outcome.changes {
                change.look?(stage.state)
                change.finish(problem.map { .failure($0) } ?? .success(()))
            }
        } catch {
            stage.rollback()
            mustRestoreStream = true
            fail(group, error)
        }
    }

    private func take(
        _ unit: Unit, _ transaction: borrowing Transaction, _ now: Milliseconds, _ outcome: inout Outcome
    ) throws {
        switch unit {
        case .slice(let slice): outcome.slices.append((slice, try store(slice, transaction, now)))
        case .tick:
            let result = try stage.release(catalog.plan, now: now) { key, range in
                try AlertStore.sealed(key, range, transaction, counters.damage)
            }
            try count(result, transaction, now)
        case .change(let change):
            do {
                try change.run(transaction, &stage.merger)
                outcome.changes.append((change, nil))
            } catch {
                // What a change says of itself ends the change alone. Where the store failed under it, some of it may be
                // done, and some of the group taken back: then nothing of the group may be committed.
                let error = JournalError.wrapping(error)
                if error is JournalError { throw error }
                outcome.changes.append((change, error))
            }
        }
    }

    /// A group that could not be stored is tried once more work by work, so that one bad part fails alone. Where the disk
    /// is full or fails, each would fail of the same.
    private func fail(_ group: [Unit], _ error: any Error) {
        if group.count > 1, !StoreFailure.isOfDisk(error) {
            for unit in group { process([unit]) }
            return
        }
        counters.addFailedCommit()
        if counters.damage.note(error) || !StoreFailure.isDamage(error) { log.error("a transaction failed: \(error)") }
        for unit in group { refuse(unit, error) }
    }

    private func refuse(_ unit: Unit, _ error: any Error) {
        switch unit {
        case .slice(let slice): slice.evaluated.submission.ticket.answer(.failure(.store(error)))
        case .change(let change): change.finish(.failure(error))
        case .tick: break
        }
    }

    /// Stores a slice and what follows from it; answers how many of its records were new.
    private func store(
        _ slice: EvaluatedSlice, _ transaction: borrowing Transaction, _ now: Milliseconds
    ) throws -> Int {
        let evaluated = slice.evaluated
        let batch = evaluated.batch
        let submission = evaluated.submission
        var new = NewEvents(from: slice.events.lowerBound, count: slice.events.count)
        var accepted = 0
        var next = slice.events.lowerBound
        for block in evaluated.blocks[slice.blocks] {
            let events = batch.events[next..<next + block.recordCount]
            let admission = try transaction.append(
                block, ids: events.map(\.id), accounts: events.map { batch.accounts[Int($0.account)] },
                receivedAt: now)
            new.append(admission.fresh)
            accepted += admission.freshCount
            next += block.recordCount
        }
        let result = try stage.apply(
            batch, new: new, historical: submission.historical, releasing: catalog.plan, now: now
        ) { key, range in try AlertStore.sealed(key, range, transaction, counters.damage) }
        try count(result, transaction, now)
        if slice.isLast {
            try transaction.putDeadLetters(
                evaluated.letters, from: submission.origin, receivedAt: now,
                replacing: submission.resubmission?.letter)
        }
        return accepted
    }

    /// Counts a slice that is durable; the last one of a submission acknowledges it.
    private func acknowledge(_ slice: EvaluatedSlice, _ accepted: Int) {
        slice.tally.accepted += accepted
        guard slice.isLast else { return }
        let (batch, submission) = (slice.evaluated.batch, slice.evaluated.submission)
        let response = SubmitEventsResponse(
            sequence: submission.sequence, accepted: UInt32(slice.tally.accepted),
            duplicate: UInt32(batch.events.count - slice.tally.accepted), rejected: UInt32(batch.rejectedCount),
            rejections: batch.rejections.prefix(Limits.rejectionsPerResponse).map(Messages.Rejection.init),
            rejectedByReason: RefusalCount.list(batch.rejectedByReason))
        counters.add(response, of: slice.evaluated)
        submission.ticket.answer(.success(response))
    }

    /// Moves on what is counted of events and of matches that make no alert.
    private func count(
        _ result: StageResult, _ transaction: borrowing Transaction, _ now: Milliseconds
    ) throws {
        for count in result.accounts {
            activity[count.account, default: Counters.Activity()].accepted += UInt64(count.new)
            activity[count.account, default: Counters.Activity()].duplicate += UInt64(count.known)
            guard count.new > 0 else { continue }
            _ = try transaction.recordActivity(
                accountID: count.account.description, events: count.new, lastEventAt: count.latest,
                now: now >= Limits.earliestClock ? now : nil)
        }
        guard !result.trialMatches.isEmpty || !result.exceptedMatches.isEmpty else { return }
        try MatchTally.count(
            result.trialMatches.map { (.trial($0.detection.id), $0.event) }
                + result.exceptedMatches.map { (.exception($0.exceptionID), $0.event) }, transaction)
    }
}
