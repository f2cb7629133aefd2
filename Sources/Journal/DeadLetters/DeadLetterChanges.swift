// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// Letters and bytes that each submitter has in the store, kept in memory so that the bound costs no scan.
struct DeadLetterHoldings {
    struct Holding {
        var letters = 0
        var bytes = 0
    }

    private(set) var bySubmitter: [String: Holding] = [:]
    private(set) var total = Holding()

    init() {}

    init(_ database: Database) throws {
        let rows = try Row.fetchAll(
            database, sql: "SELECT submitter, count(*), sum(stored_bytes) FROM dead_letter GROUP BY submitter")
        for row in rows.map({ StoredRow($0, "dead_letter") }) {
            add(
                try row[0], letters: try row.number(1, in: StoredBounds.size),
                bytes: try row.number(2, in: StoredBounds.size))
        }
    }

    mutating func add(_ submitter: String, letters: Int, bytes: Int) {
        bySubmitter[submitter, default: Holding()].letters += letters
        bySubmitter[submitter, default: Holding()].bytes += bytes
        if bySubmitter[submitter]?.letters == 0 { bySubmitter[submitter] = nil }
        total.letters += letters
        total.bytes += bytes
    }

    /// The submitter that has to give room; nil while the bounds hold.
    func over(_ bounds: DeadLetterBounds) -> String? {
        if total.bytes > bounds.storedBytes {
            return bySubmitter.max { ($0.value.bytes, $0.key) < ($1.value.bytes, $1.key) }?.key
        }
        if total.letters > bounds.letters {
            return bySubmitter.max { ($0.value.letters, $0.key) < ($1.value.letters, $1.key) }?.key
        }
        return nil
    }
}

extension Transaction {
    /// Stores the letters of one request.
    ///
    /// - Parameter old: the letter that the request submitted again. It goes, in this transaction; the first of `drafts`
    ///   takes its number. Where it is gone already, somebody else submitted it and has what was refused.
    package func putDeadLetters(
        _ drafts: [DeadLetterDraft], from origin: DeadLetterOrigin, receivedAt: Int64,
        replacing old: DeadLetterRow? = nil
    ) throws {
        if let old {
            let gone = try removeDeadLetters(ids: [old.id])
            guard gone.letters > 0 else { return }
        }
        for (index, draft) in drafts.enumerated() {
            try insert(
                draft, origin, receivedAt: old?.receivedAt ?? receivedAt, attempts: (old?.attempts ?? 0) + 1,
                id: index == 0 ? old?.id : nil)
        }
    }

    private func insert(
        _ draft: DeadLetterDraft, _ origin: DeadLetterOrigin, receivedAt: Int64, attempts: Int, id: Int64?
    ) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO dead_letter (id, received_at, source, submitter, scope, account_id, is_covered, reason,
                detail, form, first_index, records, record_bytes, kept_bytes, stored_bytes, is_compressed,
                is_historical, attempts, record)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'')
                """
        ).execute(
            arguments: [
                id, receivedAt, origin.source, origin.submitter, origin.scope?.joined(separator: ","),
                draft.accountID, origin.covers(draft.accountID), draft.reason, draft.detail, draft.form.rawValue,
                draft.firstIndex, draft.records, draft.totalBytes, draft.keptBytes, draft.storedBytes,
                draft.body.isCompressed, origin.isHistorical, attempts,
            ])
        try database.cachedStatement(sql: "INSERT INTO dead_letter_body (id, body) VALUES (?, ?)")
            .execute(arguments: [database.lastInsertedRowID, Data(draft.body.bytes)])
        writer.state.deadLetters.add(origin.submitter, letters: 1, bytes: draft.storedBytes)
        writer.state.hasNewDeadLetters = true
    }

    /// Removes letters for good; those that are gone already are left out of the answer.
    package func removeDeadLetters(ids: [Int64]) throws -> DeadLetterTotals {
        var removed = DeadLetterTotals()
        for id in ids {
            let row = try Row.fetchOne(
                database.cachedStatement(
                    sql: "DELETE FROM dead_letter WHERE id = ? RETURNING submitter, records, stored_bytes"),
                arguments: [id])
            guard let row = row.map({ StoredRow($0, "dead_letter") }) else { continue }
            try database.cachedStatement(sql: "DELETE FROM dead_letter_body WHERE id = ?").execute(arguments: [id])
            let submitter: String = try row[0]
            let (records, bytes) = try (row.number(1, in: StoredBounds.size), row.number(2, in: StoredBounds.size))
            removed.letters += 1
            removed.records += Int64(records)
            removed.storedBytes += Int64(bytes)
            writer.state.deadLetters.add(submitter, letters: -1, bytes: -bytes)
        }
        return removed
    }

    /// Drops letters that were refused first before a time, up to a page of them. Returns how many records they had.
    package func expireDeadLetters(before time: Int64) throws -> DeadLetterTotals {
        let ids = try Int64.fetchAll(
            database, sql: "SELECT id FROM dead_letter WHERE received_at < ? ORDER BY received_at LIMIT ?",
            arguments: [time, JournalLimits.pageRows])
        let expired = try removeDeadLetters(ids: ids)
        if expired.records > 0 { try add(expired.records, to: .deadLettersExpired) }
        return expired
    }

    /// Drops the oldest letters beyond the bounds, of whoever has the most: a flood costs its sender's letters first.
    func finishDeadLetters() throws {
        guard writer.state.hasNewDeadLetters else { return }
        writer.state.hasNewDeadLetters = false
        var dropped: Int64 = 0
        while let submitter = writer.state.deadLetters.over(writer.deadLetterBounds) {
            let id = try Int64.fetchOne(
                database.cachedStatement(
                    sql: "SELECT id FROM dead_letter WHERE submitter = ? ORDER BY id LIMIT 1"), arguments: [submitter])
            guard let id else { break }
            dropped += try removeDeadLetters(ids: [id]).records
        }
        if dropped > 0 { try add(dropped, to: .deadLettersDropped) }
    }

    private func add(_ records: Int64, to mark: Mark) throws {
        try mark.write(database, try mark.read(database, default: 0) + records)
    }
}
