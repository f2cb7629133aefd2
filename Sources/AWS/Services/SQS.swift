// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The calls to Amazon SQS, by its JSON protocol.
package final class SQS: Sendable {
    private let client: AWSClient
    private let address: Result<QueueAddress, EndpointError>
    /// The URL that calls name the queue by, once it is known.
    private let known = Mutex<String?>(nil)

    /// Calls for one queue with `client`, in the region that the queue's address names.
    ///
    /// - Parameter queueURL: Any form that `QueueAddress` reads. With any other, calls throw before anything is sent.
    package init(_ client: AWSClient, queueURL: String) {
        do throws(EndpointError) {
            let address = try QueueAddress(queueURL)
            try address.check(client.endpoints)
            self.client = address.region.map { client.with(region: $0) } ?? client
            self.address = .success(address)
        } catch {
            self.client = client
            address = .failure(error)
        }
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
            queueURL: try await url(), max: Swift.max(1, Swift.min(10, max)), wait: seconds,
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
        let input = HandleInput(queueURL: try await url(), receiptHandle: receiptHandle, visibility: nil)
        _ = try await call("DeleteMessage", input, as: EmptyOutput.self)
    }

    /// Deletes up to ten delivered messages. Those that failed come back; the others are gone.
    package func deleteMessages(_ receiptHandles: [String]) async throws -> [BatchFailure] {
        guard !receiptHandles.isEmpty else { return [] }
        let entries = receiptHandles.enumerated().map { BatchEntry(id: String($0.offset), receiptHandle: $0.element) }
        let input = BatchInput(queueURL: try await url(), entries: entries)
        let output = try await call("DeleteMessageBatch", input, as: BatchOutput.self)
        return (output.failed ?? []).compactMap { failure in
            guard let index = Int(failure.id) else { return nil }
            return BatchFailure(index: index, code: failure.code ?? "", isSenderFault: failure.senderFault ?? false)
        }
    }

    /// Sets for how much longer a delivered message is hidden from others, from now on; zero gives it back.
    package func changeVisibility(_ receiptHandle: String, to visibility: Duration) async throws {
        let input = HandleInput(
            queueURL: try await url(), receiptHandle: receiptHandle, visibility: Int(visibility.components.seconds))
        _ = try await call("ChangeMessageVisibility", input, as: EmptyOutput.self)
    }

    /// All attributes of the queue: its ARN, counts, visibility, redrive policy.
    package func attributes() async throws -> [String: String] {
        let input = AttributesInput(queueURL: try await url(), names: ["All"])
        return try await call("GetQueueAttributes", input, as: AttributesOutput.self).attributes ?? [:]
    }

    /// The queue's URL; a bare name's is asked for once.
    private func url() async throws -> String {
        let address = try checked("GetQueueUrl")
        if let url = address.url ?? known.withLock({ $0 }) { return url }
        let input = NameInput(name: address.name, owner: address.accountID)
        let url = try await call("GetQueueUrl", input, as: NameOutput.self).url
        known.withLock { $0 = url }
        return url
    }

    private func checked(_ operation: String) throws(AWSError) -> QueueAddress {
        switch address {
        case .success(let address): return address
        case .failure(let error):
            throw AWSError(
                kind: .request, code: AWSError.invalidQueueAddress, message: error.message, action: "sqs:" + operation)
        }
    }

    private func call<Output: Decodable>(
        _ operation: String, _ input: some Encodable, timeout: Duration = AWSLimits.attemptTimeout,
        as output: Output.Type
    ) async throws -> Output {
        var host: String?
        if case .endpoint(let own) = try checked(operation).host { host = own }
        return try await client.json(
            .sqs, operation, target: "AmazonSQS." + operation, version: "1.0", input, timeout: timeout, host: host,
            as: output)
    }
}

private struct NameInput: Encodable {
    let name: String
    let owner: String?

    private enum CodingKeys: String, CodingKey {
        case name = "QueueName"
        case owner = "QueueOwnerAWSAccountId"
    }
}

private struct NameOutput: Decodable {
    let url: String

    private enum CodingKeys: String, CodingKey { case url = "QueueUrl" }
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
