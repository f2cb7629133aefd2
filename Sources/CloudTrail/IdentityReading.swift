// SPDX-License-Identifier: Apache-2.0

import JSON

extension Identity {
    /// Reads `userIdentity` of the record that the extractor holds.
    package init(_ extractor: RecordExtractor, _ fields: EnvelopeFields) {
        self.init()
        type = extractor.text(fields.type)
        arn = extractor.text(fields.arn)
        principalID = extractor.text(fields.principalID)
        accountID = extractor.text(fields.accountID)
        accessKeyID = extractor.text(fields.accessKeyID)
        userName = extractor.text(fields.userName)
        invokedBy = extractor.text(fields.invokedBy)
        identityProvider = extractor.text(fields.identityProvider)
        issuerType = extractor.text(fields.issuerType)
        issuerARN = extractor.text(fields.issuerARN)
        issuerAccountID = extractor.text(fields.issuerAccountID)
        sourceIdentity = extractor.text(fields.sourceIdentity)
        onBehalfOfUserID = extractor.text(fields.onBehalfOfUserID)
    }
}

extension Actor {
    /// The actor of the record that the extractor holds.
    package init(_ extractor: RecordExtractor, _ fields: EnvelopeFields) {
        let identity = Identity(extractor, fields)
        self.init(
            principal: identity.principal.string, type: identity.type.string(), arn: identity.arn.string(),
            principalID: identity.principalID.string(), accessKeyID: identity.accessKeyID.string(),
            accountID: identity.accountID.nonEmpty?.string() ?? identity.issuerAccountID.string(),
            sourceIP: extractor.text(fields.sourceIP).string(), userAgent: extractor.text(fields.userAgent).string(),
            sourceIdentity: identity.sourceIdentity.string())
    }
}

/// What a list shows of one record.
package struct EventSummary: Sendable, Equatable {
    package let reference: EventReference
    package let account: AccountID
    package let actor: Actor
    package let region: String
    package let eventSource: String
    package let eventName: String
    /// Empty where the call succeeded.
    package let errorCode: String

    /// Reads the record that the extractor holds.
    package init(_ envelope: Envelope, _ extractor: RecordExtractor, _ fields: EnvelopeFields) {
        reference = EventReference(time: envelope.time, id: envelope.id, text: envelope.eventID)
        account = envelope.account
        actor = Actor(extractor, fields)
        region = envelope.region.string()
        eventSource = envelope.eventSource.string()
        eventName = envelope.eventName.string()
        errorCode = fields.errorCode(of: extractor).string(limit: CloudTrailLimits.nameBytes)
    }
}

/// Reads stored records one by one, off the hot path.
package final class EventReader {
    private let extractor: RecordExtractor
    private let fields: EnvelopeFields
    private let readOnly: Slot
    private let errorMessage: Slot

    package init() throws(FieldSet.PathError) {
        var paths = FieldSet()
        fields = try EnvelopeFields(adding: &paths)
        readOnly = try paths.insert("readOnly")
        errorMessage = try paths.insert("errorMessage")
        extractor = RecordExtractor(paths.compile())
    }

    /// Reads one record.
    package func read(_ record: UnsafeRawBufferPointer) throws(Rejection) -> EventSummary {
        do { try extractor.extract(record) } catch { throw error.rejectionOfRecord }
        return EventSummary(try Envelope.read(extractor, fields), extractor, fields)
    }

    /// True where the record that was read last is not known to leave everything as it is.
    package var isWrite: Bool {
        let value = extractor.first(readOnly)
        return !((value.kind == .bool || value.kind == .string) && value.string.lowercased() == "true")
    }

    /// True where the call of the record that was read last failed: some failures, such as refused console sign-ins, have
    /// a message and no code.
    package var isError: Bool {
        extractor.text(fields.errorCode).nonEmpty != nil || extractor.text(errorMessage).nonEmpty != nil
    }

    /// What made a session in the record that was read last: the event, and the ARN of the session; nil where it made none.
    package func issuance(_ record: UnsafeRawBufferPointer) -> (issuance: Issuance, arn: String)? {
        guard let envelope = try? Envelope.read(extractor, fields),
            let issuance = Issuance(envelope, extractor, fields)
        else { return nil }
        // The console's event is the session's own.
        let arn = issuance.eventName == "SwitchRole" ? fields.arn : fields.issuedRoleARN
        return (issuance, extractor.text(arn).string())
    }

    /// Whether a record, which was read last, is found by a value: it is its eventID, its principal, or one of the
    /// values that make its lookup tokens.
    ///
    /// - Parameter summary: what reading the record gave.
    package func carries(_ value: String, _ record: UnsafeRawBufferPointer, _ summary: EventSummary) -> Bool {
        if EventID(value) == summary.reference.id || value == summary.actor.principal { return true }
        let isCall = extractor.string(fields.eventName) != nil
        if !isCall, extractor.text(fields.eventType)?.elementsEqual(value.utf8) == true { return true }
        for slot in Array(fields.identityTokens) + Array(fields.callTokens)
            + (isCall ? [] : Array(fields.summaryTokens))
        {
            for found in extractor.values(slot) where found.kind == .string && found.string == value { return true }
        }
        guard value.hasPrefix("arn:") else { return false }
        var isFound = false
        ARNFinder.forEach(in: record) { isFound = isFound || $0.elementsEqual(value.utf8) }
        return isFound
    }
}

/// The texts of a record that need not be a valid one; what is missing is empty.
package struct LooseEvent: Sendable {
    package let eventID: String
    package let eventTime: String
    package let eventSource: String
    package let eventName: String
    package let region: String
    package let errorCode: String
    package let accountID: String

    /// Reads the record that the extractor holds.
    package init(_ extractor: RecordExtractor, _ fields: EnvelopeFields) {
        func first(_ slots: Slot...) -> String {
            for slot in slots { if let text = extractor.text(slot).nonEmpty { return text.string() } }
            return ""
        }
        eventID = first(fields.eventID, fields.aggregateID)
        eventTime = first(fields.eventTime, fields.windowStart)
        eventSource = first(fields.eventSource, fields.insightEventSource, fields.lakeInsightEventSource)
        let name = first(fields.eventName, fields.insightEventName, fields.lakeInsightEventName)
        eventName = name.isEmpty ? first(fields.eventType) : name
        region = first(fields.region)
        errorCode = fields.errorCode(of: extractor).string()
        accountID = first(fields.recipientAccountID, fields.accountID, fields.ownAccountID)
    }
}
