// SPDX-License-Identifier: Apache-2.0

import JSON

/// What a person sees of a record in a list.
package struct RecordSummary: Sendable, Equatable {
    package var eventID = ""
    package var time: Milliseconds = 0
    package var accountID = ""
    package var region = ""
    package var eventSource = ""
    package var eventName = ""
    /// `Actor.principal`.
    package var principal = ""
    package var sourceIP = ""
    package var errorCode = ""
}

/// Reads summaries of stored records, off the hot path. Not thread-safe: each reader of the archive makes its own.
package final class RecordSummaryReader {
    private let fields: EnvelopeFields
    private let extractor: RecordExtractor
    private var tokens = TokenCollector()

    package init() throws(FieldSet.PathError) {
        var paths = FieldSet()
        fields = try EnvelopeFields(adding: &paths)
        extractor = RecordExtractor(paths.compile())
    }

    /// The summary of a record, or nil where the bytes are no record.
    package func summary(_ record: UnsafeRawBufferPointer) -> RecordSummary? {
        guard (try? extractor.extract(record)) != nil,
            let envelope = try? Envelope(record, extractor, fields)
        else { return nil }
        return RecordSummary(
            eventID: envelope.eventID.string(), time: envelope.time, accountID: envelope.account.description,
            region: text(fields.region), eventSource: text(fields.eventSource), eventName: text(fields.eventName),
            principal: Identity(extractor, fields).principal.string, sourceIP: text(fields.sourceIP),
            errorCode: text(fields.errorCode))
    }

    /// Whether a record can be looked up by a token: the record that the last call of `summary` read.
    package func carries(_ token: LookupToken) -> Bool {
        tokens.withTokens(extractor, fields) { $0.contains(token) }
    }

    private func text(_ slot: Slot) -> String { extractor.text(slot)?.string() ?? "" }
}
