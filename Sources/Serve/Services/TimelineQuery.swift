// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import Journal
import Messages

/// One page of the stored records that carry a value.
struct TimelineQuery: Sendable {
    let value: String
    let times: Range<Milliseconds>
    let size: Int
    let before: EventLocation?
    /// The accounts that the caller may see; nil for all.
    let accounts: Set<AccountID>?

    /// A page token's place in the archive. Throws INVALID_ARGUMENT for a token that was not made here.
    static func place(_ token: String) throws -> EventLocation? {
        if token.isEmpty { return nil }
        let parts = token.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let block = BlockID(parts[0]), let index = Int(parts[1]), block > 0, index >= 0 else {
            throw Validation.failure("page_token", "was not made by this service")
        }
        return EventLocation(block: block, index: index)
    }

    func run(_ reader: Reader) throws -> (entries: [TimelineEntry], next: String) {
        let summaries = try RecordSummaryReader()
        // An eventID leads to its record by the index of identities; anything else by its token.
        if before == nil, let record = try reader.record(EventID(value)) {
            let summary = record.bytes.withUnsafeBytes { summaries.summary($0) }
            if let summary, summary.eventID == value, accepts(summary) { return ([entry(summary, record.bytes)], "") }
        }
        let token = LookupToken(value)
        var found: [RecordSummary] = []
        let page = try reader.search(tokens: [token], times: span, before: before, limit: size) { bytes in
            guard let summary = summaries.summary(bytes), summaries.carries(token), accepts(summary) else { return false }
            found.append(summary)
            return true
        }
        let entries = zip(found, page.records).map { entry($0, $1.bytes) }
        return (entries, page.next.map { "\($0.block)-\($0.index)" } ?? "")
    }

    private func entry(_ summary: RecordSummary, _ record: [UInt8]) -> TimelineEntry {
        TimelineEntry(
            eventID: summary.eventID, eventTime: Timestamp(milliseconds: summary.time), accountID: summary.accountID,
            region: summary.region, eventSource: summary.eventSource, eventName: summary.eventName,
            principal: summary.principal, sourceIP: summary.sourceIP, errorCode: summary.errorCode,
            record: Bytes(record))
    }

    private var span: ClosedRange<Int64> {
        times.isEmpty ? times.lowerBound...times.lowerBound : times.lowerBound...(times.upperBound - 1)
    }

    private func accepts(_ summary: RecordSummary) -> Bool {
        guard times.contains(summary.time) else { return false }
        guard let accounts else { return true }
        return AccountID(summary.accountID).map(accounts.contains) ?? false
    }
}
