// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON

/// Gathers a batch's outcome.
struct BatchBuilder {
    private var batch = EvaluatedBatch()
    private var refusals: (any RefusedRecordSink)?
    /// How many records the batch before had.
    private var lastCount = 0
    private var filter = AccountFilter.only([])
    private var accountIndexes: [AccountID: UInt32] = [:]
    /// Records of one account come in runs.
    private var lastAccount: (AccountID, UInt32)?
    /// The account of records that name none.
    private(set) var fileAccount: AccountID?
    /// The day of the last record.
    var day = EventTime.KnownDay()
    var spelling = SpellingCheck()
    /// The receiver's clock; nil where events are taken whatever their time.
    private(set) var now: Milliseconds?
    /// The latest event time that is taken.
    private(set) var latestTaken = Milliseconds.max

    /// How many records were accepted.
    var count: Int { batch.events.count }
    /// How many records were refused.
    var rejectedCount: Int { batch.rejectedCount }
    /// Whether nothing was accepted or refused yet.
    var isEmpty: Bool { batch.events.isEmpty && batch.rejectedCount == 0 }

    mutating func begin(
        _ accounts: AccountFilter, fileAccount: AccountID? = nil, now: Milliseconds? = nil,
        _ refusals: (any RefusedRecordSink)? = nil
    ) {
        self.now = now
        latestTaken = now.map { $0 + CloudTrailLimits.futureMilliseconds } ?? .max
        batch = EvaluatedBatch()
        // Batches of a sender are of one size, about.
        batch.events.reserveCapacity(min(lastCount, DetectLimits.reservedEvents))
        self.refusals = refusals
        filter = accounts
        self.fileAccount = fileAccount
        accountIndexes.removeAll(keepingCapacity: true)
        lastAccount = nil
    }

    mutating func finish(_ plan: DetectionPlan) -> EvaluatedBatch {
        batch.plan = plan
        lastCount = batch.events.count
        defer {
            batch = EvaluatedBatch()
            refusals = nil
        }
        return batch
    }

    /// The account's index, or nil where its events are not taken.
    mutating func account(_ id: AccountID) -> UInt32? {
        if let lastAccount, lastAccount.0 == id { return lastAccount.1 }
        if let index = accountIndexes[id] {
            lastAccount = (id, index)
            return index
        }
        guard filter.accepts(id) else { return nil }
        let index = UInt32(batch.accounts.count)
        batch.accounts.append(id)
        accountIndexes[id] = index
        lastAccount = (id, index)
        return index
    }

    mutating func accept(_ envelope: Envelope, account: UInt32, index: Int, bytes: Int) {
        batch.events.append(
            EvaluatedBatch.Event(
                id: envelope.id, time: envelope.time, account: account, submittedIndex: UInt32(index)))
        batch.recordBytes += bytes
        batch.earliest = min(batch.earliest ?? envelope.time, envelope.time)
        batch.latest = max(batch.latest ?? envelope.time, envelope.time)
    }

    mutating func append(_ input: StageInput) { batch.append(input) }

    /// Takes back what the record that was not accepted yet has brought.
    mutating func withdrawRecord() { batch.withdrawInputs(of: count) }

    mutating func reject(
        _ index: Int, _ rejection: Rejection, _ record: UnsafeRawBufferPointer, account: AccountID? = nil
    ) {
        batch.rejectedCount += 1
        batch.rejectedByReason[rejection.reason, default: 0] += 1
        refusals?.refuse(record, index: index, rejection, account: account)
        guard batch.rejections.count < DetectLimits.keptRejections else { return }
        batch.rejections.append(EvaluatedBatch.RejectedRecord(index: index, rejection: rejection))
    }
}
