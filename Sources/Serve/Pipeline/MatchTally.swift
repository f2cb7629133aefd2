// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import JSON
import Journal

/// Matches that made no alert, counted: those of a detection on trial, and those that an exception covers. An entry of the
/// engine's state for each account commits with the events, so that nobody learns of another account's.
struct MatchTally: Equatable {
    /// What is counted for.
    enum Subject: Hashable {
        /// A detection on trial, by its id.
        case trial(String)
        /// An exception, by its id.
        case exception(String)

        /// The names of its entries are this and an account.
        fileprivate var prefix: String {
            switch self {
            case .trial(let id): "trial/\(id)/"
            case .exception(let id): "excepted/\(id)/"
            }
        }

        /// The entry of an older version, over all accounts.
        fileprivate var formerName: String? {
            if case .trial(let id) = self { "trial/" + id } else { nil }
        }
    }

    var matches = 0
    /// Event time of the earliest match.
    var first = Milliseconds.max
    /// Event time of the latest match.
    var last = Milliseconds.min
    /// The ids of the events that came last, up to `Limits.tallyEvents`.
    var eventIDs: [String] = []
    /// The accounts of the events; of a stored entry none, but for those of an older version.
    var accounts: [String] = []

    /// Counts matches of events that were not seen before.
    static func count(_ matches: [(subject: Subject, event: MatchedEvent)], _ transaction: borrowing Transaction) throws
    {
        var tallies: [String: MatchTally] = [:]
        for (subject, event) in matches {
            let name = subject.prefix + event.accountID.description
            var tally = try tallies[name] ?? decode(transaction.state(name))
            tally.add(event)
            tallies[name] = tally
        }
        for (name, tally) in tallies { try transaction.putState(name, tally.encoded) }
    }

    /// Begins to count anew.
    static func reset(_ subject: Subject, _ transaction: borrowing Transaction) throws {
        try transaction.removeStates(prefix: subject.prefix)
        if let name = subject.formerName { try transaction.putState(name, nil) }
    }

    /// What was found so far in some accounts; nil where nothing was.
    ///
    /// - Parameter scope: the accounts; nil for all.
    static func read(_ subject: Subject, within scope: Set<AccountID>?, _ reader: Reader) throws -> MatchTally? {
        var whole = MatchTally()
        // An older version did not keep accounts apart.
        if scope == nil, let name = subject.formerName { whole.add(decode(try reader.state(name))) }
        try TuningStore.each(reader, subject.prefix) { account, value in
            guard let id = AccountID(String(account)), scope?.contains(id) ?? true else { return }
            var tally = decode(value)
            tally.accounts = [String(account)]
            whole.add(tally)
        }
        return whole.matches == 0 ? nil : whole
    }

    private mutating func add(_ event: MatchedEvent) {
        matches += 1
        first = min(first, event.reference.time)
        last = max(last, event.reference.time)
        eventIDs.append(event.reference.text)
        if eventIDs.count > Limits.tallyEvents { eventIDs.removeFirst() }
    }

    private mutating func add(_ other: MatchTally) {
        matches += other.matches
        first = min(first, other.first)
        let isLater = other.last > last
        last = max(last, other.last)
        // Those of the account that saw the latest event come last.
        eventIDs = isLater ? eventIDs + other.eventIDs : other.eventIDs + eventIDs
        eventIDs = Array(eventIDs.suffix(Limits.reportedTallyEvents))
        accounts += other.accounts.filter { !accounts.contains($0) }
    }

    private static func decode(_ bytes: [UInt8]?) -> MatchTally {
        var tally = MatchTally()
        guard let bytes, let value = try? JSONValue(parsing: bytes) else { return tally }
        tally.matches = value["matches"]?.integer ?? 0
        tally.first = value["first"]?.integer.map(Milliseconds.init) ?? .max
        tally.last = value["last"]?.integer.map(Milliseconds.init) ?? .min
        tally.eventIDs = (value["events"]?.array ?? []).compactMap(\.string)
        tally.accounts = (value["accounts"]?.array ?? []).compactMap(\.string)
        return tally
    }

    private var encoded: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, number) in [("matches", Int64(matches)), ("first", Int64(first)), ("last", Int64(last))] {
            writer.key(key)
            writer.integer(number)
        }
        writer.key("events")
        writer.beginArray()
        for text in eventIDs { writer.string(text) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
