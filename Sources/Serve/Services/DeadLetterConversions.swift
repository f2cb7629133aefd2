// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Journal
import Messages

extension DeadLetter {
    /// A letter, without its bytes.
    init(_ letter: DeadLetterRow) {
        self.init(
            id: UInt64(clamping: letter.id), refusedAt: Timestamp(milliseconds: letter.receivedAt),
            reason: letter.reason, detail: letter.detail, source: letter.source, submitter: letter.submitter,
            accountID: letter.accountID, accountCovered: letter.isCovered, records: UInt32(clamping: letter.records),
            firstIndex: UInt32(clamping: letter.firstIndex), totalBytes: UInt64(clamping: letter.totalBytes),
            keptBytes: UInt64(clamping: letter.keptBytes), storedBytes: UInt64(clamping: letter.storedBytes),
            logFile: letter.form == .logFile, historical: letter.isHistorical,
            attempts: UInt32(clamping: letter.attempts))
    }
}

extension RefusalCount {
    /// The reasons that occurred, by their names.
    static func list(_ counts: [RejectionReason: Int]) -> [RefusalCount] {
        counts.filter { $0.value > 0 }.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { RefusalCount(reason: $0.key.rawValue, count: UInt64(clamping: $0.value)) }
    }
}

extension DeadLetterStatus {
    /// - Parameter refused: since the service started; empty where the caller may not know of every account.
    init(_ totals: DeadLetterTotals, refused: [RejectionReason: Int]) {
        self.init(
            letters: UInt64(clamping: totals.letters), records: UInt64(clamping: totals.records),
            storedBytes: UInt64(clamping: totals.storedBytes),
            storedBytesLimit: UInt64(clamping: JournalLimits.deadLettersStoredBytes),
            lettersLimit: UInt64(clamping: JournalLimits.deadLetters),
            oldest: totals.oldestAt.map(Timestamp.init(milliseconds:)),
            daysLimit: UInt32(clamping: Limits.deadLetterDays),
            droppedForRoom: UInt64(clamping: totals.droppedForRoom),
            droppedForAge: UInt64(clamping: totals.droppedForAge), refused: RefusalCount.list(refused))
    }
}
