// SPDX-License-Identifier: Apache-2.0

/// The calls to Amazon SQS, by its JSON protocol.
package struct SQS: Sendable {
    private let client: AWSClient
    private let url: String

    /// Calls for one queue with `client`. A queue of AWS's own is called in the region that its URL names.
    package init(_ client: AWSClient, queueURL: String) {
        url = queueURL
        self.client = Self.region(of: queueURL).map { client.with(region: $0) } ?? client
    }

    /// `us-east-1` of `https://sqs.us-east-1.amazonaws.com/123456789012/trail`; nil where the host is not SQS's.
    static func region(of queueURL: String) -> String? {
        let host = queueURL.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        let parts = host.split(separator: ".")
        guard parts.count >= 4, parts[0] == "sqs" || parts[0] == "sqs-fips", parts[2] == "amazonaws" else { return nil }
        let region = String(parts[1])
        return EndpointResolver.isRegion(region) ? region : nil
    }

    /// A message that is hidden from others until its visibility ends.
    package struct Message: Sendable, Hashable {
        /// The message's id, the same at each delivery.
        package let messageID: String
        /// What deletes this delivery.
        package let receiptHandle: String
        /// The text.
        package let body: String
        /// How often it has been delivered, this time included.
        package let receiveCount: Int
    }

    /// What became of one message of a batch.
    package struct BatchFailure: Sendable, Hashable {
        /// The position in the batch.
        package let index: Int
        /// The reason's code.
        package let code: String
        /// Whether the request was wrong, rather than the service.
        package let isSenderFault: Bool
    }

    /// Takes up to ten messages, waiting up to `wait` for the first.
    package func receiveMessages(
        max: Int = 10, wait: Duration = .seconds(20), visibility: Duration? = nil
    ) async throws -> [Message] {
        let seconds = Swift.max(0, Swift.min(20, Int(wait.components.seconds)))
        let input = ReceiveInput(
            queueURL: url, max: Swift.max(1, Swift.min(10, max)), wait: seconds,
            visibility: visibility.map { Int($0.components.seconds) })
        let output = try await call(
            "ReceiveMessage", input, timeout: AWSLimits.attemptTimeout + .seconds(seconds), as: ReceiveOutput.self)
        return (output.messages ?? []).map { message in
            Message(
                messageID: message.messageID, receiptHandle: message.receiptHandle, body: message.body,
                receiveCount: message.attributes?["ApproximateReceiveCount"].flatMap(Int.init) ?? 1)
        }
    }

    /// Deletes one delivered message.
    package func deleteMessage(_ receiptHandle: String) async throws {
        _ = try await call(
            "DeleteMessage", HandleInput(queueURL: url, receiptHandle: receiptHandle, visibility: nil),
            as: EmptyOutput.self)
    }

    /// Deletes up to ten delivered messages. Those that failed come back; the others are gone.
    package func deleteMessages(_ receiptHandles: [String]) async throws -> [BatchFailure] {
        guard !receiptHandles.isEmpty else { return [] }
        let entries = receiptHandles.enumerated().map { BatchEntry(id: String($0.offset), receiptHandle: $0.element) }
        let output = try await call(
            "DeleteMessageBatch", BatchInput(queueURL: url, entries: entries), as: BatchOutput.self)
        return (output.failed ?? []).compactMap { failure in
            guard let index = Int(failure.id) else { return nil }
            return BatchFailure(index: index, code: failure.code ?? "", isSenderFault: failure.senderFault ?? false)
        }
    }

    /// Sets for how much longer a delivered message is hidden from others, from now on; zero gives it back.
    package func changeVisibility(_ receiptHandle: String, to visibility: Duration) async throws {
        let input = HandleInput(
            queueURL: url, receiptHandle: receiptHandle, visibility: Int(visibility.components.seconds))
        _ = try await call("ChangeMessageVisibility", input, as: EmptyOutput.self)
    }

    /// All attributes of the queue: its ARN, counts, visibility, redrive policy.
    package func attributes() async throws -> [String: String] {
        let input = AttributesInput(queueURL: url, names: ["All"])
        return try await call("GetQueueAttributes", input, as: AttributesOutput.self).attributes ?? [:]
    }

    private func call<Output: Decodable>(
        _ operation: String, _ input: some Encodable, timeout: Duration = AWSLimits.attemptTimeout,
        as output: Output.Type
    ) async throws -> Output {
        try await client.json(
            .sqs, operation, target: "AmazonSQS." + operation, version: "1.0", input, timeout: timeout, as: output)
    }
}

private struct ReceiveInput: Encodable {
    let queueURL: String
    let max: Int
    let wait: Int
    let visibility: Int?
    let attributes = ["ApproximateReceiveCount"]

    private enum CodingKeys: String, CodingKey {
        case queueURL = "QueueUrl"
        case max = "MaxNumberOfMessages"
        case wait = "WaitTimeSeconds"
        case visibility = "VisibilityTimeout"
        case attributes = "AttributeNames"
    }
}

private struct ReceiveOutput: Decodable {
    struct Message: Decodable {
        let messageID: String
        let receiptHandle: String
        let body: String
        let attributes: [String: String]?

        private enum CodingKeys: String, CodingKey {
            case messageID = "MessageId"
            case receiptHandle = "ReceiptHandle"
            case body = "Body"
            case attributes = "Attributes"
        }
    }
    let messages: [Message]?

    private enum CodingKeys: String, CodingKey { case messages = "Messages" }
}

private struct HandleInput: Encodable {
    let queueURL: String
    let receiptHandle: String
    let visibility: Int?

    private enum CodingKeys: String, CodingKey {
        case queueURL = "QueueUrl"
        case receiptHandle = "ReceiptHandle"
        case visibility = "VisibilityTimeout"
    }
}

private struct BatchEntry: Encodable {
    let id: String
    let receiptHandle: String

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case receiptHandle = "ReceiptHandle"
    }
}

private struct BatchInput: Encodable {
    let queueURL: String
    let entries: [BatchEntry]

    private enum CodingKeys: String, CodingKey {
        case queueURL = "QueueUrl"
        case entries = "Entries"
    }
}

private struct BatchOutput: Decodable {
    struct Failed: Decodable {
        let id: String
        let code: String?
        let senderFault: Bool?

        private enum CodingKeys: String, CodingKey {
            case id = "Id"
            case code = "Code"
            case senderFault = "SenderFault"
        }
    }
    let failed: [Failed]?

    private enum CodingKeys: String, CodingKey { case failed = "Failed" }
}

private struct AttributesInput: Encodable {
    let queueURL: String
    let names: [String]

    private enum CodingKeys: String, CodingKey {
        case queueURL = "QueueUrl"
        case names = "AttributeNames"
    }
}

private struct AttributesOutput: Decodable {
    let attributes: [String: String]?

    private enum CodingKeys: String, CodingKey { case attributes = "Attributes" }
}

/// For operations that answer with nothing that is used.
struct EmptyOutput: Decodable {}
