// SPDX-License-Identifier: Apache-2.0

import Contract
import Detect
import Journal
import Messages
import NIOCore
import RPC

/// AlertService: the alert log to subscribers, and people's answers to alerts.
struct AlertServer: AlertServiceProvider {
    let pipeline: Pipeline
    let access: AccessControl

    func subscribeAlerts(
        _ request: SubscribeAlertsRequest, _ responses: ResponseWriter<SubscribeAlertsResponse>,
        _ context: CallContext
    ) async throws {
        let caller = try access.caller(context)
        let filter = try Validation.alertFilter(
            accounts: request.accountIDs, detections: request.detectionIDs, minSeverity: request.minSeverity,
            audience: request.audience, caller: caller)
        var position = try await start(request.cursor)
        let tail = pipeline.tail
        let place = pipeline.subscribers.enter(at: position, scope: caller.accounts)
        defer { pipeline.subscribers.leave(place) }
        while !tail.isClosed {
            try Task.checkCancellation()
            let isCaughtUp: Bool
            if let live = tail.entries(after: position) {
                try await send(live, filter, responses)
                if let last = live.last { position = last.position }
                isCaughtUp = live.isEmpty
            } else {
                let page = try await page(after: position, filter, caller)
                try await send(page, responses)
                position = page.next
                isCaughtUp = page.isCaughtUp
            }
            place.moved(to: position)
            guard isCaughtUp else { continue }
            if request.untilCaughtUp { return }
            await tail.wait(beyond: position)
        }
        throw RPCError(.unavailable, "The service is stopping; resume from the cursor.")
    }

    private func start(_ cursor: String) async throws -> Int64 {
        let last = pipeline.tail.last
        if cursor.isEmpty { return 0 }
        if cursor == "latest" { return last }
        let position: Int64
        do { position = try pipeline.journal.epochs.position(of: cursor) } catch {
            throw Validation.failure("cursor", problem(error))
        }
        guard position <= last else {
            throw Validation.failure("cursor", "lies beyond the end of the alert log, which is \(last)")
        }
        let pruned = try await pipeline.journal.reader.detached(.feed) { try $0.alertLogPruned() }
        guard position >= pruned else {
            throw Validation.failure(
                "cursor",
                "is older than the revisions that are kept (alert-revision-days is \(pipeline.retention.alertRevisions)): begin "
                    + "anew without a cursor, where the last revision of every alert is, or go on from "
                    + pipeline.journal.epochs.cursor(pruned))
        }
        return position
    }

    private func problem(_ error: LogEpochs.CursorError) -> String {
        switch error {
        case .malformed: return "was not made by this service"
        case .unknownEpoch: return "is of a history that a restore from a backup took back; begin anew"
        case .takenBack(let end, let time):
            let date = Timestamp(milliseconds: time).rfc3339
            return "is of a history that was taken back when the store was restored from a backup at \(date): entries "
                + "after \(end) of it are gone; go on from \(pipeline.journal.epochs.cursor(end))"
        }
    }

    private func page(after position: Int64, _ filter: AlertFilter, _ caller: Caller) async throws -> AlertLogPage {
        try await pipeline.feed.run(caller, pipeline.journal.reader) { reader, _ in
            try reader.alertLog(after: position, filter, limit: Limits.alertPage)
        }
    }

    // An alert is large: each is made where it is encoded, so that ten thousand tasks that wait keep none in their frames.
    // For the same reason these stay functions of their own: within `subscribeAlerts` their frames would be part of its.

    @inline(never)
    private func send(
        _ live: [AlertTail.Entry], _ filter: AlertFilter, _ responses: ResponseWriter<SubscribeAlertsResponse>
    ) async throws {
        for index in live.indices where filter.accepts(live[index].alert) {
            try await responses.write(encoded: try encoded(live[index], responses))
        }
    }

    /// What every subscriber that may see the revision gets: encoded once, not ten thousand times.
    private func encoded(
        _ entry: AlertTail.Entry, _ responses: ResponseWriter<SubscribeAlertsResponse>
    ) throws -> ByteBuffer {
        let role = pipeline.accounts.consoleRole(of: entry.alert.accountID)
        if let bytes = entry.encoded.bytes(consoleRole: role) { return bytes }
        let response = SubscribeAlertsResponse(
            cursor: pipeline.journal.epochs.cursor(entry.position),
            alert: Messages.Alert(entry.alert, consoleRole: role))
        let bytes = try responses.encoded(response)
        entry.encoded.keep(bytes, consoleRole: role)
        return bytes
    }

    @inline(never)
    private func send(_ page: AlertLogPage, _ responses: ResponseWriter<SubscribeAlertsResponse>) async throws {
        for index in page.entries.indices {
            try await responses.write { try response(page.entries[index]) }
        }
    }

    /// A revision on its way to a subscriber. A damaged one ends the stream with the cursor behind it.
    private func response(_ entry: AlertLogEntry) throws -> SubscribeAlertsResponse {
        let cursor = pipeline.journal.epochs.cursor(entry.position)
        do {
            return SubscribeAlertsResponse(cursor: cursor, alert: message(try AlertStore.alert(entry)))
        } catch {
            if pipeline.counters.damage.note(error) { pipeline.log.error("a subscriber met damage: \(error)") }
            throw RPCError(
                .dataLoss,
                "Entry \(entry.position) of the alert log, revision \(entry.revision) of alert \(entry.alertID), is damaged. "
                    + "Go on from cursor \(cursor); `trailhoundd check` tells what is lost.")
        }
    }

    func listAlerts(_ request: ListAlertsRequest, _ context: CallContext) async throws -> ListAlertsResponse {
        let caller = try access.caller(context)
        var filter = try Validation.alertFilter(
            accounts: request.accountIDs, detections: request.detectionIDs, minSeverity: request.minSeverity,
            audience: request.audience, caller: caller)
        filter.statuses = try Validation.statuses([request.status] + request.statuses)
        let order = try Validation.order(request.order)
        let size = try Validation.pageSize(request.pageSize)
        let token = request.pageToken.isEmpty ? nil : request.pageToken
        let waiting = try await waiting(request, caller)
        let wanted = filter
        do {
            let (page, total) = try await pipeline.queries.run(caller, pipeline.journal.reader) { reader, _ in
                let page = try reader.alerts(wanted, order: order, pageToken: token, limit: size)
                return (page, token == nil ? try reader.alertCount(wanted) : 0)
            }
            return ListAlertsResponse(
                alerts: try page.alerts.map { message(try AlertStore.alert($0)) },
                nextPageToken: page.nextPageToken ?? "", waiting: waiting, total: UInt64(clamping: total))
        } catch let error as JournalError where error.code == .badPageToken {
            throw Validation.failure("page_token", "was not made by this service")
        }
    }

    func getAlert(_ request: GetAlertRequest, _ context: CallContext) async throws -> GetAlertResponse {
        let caller = try access.caller(context)
        let row = try await pipeline.lookups.run(caller, pipeline.journal.reader) { reader, _ in
            try reader.alert(request.alertID)
        }
        guard let row else { throw Self.unknown(request.alertID) }
        let alert = try AlertStore.alert(row)
        guard caller.covers(alert.accountID) else { throw Self.unknown(request.alertID) }
        return GetAlertResponse(alert: message(alert))
    }

    func updateAlert(_ request: UpdateAlertRequest, _ context: CallContext) async throws -> UpdateAlertResponse {
        let caller = try access.caller(context)
        let status: Detect.AlertStatus?
        switch request.status {
        case .unspecified: status = nil
        case .open: status = .open
        case .acknowledged: status = .acknowledged
        case .closed: status = .closed
        default: throw Validation.failure("status", "has to be OPEN, ACKNOWLEDGED or CLOSED")
        }
        let note = try Validation.text(request.note, field: "note", bytes: Limits.noteBytes)
        return UpdateAlertResponse(
            alert: try await change(
                request.alertID, .update(status: status, note: note.isEmpty ? nil : note), caller, context))
    }

    func answerDuet(_ request: AnswerDuetRequest, _ context: CallContext) async throws -> AnswerDuetResponse {
        let caller = try access.caller(context)
        let answer: Detect.DuetAnswer
        switch request.answer {
        case .expected: answer = .expected
        case .unexpected: answer = .unexpected
        default: throw Validation.failure("answer", "has to be EXPECTED or UNEXPECTED")
        }
        let note = try Validation.text(request.note, field: "note", bytes: Limits.noteBytes)
        return AnswerDuetResponse(
            alert: try await change(request.alertID, .answer(answer, note: note.isEmpty ? nil : note), caller, context))
    }

    /// Applies a person's change in one order with the matches.
    private func change(
        _ id: String, _ change: PersonalChange, _ caller: Caller, _ context: CallContext
    ) async throws -> Messages.Alert {
        do {
            try await pipeline.perform(auditing: { transaction, merger in
                guard let row = try transaction.alert(id) else { throw Self.unknown(id) }
                let stored = try AlertStore.alert(row)
                guard caller.covers(stored.accountID) else { throw Self.unknown(id) }
                _ = try merger.apply(change, to: stored, now: Clock.milliseconds())
                let summary = "alert \(id): \(Self.summary(change, of: stored))"
                return (caller.entry(context, summary, account: stored.accountID), ())
            })
        } catch let error as PersonalChangeError {
            throw Self.refused(error)
        }
        // As it stands now that the change is durable, its revision included.
        let row = try await pipeline.lookups.run(caller, pipeline.journal.reader) { reader, _ in try reader.alert(id) }
        guard let row else { throw Self.unknown(id) }
        return message(try AlertStore.alert(row))
    }

    /// An alert with the links that fit its account.
    private func message(_ alert: Detect.Alert) -> Messages.Alert {
        Messages.Alert(alert, consoleRole: pipeline.accounts.consoleRole(of: alert.accountID))
    }

    /// A change for the audit log. A note's text may tell what is not for the log's readers: its length is told.
    private static func summary(_ change: PersonalChange, of alert: Detect.Alert) -> String {
        var parts: [String] = []
        let note: String?
        switch change {
        case .update(let status, let text):
            if let status { parts.append("status \(alert.status) to \(status)") }
            note = text
        case .answer(let answer, let text):
            parts.append("answered \(answer)")
            note = text
        }
        if let note { parts.append("a note of \(note.utf8.count) bytes") }
        return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
    }

    private static func unknown(_ id: String) -> RPCError {
        RPCError(.notFound, "There is no alert \(id.prefix(64)).")
    }

    private static func refused(_ error: PersonalChangeError) -> RPCError {
        switch error {
        case .merged(let survivor):
            RPCError(.failedPrecondition, "The alert was merged into \(survivor); change that one.")
        case .notADuet: RPCError(.failedPrecondition, "The alert is none that asks its account's owner.")
        case .invalidStatus: Validation.failure("status", "is set by the service alone")
        case .noteTooLong: Validation.failure("note", "is longer than \(Limits.noteBytes) bytes")
        }
    }
}
