// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import JSON
import Journal

/// What detections on trial found: an entry of the engine's state for each, which commits with the events.
struct TrialReport: Equatable {
    var matches = 0
    /// Event times of the earliest and the latest match.
    var first = Milliseconds.max
    var last = Milliseconds.min
    /// The ids of the events that came last, up to `Limits.trialEvents`.
    var eventIDs: [String] = []
    /// The first accounts, up to `Limits.trialAccounts`.
    var accounts: [String] = []

    private static func name(_ detectionID: String) -> String { "trial/" + detectionID }

    /// Counts matches of events that were not seen before.
    static func count(_ matches: [Match], _ transaction: borrowing Transaction) throws {
        var reports: [String: TrialReport] = [:]
        for match in matches {
            let id = match.detection.id
            var report = try reports[id] ?? decode(transaction.state(name(id)))
            report.add(match.event)
            reports[id] = report
        }
        for (id, report) in reports { try transaction.putState(name(id), report.encoded) }
    }

    /// Begins a detection's trial anew.
    static func reset(_ detectionID: String, _ transaction: borrowing Transaction) throws {
        try transaction.putState(name(detectionID), nil)
    }

    /// What was found so far; nil where nothing was.
    static func read(_ detectionID: String, _ reader: Reader) throws -> TrialReport? {
        try reader.state(name(detectionID)).map { decode($0) }
    }

    private mutating func add(_ event: MatchedEvent) {
        matches += 1
        first = min(first, event.reference.time)
        last = max(last, event.reference.time)
        eventIDs.append(event.reference.text)
        if eventIDs.count > Limits.trialEvents { eventIDs.removeFirst() }
        let account = event.accountID.description
        if accounts.count < Limits.trialAccounts, !accounts.contains(account) { accounts.append(account) }
    }

    private static func decode(_ bytes: [UInt8]?) -> TrialReport {
        var report = TrialReport()
        guard let bytes, let value = try? JSONValue(parsing: bytes) else { return report }
        report.matches = value["matches"]?.integer ?? 0
        report.first = value["first"]?.integer.map(Milliseconds.init) ?? .max
        report.last = value["last"]?.integer.map(Milliseconds.init) ?? .min
        report.eventIDs = (value["events"]?.array ?? []).compactMap(\.string)
        report.accounts = (value["accounts"]?.array ?? []).compactMap(\.string)
        return report
    }

    private var encoded: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, number) in [("matches", Int64(matches)), ("first", Int64(first)), ("last", Int64(last))] {
            writer.key(key)
            writer.integer(number)
        }
        for (key, texts) in [("events", eventIDs), ("accounts", accounts)] {
            writer.key(key)
            writer.beginArray()
            for text in texts { writer.string(text) }
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }
}
