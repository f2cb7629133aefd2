// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Journal
import Messages
import RPC

/// DeadLetterService: refused records and log files, which can be read, submitted again and removed.
struct DeadLetterServer: DeadLetterServiceProvider {
    let pipeline: Pipeline
    let access: AccessControl

    func listDeadLetters(
        _ request: ListDeadLettersRequest, _ context: CallContext
    ) async throws -> ListDeadLettersResponse {
        let caller = try access.caller(context)
        let filter = try filter(request.filter, caller)
        let size = try Validation.pageSize(request.pageSize)
        let before = try place(request.pageToken) ?? .max
        let (letters, totals) = try await pipeline.queries.run(caller, pipeline.journal.reader) { reader, _ in
            (try reader.deadLetters(filter, before: before, limit: size), try reader.deadLetterTotals(filter))
        }
        return ListDeadLettersResponse(
            letters: letters.map(DeadLetter.init),
            nextPageToken: letters.count < size ? "" : letters.last.map { String($0.id) } ?? "",
            totalLetters: UInt64(clamping: totals.letters), totalRecords: UInt64(clamping: totals.records),
            totalBytes: UInt64(clamping: totals.storedBytes))
    }

    func getDeadLetter(_ request: GetDeadLetterRequest, _ context: CallContext) async throws -> GetDeadLetterResponse {
        let caller = try access.caller(context)
        let filter = try filter(DeadLetterFilter(ids: [request.id]), caller)
        let found = try await pipeline.queries.run(caller, pipeline.journal.reader) { reader, _ in
            try reader.deadLetters(filter, limit: 1).first.map { ($0, try reader.deadLetterContent($0)) }
        }
        guard let (letter, content) = found else {
            throw RPCError(.notFound, "There is no dead letter \(request.id).")
        }
        var response = GetDeadLetterResponse(letter: DeadLetter(letter))
        switch content {
        case .records(let records): response.records = records.map { Bytes($0) }
        case .logFile(let file): response.logFile = Bytes(file)
        }
        return response
    }

    func resubmitDeadLetters(
        _ request: ResubmitDeadLettersRequest, _ context: CallContext
    ) async throws -> ResubmitDeadLettersResponse {
        let caller = try access.caller(context)
        let filter = try filter(request.filter, caller)
        try Self.requireSelection(filter, all: request.all)
        let start = try place(request.pageToken) ?? 0
        let page = try await pipeline.queries.run(caller, pipeline.journal.reader) { reader, _ in
            try reader.deadLetters(filter, after: start, limit: Limits.resubmittedLetters)
        }
        let summary = "submits dead letters again: \(Self.words(filter))"
        try await pipeline.audit.record(caller.entry(context, summary, account: AccountID(filter.accountID)))
        var response = ResubmitDeadLettersResponse()
        let refused = RefusalCounts()
        var bytes = 0
        var last: Int64?
        for letter in page {
            try Task.checkCancellation()
            if bytes > Limits.resubmittedBytes { break }
            last = letter.id
            guard letter.isWhole else {
                response.incomplete += 1
                continue
            }
            // Somebody else may have taken the letter meanwhile: it then counts for nothing.
            guard let content = try await content(of: letter, caller) else { continue }
            bytes += letter.keptBytes
            let again = Resubmission(letter: letter, isHistorical: request.historical, refused: refused)
            switch await pipeline.resubmit(again, content, scope: caller.accounts) {
            case .success(let one):
                response.letters += 1
                response.accepted += UInt64(one.accepted)
                response.duplicate += UInt64(one.duplicate)
                response.rejected += UInt64(one.rejected)
            case .failure(.stopping): throw Pipeline.stopping
            case .failure(.store(let error)): throw error
            }
        }
        if let last, last != page.last?.id || page.count == Limits.resubmittedLetters {
            response.nextPageToken = String(last)
        }
        response.rejectedByReason = RefusalCount.list(refused.byReason)
        return response
    }

    func purgeDeadLetters(
        _ request: PurgeDeadLettersRequest, _ context: CallContext
    ) async throws -> PurgeDeadLettersResponse {
        let caller = try access.caller(context)
        let filter = try filter(request.filter, caller)
        try Self.requireSelection(filter, all: request.all)
        var response = PurgeDeadLettersResponse()
        var last: Int64 = 0
        while true {
            let after = last
            let ids = try await pipeline.queries.run(caller, pipeline.journal.reader) { reader, _ in
                try reader.deadLetters(filter, after: after, limit: Limits.purgedLetters).map(\.id)
            }
            let gone = try await pipeline.perform(auditing: { transaction, _ in
                let gone = try transaction.removeDeadLetters(ids: ids)
                let summary =
                    "removed \(gone.letters) dead letters with \(gone.records) records: \(Self.words(filter))"
                return (caller.entry(context, summary, account: AccountID(filter.accountID)), gone)
            })
            response.letters += UInt64(clamping: gone.letters)
            response.records += UInt64(clamping: gone.records)
            guard ids.count == Limits.purgedLetters, let end = ids.last else { return response }
            last = end
        }
    }

    /// The bytes of a letter; nil where it is gone.
    private func content(of letter: DeadLetterRow, _ caller: Caller) async throws -> DeadLetterContent? {
        var filter = DeadLetterQuery()
        filter.ids = [letter.id]
        let own = filter
        return try await pipeline.queries.run(caller, pipeline.journal.reader) { reader, _ in
            guard try reader.deadLetters(own, limit: 1).first == letter else { return nil }
            return try reader.deadLetterContent(letter)
        }
    }

    /// The store's filter of a request's, within the caller's accounts.
    private func filter(
        _ message: DeadLetterFilter?, _ caller: Caller
    ) throws -> DeadLetterQuery {
        var filter = DeadLetterQuery()
        filter.visibleAccounts = caller.accounts.map { $0.map(\.description).sorted() }
        guard let message else { return filter }
        filter.reason = try Validation.text(message.reason, field: "filter.reason", bytes: Limits.lookupBytes)
        guard filter.reason.isEmpty || RejectionReason(rawValue: filter.reason) != nil else {
            let known = RejectionReason.allCases.map(\.rawValue).sorted().joined(separator: ", ")
            throw Validation.failure("filter.reason", "is none of: \(known)")
        }
        filter.source = try Validation.text(message.source, field: "filter.source", bytes: Limits.sourceBytes)
        if !message.accountID.isEmpty {
            let account = try Validation.account(message.accountID, field: "filter.account_id")
            try caller.require(account)
            filter.accountID = account.description
        }
        for (field, time) in [("filter.since", message.since), ("filter.until", message.until)] {
            if let time, !time.isValid { throw Validation.failure(field, "is no valid time") }
        }
        filter.since = message.since?.milliseconds
        filter.until = message.until?.milliseconds
        guard message.ids.count <= Limits.namedLetters else {
            throw Validation.failure(
                "filter.ids", "names \(message.ids.count) letters; the limit is \(Limits.namedLetters)")
        }
        if !message.ids.isEmpty { filter.ids = message.ids.map { Int64(clamping: $0) } }
        return filter
    }

    /// Refuses to change every letter by a request that was only left empty.
    private static func requireSelection(_ filter: DeadLetterQuery, all: Bool) throws {
        var empty = DeadLetterQuery()
        empty.visibleAccounts = filter.visibleAccounts
        guard filter != empty || all else {
            throw Validation.failure("filter", "is empty; set `all` to mean every letter")
        }
    }

    /// A filter, for the audit log.
    private static func words(_ filter: DeadLetterQuery) -> String {
        var words: [String] = []
        if !filter.reason.isEmpty { words.append("reason \(filter.reason)") }
        if !filter.source.isEmpty {
            words.append("source \"\(filter.source.prefix(Limits.auditedSourceLetters))\"")
        }
        if !filter.accountID.isEmpty { words.append("account \(filter.accountID)") }
        if let since = filter.since { words.append("since \(Timestamp(milliseconds: since).rfc3339)") }
        if let until = filter.until { words.append("until \(Timestamp(milliseconds: until).rfc3339)") }
        if let ids = filter.ids {
            words.append("ids \(ids.prefix(Limits.auditedSerials).map(String.init).joined(separator: " "))")
            if ids.count > Limits.auditedSerials { words.append("and \(ids.count - Limits.auditedSerials) more") }
        }
        return words.isEmpty ? "all" : words.joined(separator: ", ")
    }

    private func place(_ token: String) throws -> Int64? {
        if token.isEmpty { return nil }
        guard let id = Int64(token), id > 0 else { throw Validation.failure("page_token", "is none of this service") }
        return id
    }
}
