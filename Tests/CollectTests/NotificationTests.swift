// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Collect
import Foundation
import Testing

@Suite struct NotificationTests {
    static let key = "p+q/AWSLogs/o-abc123/111122223333/CloudTrail/us-east-1/2023/07/10/x y+z=é.json.gz"
    static let location = ObjectLocation(bucket: "b", key: key)

    static func json(_ value: Any) -> String {
        guard let data = try? JSONSerialization.data(withJSONObject: value) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    static func storage(_ key: String, event: String = "ObjectCreated:Put") -> [String: Any] {
        // As S3 does: form encoding.
        let encoded = key.replacingOccurrences(of: "+", with: "%2B").replacingOccurrences(of: " ", with: "+")
            .replacingOccurrences(of: "é", with: "%C3%A9")
        return ["eventName": event, "s3": ["bucket": ["name": "b"], "object": ["key": encoded, "size": 1]]]
    }

    static func sns(_ message: String) -> String {
        json(["Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:r:1:t", "Message": message])
    }

    /// A delivery channel of AWS Config that shares the trail's topic.
    static let config = json([
        "s3Bucket": "b", "s3ObjectKey": "AWSLogs/111122223333/Config/us-east-1/2023/7/10/ConfigHistory/x.json.gz",
        "messageType": "ConfigurationHistoryDeliveryCompleted", "notificationCreationTime": "2023-07-10T00:00:00Z",
        "recordVersion": "1.1",
    ])

    @Test func allForms() {
        let plain = Self.json(["Records": [Self.storage(Self.key)]])
        let trail = Self.json(["s3Bucket": "b", "s3ObjectKey": [Self.key]])
        let bridge = Self.json([
            "detail-type": "Object Created", "source": "aws.s3",
            "detail": ["bucket": ["name": "b"], "object": ["key": Self.key]],
        ])
        let text = Self.json(["s3Bucket": "b", "s3ObjectKey": Self.key])
        for body in [plain, trail, bridge, text] {
            #expect(Notification(body) == .objects([Self.location]))
            #expect(Notification(Self.sns(body)) == .objects([Self.location]))
            #expect(Notification(Self.sns(Self.sns(body))) == .objects([Self.location]))
        }
    }

    @Test func severalObjectsInOneMessage() {
        let other = Self.key.replacingOccurrences(of: "x y", with: "other")
        let body = Self.json([
            "Records": [
                Self.storage(Self.key), Self.storage(other), Self.storage(Self.key, event: "ObjectRemoved:Delete"),
                Self.storage("AWSLogs/111122223333/Config/us-east-1/2023/7/10/ConfigHistory/x.json.gz"),
                Self.storage(Self.key.replacingOccurrences(of: "/CloudTrail/", with: "/CloudTrail-Digest/")),
            ]
        ])
        #expect(Notification(body) == .objects([Self.location, ObjectLocation(bucket: "b", key: other)]))
    }

    @Test(arguments: [
        #"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#, #"{"Records":[]}"#,
        json(["Records": [storage("photos/cat.jpg")]]),
        json(["Records": [storage(key, event: "ObjectRemoved:Delete")]]),
        sns("CloudTrail validation message."), #"{"Type":"SubscriptionConfirmation","Token":"t"}"#,
        #"{"s3Bucket":"b","s3ObjectKey":[]}"#, "CloudTrail validation message.", "\nCloudTrail validation message.\n",
        sns(config), config,
        #"{"messageType":"ConfigurationItemChangeNotification","notificationCreationTime":"t","configurationItem":{}}"#,
        sns(#"{"configRuleName":"r","messageType":"ComplianceChangeNotification","recordVersion":"1.0"}"#),
        #"{"source":"aws.config","detail-type":"Config Rules Compliance Change","detail":{}}"#,
        #"{"source":"aws.s3","detail-type":"Object Deleted","detail":{"bucket":{"name":"b"},"object":{"key":"k"}}}"#,
    ])
    func nothingToRead(body: String) {
        guard case .nothing = Notification(body) else {
            Issue.record("\(body) should have nothing to read")
            return
        }
    }

    @Test(arguments: [
        "", "[]", "null", "hello", "{}", "{\"Records\":{}}", "{\"Records\":[1]}",
        "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\"}]}",
        "{\"s3Bucket\":1,\"s3ObjectKey\":[]}", "{\"s3Bucket\":\"b\",\"s3ObjectKey\":[1]}",
        "{\"s3Bucket\":\"\",\"s3ObjectKey\":[\"k\"]}", "{\"Type\":\"Notification\",\"Message\":\"x\"}",
        "{\"detail-type\":\"Object Created\",\"detail\":{}}", sns(sns(sns(sns("{}")))),
        String(repeating: "[", count: 100_000), String(repeating: "x", count: CollectLimits.messageBytes + 1),
    ])
    func poison(body: String) {
        guard case .poison = Notification(body) else {
            Issue.record("\(body.prefix(100)) should be poison")
            return
        }
    }

    @Test func tooManyObjects() {
        let keys = Array(repeating: "k", count: CollectLimits.objectsPerMessage + 1)
        guard case .poison(let reason) = Notification(Self.json(["s3Bucket": "b", "s3ObjectKey": keys])) else {
            Issue.record("too many objects should be poison")
            return
        }
        #expect(reason.contains("too many"))
    }
}

@Suite struct LogFileNameTests {
    @Test func bothPathForms() throws {
        let tail =
            "111122223333/CloudTrail/us-east-1/2023/07/10/111122223333_CloudTrail_us-east-1_20230710T1145Z_aB3.json.gz"
        for (key, organization) in [
            ("AWSLogs/" + tail, nil), ("AWSLogs/o-abc/" + tail, "o-abc"), ("a/b/AWSLogs/" + tail, nil),
            ("AWSLogs/AWSLogs/o-x/" + tail, "o-x"),
        ] {
            let name = try #require(LogFileName(key: key))
            #expect(name.organizationID == organization && name.region == "us-east-1" && name.day == "2023/07/10")
            #expect(name.accountID.description == "111122223333" && name.kind == .events)
        }
    }

    @Test func kinds() {
        for kind in LogFileName.Kind.allCases {
            let name = LogFileName(key: "AWSLogs/111122223333/\(kind.rawValue)/eu-west-1/2024/02/29/x.json.gz")
            #expect(name?.kind == kind)
        }
        #expect(LogFileName.Kind.allCases.filter { !$0.hasRecords } == [.digest])
    }

    @Test(arguments: [
        "", "AWSLogs", "AWSLogs/111122223333/CloudTrail/us-east-1/2023/07/10/x.json",
        "AWSLogs/111122223333/CloudTrail/us-east-1/2023/07/x.json.gz",
        "AWSLogs/1/CloudTrail/us-east-1/2023/07/10/x.json.gz",
        "AWSLogs/111122223333/Other/us-east-1/2023/07/10/x.json.gz",
        "AWSLogs/111122223333/CloudTrail//2023/07/10/x.json.gz",
        "AWSLogs/111122223333/CloudTrail/us-east-1/2023/02/30/x.json.gz",
        "111122223333/CloudTrail/us-east-1/2023/07/10/x.json.gz",
    ])
    func others(key: String) { #expect(LogFileName(key: key) == nil) }
}
