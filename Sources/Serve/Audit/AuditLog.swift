// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import Logging
import RPC
import Synchronization

/// Writes the audit log. A change of the journal is audited in its own transaction (`Pipeline.perform(audit:)`);
/// anything else is recorded here before it takes effect.
package final class AuditLog: Sendable {
    /// The end of the log, for those who follow it.
    package let signal: PositionSignal
    /// State-changing calls that ended well and left no entry, which is a bug of ours: the entry is made for them.
    package let forgotten = Atomic<Int>(0)
    private let queue: FairQueue<Sequencer.Work>
    private let refusals = Mutex(RefusalLimiter())
    private let log: Logger

    init(queue: FairQueue<Sequencer.Work>, last: Int64, log: Logger) {
        self.queue = queue
        self.log = log
        signal = PositionSignal(last: last)
    }

    /// Writes an entry; it is durable when this returns. Throws where the store failed: then what it tells must not be
    /// done.
    package func record(_ entry: AuditEntry) async throws {
        AuditScope.current?.mark()
        let ticket = Ticket<Result<Void, any Error>>()
        let change = Sequencer.Change(run: { transaction, _ in try transaction.appendAudit(entry) }) {
            ticket.answer($0)
        }
        guard await queue.push(.change(change), of: ServiceParty.name) else { throw Pipeline.stopping }
        try await ticket.value.get()
    }

    /// Writes an entry before whatever is handed to the pipeline after this, without waiting for the disk.
    package func enqueue(_ entry: AuditEntry) async {
        AuditScope.current?.mark()
        let log = log
        let change = Sequencer.Change(run: { transaction, _ in try transaction.appendAudit(entry) }) { result in
            if case .failure(let error) = result { log.error("an audit entry was not stored: \(error)") }
        }
        if await !queue.push(.change(change), of: ServiceParty.name) {
            log.error("an audit entry came after the service had stopped")
        }
    }

    /// Writes that a call was refused, unless the caller was refused too often lately: then it is counted, and the next
    /// entry tells how many there were.
    func refused(_ entry: AuditEntry) async {
        let key = entry.actor.fingerprint.isEmpty ? entry.actor.address : entry.actor.fingerprint
        let verdict = refusals.withLock { $0.refused(by: key, now: entry.time) }
        guard case .write(let suppressed) = verdict else { return }
        var entry = entry
        if suppressed > 0 { entry.summary += " (and \(suppressed) refusals before that were not written)" }
        await enqueue(entry)
    }

    /// Makes up for an entry that the handler of a state-changing call did not write.
    func forgot(_ entry: AuditEntry) async {
        forgotten.wrappingAdd(1, ordering: .relaxed)
        log.error("\(entry.method) wrote no audit entry of its own")
        await enqueue(entry)
    }

    /// Wakes who follows the log, for good.
    func close() { signal.close() }
}

/// Whether the handler of a call has written its audit entry.
final class AuditScope: Sendable {
    @TaskLocal static var current: AuditScope?

    private let marked = Atomic<Bool>(false)

    var isMarked: Bool { marked.load(ordering: .relaxed) }

    func mark() { marked.store(true, ordering: .relaxed) }
}

extension Caller {
    /// An entry of what the caller does with this call.
    ///
    /// - Parameters:
    ///   - summary: what changes, for a person. Never a secret: no key, token or note's text.
    ///   - account: the account that it is about, where it is about one.
    package func entry(_ context: CallContext, _ summary: String, account: AccountID? = nil) -> AuditEntry {
        AuditEntry(
            time: Clock.milliseconds(), actor: actor, method: context.path, accountID: account?.description ?? "",
            summary: summary)
    }
}
