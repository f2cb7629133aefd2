// SPDX-License-Identifier: Apache-2.0

import CJSON
import JSON

/// Finds records that spell what AWS names as AWS does not: with blanks, control characters or letters of other
/// alphabets, in another case, with an error of another type. A rule would miss such a record, and a person would not see
/// why. It remembers which `userIdentity` it has looked at.
///
/// Sources: "CloudTrail record contents" and "CloudTrail userIdentity element" in the AWS CloudTrail user guide.
package struct SpellingCheck {
    /// The version of the `userIdentity` that was found to be right last.
    private var identity: UInt64 = 0

    package init() {}

    /// The refusal of the record that the extractor holds; nil where its names are spelled as AWS does.
    ///
    /// - Parameter isGUID: the eventID is known to be a GUID.
    @inline(__always)
    package mutating func refusal(
        of extractor: RecordExtractor, _ fields: EnvelopeFields, isGUID: Bool = false
    ) -> Rejection? {
        let names =
            Self.marks(extractor, fields.eventName) | Self.marks(extractor, fields.region)
            | Self.marks(extractor, fields.eventType) | Self.marks(extractor, fields.category)
        let isPlain =
            names & Self.odd == 0 && Self.marks(extractor, fields.eventSource) == 0
            && Self.isPlain(extractor, fields.sourceIP) && Self.isPlain(extractor, fields.errorCode)
            && (isGUID || extractor.string(fields.eventID).map { EventID.guid($0) != nil } ?? false)
            && extractor.string(fields.eventName) != nil && extractor.mayBeError(fields.errorCode)
        if isPlain {
            guard let version = extractor.remembered?.version else {
                return Self.isKnown(extractor.text(fields.type)) ? nil : Self.find(extractor, fields)
            }
            if version == identity { return nil }
            if Self.isKnown(extractor.text(fields.type)) {
                identity = version
                return nil
            }
        }
        return Self.find(extractor, fields)
    }

    private static var odd: UInt32 { UInt32(TH_TEXT_HAS_ODD) }
    private static var capital: UInt32 { UInt32(TH_TEXT_HAS_CAPITAL) }

    /// Which kinds of bytes a field's text has; 0 where it has no text.
    @inline(__always)
    private static func marks(_ extractor: RecordExtractor, _ slot: Slot) -> UInt32 {
        guard let text = extractor.string(slot), let start = text.baseAddress else { return 0 }
        return th_text_marks(start.assumingMemoryBound(to: UInt8.self), text.count)
    }

    /// True for a text in which no byte is odd but for blanks between others: many records come from `AWS Internal`.
    @inline(__always)
    private static func isPlain(_ extractor: RecordExtractor, _ slot: Slot) -> Bool {
        marks(extractor, slot) & odd == 0
            || extractor.string(slot).map { oddPlace(in: $0, allowingBlanks: true) == nil } ?? true
    }

    /// The place of the first byte that AWS does not write in a name.
    private static func oddPlace(in text: TextView, allowingBlanks: Bool) -> Int? {
        for place in 0..<text.count {
            let byte = text[place]
            if byte > UInt8(ascii: " "), byte <= UInt8(ascii: "~") { continue }
            let isInner = byte == UInt8(ascii: " ") && place > 0 && place < text.count - 1
            if !(allowingBlanks && isInner) { return place }
        }
        return nil
    }

    /// Types of `userIdentity` that Trailhound tells apart.
    private static let types = [
        "AssumedRole", "IAMUser", "AWSService", "Root", "AWSAccount", "FederatedUser", "SAMLUser", "WebIdentityUser",
        "IdentityCenterUser", "Role", "Directory", "Unknown",
    ]

    /// True for a usual type of `userIdentity`; `find` looks at the others.
    @inline(__always)
    private static func isKnown(_ type: TextView?) -> Bool {
        guard let type else { return true }
        return type.equals("AssumedRole") || type.equals("IAMUser") || type.equals("AWSService")
            || type.equals("Root") || type.equals("AWSAccount")
    }

    // MARK: What is wrong

    /// Names without a blank, and those in which it may stand between others: `AWS Internal` is a source address.
    private static func strict(_ fields: EnvelopeFields) -> [(Slot, StaticString)] {
        [
            (fields.eventName, "eventName"), (fields.region, "awsRegion"), (fields.eventType, "eventType"),
            (fields.category, "eventCategory"), (fields.type, "userIdentity.type"),
            (fields.insightEventName, "insightDetails.eventName"), (fields.lakeInsightEventName, "insightEventName"),
        ]
    }

    private static func sources(_ fields: EnvelopeFields) -> [(Slot, StaticString)] {
        [
            (fields.eventSource, "eventSource"), (fields.insightEventSource, "insightDetails.eventSource"),
            (fields.lakeInsightEventSource, "insightEventSource"),
        ]
    }

    private static func loose(_ fields: EnvelopeFields) -> [(Slot, StaticString)] {
        [
            (fields.errorCode, "errorCode"), (fields.insightErrorCode, "insightDetails.errorCode"),
            (fields.lakeInsightErrorCode, "insightErrorCode"), (fields.sourceIP, "sourceIPAddress"),
        ]
    }

    @inline(never)
    private static func find(_ extractor: RecordExtractor, _ fields: EnvelopeFields) -> Rejection? {
        for (slot, name) in [(fields.eventID, "eventID"), (fields.aggregateID, "eventId")] as [(Slot, StaticString)] {
            if let text = extractor.string(slot), text.contains("\u{FFFD}") {
                return Rejection(
                    .invalidValue, "\(name) has a character that is none: U+FFFD or half of a surrogate pair")
            }
        }
        for (slot, name) in strict(fields) {
            if let refusal = refusal(of: extractor.string(slot), name, allowingBlanks: false) { return refusal }
        }
        for (slot, name) in sources(fields) {
            let text = extractor.string(slot)
            if let refusal = refusal(of: text, name, allowingBlanks: false) { return refusal }
            guard marks(extractor, slot) & capital == 0 else {
                return Rejection(.invalidValue, "\(name) has a capital letter, which AWS does not write there")
            }
        }
        for (slot, name) in loose(fields) {
            if let refusal = refusal(of: extractor.string(slot), name, allowingBlanks: true) { return refusal }
        }
        guard extractor.mayBeError(fields.errorCode) else {
            return Rejection(.wrongType, "errorCode has to be a string")
        }
        if let type = extractor.text(fields.type)?.string(limit: CloudTrailLimits.nameBytes), !types.contains(type),
            let usual = types.first(where: { $0.lowercased() == type.lowercased() })
        {
            return Rejection(.invalidValue, "userIdentity.type is written \(usual) by AWS, in these letters")
        }
        return nil
    }

    /// The refusal of a text with a byte that AWS does not write in a name.
    private static func refusal(
        of text: TextView?, _ name: StaticString, allowingBlanks: Bool
    ) -> Rejection? {
        guard let text, let place = oddPlace(in: text, allowingBlanks: allowingBlanks) else { return nil }
        let byte = text[place]
        let hexadecimal = String(byte, radix: 16, uppercase: true)
        return Rejection(
            .invalidValue,
            "\(name) has a byte that AWS does not write there: 0x\(byte < 16 ? "0" : "")\(hexadecimal) at \(place)")
    }
}

extension RecordExtractor {
    /// True for a field of a type that an error code has: a string that stands alone, null, or nothing.
    @inline(__always)
    fileprivate func mayBeError(_ slot: Slot) -> Bool { member(slot) != nil || isAbsentOrNull(slot) }
}

extension Rejection {
    /// The refusal of a record with a member that stands twice; nil where the extractor has found none in its record.
    @inline(__always)
    package static func doubledMember(in extractor: RecordExtractor) -> Rejection? {
        extractor.hasDoubledMember ? ofDoubledMember(extractor.doubledMember ?? "") : nil
    }

    @inline(never)
    private static func ofDoubledMember(_ path: String) -> Rejection {
        Rejection(.memberTwice, "the member \(path) stands twice, and readers disagree on which one counts")
    }

    /// The refusal of an event whose time lies too far ahead of the receiver's clock.
    package static func inFuture(_ time: Milliseconds, now: Milliseconds) -> Rejection {
        Rejection(
            .eventInFuture,
            "eventTime \(EventTime.format(time)) is more than \(CloudTrailLimits.futureMilliseconds / 60_000) minutes "
                + "ahead of the clock, which says \(EventTime.format(now / 1_000 * 1_000))")
    }
}
