// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Messages

extension AlertServer {
    /// What the event that a request names waits for; nothing where it is not stored, or of an account that the caller may
    /// not see.
    func waiting(_ request: ListAlertsRequest, _ caller: Caller) async throws -> [WaitingMatch] {
        guard !request.waitingEventID.isEmpty else { return [] }
        let id = try Validation.text(request.waitingEventID, field: "waiting_event_id", bytes: Limits.lookupBytes)
        let plan = pipeline.catalog.plan
        // The event as the stream saw it, evaluated anew: what it brought is kept under what it is.
        let batch = try await pipeline.journal.reader.detached { reader -> EvaluatedBatch? in
            guard let record = try reader.record(EventID(id)) else { return nil }
            return try record.bytes.withUnsafeBytes { bytes in
                guard try EventReader().read(bytes).reference.text == id else { return nil }
                return try BatchEvaluator().evaluate(.records([bytes]), plan: plan, accounts: .all) { _, _, _ in }
            }
        }
        guard let batch, let account = batch.accounts.first, caller.covers(account) else { return [] }
        let waits = try await pipeline.look { $0.waits(of: batch) }
        return waits.filter { request.detectionIDs.isEmpty || request.detectionIDs.contains($0.detectionID) }
            .map(WaitingMatch.init)
    }
}

extension WaitingMatch {
    fileprivate init(_ wait: StreamWait) {
        let reason: WaitReason =
            switch wait.reason {
            case .clearing: .clearing
            case .actor: .actor
            case .correlation: .correlation
            }
        self.init(
            detectionID: wait.detectionID, reason: reason, dueTime: wait.due.map(Timestamp.init(milliseconds:)),
            deadline: Timestamp(milliseconds: wait.deadline))
    }
}
