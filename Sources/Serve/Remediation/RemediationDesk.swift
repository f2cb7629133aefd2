// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Detect
import Foundation
import Journal
import Logging
import Respond

/// Everything of remediation that the service runs: it starts remediations for alerts and people, tells what becomes of
/// them, and takes up after a restart what was under way.
package actor RemediationDesk {
    package nonisolated let book: PolicyBook
    package nonisolated let pool: ExecutorPool
    package nonisolated let hub = ProgressHub()
    nonisolated let store: JournalRemediationStore
    nonisolated let underWay = RemediationsUnderWay()
    private let ways: AccountWays
    private nonisolated let pipeline: Pipeline
    private let log: Logger
    private let remediator: Remediator
    private let gate = WriteGate()
    /// The last change of the freeze, so that each is whole before the next begins.
    private var freezing: Task<Void, any Error>?
    private var tasks: [UInt64: Task<Void, Never>] = [:]
    private var lastTask: UInt64 = 0
    private var isStopped = false

    /// Reads policies and what was under way. Nothing happens before `start`.
    ///
    /// - Parameter context: where the service's own AWS credentials come from.
    package init(_ pipeline: Pipeline, context: CredentialContext, log: Logger) throws {
        self.pipeline = pipeline
        self.log = log
        book = try PolicyBook(pipeline)
        pool = ExecutorPool()
        store = JournalRemediationStore(pipeline: pipeline)
        let ways = AccountWays(pipeline: pipeline, book: book, pool: pool, context: context)
        self.ways = ways
        let notes = AlertNotes(pipeline: pipeline)
        let (hub, underWay, gate) = (hub, underWay, gate)
        remediator = Remediator(
            store: store, rules: LiveRemediationRules(book: book, accounts: pipeline.accounts, ways: ways),
            services: { try await ways.service(for: $0) },
            progress: { remediation, notices in
                let others = underWay.update(remediation)
                hub.publish(remediation)
                let alerts = (remediation.alertID.map { [$0] } ?? []) + others
                do { try await notes.write(remediation, notices, on: alerts) } catch {
                    log.error("remediation \(remediation.id) could not be told of: \(error)")
                }
            },
            now: Clock.milliseconds, sleep: { try await Task.sleep(for: .milliseconds($0)) },
            gate: gate)
    }

    /// Takes up what was under way, and reads the alert log from here on.
    package func start() async throws {
        if book.freeze.isFrozen { gate.shut() }
        for remediation in try await store.unfinished() { _ = underWay.update(remediation) }
        spawn {
            // Again and again: an approval that nobody gave has to end, and what the store's trouble broke off to go on.
            while !Task.isCancelled {
                await self.takeUp()
                try? await Task.sleep(for: .seconds(Limits.resumptionSeconds))
            }
        }
        // The first alert should not have to wait for credentials.
        for account in book.liveAccounts { prepare(account) }
        let responder = Responder(desk: self, pipeline: pipeline, log: log)
        spawn { await responder.run() }
    }

    /// Goes on with everything that nobody works on. It returns at once, and the work ends when all of it is finished or
    /// waits.
    private func takeUp() {
        let (remediator, log) = (remediator, log)
        spawn {
            do { try await remediator.resumeAll() } catch is CancellationError {} catch {
                log.error("remediations could not be taken up again: \(error)")
            }
        }
    }

    /// Takes no more. What is under way stays as it was saved last, and goes on with the next start.
    package func stop() async {
        isStopped = true
        hub.close()
        underWay.close()
        await pool.close()
        for task in tasks.values { task.cancel() }
        for task in tasks.values { await task.value }
    }

    // MARK: What people and alerts want

    /// Starts a remediation for an alert, unless one of its target is under way or this one was started before.
    func respond(_ action: RemediationAction, _ target: RemediationTarget, to alert: Detect.Alert) async throws {
        let id = RemediationID.make(action, target, reason: alert.id, time: alert.createdAt)
        if try await store.load(id) != nil { return }
        let key = RemediationsUnderWay.Key(action, target)
        switch underWay.claim(key, id: id, for: alert) {
        case .joined(let remediation):
            if let remediation {
                try await AlertNotes(pipeline: pipeline).write(remediation, [], on: [alert.id])
            }
        case .free:
            launch(action, target, trigger(action, target, alert), id: id)
        }
    }

    /// An alert as what wants a remediation. A detection that is gone, so that nobody knows what it counts, is not taken to
    /// be of one principal.
    nonisolated func trigger(
        _ action: RemediationAction, _ target: RemediationTarget, _ alert: Detect.Alert
    ) -> RemediationTrigger {
        let detection = pipeline.catalog.catalog.detection(id: alert.detectionID)
        return RemediationTrigger(
            alert, for: target, by: action, isOfOneActor: detection?.isOfOneActor ?? false, now: Clock.milliseconds())
    }

    /// An id for a remediation that a person is about to start.
    func newID(_ action: RemediationAction, _ target: RemediationTarget) -> String {
        RemediationID.make(action, target, reason: UUID().uuidString, time: Clock.milliseconds())
    }

    /// Starts a remediation for a person.
    func run(
        _ action: RemediationAction, _ target: RemediationTarget, id: String, by name: String, isDryRun: Bool
    ) {
        launch(action, target, .person(name: name, isDryRun: isDryRun), id: id)
    }

    private func launch(
        _ action: RemediationAction, _ target: RemediationTarget, _ trigger: RemediationTrigger, id: String
    ) {
        let (remediator, log, underWay) = (remediator, log, underWay)
        spawn {
            // The store failing is no reason to let a stolen key be: it is tried again while the service runs.
            while !Task.isCancelled {
                do {
                    try await remediator.start(action, target, trigger: trigger, id: id)
                    return
                } catch is CancellationError {
                    return
                } catch {
                    log.error("remediation \(id) of \(target.text) in \(target.accountID): \(error)")
                    try? await Task.sleep(for: .seconds(Limits.responderPauseSeconds))
                }
            }
            underWay.drop(RemediationsUnderWay.Key(action, target), id: id)
        }
    }

    /// Has a person's word given to a remediation.
    func command(_ word: PersonsWord, on id: String, by name: String) {
        let (remediator, hub, log) = (remediator, hub, log)
        spawn {
            // The audit log has the word already: a disk that is full for a while must not undo it.
            while !Task.isCancelled {
                do {
                    let remediation =
                        switch word {
                        case .approve: try await remediator.approve(id, by: name)
                        case .decline: try await remediator.decline(id, by: name)
                        case .rollback: try await remediator.rollback(id, by: name)
                        }
                    if let remediation { hub.publish(remediation) }
                    return
                } catch is CancellationError {
                    return
                } catch {
                    log.error("remediation \(id): \(error)")
                    guard StoreFailure.isOfDisk(error) else { return }
                    try? await Task.sleep(for: .seconds(Limits.responderPauseSeconds))
                }
            }
        }
    }

    /// Stops or lets go everything. On return it is durable, and where it stops everything no write is under way any more.
    ///
    /// - Throws: What the store throws; then nothing has changed, in memory either.
    func freeze(_ freeze: FreezeState, audit entry: AuditEntry) async throws {
        let before = freezing
        let change = Task {
            _ = await before?.result
            try await apply(freeze, audit: entry)
        }
        freezing = change
        try await change.value
    }

    private func apply(_ freeze: FreezeState, audit entry: AuditEntry) async throws {
        // First on disk: a freeze that only memory knows would end with the process.
        try await book.set(freeze, audit: entry)
        guard freeze.isFrozen else { return gate.open() }
        gate.shut()
        await pool.revokeWrites()
        await gate.drained()
    }

    /// Finds out anew how an account is reached, ahead of the first alert that needs it.
    func prepare(_ account: String) {
        guard book.liveAccounts.contains(account) else { return }
        let ways = ways
        spawn { _ = await ways.ownIdentities(of: account) }
    }

    /// Proves that policies can be carried out, as `AccountWays.prove` says.
    nonisolated func prove(
        _ policies: [(action: RemediationAction, policy: RemediationPolicy)], in account: AccountID,
        by access: AccountAccess
    ) async throws -> [String] {
        try await ways.prove(policies, in: account, by: access)
    }

    private func spawn(_ body: @escaping @Sendable () async -> Void) {
        guard !isStopped else { return }
        lastTask += 1
        let number = lastTask
        tasks[number] = Task {
            await body()
            self.ended(number)
        }
    }

    private func ended(_ number: UInt64) { tasks[number] = nil }
}

/// What a person says to a remediation.
enum PersonsWord: Sendable {
    case approve
    case decline
    case rollback
}
