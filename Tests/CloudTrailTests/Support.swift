// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON

/// Reads the envelope and the rest of one record.
func summary(_ json: String) throws -> EventSummary { try summary(Array(json.utf8)) }

/// Reads the envelope and the rest of one record.
func summary(_ json: [UInt8]) throws -> EventSummary {
    var paths = FieldSet()
    let fields = try EnvelopeFields(adding: &paths)
    let extractor = RecordExtractor(paths.compile())
    return try json.withUnsafeBytes { bytes in
        do { try extractor.extract(bytes) } catch let error as JSONError { throw error.rejectionOfRecord }
        return EventSummary(try Envelope.read(extractor, fields), extractor, fields)
    }
}

/// Why a record is refused; nil where it is not.
func rejection(_ json: String) throws -> Rejection? { try rejection(Array(json.utf8)) }

/// Why a record is refused; nil where it is not.
func rejection(_ json: [UInt8]) throws -> Rejection? {
    do {
        _ = try summary(json)
        return nil
    } catch let rejection as Rejection { return rejection }
}

/// A record with these members after the ones that every record has.
func record(_ members: String) -> String {
    """
    {"eventID":"28773860-a4fd-47c7-a215-6f0e6e6e532f","eventTime":"2023-07-10T11:42:31Z","eventName":"Call",\
    "recipientAccountId":"111122223333"\(members.isEmpty ? "" : ",")\(members)}
    """
}
