// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Foundation
import Journal
import Logging
import Messages

/// The one place where things happen in order: it takes what waits as one group, dedupes, merges alerts, and commits
/// events, alerts and state in one transaction. Only then does it acknowledge and publish.
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
    private var merger: AlertMerger
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
        merger = try AlertStore.restoreMerger(journal.reader, counters.damage, log)
        stream = try StreamStore(restoring: journal.reader, secret: catalog.secret, now: Clock.milliseconds())
        counters.set(stream.statistics)
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
                stream = try StreamStore(restoring: journal.reader, secret: catalog.secret, now: now)
                mustRestoreStream = false
            }
            let outcome = try writer.commit { transaction in
                var outcome = Outcome()
                for unit in group { try take(unit, transaction, now, &outcome) }
                try stream.store(transaction, now: now)
                let alerts = merger.takeChanges()
                outcome.published = try AlertStore.append(alerts, transaction, now: now)
                return outcome
            }
            merger.commit()
            stream.commit()
            counters.set(stream.statistics)
            counters.add(activity)
            counters.commits.observe(ContinuousClock.now - started)
            if !outcome.published.isEmpty { counters.add(raised: outcome.published.lazy.map(\.alert)) }
            // Live subscribers see an alert no later than the collector sees its acknowledgement.
            tail.publish(outcome.published)
            auditSignal.publish(writer.auditHead.sequence)
            for (slice, accepted) in outcome.slices { acknowledge(slice, accepted) }
            for (change, problem) in outcome.changes {
                change.look?(stream.state)
                change.finish(problem.map { .failure($0) } ?? .success(()))
            }
        } catch {
            merger.rollback()
            mustRestoreStream = true
            fail(group, error)
        }
    }

    private func take(
        _ unit: Unit, _ transaction: borrowing Transaction, _ now: Milliseconds, _ outcome: inout Outcome
    ) throws {
        switch unit {
        case .slice(let slice): outcome.slices.append((slice, try store(slice, transaction, now)))
        case .tick: try release(transaction, now)
        case .change(let change):
            do {
                try change.run(transaction, &merger)
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
        var fresh = FreshRecords(from: slice.events.lowerBound, count: slice.events.count)
        var accepted = 0
        var next = slice.events.lowerBound
        for block in evaluated.blocks[slice.blocks] {
            let events = batch.events[next..<next + block.recordCount]
            let admission = try transaction.append(
                block, ids: events.map(\.id), accounts: events.map { batch.accounts[Int($0.account)] },
                receivedAt: now)
            fresh.append(admission.fresh)
            accepted += admission.freshCount
            next += block.recordCount
        }
        try follow(batch, fresh, transaction, now)
        var onTrial: [Match] = []
        func take(_ match: Match, isOnTrial: Bool = false) throws {
            if match.hold != nil {
                let historical = submission.historical
                stream.withState { $0.hold(match, isOnTrial: isOnTrial, historical: historical, now: now) }
            } else if isOnTrial {
                onTrial.append(match)
            } else {
                try merge(match, historical: submission.historical, transaction, now)
            }
        }
        for clearing in batch.clearings where fresh[clearing.eventIndex] {
            stream.withState { $0.clear(clearing, now: now) }
        }
        for match in batch.trialMatches where fresh[match.eventIndex] { try take(match, isOnTrial: true) }
        for match in batch.matches where fresh[match.eventIndex] { try take(match) }
        onTrial += try remember(batch, fresh, submission, transaction, now)
        let excepted = batch.excepted.lazy.filter { fresh[$0.eventIndex] }.map {
            (subject: MatchTally.Subject.exception($0.exceptionID), event: $0.event)
        }
        try tally(onTrial, excepted: Array(excepted), transaction)
        try count(batch, slice.events, fresh, transaction, now)
        try release(transaction, now)
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

    /// Adds a match to the alerts of whoever stands behind it.
    private func merge(
        _ match: Match, historical: Bool, _ transaction: borrowing Transaction, _ now: Milliseconds
    ) throws {
        try merger.add(stream.state.attribute(match), historical: historical, now: now) { key, range in
            try AlertStore.sealed(key, range, transaction, counters.damage)
        }
    }

    /// Learns who made which session; alerts of sessions that wait for it follow to their actor.
    private func follow(
        _ batch: EvaluatedBatch, _ fresh: FreshRecords, _ transaction: borrowing Transaction, _ now: Milliseconds
    ) throws {
        for (index, issuance) in batch.issuances where fresh[index] {
            let known = stream.withState { $0.learn(issuance, now: now) }
            for session in merger.sessions(watching: known) {
                let resolution = stream.state.resolve(session)
                try merger.reattribute(
                    session.id, to: resolution.principal, pending: resolution.pending, now: now
                ) { key, range in try AlertStore.sealed(key, range, transaction, counters.damage) }
            }
        }
    }

    /// Gives the stream's state what the records bring to it, and merges the matches that it makes of them.
    private func remember(
        _ batch: EvaluatedBatch, _ fresh: FreshRecords, _ submission: Submission, _ transaction: borrowing Transaction,
        _ now: Milliseconds
    ) throws -> [Match] {
        guard let plan = batch.plan else { return [] }
        var onTrial: [Match] = []
        try batch.forEachObservation(where: { fresh[$0] }) { observation in
            let historical = submission.historical
            for found in stream.withState({ $0.observe(observation, plan, historical: historical, now: now) }) {
                if found.isOnTrial {
                    onTrial.append(found.match)
                } else {
                    try merge(found.match, historical: found.historical, transaction, now)
                }
            }
        }
        return onTrial
    }

    /// Lets go what nothing that comes late can change any more.
    private func release(_ transaction: borrowing Transaction, _ now: Milliseconds) throws {
        guard stream.state.waitingCount > 0 else { return }
        let plan = catalog.plan
        var onTrial: [Match] = []
        for found in stream.withState({ $0.release(plan, now: now) }) {
            if found.isOnTrial {
                onTrial.append(found.match)
            } else {
                try merge(found.match, historical: found.historical, transaction, now)
            }
        }
        try tally(onTrial, transaction)
    }

    /// Counts the matches that make no alert.
    private func tally(
        _ onTrial: [Match], excepted: [(subject: MatchTally.Subject, event: MatchedEvent)] = [],
        _ transaction: borrowing Transaction
    ) throws {
        guard !onTrial.isEmpty || !excepted.isEmpty else { return }
        try MatchTally.count(onTrial.map { (.trial($0.detection.id), $0.event) } + excepted, transaction)
    }

    /// Moves the accounts' counters on.
    private func count(
        _ batch: EvaluatedBatch, _ events: Range<Int>, _ fresh: FreshRecords, _ transaction: borrowing Transaction,
        _ now: Milliseconds
    ) throws {
        var counts = [(events: Int, latest: Milliseconds)](repeating: (0, .min), count: batch.accounts.count)
        var known = [Int](repeating: 0, count: batch.accounts.count)
        for (event, isFresh) in zip(batch.events[events], fresh.flags) {
            let account = Int(event.account)
            guard isFresh else {
                known[account] += 1
                continue
            }
            counts[account].events += 1
            counts[account].latest = max(counts[account].latest, event.time)
        }
        for (index, account) in batch.accounts.enumerated() where counts[index].events + known[index] > 0 {
            activity[account, default: Counters.Activity()].accepted += UInt64(counts[index].events)
            activity[account, default: Counters.Activity()].duplicate += UInt64(known[index])
        }
        for (account, count) in zip(batch.accounts, counts) where count.events > 0 {
            _ = try transaction.recordActivity(
                accountID: account.description, events: count.events, lastEventAt: count.latest,
                now: now >= Limits.earliestClock ? now : nil)
            if batch.plan?.waits == true {
                stream.withState { $0.advance(account, to: count.latest, now: now) }
            }
        }
    }
}
