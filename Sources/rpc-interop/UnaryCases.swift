// SPDX-License-Identifier: Apache-2.0

import RPC

/// Sizes that the test descriptions set.
enum Sizes {
    static let unaryRequest = 271_828
    static let unaryResponse = 314_159
    static let streamedRequests = [27_182, 8, 1_828, 45_904]
    static let streamedResponses = [31_415, 9, 2_653, 58_979]
}

/// Cases of one request and one response.
enum UnaryCases {
    static var request: SimpleRequest {
        SimpleRequest(responseSize: Int32(Sizes.unaryResponse), payload: .zeros(Sizes.unaryRequest))
    }

    static func largeUnary(_ client: Client) async throws {
        let response = try await client.unary(TestMethods.unaryCall, request)
        try expectZeros(response.payload, Sizes.unaryResponse)
    }

    /// Metadata comes back, of a unary call and of a stream.
    static func customMetadata(_ client: Client) async throws {
        let initial = "test_initial_metadata_value"
        let trailing: [UInt8] = [0xAB, 0xAB, 0xAB]
        var metadata: Metadata = [TestMethods.echoInitial: initial]
        metadata.add(TestMethods.echoTrailing, binary: trailing)
        let options = CallOptions(metadata: metadata)

        let response = try await client.unaryWithMetadata(TestMethods.unaryCall, request, options: options)
        try expectZeros(response.message.payload, Sizes.unaryResponse)
        try expect("initial metadata", response.initialMetadata[TestMethods.echoInitial], initial)
        try expect("trailing metadata", response.trailingMetadata[binary: TestMethods.echoTrailing], trailing)

        let call = try await client.bidirectional(TestMethods.fullDuplexCall, options: options)
        try await call.requests.write(
            StreamingOutputCallRequest(
                responseParameters: [ResponseParameters(size: Int32(Sizes.unaryResponse))],
                payload: .zeros(Sizes.unaryRequest)))
        try await call.requests.finish()
        var count = 0
        for try await response in call.responses {
            try expectZeros(response.payload, Sizes.unaryResponse)
            count += 1
        }
        try expect("responses", count, 1)
        let before = try await call.responses.initialMetadata()
        try expect("initial metadata of the stream", before[TestMethods.echoInitial], initial)
        let after = try await call.responses.trailingMetadata()
        try expect("trailing metadata of the stream", after[binary: TestMethods.echoTrailing], trailing)
    }
}
