// SPDX-License-Identifier: Apache-2.0

import Messages

/// Records of the archive as a table and as JSON.
package enum TimelinePresentation {
    /// One row a record.
    package static func table(_ entries: [TimelineEntry]) -> Table {
        var table = Table([
            Column("TIME (UTC)"), Column("ACCOUNT"), Column("REGION", dropped: 1), Column("EVENT", shrinksTo: 16),
            Column("RESULT", shrinksTo: 6), Column("PRINCIPAL", shrinksTo: 14),
            Column("ADDRESS", shrinksTo: 15, dropped: 2),
        ])
        for entry in entries {
            let failed = !entry.errorCode.isEmpty
            table.add([
                Cell(Clock.short(entry.eventTime)), Cell(entry.accountID), Cell(entry.region),
                Cell(service(entry.eventSource) + ":" + entry.eventName),
                Cell(failed ? entry.errorCode : "ok", style: failed ? .red : .plain), Cell(entry.principal),
                Cell(entry.sourceIP),
            ])
        }
        return table
    }

    /// By the times of the events, the latest first; the service has them by when they were stored.
    package static func newestFirst(_ entries: [TimelineEntry]) -> [TimelineEntry] {
        entries.enumerated().sorted {
            let (one, other) = ($0.element.eventTime?.milliseconds ?? 0, $1.element.eventTime?.milliseconds ?? 0)
            return one == other ? $0.offset < $1.offset : one > other
        }.map(\.element)
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
