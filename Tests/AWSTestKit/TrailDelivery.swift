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
    private let keyARN: String?

    /// Takes names in moto; the bucket is there already.
    ///
    /// - Parameter keyARN: The KMS key that objects are encrypted by.
    package init(stage: MotoStage, bucket: String, keyARN: String? = nil) {
        self.stage = stage
        self.bucket = bucket
        self.keyARN = keyARN
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
        try await stage.put(bucket, key, Self.gzip(content), keyARN: keyARN)
    }

    /// Writes a log file for each of some hours from `start` on, and the digest that names it, chained and signed.
    /// Returns the keys of both, the oldest first.
    package func putHours(
        _ count: Int, from start: Milliseconds, account: String, trail: String, signedBy forge: DigestForge
    ) async throws -> [(logFile: String, digest: String)] {
        var previous: DigestForge.Signed?
        var keys: [(logFile: String, digest: String)] = []
        for hour in 0..<count {
            let begin = start + Milliseconds(hour) * 3_600_000
            let end = begin + 3_600_000
            let logFile = key(account: account, time: begin, suffix: "x\(hour)")
            let content = Array(#"{"Records":[{"n":\#(hour)}]}"#.utf8)
            try await put(logFile, content)
            let time = EventTime.format(end).filter { $0 != "-" && $0 != ":" }
            let day = EventTime.format(end).prefix(10).replacing("-", with: "/")
            let name =
                "AWSLogs/\(account)/CloudTrail-Digest/us-east-1/\(day)/"
                + "\(account)_CloudTrail-Digest_us-east-1_\(trail)_us-east-1_\(time).json.gz"
            let digest = try forge.digest(
                at: ObjectLocation(bucket: bucket, key: name), start: begin, end: end, accountID: account,
                logFiles: [(ObjectLocation(bucket: bucket, key: logFile), hash: DigestForge.hash(content))],
                previous: previous)
            try await stage.put(
                bucket, name, Self.gzip(digest.content),
                metadata: ["signature": digest.signature, "signature-algorithm": "SHA256withRSA"], keyARN: keyARN)
            previous = digest
            keys.append((logFile, name))
        }
        return keys
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
