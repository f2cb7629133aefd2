// SPDX-License-Identifier: Apache-2.0

import RPC

/// Cases of calls that end with a status other than OK.
enum EndingCases {
    /// Cancelled with nothing sent but the headers.
    static func cancelAfterBegin(_ client: Client) async throws {
        let error = try await failure {
            _ = try await client.clientStreaming(TestMethods.streamingInputCall) { _ in throw CancellationError() }
        }
        try expect("status", error.code, .cancelled)
    }

    static func cancelAfterFirstResponse(_ client: Client) async throws {
        let call = try await client.bidirectional(TestMethods.fullDuplexCall)
        try await call.requests.write(
            StreamingCases.request(Sizes.streamedRequests[0], Sizes.streamedResponses[0]))
        guard let first = try await call.responses.next() else {
            throw CaseFailure(description: "the responses ended early")
        }
        try expectZeros(first.payload, Sizes.streamedResponses[0])
        call.cancel()
        let error = try await failure { _ = try await call.responses.next() }
        try expect("status", error.code, .cancelled)
    }

    /// The server waits for requests that never come, longer than the deadline.
    static func timeoutOnSleepingServer(_ client: Client) async throws {
        let error = try await failure {
            let call = try await client.bidirectional(
                TestMethods.fullDuplexCall, options: CallOptions(timeout: .milliseconds(1)))
            // The deadline may pass before the request has gone.
            try await call.requests.write(
                StreamingOutputCallRequest(payload: .zeros(Sizes.streamedRequests[0])))
            _ = try await call.responses.next()
        }
        try expect("status", error.code, .deadlineExceeded)
    }

    /// The status that was asked for comes back, of a unary call and of a stream.
    static func status(_ client: Client, _ message: String) async throws {
        try await unaryStatus(client, message)
        let error = try await failure {
            let call = try await client.bidirectional(TestMethods.fullDuplexCall)
            try await call.requests.write(
                StreamingOutputCallRequest(responseStatus: EchoStatus(code: 2, message: message)))
            try await call.requests.finish()
            _ = try await call.responses.next()
        }
        try expect("status of the stream", error.code, .unknown)
        try expect("message of the stream", error.message, message)
    }

    static func unaryStatus(_ client: Client, _ message: String) async throws {
        let request = SimpleRequest(responseStatus: EchoStatus(code: 2, message: message))
        let error = try await failure { _ = try await client.unary(TestMethods.unaryCall, request) }
        try expect("status", error.code, .unknown)
        try expect("message", error.message, message)
    }

    static func unimplemented(_ client: Client, _ method: Method<Empty, Empty>) async throws {
        let error = try await failure { _ = try await client.unary(method, Empty()) }
        try expect("status", error.code, .unimplemented)
    }
}
