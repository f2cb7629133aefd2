// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import JSON
import Testing

/// What AWS names is spelled as AWS does, or the record is refused by the field's name.
@Suite struct SpellingCheckTests {
    private static let record: [(String, String)] = [
        ("eventVersion", #""1.09""#), ("eventID", #""0f7a1f0c-6a1c-4e0c-8f57-2f2f0c8ab001""#),
        ("eventTime", #""2026-11-22T07:00:00Z""#), ("eventSource", #""iam.amazonaws.com""#),
        ("eventName", #""CreateUser""#), ("awsRegion", #""us-east-1""#), ("sourceIPAddress", #""192.0.2.1""#),
        ("eventType", #""AwsApiCall""#), ("eventCategory", #""Management""#), ("errorCode", "null"),
        ("userIdentity", #"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/of-a-name-long-enough"}"#),
        ("recipientAccountId", #""111122223333""#),
    ]

    private static func text(_ changes: [String: String?]) -> String {
        var members = record.filter { changes[$0.0] == nil }
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) { if let value { members.append((name, value)) } }
        return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    /// The refusals of records by one check, each of which it looks at twice.
    private func refusals(_ records: [String]) throws -> [Rejection?] {
        var paths = FieldSet()
        let fields = try EnvelopeFields(adding: &paths)
        let extractor = RecordExtractor(paths.compile(remembering: EnvelopeFields.repeatedMember))
        var check = SpellingCheck()
        return try records.map { record in
            var found: [Rejection?] = []
            for _ in 0..<2 {
                try Array(record.utf8).withUnsafeBytes { bytes in
                    try extractor.extract(bytes)
                    let envelope = try Envelope.read(extractor, fields)
                    found.append(check.refusal(of: extractor, fields, isGUID: envelope.isGUID))
                    // A scan does not know what the eventID is.
                    found.append(check.refusal(of: extractor, fields))
                }
            }
            #expect(Set(found.map { $0?.detail }).count == 1, "\(record)")
            return found[0]
        }
    }

    @Test(
        arguments: [
            ("eventName", #""CreateUser ""#), ("eventName", #"" CreateUser""#), ("eventName", #""\tCreateUser""#),
            ("eventName", #""Create User""#), ("eventName", #""CreateUser\n""#), ("eventName", #""Create\u200bUser""#),
            ("eventName", #""CreateUser\u00a0""#), ("eventName", #""Cre\u0430teUser""#), ("eventName", #""X\u0000""#),
            ("eventName", #""CreateUser\u007f""#), ("eventSource", #""iam.amazonaws.com ""#),
            ("eventSource", #""IAM.amazonaws.com""#), ("eventSource", #""iam.amazonaws.coM""#),
            ("eventSource", #""iam\uff0eamazonaws.com""#), ("eventType", #""AwsApiCall ""#),
            ("eventCategory", #""Management\r""#), ("awsRegion", #""us-east-1 ""#), ("awsRegion", #"" ""#),
            ("sourceIPAddress", #""192.0.2.1 ""#), ("sourceIPAddress", #"" 192.0.2.1""#),
            ("sourceIPAddress", #""192.0.2.\uff11""#), ("errorCode", #"" ""#), ("errorCode", #""\u200b""#),
            ("errorCode", #""AccessDenied ""#), ("errorCode", "false"), ("errorCode", "0"), ("errorCode", "[]"),
            ("errorCode", "{}"), ("errorCode", #"["AccessDenied"]"#), ("eventID", #""id-\ud800""#),
            ("eventID", #""0f7a1f0c-6a1c-4e0c-8f57-2f2f0c8ab\udc01""#), ("eventID", #""\ufffd""#),
        ])
    func refusedByName(field: String, value: String) throws {
        let refusal = try #require(try refusals([Self.text([field: value])])[0], "\(field): \(value)")
        #expect(refusal.detail.hasPrefix(field + " "), "\(refusal.detail)")
        #expect(refusal.reason == .invalidValue || refusal.reason == .wrongType && field == "errorCode")
    }

    @Test func anotherCaseOfTheCallersType() throws {
        for (type, isRight) in [
            ("IAMUser", true), ("iamuser", false), ("ROOT", false), ("Root", true), ("assumedRole", false),
            ("AssumedRole", true), ("identitycenteruser", false), ("SomethingNew", true), ("IAMUser ", false),
        ] {
            let identity = "{\"type\":\"\(type)\",\"arn\":\"arn:aws:iam::111122223333:user/of-a-name-long-enough\"}"
            let refusal = try refusals([Self.text(["userIdentity": identity])])[0]
            #expect((refusal == nil) == isRight, "\(type)")
            if let refusal { #expect(refusal.detail.hasPrefix("userIdentity.type "), "\(refusal.detail)") }
        }
    }

    @Test func whatAWSWrites() throws {
        let records =
            [
                [:], ["sourceIPAddress": #""AWS Internal""#], ["sourceIPAddress": #""cloudformation.amazonaws.com""#],
                ["sourceIPAddress": #""2001:db8::1""#], ["errorCode": #""Client.UnauthorizedOperation""#],
                ["errorCode": #""An unknown error occurred""#], ["errorCode": #""""#], ["errorCode": nil],
                ["eventName": #""GetFunction20150331v2""#], ["eventName": #""REST.COPY.OBJECT_GET""#],
                ["eventName": #""consolelogin""#], ["eventType": #""AwsConsoleSignIn""#], ["eventType": nil],
                ["awsRegion": nil, "eventSource": nil], ["eventID": #""of another writer: é""#],
                ["userIdentity": #"{"type":"AWSService","invokedBy":"AWS Internal"}"#], ["userIdentity": "null"],
                ["eventID": #""0F7A1F0C-6A1C-4E0C-8F57-2F2F0C8AB001""#],
            ] as [[String: String?]]
        for (record, refusal) in zip(records, try refusals(records.map(Self.text))) {
            #expect(refusal == nil, "\(record): \(refusal?.detail ?? "")")
        }
    }

    /// Every byte at every place of a text of every length.
    @Test func everyByteAtEveryPlace() throws {
        for length in 1...26 {
            for place in 0..<length {
                for byte: UInt8 in [0x01, 0x1F, 0x20, 0x21, 0x40, 0x41, 0x5A, 0x5B, 0x61, 0x7A, 0x7E, 0x7F] {
                    var source = [UInt8](repeating: UInt8(ascii: "x"), count: length)
                    source[place] = byte
                    let isRight = byte >= 0x21 && byte <= 0x7E && !(0x41...0x5A).contains(byte)
                    var paths = FieldSet()
                    let fields = try EnvelopeFields(adding: &paths)
                    let extractor = RecordExtractor(paths.compile())
                    var check = SpellingCheck()
                    let text = source.map { $0 == UInt8(ascii: "\\") ? "\\\\" : Self.escaped($0) }.joined()
                    let record = Self.text(["eventSource": "\"\(text)\""])
                    try Array(record.utf8).withUnsafeBytes { bytes in
                        try extractor.extract(bytes)
                        let found = check.refusal(of: extractor, fields, isGUID: true)
                        #expect((found == nil) == isRight, "byte \(byte) at \(place) of \(length)")
                    }
                }
            }
        }
    }

    private static func escaped(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return "\\u00" + (digits.count < 2 ? "0" : "") + digits
    }
}
