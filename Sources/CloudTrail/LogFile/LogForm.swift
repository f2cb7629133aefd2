// SPDX-License-Identifier: Apache-2.0

import JSON

/// Names the form of data that holds no CloudTrail records, so that a refusal says what was met.
package final class LogForm {
    private static let keys = [
        "eventID", "eventName", "eventSource", "eventTime", "eventType", "eventCategory", "userIdentity", "eventId",
    ]

    /// Members that tell a form, the surest first. All have to be there.
    private static let forms: [(keys: [String], name: String)] = [
        (["s3", "eventName"], "a notification of S3 about an object"),
        (["kinesis"], "a record of Kinesis without the document that it is read in"),
        (["Sns"], "a notification of SNS"), (["Type", "TopicArn"], "a notification of SNS"),
        (["body", "receiptHandle"], "a message of SQS"), (["Body", "ReceiptHandle"], "a message of SQS"),
        (["digestStartTime", "digestEndTime"], "a digest file of CloudTrail"),
        (["configurationItems"], "a snapshot or history of AWS Config"),
        (["configurationItem"], "a notification of AWS Config"),
        (["records"], "a document with \"records\" in lower case, which CloudTrail does not write"),
        (["eventid", "eventname"], "a row of Athena, whose names are in lower case"),
        (["useridentity"], "a row of Athena, whose names are in lower case"),
        (["eventname"], "a row of Athena, whose names are in lower case"),
        (["class_uid", "metadata"], "an event in the Open Cybersecurity Schema (Security Lake)"),
        (["SchemaVersion", "ProductArn"], "a finding in the format of Security Hub"),
        (["schemaVersion", "service", "severity"], "a finding of GuardDuty"),
        (["webaclId"], "a log of AWS WAF"), (["query_name"], "a query log of Route 53"),
        (["interface-id"], "a VPC flow log"), (["interface_id", "srcaddr"], "a VPC flow log"),
        (["awslogs"], "a subscription of CloudWatch Logs as Lambda gets it, without data in Base64"),
        (["detail-type"], "an event of EventBridge that does not come from CloudTrail"),
        (["DetailType"], "an event of EventBridge that does not come from CloudTrail"),
        (["messageType", "logGroup"], "a subscription of CloudWatch Logs without log events"),
        (["QueryStatus"], "results of CloudTrail Lake without rows"),
        (["CloudTrailEvent"], "an event of LookupEvents whose record is not readable"),
        (["Records"], "a document whose Records is no list"),
        (["message"], "a log event whose message is no record"),
    ]

    private let extractor: RecordExtractor
    private let ownSlots: [Slot]
    private let formSlots: [[Slot]]

    package init() {
        var fields = FieldSet()
        // The paths are constants of ours, which a set takes.
        let slot = { (path: String) -> Slot in (try? fields.insert(path)) ?? 0 }
        ownSlots = Self.keys.map(slot)
        formSlots = Self.forms.map { $0.keys.map(slot) }
        extractor = RecordExtractor(fields.compile())
    }

    /// The form of an object that is no record of CloudTrail; nil for records, and for what is no JSON object.
    ///
    /// - Parameter namesOthers: names an object of no known form too.
    package func name(of object: UnsafeRawBufferPointer, namesOthers: Bool = false) -> String? {
        do throws(JSONError) { try extractor.extract(object) } catch { return nil }
        for (form, slots) in zip(Self.forms, formSlots) where slots.allSatisfy({ extractor.exists($0) }) {
            // Lambda's notifications have names of CloudTrail's members too.
            let isNotice = form.keys[0] == "s3" || form.keys[0] == "kinesis"
            let isOwn = !isNotice && ownSlots.contains { extractor.exists($0) }
            if !isOwn { return form.name }
        }
        guard namesOthers, !ownSlots.contains(where: { extractor.exists($0) }) else { return nil }
        return "a JSON object without any member of a CloudTrail event"
    }

    /// The refusal of an object that is of another form.
    package func rejection(of object: UnsafeRawBufferPointer, namesOthers: Bool = false) -> Rejection? {
        name(of: object, namesOthers: namesOthers).map {
            Rejection(.notACloudTrailEvent, "\($0), not a CloudTrail event")
        }
    }

    /// The form of data that is no text of UTF-8, by its first bytes.
    static func binary(_ bytes: UnsafeRawBufferPointer) -> String? {
        let starts: (_ magic: [UInt8]) -> Bool = { bytes.starts(with: $0) }
        if starts([0xFF, 0xFE]) || starts([0xFE, 0xFF]) { return "text in UTF-16" }
        if starts([0x50, 0x4B, 0x03, 0x04]) { return "a zip archive" }
        if starts([0x42, 0x5A, 0x68]) { return "data compressed by bzip2" }
        if starts([0xFD, 0x37, 0x7A, 0x58, 0x5A]) { return "data compressed by xz" }
        if starts(Array("PAR1".utf8)) { return "a Parquet file" }
        if starts(Array("ORC".utf8)) { return "an ORC file" }
        return nil
    }
}
