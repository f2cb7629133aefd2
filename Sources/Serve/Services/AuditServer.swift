// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Journal
import Messages
import RPC

/// AuditService: the audit log, as it is and as it grows.
struct AuditServer: AuditServiceProvider {
    let pipeline: Pipeline
    let access: AccessControl

    func tailAudit(
        _ request: TailAuditRequest, _ responses: ResponseWriter<TailAuditResponse>, _ context: CallContext
    ) async throws {
        let caller = try access.caller(context)
        if request.whole, caller.accounts != nil {
            throw RPCError(
                .permissionDenied, "The certificate does not cover every account, so that it can't read the whole log.")
        }
        let signal = pipeline.audit.signal
        var position = try start(request, signal.last)
        if let anchor = try await pipeline.journal.reader.detached(.feed, { try $0.auditAnchor() }),
            position < anchor.head.sequence
        {
            guard position == 0 || request.newest > 0 else {
                throw Validation.failure(
                    "after",
                    "lies before the entries that are kept (audit-days is \(pipeline.retention.audit)): the log begins after "
                        + "\(anchor.head.sequence)")
            }
            try await responses.write(TailAuditResponse(cut: AuditLogCut(anchor)))
            position = anchor.head.sequence
        }
        while !signal.isClosed {
            try Task.checkCancellation()
            let from = position
            let page = try await pipeline.feed.run(caller, pipeline.journal.reader) { reader, _ in
                try reader.auditRecords(after: from, limit: Limits.auditPage)
            }
            for record in page where Self.mayRead(record.entry, caller) {
                try await responses.write(TailAuditResponse(entry: AuditLogEntry(record)))
            }
            if let last = page.last {
                position = last.sequence
                continue
            }
            if request.untilCaughtUp { return }
            await signal.wait(beyond: position)
        }
        throw RPCError(.unavailable, "The service is stopping; go on after the last entry.")
    }

    private func start(_ request: TailAuditRequest, _ last: Int64) throws -> Int64 {
        if request.newest > 0 { return max(0, last - Int64(request.newest)) }
        guard let after = Int64(exactly: request.after), after <= last else {
            throw Validation.failure("after", "lies beyond the end of the audit log, which is \(last)")
        }
        return after
    }

    /// Entries of no single account tell of the service as a whole: they are for who may see all of it.
    private static func mayRead(_ entry: AuditEntry, _ caller: Caller) -> Bool {
        guard caller.accounts != nil else { return true }
        return AccountID(entry.accountID).map(caller.covers) ?? false
    }
}

extension AuditLogCut {
    init(_ anchor: AuditAnchor) {
        self.init(
            sequence: UInt64(clamping: anchor.head.sequence), hash: Bytes(anchor.head.hash),
            entries: UInt64(clamping: anchor.entries), firstTime: Timestamp(milliseconds: anchor.firstTime),
            lastTime: Timestamp(milliseconds: anchor.lastTime), cutAt: Timestamp(milliseconds: anchor.cutAt))
    }
}

extension AuditLogEntry {
    init(_ record: AuditRecord) {
        let entry = record.entry
        self.init(
            sequence: UInt64(clamping: record.sequence), time: Timestamp(milliseconds: entry.time),
            role: entry.actor.role, subject: entry.actor.subject, serial: entry.actor.serial,
            fingerprint: entry.actor.fingerprint, peerAddress: entry.actor.address, method: entry.method,
            accountID: entry.accountID, summary: entry.summary, outcome: entry.outcome, hash: Bytes(record.hash))
    }
}
