// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Testing

@Suite struct EnvelopeTests {
    @Test func aWholeRecord() throws {
        let event = try summary(
            record(
                """
                "awsRegion":"eu-west-1","eventSource":"iam.amazonaws.com","errorCode":"AccessDenied",
                "sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2","userIdentity":{"type":"AssumedRole",
                "principalId":"AROAEXAMPLE:bob","arn":"arn:aws:sts::111122223333:assumed-role/Admin/bob",
                "accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sourceIdentity":"bob@corp",
                "sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/path/Admin"}}}
                """))
        #expect(event.reference.text == "28773860-a4fd-47c7-a215-6f0e6e6e532f")
        #expect(event.reference.time == 1_688_989_351_000)
        #expect(event.account.description == "111122223333")
        #expect(event.region == "eu-west-1")
        #expect(event.eventSource == "iam.amazonaws.com")
        #expect(event.eventName == "Call")
        #expect(event.errorCode == "AccessDenied")
        #expect(
            event.actor
                == Actor(
                    principal: "arn:aws:iam::111122223333:role/path/Admin", type: "AssumedRole",
                    arn: "arn:aws:sts::111122223333:assumed-role/Admin/bob", principalID: "AROAEXAMPLE:bob",
                    accessKeyID: "ASIAEXAMPLE", accountID: "111122223333", sourceIP: "198.51.100.7",
                    userAgent: "aws-cli/2",
                    sourceIdentity: "bob@corp"))
    }

    @Test func theLeastRecord() throws {
        let event = try summary(record(""))
        #expect(event.actor.principal == "unknown")
        #expect(event.region.isEmpty)
    }

    @Test func theAccountOfTheIdentityStandsIn() throws {
        let event = try summary(
            #"{"eventID":"e","eventTime":"2023-07-10T11:42:31Z","eventName":"C","recipientAccountId":null,"#
                + #""userIdentity":{"accountId":"111122223333"}}"#)
        #expect(event.account.description == "111122223333")
    }

    /// Each refusal names the field at fault.
    @Test(
        arguments: [
            (#"{}"#, .missingField, "eventID"),
            (#"{"eventID":null}"#, .missingField, "eventID"),
            (#"{"eventID":7}"#, .wrongType, "eventID"),
            (#"{"eventID":{"a":1}}"#, .wrongType, "eventID"),
            (#"{"eventID":[]}"#, .wrongType, "eventID"),
            (#"{"eventID":["e"]}"#, .wrongType, "eventID"),
            (#"{"eventID": [ "e" ] }"#, .wrongType, "eventID"),
            (#"{"eventID":["e","f"]}"#, .wrongType, "eventID"),
            (#"{"eventID":""}"#, .invalidValue, "eventID"),
            (#"{"eventID":"e"}"#, .missingField, "eventTime"),
            (#"{"eventID":"e","eventTime":1688989351}"#, .wrongType, "eventTime"),
            (#"{"eventID":"e","eventTime":"yesterday"}"#, .invalidValue, "eventTime"),
            (#"{"eventID":"e","eventTime":"2023-07-10T11:42:31Z"}"#, .missingField, "eventName"),
            (#"{"eventID":"e","eventTime":"2023-07-10T11:42:31Z","eventName":true}"#, .wrongType, "eventName"),
            (
                #"{"eventID":"e","eventTime":"2023-07-10T11:42:31Z","eventName":"C"}"#, .missingField,
                "recipientAccountId"
            ),
            (
                #"{"eventID":"e","eventTime":"2023-07-10T11:42:31Z","eventName":"C","recipientAccountId":"12"}"#,
                .invalidValue, "recipientAccountId"
            ),
            (
                #"{"eventID":"e","eventTime":"2023-07-10T11:42:31Z","eventName":"C","recipientAccountId":111122223333}"#,
                .wrongType, "recipientAccountId"
            ),
            (#"["eventID"]"#, .notAnObject, "object"), (#"nonsense"#, .notJSON, "JSON"), (#""#, .notJSON, "empty"),
            (#"{"eventID":"e""#, .notJSON, "cut off"), (#"{"eventID":"e"} {}"#, .notJSON, "behind"),
        ] as [(String, RejectionReason, String)])
    func refusals(json: String, reason: RejectionReason, word: String) throws {
        let found = try #require(try rejection(json))
        #expect(found.reason == reason)
        #expect(found.detail.contains(word))
    }

    @Test func limits() throws {
        let long = String(repeating: "x", count: 129)
        #expect(try rejection(#"{"eventID":"\#(long)"}"#)?.reason == .invalidValue)
        #expect(try rejection(record(#""eventSource":"\#(long)\#(long)""#))?.reason == .invalidValue)
        #expect(try rejection(record(#""awsRegion":[1]"#))?.reason == .wrongType)
        #expect(try rejection(record(#""awsRegion":"\#(long)""#))?.detail == "awsRegion has at most 64 bytes")
    }

    @Test func deepNestingAndInvalidUTF8() throws {
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        #expect(try rejection(record("\"x\":\(deep)"))?.reason == .nestedTooDeep)
        let bytes = Array(record(#""x":"a""#).utf8).map { $0 == UInt8(ascii: "x") ? 0xFF : $0 }
        let reader = try EventReader()
        let found = bytes.withUnsafeBytes { bytes in
            do throws(Rejection) {
                _ = try reader.read(bytes)
                return nil as RejectionReason?
            } catch { return error.reason }
        }
        #expect(found == .invalidUTF8)
    }

    @Test func whatARecordIsFoundBy() throws {
        let json = Array(
            record(
                """
                "userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/R/s","principalId":"AROA:s"},
                "resources":[{"ARN":"arn:aws:s3:::one"},{"ARN":"arn:aws:s3:::two"}],
                "requestParameters":{"accessKeyId":"AKIAEXAMPLE"}
                """
            ).utf8)
        let reader = try EventReader()
        let values = [
            "28773860-A4FD-47C7-A215-6F0E6E6E532F", "Call", "arn:aws:iam::1:role/R", "arn:aws:s3:::two", "AROA:s",
            "AKIAEXAMPLE", "call", "",
        ]
        let carries = try json.withUnsafeBytes { bytes in
            let event = try reader.read(bytes)
            return values.map { reader.carries($0, bytes, event) }
        }
        #expect(carries == [true, true, true, true, true, true, false, false])
    }
}
