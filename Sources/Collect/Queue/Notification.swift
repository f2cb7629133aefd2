// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import JSON

/// What a message of the collector's queue says: that objects have been written.
package enum Notification: Hashable, Sendable {
    /// These objects are to be read.
    case objects([ObjectLocation])
    /// There is nothing to read, and nothing wrong.
    case nothing(String)
    /// It is none of the known forms. It goes aside with this reason.
    case poison(String)

    /// Reads a message's body.
    ///
    /// It may be S3's own notification, EventBridge's of S3, CloudTrail's, or any of these through SNS, in an envelope
    /// or as raw message.
    package init(_ body: String) {
        guard body.utf8.count <= CollectLimits.messageBytes else {
            self = .poison("the message has more than \(CollectLimits.messageBytes) bytes")
            return
        }
        if Self.isValidation(body) {
            self = .nothing("CloudTrail tries out the topic")
            return
        }
        do throws(JSONError) {
            self = Self.read(try JSONValue(parsing: body), depth: 0)
        } catch {
            self = .poison("the message is no JSON: \(error)")
        }
    }

    private static func read(_ root: JSONValue, depth: Int) -> Notification {
        guard root.object != nil else { return .poison("the message is no JSON object") }
        if root["Type"]?.string == "Notification", let inner = root["Message"]?.string {
            return unwrap(inner, depth: depth)
        }
        if let type = root["Type"]?.string, type.hasSuffix("Confirmation") {
            return .nothing("SNS asks to confirm a subscription")
        }
        if root["Event"]?.string == "s3:TestEvent" { return .nothing("S3 tries out the queue") }
        if let records = root["Records"]?.array { return storage(records) }
        if root["detail-type"]?.string == "Object Created", let detail = root["detail"] { return eventBridge(detail) }
        if let bucket = root["s3Bucket"]?.string, let key = root["s3ObjectKey"] {
            // AWS Config and older trails write the only key as a text.
            if let keys = key.array ?? (key.string == nil ? nil : [key]) { return cloudTrail(bucket, keys) }
        }
        if root["source"]?.string == "aws.s3", root["detail-type"]?.string != nil {
            return .nothing("EventBridge tells of no new object")
        }
        if isConfig(root) { return .nothing("AWS Config tells of its own") }
        return .poison("the message is no notification of S3, EventBridge or CloudTrail")
    }

    /// CloudTrail validates a new topic with plain text.
    private static func isValidation(_ text: String) -> Bool {
        text.drop(while: \.isWhitespace).hasPrefix("CloudTrail validation message")
    }

    /// A notice of AWS Config, whose delivery channel may share the topic: itself, or through EventBridge.
    private static func isConfig(_ root: JSONValue) -> Bool {
        if root["source"]?.string == "aws.config" { return true }
        return root["messageType"]?.string != nil
            && (root["notificationCreationTime"]?.string != nil || root["recordVersion"]?.string != nil
                || root["configSnapshotId"]?.string != nil || root["configurationItem"] != nil)
    }

    private static func unwrap(_ text: String, depth: Int) -> Notification {
        // A topic that feeds another wraps once more; nobody needs deeper.
        guard depth < CollectLimits.envelopes else { return .poison("the message has too many envelopes") }
        if isValidation(text) { return .nothing("CloudTrail tries out the topic") }
        guard let inner = try? JSONValue(parsing: text) else { return .poison("the envelope holds no JSON") }
        return read(inner, depth: depth + 1)
    }

    /// S3's own: keys are encoded as in a form, a blank as a plus.
    private static func storage(_ records: [JSONValue]) -> Notification {
        guard records.count <= CollectLimits.objectsPerMessage else {
            return .poison("the message names too many objects")
        }
        var found: [ObjectLocation] = []
        for record in records {
            guard let event = record["eventName"]?.string, let bucket = record["s3"]?["bucket"]?["name"]?.string,
                let key = record["s3"]?["object"]?["key"]?.string, !bucket.isEmpty, !key.isEmpty
            else { return .poison("a record has no eventName, bucket or key") }
            guard event.hasPrefix("ObjectCreated:") || event.hasPrefix("s3:ObjectCreated:") else { continue }
            let plain = PercentEncoding.decode(key.replacing("+", with: "%20"))
            found.append(ObjectLocation(bucket: bucket, key: plain))
        }
        return wanted(found)
    }

    private static func eventBridge(_ detail: JSONValue) -> Notification {
        guard let bucket = detail["bucket"]?["name"]?.string, let key = detail["object"]?["key"]?.string,
            !bucket.isEmpty,
            !key.isEmpty
        else { return .poison("the event has no bucket or key") }
        return wanted([ObjectLocation(bucket: bucket, key: key)])
    }

    private static func cloudTrail(_ bucket: String, _ keys: [JSONValue]) -> Notification {
        guard keys.count <= CollectLimits.objectsPerMessage else {
            return .poison("the message names too many objects")
        }
        var found: [ObjectLocation] = []
        for key in keys {
            guard let key = key.string, !key.isEmpty, !bucket.isEmpty else { return .poison("a key is no text") }
            found.append(ObjectLocation(bucket: bucket, key: key))
        }
        return wanted(found)
    }

    /// A bucket can hold more than log files, and its notifications can't be told to name those alone.
    private static func wanted(_ objects: [ObjectLocation]) -> Notification {
        let logFiles = objects.filter { LogFileName(key: $0.key)?.kind.hasRecords == true }
        return logFiles.isEmpty ? .nothing("the message names no log file of CloudTrail") : .objects(logFiles)
    }
}
