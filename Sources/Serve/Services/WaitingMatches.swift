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
        let scope = caller.accounts
        let batches = try await pipeline.queries.run(caller, pipeline.journal.reader) {
            reader, budget -> [EvaluatedBatch] in
            try reader.records(EventID(id), within: scope, budget).compactMap { record in
                try record.bytes.withUnsafeBytes { bytes in
                    let event = try EventReader().read(bytes)
                    guard event.reference.text == id, scope?.contains(event.account) ?? true else { return nil }
                    return try BatchEvaluator().evaluate(.records([bytes]), plan: plan, accounts: .all) { _, _, _ in }
                }
            }
        }
        guard !batches.isEmpty else { return [] }
        let waits = try await pipeline.look { waiting in batches.flatMap { waiting.waits(of: $0) } }
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
