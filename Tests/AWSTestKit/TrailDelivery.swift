// SPDX-License-Identifier: Apache-2.0

import AWS
import CZlib
import CloudTrail
import Foundation

/// A trail's bucket and queue in moto, and deliveries into them as CloudTrail, S3 and SNS make them.
package struct TrailDelivery: Sendable {
    /// How a queue is told of a new object.
    package enum Envelope: CaseIterable, Sendable {
        case storage
        case storageThroughTopic
        case cloudTrailThroughTopic
        case eventBridge
    }

    /// The bucket's name.
    package let bucket: String
    private let stage: MotoStage

    /// Takes names in moto; the bucket is there already.
    package init(stage: MotoStage, bucket: String) {
        self.stage = stage
        self.bucket = bucket
    }

    /// The key of a log file.
    package func key(
        account: String = "111122223333", region: String = "us-east-1", organization: String? = nil,
        keyPrefix: String = "", kind: String = "CloudTrail", time: Milliseconds, suffix: String
    ) -> String {
        let text = EventTime.format(time - time % 60_000)
        let day = text.prefix(10).replacing("-", with: "/")
        let compact = text.prefix(16).filter { $0 != "-" && $0 != ":" } + "Z"
        let start = keyPrefix.isEmpty ? "" : keyPrefix + "/"
        let folder = organization.map { $0 + "/" } ?? ""
        return "\(start)AWSLogs/\(folder)\(account)/\(kind)/\(region)/\(day)/"
            + "\(account)_\(kind)_\(region)_\(compact)_\(suffix).json.gz"
    }

    /// Writes a log file.
    package func put(_ key: String, _ content: [UInt8]) async throws {
        try await stage.put(bucket, key, Self.gzip(content))
    }

    /// Puts messages into a queue, ten a call.
    package static func send(_ bodies: [String], to queue: String, with client: AWSClient) async throws {
        for start in stride(from: 0, to: bodies.count, by: 10) {
            let entries = bodies[start..<min(start + 10, bodies.count)].enumerated().map {
                ["Id": String($0.offset), "MessageBody": $0.element]
            }
            var call = APICall(.sqs, "SendMessageBatch", format: .json)
            call.headers = [
                Header("content-type", "application/x-amz-json-1.0"),
                Header("x-amz-target", "AmazonSQS.SendMessageBatch"),
            ]
            call.body = Array(
                try JSONSerialization.data(withJSONObject: ["QueueUrl": queue, "Entries": entries] as [String: Any]))
            _ = try await client.send(call)
        }
    }

    /// The message that tells of objects.
    package func message(_ keys: [String], _ envelope: Envelope) throws -> String {
        let storage: [String: Any] = [
            "Records": keys.map { key in
                ["eventName": "ObjectCreated:Put", "s3": ["bucket": ["name": bucket], "object": ["key": key]]]
            }
        ]
        switch envelope {
        case .storage: return try Self.json(storage)
        case .storageThroughTopic: return try Self.topic(Self.json(storage))
        case .cloudTrailThroughTopic: return try Self.topic(Self.json(["s3Bucket": bucket, "s3ObjectKey": keys]))
        case .eventBridge:
            return try Self.json([
                "detail-type": "Object Created", "source": "aws.s3",
                "detail": ["bucket": ["name": bucket], "object": ["key": keys[0]]],
            ])
        }
    }

    private static func topic(_ message: String) throws -> String {
        try json([
            "Type": "Notification", "MessageId": UUID().uuidString, "TopicArn": "arn:aws:sns:us-east-1:1:t",
            "Message": message,
        ])
    }

    private static func json(_ value: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: value), as: UTF8.self)
    }

    /// Bytes as one gzip member.
    package static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        guard CZlib_deflateInitGzip(&stream, 6) == Z_OK else { return [] }
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + 1_024)
        let room = output.count
        input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(room)
                _ = deflate(&stream, Z_FINISH)
            }
        }
        output.removeLast(Int(stream.avail_out))
        return output
    }
}
