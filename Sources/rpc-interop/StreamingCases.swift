// SPDX-License-Identifier: Apache-2.0

import RPC

/// Cases of streams that end well.
enum StreamingCases {
    static func clientStreaming(_ client: Client) async throws {
        let response = try await client.clientStreaming(TestMethods.streamingInputCall) { requests in
            for size in Sizes.streamedRequests {
                try await requests.write(StreamingInputCallRequest(payload: .zeros(size)))
            }
        }
        try expect("aggregated size", response.aggregatedPayloadSize, 74_922)
    }

    static func serverStreaming(_ client: Client) async throws {
        let request = StreamingOutputCallRequest(
            responseParameters: Sizes.streamedResponses.map { ResponseParameters(size: Int32($0)) })
        let responses = try await client.serverStreaming(TestMethods.streamingOutputCall, request)
        var count = 0
        for try await response in responses {
            guard count < Sizes.streamedResponses.count else { throw CaseFailure(description: "too many responses") }
            try expectZeros(response.payload, Sizes.streamedResponses[count])
            count += 1
        }
        try expect("responses", count, Sizes.streamedResponses.count)
    }

    /// Each request is sent when the response to the one before has come.
    static func pingPong(_ client: Client) async throws {
        let call = try await client.bidirectional(TestMethods.fullDuplexCall)
        for (request, response) in zip(Sizes.streamedRequests, Sizes.streamedResponses) {
            try await call.requests.write(Self.request(request, response))
            guard let message = try await call.responses.next() else {
                throw CaseFailure(description: "the responses ended early")
            }
            try expectZeros(message.payload, response)
        }
        try await call.requests.finish()
        guard try await call.responses.next() == nil else { throw CaseFailure(description: "too many responses") }
    }

    static func emptyStream(_ client: Client) async throws {
        let call = try await client.bidirectional(TestMethods.fullDuplexCall)
        try await call.requests.finish()
        guard try await call.responses.next() == nil else { throw CaseFailure(description: "a response came") }
    }

    /// A request of so many bytes that asks for a response of so many.
    static func request(_ size: Int, _ response: Int) -> StreamingOutputCallRequest {
        StreamingOutputCallRequest(
            responseParameters: [ResponseParameters(size: Int32(response))], payload: .zeros(size))
    }
}
