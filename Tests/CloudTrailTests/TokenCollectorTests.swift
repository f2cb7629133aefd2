// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Testing

/// The tokens of each of some records, by one collector.
func tokens(_ records: [String]) throws -> [Set<LookupToken>] {
    var paths = FieldSet()
    let fields = try EnvelopeFields(adding: &paths)
    let extractor = RecordExtractor(paths.compile())
    let collector = TokenCollector()
    return try records.map { record in
        try Array(record.utf8).withUnsafeBytes { bytes in
            try extractor.extract(bytes)
            return collector.withTokens(bytes, extractor, fields) { Set($0) }
        }
    }
}

@Suite struct TokenCollectorTests {
    @Test func arraysFanOutAndEmptyValuesHaveNone() throws {
        let json = record(
            #""sourceIPAddress":"192.0.2.1","resources":[{"ARN":"a"},{"ARN":"b"},{"ARN":"a"},{"ARN":""}]"#)
        let expected = Set(["192.0.2.1", "Call", "a", "b", "unknown"].map { LookupToken($0) })
        #expect(try tokens([json, json]) == [expected, expected])
    }

    @Test func anARNIsFoundWhereverItStands() throws {
        let json = record(
            #"""
            "requestParameters":{"odd":{"deep":["arn:aws:sns:eu-west-1:1:topic"]},"cut":"arn:",
            "policy":"{\"Resource\":\"arn:aws:s3:::bucket/*\",\"x\":\"not arn:aws\"}"}
            """#)
        let found = try #require(try tokens([json]).first)
        let expected = ["arn:aws:sns:eu-west-1:1:topic", "arn:aws:s3:::bucket/*", "arn:", "Call", "unknown"]
        #expect(found == Set(expected.map { LookupToken($0) }))
    }

    /// At every place, whatever vectors the search looks at, and at the end.
    @Test func anARNIsFoundAtEveryPlace() throws {
        for padding in 0..<40 {
            let start = String(repeating: "x", count: padding)
            let json = "{\"\(start)\":\"arn:a\",\"y\":\"arx:b\",\"z\":[\"arn:\(start)\",\"arn\",\"\"]}"
            let expected = ["arn:a", "arn:\(start)", "unknown"]
            #expect(try tokens([json]) == [Set(expected.map { LookupToken($0) })])
        }
    }

    /// More of them than are looked for at a time, some twice, of lengths that move them over every block's end.
    @Test func everyOneOfManyARNsIsFound() throws {
        for count in [63, 64, 65, 200] {
            let names = (0..<count).map { "arn:\(String(repeating: "x", count: $0 % 50))\($0)" }
            let json = "{\"z\":[\(names.map { "\"\($0)\"" }.joined(separator: ","))]}"
            #expect(try tokens([json]) == [Set((names + ["unknown"]).map { LookupToken($0) })])
        }
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
        let expected = Set(["Call", "unknown"].map { LookupToken($0) })
        #expect(try tokens([record(#""sourceIPAddress":"\#(long)""#)]) == [expected])
    }
}
