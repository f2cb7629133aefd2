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
        let events = try EventReader()
        // An eventID leads to its record by the index of identities; anything else by its token.
        if before == nil, let record = try reader.record(EventID(value)) {
            let event = try? record.bytes.withUnsafeBytes { try events.read($0) }
            if let event, event.reference.text == value, accepts(event) { return ([entry(event, record.bytes)], "") }
        }
        var found: [EventSummary] = []
        let page = try reader.search(tokens: [LookupToken(value)], times: span, before: before, limit: size) { bytes in
            guard let event = try? events.read(bytes), events.carries(value, bytes, event), accepts(event) else {
                return false
            }
            found.append(event)
            return true
        }
        let entries = zip(found, page.records).map { entry($0, $1.bytes) }
        return (entries, page.next.map { "\($0.block)-\($0.index)" } ?? "")
    }

    private func entry(_ event: EventSummary, _ record: [UInt8]) -> TimelineEntry {
        TimelineEntry(
            eventID: event.reference.text, eventTime: Timestamp(milliseconds: event.reference.time),
            accountID: event.account.description, region: event.region, eventSource: event.eventSource,
            eventName: event.eventName, principal: event.actor.principal, sourceIP: event.actor.sourceIP,
            errorCode: event.errorCode, record: Bytes(record))
    }

    private var span: ClosedRange<Int64> {
        times.isEmpty ? times.lowerBound...times.lowerBound : times.lowerBound...(times.upperBound - 1)
    }

    private func accepts(_ event: EventSummary) -> Bool {
        times.contains(event.reference.time) && accounts?.contains(event.account) ?? true
    }
}
