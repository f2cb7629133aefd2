// SPDX-License-Identifier: Apache-2.0

import JSON

/// What every record has, checked: its identity, its time, the account it belongs to, and the name of the call. The
/// texts are views that are valid until the extractor reads the next record.
///
/// Insights events and aggregated events have no members of calls. They stand under the names of the calls that they
/// sum up, an aggregated event at the start of its window.
package struct Envelope {
    package let id: EventID
    package let eventID: TextView
    /// The eventID has the form of a GUID, as all of AWS's have.
    package let isGUID: Bool
    package let time: Milliseconds
    /// `recipientAccountId`, else `userIdentity.accountId`, else `accountId`, else that of the log file.
    package let account: AccountID
    /// The record names no account; `account` is that of its log file.
    package let isAccountOfFile: Bool
    package let eventName: TextView
    package let eventSource: TextView?
    package let region: TextView?

    /// Reads and checks the record that the extractor holds.
    /// A function, since an initialiser takes its arguments over, which costs the extractor's count of references.
    ///
    /// - Parameters:
    ///   - day: the day of the record before; afterwards that of this one.
    ///   - account: the account of the log file, for a record that names none.
    package static func read(
        _ extractor: RecordExtractor, _ fields: EnvelopeFields, _ day: inout EventTime.KnownDay,
        account: AccountID? = nil
    ) throws(Rejection) -> Envelope {
        if let plain = Envelope(plain: extractor, fields, &day) { return plain }
        return try Envelope(checking: extractor, fields, account)
    }

    /// Reads and checks a record by itself.
    package static func read(
        _ extractor: RecordExtractor, _ fields: EnvelopeFields, account: AccountID? = nil
    ) throws(Rejection) -> Envelope {
        var day = EventTime.KnownDay()
        return try read(extractor, fields, &day, account: account)
    }

    /// Reads a record as CloudTrail writes them; nil where anything about it is unusual. Nearly every record passes
    /// here, and what is wrong with the others is found out anew.
    @inline(__always)
    private init?(plain extractor: RecordExtractor, _ fields: EnvelopeFields, _ day: inout EventTime.KnownDay) {
        @inline(__always)
        func text(_ slot: Slot, _ limit: Int) -> TextView? {
            guard let text = extractor.member(slot), !text.isEmpty, text.count <= limit else { return nil }
            return text
        }
        guard let eventID = text(fields.eventID, CloudTrailLimits.eventIDBytes),
            let timeText = text(fields.eventTime, CloudTrailLimits.eventTimeBytes),
            let time = EventTime.parse(timeText, &day),
            let eventName = text(fields.eventName, CloudTrailLimits.nameBytes),
            let eventSource = text(fields.eventSource, CloudTrailLimits.nameBytes),
            let region = text(fields.region, CloudTrailLimits.regionBytes),
            let account = text(fields.recipientAccountID, 64).flatMap({ AccountID($0) })
        else { return nil }
        self.eventID = eventID
        let guid = EventID.guid(eventID)
        isGUID = guid != nil
        id = guid?.id ?? EventID(hashing: eventID)
        self.time = time
        self.eventName = eventName
        self.eventSource = eventSource
        self.region = region
        self.account = account
        isAccountOfFile = false
    }

    /// Reads a record that need not be as CloudTrail writes them, and says what is wrong with it.
    @inline(never)
    private init(
        checking extractor: RecordExtractor, _ fields: EnvelopeFields, _ fallback: AccountID?
    ) throws(Rejection) {
        let reader = FieldChecker(extractor: extractor)
        switch RecordKind(extractor, fields) {
        case .call:
            eventID = try reader.required(fields.eventID, "eventID", CloudTrailLimits.eventIDBytes)
            time = try reader.time(fields.eventTime, "eventTime")
            eventName = try reader.required(fields.eventName, "eventName", CloudTrailLimits.nameBytes)
            eventSource = try reader.optional(fields.eventSource, "eventSource", CloudTrailLimits.nameBytes)
        case .insight:
            eventID = try reader.required(fields.eventID, "eventID", CloudTrailLimits.eventIDBytes)
            time = try reader.time(fields.eventTime, "eventTime")
            eventName = try reader.first(
                of: [
                    (fields.eventName, "eventName"), (fields.insightEventName, "insightDetails.eventName"),
                    (fields.lakeInsightEventName, "insightEventName"),
                ], CloudTrailLimits.nameBytes)
            eventSource = try reader.firstOptional(
                of: [
                    (fields.eventSource, "eventSource"), (fields.insightEventSource, "insightDetails.eventSource"),
                    (fields.lakeInsightEventSource, "insightEventSource"),
                ], CloudTrailLimits.nameBytes)
        case .aggregated:
            eventID = try reader.first(
                of: [(fields.eventID, "eventID"), (fields.aggregateID, "eventId")], CloudTrailLimits.eventIDBytes)
            time = try reader.time(fields.windowStart, "timeWindow.windowStart")
            eventName = reader.nameOfSummary(fields)
            eventSource = try reader.optional(fields.eventSource, "eventSource", CloudTrailLimits.nameBytes)
        }
        isGUID = EventID.guid(eventID) != nil
        id = EventID(text: eventID)
        region = try reader.optional(fields.region, "awsRegion", CloudTrailLimits.regionBytes)
        let own = try reader.account(fields)
        guard let account = own ?? fallback else {
            throw Rejection(
                .missingField, "recipientAccountId is missing, and userIdentity.accountId and accountId too")
        }
        self.account = account
        isAccountOfFile = own == nil
    }
}

extension RecordExtractor {
    /// The string of a field, or nil where it is absent or of another type.
    @inline(__always)
    func text(_ slot: Slot) -> TextView? { string(slot) }
}

/// Checks single fields, and words what is wrong with them.
private struct FieldChecker {
    let extractor: RecordExtractor

    func required(_ slot: Slot, _ name: StaticString, _ limit: Int) throws(Rejection) -> TextView {
        guard let text = try optional(slot, name, limit) else {
            throw Rejection(.missingField, "\(name) is missing")
        }
        guard !text.isEmpty else { throw Rejection(.invalidValue, "\(name) is empty") }
        return text
    }

    /// The first of some fields that the record has; of none, the last is missing.
    func first(of fields: [(Slot, StaticString)], _ limit: Int) throws(Rejection) -> TextView {
        for (slot, name) in fields.dropLast() where extractor.exists(slot) {
            return try required(slot, name, limit)
        }
        guard let (slot, name) = fields.last else { throw Rejection(.missingField, "nothing names the record") }
        return try required(slot, name, limit)
    }

    /// The first of some fields that the record has; nil where it has none of them.
    func firstOptional(of fields: [(Slot, StaticString)], _ limit: Int) throws(Rejection) -> TextView? {
        for (slot, name) in fields {
            if let text = try optional(slot, name, limit) { return text }
        }
        return nil
    }

    func time(_ slot: Slot, _ name: StaticString) throws(Rejection) -> Milliseconds {
        guard let time = EventTime.parse(try required(slot, name, CloudTrailLimits.eventTimeBytes)) else {
            throw Rejection(.invalidValue, "\(name) is no RFC 3339 date and time of 1970 or later")
        }
        return time
    }

    /// The name of the call that an aggregated event counts; its type where it counts something else, or several.
    func nameOfSummary(_ fields: EnvelopeFields) -> TextView {
        let names = Array(extractor.values(fields.primaryNames).prefix(2))
        if extractor.text(fields.primaryDimension)?.equals("eventName") == true, names.count == 1,
            let name = names.first, name.kind == .string, !name.bytes.isEmpty,
            name.bytes.count <= CloudTrailLimits.nameBytes
        {
            return name.bytes
        }
        return RecordKind.aggregatedType
    }

    func optional(_ slot: Slot, _ name: StaticString, _ limit: Int) throws(Rejection) -> TextView? {
        let value = extractor.first(slot)
        switch value.kind {
        case .absent, .null: return nil
        case .string: break
        default: throw Rejection(.wrongType, "\(name) has to be a string")
        }
        guard !extractor.isElement(slot) else {
            throw Rejection(.wrongType, "\(name) has to be a string, not an array")
        }
        guard value.bytes.count <= limit else {
            throw Rejection(.invalidValue, "\(name) has at most \(limit) bytes")
        }
        return value.bytes
    }

    /// The account that the record names; nil where it names none.
    func account(_ fields: EnvelopeFields) throws(Rejection) -> AccountID? {
        let names: [(Slot, StaticString)] = [
            (fields.recipientAccountID, "recipientAccountId"), (fields.accountID, "userIdentity.accountId"),
            (fields.ownAccountID, "accountId"),
        ]
        for (slot, name) in names {
            guard let text = try optional(slot, name, 64) else { continue }
            guard let account = AccountID(text) else {
                throw Rejection(.invalidValue, "\(name) has to be twelve digits")
            }
            return account
        }
        return nil
    }
}

extension JSONError {
    /// The refusal of one record that is not the JSON it should be.
    package var rejectionOfRecord: Rejection {
        switch reason {
        case .notAnObject: Rejection(.notAnObject, "a record is one JSON object")
        case .invalidUTF8: Rejection(.invalidUTF8, description)
        case .tooDeep: Rejection(.nestedTooDeep, description)
        case .tooLarge, .outOfMemory: Rejection(.recordTooLarge, description)
        case .empty, .notJSON, .truncated, .trailingData, .noRecords: Rejection(.notJSON, description)
        }
    }

    /// The refusal of a log file that is not the JSON it should be.
    package var rejectionOfLogFile: Rejection {
        switch reason {
        case .notAnObject, .noRecords: Rejection(.notALogFile, "a log file is a JSON object with an array Records")
        case .empty: Rejection(.notALogFile, "the log file is empty")
        default: rejectionOfRecord
        }
    }
}
