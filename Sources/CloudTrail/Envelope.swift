// SPDX-License-Identifier: Apache-2.0

import JSON

/// What every record has, checked: its identity, its time, the account it belongs to, and the name of the call. The
/// texts are views that are valid until the extractor reads the next record.
package struct Envelope {
    package let id: EventID
    package let eventID: TextView
    package let time: Milliseconds
    /// `recipientAccountId`, else `userIdentity.accountId`.
    package let account: AccountID
    package let eventName: TextView
    package let eventSource: TextView?
    package let region: TextView?

    /// Reads and checks the record that the extractor holds.
    /// A function, since an initialiser takes its arguments over, which costs the extractor's count of references.
    ///
    /// - Parameter day: the day of the record before; afterwards that of this one.
    package static func read(
        _ extractor: RecordExtractor, _ fields: EnvelopeFields, _ day: inout EventTime.KnownDay
    ) throws(Rejection) -> Envelope {
        if let plain = Envelope(plain: extractor, fields, &day) { return plain }
        return try Envelope(checking: extractor, fields)
    }

    /// Reads and checks a record by itself.
    package static func read(_ extractor: RecordExtractor, _ fields: EnvelopeFields) throws(Rejection) -> Envelope {
        var day = EventTime.KnownDay()
        return try read(extractor, fields, &day)
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
        id = EventID(text: eventID)
        self.time = time
        self.eventName = eventName
        self.eventSource = eventSource
        self.region = region
        self.account = account
    }

    /// Reads a record that need not be as CloudTrail writes them, and says what is wrong with it.
    @inline(never)
    private init(checking extractor: RecordExtractor, _ fields: EnvelopeFields) throws(Rejection) {
        let reader = FieldChecker(extractor: extractor)
        eventID = try reader.required(fields.eventID, "eventID", CloudTrailLimits.eventIDBytes)
        id = EventID(text: eventID)
        let timeText = try reader.required(fields.eventTime, "eventTime", CloudTrailLimits.eventTimeBytes)
        guard let time = EventTime.parse(timeText) else {
            throw Rejection(.invalidValue, "eventTime is no RFC 3339 date and time of 1970 or later")
        }
        self.time = time
        eventName = try reader.required(fields.eventName, "eventName", CloudTrailLimits.nameBytes)
        eventSource = try reader.optional(fields.eventSource, "eventSource", CloudTrailLimits.nameBytes)
        region = try reader.optional(fields.region, "awsRegion", CloudTrailLimits.regionBytes)
        account = try reader.account(fields)
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

    func account(_ fields: EnvelopeFields) throws(Rejection) -> AccountID {
        let name: StaticString
        let text: TextView
        if let recipient = try optional(fields.recipientAccountID, "recipientAccountId", 64) {
            (name, text) = ("recipientAccountId", recipient)
        } else if let own = try optional(fields.accountID, "userIdentity.accountId", 64) {
            (name, text) = ("userIdentity.accountId", own)
        } else {
            throw Rejection(.missingField, "recipientAccountId is missing, and userIdentity.accountId too")
        }
        guard let account = AccountID(text) else { throw Rejection(.invalidValue, "\(name) has to be twelve digits") }
        return account
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
