// SPDX-License-Identifier: Apache-2.0

import JSON

/// The kinds of records that differ in their members: management, data and network activity events are calls.
/// Source: "Understanding CloudTrail events" in the AWS CloudTrail user guide.
enum RecordKind {
    case call
    /// Unusual rates of calls or errors. It names the call in `insightDetails`, or beside it as event data stores have it.
    case insight
    /// Counts of data events within five minutes: `eventId` with a small d, `timeWindow` instead of `eventTime`.
    case aggregated

    /// The kind that the record says it is, in `eventCategory` or `eventType`.
    init(_ extractor: RecordExtractor, _ fields: EnvelopeFields) {
        let category = extractor.text(fields.category)
        let type = extractor.text(fields.eventType)
        if category?.equals("Insight") == true || type?.equals("AwsCloudTrailInsight") == true {
            self = .insight
        } else if category?.equals("Aggregated") == true || type?.equals("AwsAggregatedEvent") == true {
            self = .aggregated
        } else {
            self = .call
        }
    }

    /// `eventType` of aggregated events.
    static var aggregatedType: TextView {
        let text: StaticString = "AwsAggregatedEvent"
        return TextView(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}

extension AccountID {
    /// The account that the name of a log file tells, which may be an S3 key, a path or the name alone:
    /// `[PREFIX/]AWSLogs/[o-…/]ACCOUNT/CloudTrail/REGION/…` or `ACCOUNT_CloudTrail_REGION_20230710T1145Z_….json.gz`.
    ///
    /// - Returns: nil where it tells none, or its folder and its own name tell two.
    package init?(logFile name: String) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.lastIndex(of: "AWSLogs").flatMap { start -> AccountID? in
            var rest = parts[(start + 1)...].dropLast()
            if rest.first?.hasPrefix("o-") == true { rest = rest.dropFirst() }
            guard rest.count >= 2, let second = rest.dropFirst().first, second.hasPrefix("CloudTrail") else {
                return nil
            }
            return rest.first.flatMap { AccountID(String($0)) }
        }
        let pieces = (parts.last ?? "").split(separator: "_", omittingEmptySubsequences: false)
        let own =
            pieces.count >= 3 && pieces[1].hasPrefix("CloudTrail") ? AccountID(String(pieces[0])) : nil
        if let folder, let own, folder != own { return nil }
        guard let account = own ?? folder else { return nil }
        self = account
    }
}

extension Envelope {
    /// The record with the account of its log file as a member, so that whoever reads it later knows the account.
    ///
    /// - Parameter record: the record that the envelope was read of, which the extractor holds; an object.
    package func naming(_ record: UnsafeRawBufferPointer, _ extractor: RecordExtractor, _ fields: EnvelopeFields)
        -> [UInt8]
    {
        guard let end = record.lastIndex(of: UInt8(ascii: "}")) else { return Array(record) }
        // A member that is null stands already, and must not stand twice.
        let name = extractor.exists(fields.recipientAccountID) ? "accountId" : "recipientAccountId"
        return Array(record[..<end]) + Array(",\"\(name)\":\"\(account)\"".utf8) + Array(record[end...])
    }
}
