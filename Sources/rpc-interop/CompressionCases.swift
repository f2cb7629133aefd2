// SPDX-License-Identifier: Apache-2.0

import RPC

/// Cases of messages that travel compressed or not, one by one.
enum CompressionCases {
    /// A request that claims to be compressed and is not is refused; true claims are served.
    static func clientUnary(_ client: Client) async throws {
        let probe = try await failure { try await unary(client, claims: true, compresses: false) }
        try expect("status of the probe", probe.code, .invalidArgument)
        try await unary(client, claims: true, compresses: true)
        try await unary(client, claims: false, compresses: false)
    }

    private static func unary(_ client: Client, claims: Bool, compresses: Bool) async throws {
        var request = UnaryCases.request
        request.expectCompressed = BoolValue(value: claims)
        let response = try await client.unary(
            TestMethods.unaryCall, request, options: CallOptions(compresses: compresses))
        try expectZeros(response.payload, Sizes.unaryResponse)
    }

    static func serverUnary(_ client: Client) async throws {
        for compressed in [true, false] {
            var request = UnaryCases.request
            request.responseCompressed = BoolValue(value: compressed)
            let response = try await client.unary(TestMethods.unaryCall, request)
            try expect("the response was compressed", response.wasCompressed, compressed)
            try expectZeros(response.payload, Sizes.unaryResponse)
        }
    }

    static func clientStreaming(_ client: Client) async throws {
        let first = StreamingInputCallRequest(payload: .zeros(27_182), expectCompressed: BoolValue(value: true))
        let second = StreamingInputCallRequest(payload: .zeros(45_904), expectCompressed: BoolValue(value: false))
        let probe = try await failure {
            _ = try await client.clientStreaming(TestMethods.streamingInputCall) { try await $0.write(first) }
        }
        try expect("status of the probe", probe.code, .invalidArgument)
        let response = try await client.clientStreaming(
            TestMethods.streamingInputCall, options: CallOptions(compresses: true)
        ) { requests in
            try await requests.write(first)
            try await requests.write(second, compresses: false)
        }
        try expect("aggregated size", response.aggregatedPayloadSize, 73_086)
    }

    static func serverStreaming(_ client: Client) async throws {
        let expected = [(size: 31_415, compressed: true), (size: 92_653, compressed: false)]
        let request = StreamingOutputCallRequest(
            responseParameters: expected.map {
                ResponseParameters(size: Int32($0.size), compressed: BoolValue(value: $0.compressed))
            })
        let responses = try await client.serverStreaming(TestMethods.streamingOutputCall, request)
        var count = 0
        for try await response in responses {
            guard count < expected.count else { throw CaseFailure(description: "too many responses") }
            try expect("response \(count) was compressed", response.wasCompressed, expected[count].compressed)
            try expectZeros(response.payload, expected[count].size)
            count += 1
        }
        try expect("responses", count, expected.count)
    }
}
