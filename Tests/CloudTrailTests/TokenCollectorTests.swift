// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Testing

/// The tokens of each of some records, by one collector.
func tokens(_ records: [String]) throws -> [Set<LookupToken>] {
    var paths = FieldSet()
    let fields = try EnvelopeFields(adding: &paths)
    let extractor = RecordExtractor(paths.compile())
    var collector = TokenCollector()
    return try records.map { record in
        try Array(record.utf8).withUnsafeBytes { bytes in
            try extractor.extract(bytes)
            return collector.withTokens(extractor, fields) { Set($0) }
        }
    }
}

@Suite struct TokenCollectorTests {
    @Test func arraysFanOutAndEmptyValuesHaveNone() throws {
        let json = record(#""sourceIPAddress":"192.0.2.1","resources":[{"ARN":"a"},{"ARN":"b"},{"ARN":"a"},{"ARN":""}]"#)
        let expected = Set(["192.0.2.1", "Call", "a", "b", "unknown"].map { LookupToken($0) })
        #expect(try tokens([json, json]) == [expected, expected])
    }

    @Test func aValueOfEveryPathHasAToken() throws {
        for path in EnvelopeFields.tokenPaths {
            let keys = path.split(separator: ".")
            let json = keys.reversed().reduce("\"the value\"") { "{\"\($1)\":\($0)}" }
            #expect(try tokens([json])[0].contains(LookupToken("the value")))
        }
    }

    @Test func overlongValuesHaveNone() throws {
        let long = String(repeating: "x", count: CloudTrailLimits.tokenBytes + 1)
        #expect(try tokens([record(#""sourceIPAddress":"\#(long)""#)]) == [Set(["Call", "unknown"].map { LookupToken($0) })])
    }
}
