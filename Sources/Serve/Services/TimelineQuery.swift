// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Messages

/// One page of the stored records that carry a value, the newest first by event time.
struct TimelineQuery: Sendable {
    let value: String
    let filter: TimelineFilter
    let size: Int
    let cursor: NewestCursor?

    /// Reads a request. Throws INVALID_ARGUMENT by the field's name.
    init(_ request: GetTimelineRequest, caller: Caller) throws {
        guard !request.value.isEmpty else { throw Validation.failure("value", "is empty") }
        value = try Validation.text(request.value, field: "value", bytes: Limits.lookupBytes)
        filter = try TimelineFilter(request, caller: caller)
        size = try Validation.pageSize(request.pageSize)
        cursor = try Self.cursor(request.pageToken)
    }

    private static func cursor(_ token: String) throws -> NewestCursor? {
        if token.isEmpty { return nil }
        guard let cursor = NewestCursor(token) else {
            throw Validation.failure("page_token", "was not made by this service")
        }
        return cursor
    }

    func run(_ reader: Reader, _ budget: ReadBudget) throws -> GetTimelineResponse {
        let events = try EventReader()
        // An eventID leads to its records by the index of identities; anything else by its token.
        if cursor == nil {
            let known = try reader.records(EventID(value), within: filter.scope, budget).compactMap { record in
                record.bytes.withUnsafeBytes { bytes -> TimelineEntry? in
                    guard let event = try? events.read(bytes), event.reference.text == value,
                        filter.accepts(event, events)
                    else { return nil }
                    return entry(event, record.bytes)
                }
            }
            if !known.isEmpty {
                return GetTimelineResponse(entries: known, total: UInt64(known.count), totalIsExact: true)
            }
        }
        let page = try reader.newest(
            tokens: [LookupToken(value)], times: filter.span, cursor: cursor, limit: size, budget: budget
        ) { bytes in
            guard let event = try? events.read(bytes), filter.accepts(event, events),
                events.carries(value, bytes, event)
            else { return nil }
            return event.reference.time
        }
        let entries = page.records.compactMap { record in
            record.bytes.withUnsafeBytes { try? events.read($0) }.map { entry($0, record.bytes) }
        }
        return GetTimelineResponse(
            entries: entries, nextPageToken: page.next?.description ?? "", total: UInt64(clamping: page.total),
            totalIsExact: page.totalIsExact, orderIsPartial: page.orderIsPartial)
    }

    private func entry(_ event: EventSummary, _ record: [UInt8]) -> TimelineEntry {
        TimelineEntry(
            eventID: event.reference.text, eventTime: Timestamp(milliseconds: event.reference.time),
            accountID: event.account.description, region: event.region, eventSource: event.eventSource,
            eventName: event.eventName, principal: event.actor.principal, sourceIP: event.actor.sourceIP,
            errorCode: event.errorCode, record: Bytes(record))
    }
}

/// The records of a timeline that are asked for.
struct TimelineFilter: Sendable {
    private let times: Range<Milliseconds>
    /// The accounts asked for that the caller may see; nil for all.
    private let accounts: Set<AccountID>?
    /// The accounts whose records may be shown; nil for all.
    var scope: Set<AccountID>? { accounts }
    private let names: [NamePattern]
    private let writesOnly: Bool
    private let errorsOnly: Bool

    init(_ request: GetTimelineRequest, caller: Caller) throws {
        times = try Self.times(request)
        var accounts: Set<AccountID> = []
        guard request.accountIDs.count <= Limits.filterValues else {
            throw Validation.failure(
                "account_ids", "names \(request.accountIDs.count) values; the limit is \(Limits.filterValues)")
        }
        for (index, text) in request.accountIDs.enumerated() {
            let account = try Validation.account(text, field: "account_ids[\(index)]")
            try caller.require(account)
            accounts.insert(account)
        }
        self.accounts = request.accountIDs.isEmpty ? caller.accounts : accounts
        guard request.eventNames.count <= Limits.timelineNames else {
            throw Validation.failure(
                "event_names", "names \(request.eventNames.count) values; the limit is \(Limits.timelineNames)")
        }
        names = try request.eventNames.enumerated().map { index, text in
            let field = "event_names[\(index)]"
            guard !text.isEmpty else { throw Validation.failure(field, "is empty") }
            return NamePattern(try Validation.text(text, field: field, bytes: Limits.namePatternBytes))
        }
        writesOnly = request.writesOnly
        errorsOnly = request.errorsOnly
    }

    private static func times(_ request: GetTimelineRequest) throws -> Range<Milliseconds> {
        for (field, time) in [("start_time", request.startTime), ("end_time", request.endTime)] {
            if let time, !time.isValid { throw Validation.failure(field, "is no valid time") }
        }
        let start = request.startTime?.milliseconds ?? .min
        let end = request.endTime?.milliseconds ?? .max
        guard start <= end else { throw Validation.failure("end_time", "lies before start_time") }
        return start..<end
    }

    /// The times that blocks have to touch.
    var span: ClosedRange<Int64> {
        times.isEmpty ? times.lowerBound...times.lowerBound : times.lowerBound...(times.upperBound - 1)
    }

    /// True for a record that is asked for.
    ///
    /// - Parameter reader: the reader that has just read it.
    func accepts(_ event: EventSummary, _ reader: EventReader) -> Bool {
        guard times.contains(event.reference.time), accounts?.contains(event.account) ?? true else { return false }
        if writesOnly && !reader.isWrite { return false }
        if errorsOnly && !reader.isError { return false }
        return names.isEmpty || names.contains { $0.matches(event) }
    }
}
