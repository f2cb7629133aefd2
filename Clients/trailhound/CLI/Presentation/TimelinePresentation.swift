// SPDX-License-Identifier: Apache-2.0

import Messages

/// Records of the archive as a table and as JSON.
package enum TimelinePresentation {
    /// One row a record or, folded, one row for equal calls in a row: with the time of the newest and their number.
    package static func table(_ entries: [TimelineEntry], isFolded: Bool = false) -> Table {
        var table = Table([
            Column("TIME (UTC)"), Column("ACCOUNT"), Column("REGION", dropped: 1), Column("EVENT", shrinksTo: 16),
            Column("TIMES", alignment: .right, dropped: 3), Column("RESULT", shrinksTo: 6),
            Column("PRINCIPAL", shrinksTo: 14), Column("ADDRESS", shrinksTo: 15, dropped: 2),
        ])
        var start = 0
        while start < entries.count {
            let entry = entries[start]
            var end = start + 1
            while isFolded, end < entries.count, isRepeat(entries[end], of: entry) { end += 1 }
            let failed = !entry.errorCode.isEmpty
            table.add([
                Cell(Clock.short(entry.eventTime)), Cell(entry.accountID), Cell(entry.region),
                Cell(service(entry.eventSource) + ":" + entry.eventName), Cell(Numbers.grouped(UInt64(end - start))),
                Cell(failed ? entry.errorCode : "ok", style: failed ? .red : .plain), Cell(principal(entry)),
                Cell(entry.sourceIP),
            ])
            start = end
        }
        return table
    }

    /// The last part of the principal's ARN; the whole where it is of another account than the record.
    private static func principal(_ entry: TimelineEntry) -> String {
        let isOwn =
            entry.principal.split(separator: ":", omittingEmptySubsequences: false).dropFirst(4).first
            .map { $0 == entry.accountID } ?? false
        return isOwn ? AlertPresentation.shortened(entry.principal) : entry.principal
    }

    /// True for two calls that a table shows alike but for their times.
    private static func isRepeat(_ one: TimelineEntry, of other: TimelineEntry) -> Bool {
        one.eventName == other.eventName && one.eventSource == other.eventSource && one.accountID == other.accountID
            && one.region == other.region && one.errorCode == other.errorCode && one.principal == other.principal
            && one.sourceIP == other.sourceIP
    }

    /// An entry and its record. The record is JSON already and stands as it is.
    package static func json(_ entry: TimelineEntry) -> JSONNode {
        .object([
            .init("event_id", .string(entry.eventID)),
            .init("event_time", .time(entry.eventTime)),
            .init("account_id", .string(entry.accountID)),
            .init("region", .string(entry.region)),
            .init("event_source", .string(entry.eventSource)),
            .init("event_name", .string(entry.eventName)),
            .init("principal", .string(entry.principal)),
            .init("source_ip", .string(entry.sourceIP)),
            .init("error_code", .string(entry.errorCode)),
            .init("record", .raw(entry.record.array)),
        ])
    }

    /// `s3` of `s3.amazonaws.com`.
    private static func service(_ source: String) -> String {
        source.hasSuffix(".amazonaws.com") ? String(source.dropLast(".amazonaws.com".utf8.count)) : source
    }
}
