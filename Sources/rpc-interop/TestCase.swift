// SPDX-License-Identifier: Apache-2.0

import RPC

/// The cases of gRPC's interop-test-descriptions that need no cloud, by their official names.
enum TestCase: String, CaseIterable {
    case emptyUnary = "empty_unary"
    case largeUnary = "large_unary"
    case clientStreaming = "client_streaming"
    case serverStreaming = "server_streaming"
    case pingPong = "ping_pong"
    case emptyStream = "empty_stream"
    case cancelAfterBegin = "cancel_after_begin"
    case cancelAfterFirstResponse = "cancel_after_first_response"
    case timeoutOnSleepingServer = "timeout_on_sleeping_server"
    case statusCodeAndMessage = "status_code_and_message"
    case specialStatusMessage = "special_status_message"
    case unimplementedMethod = "unimplemented_method"
    case unimplementedService = "unimplemented_service"
    case customMetadata = "custom_metadata"
    case clientCompressedUnary = "client_compressed_unary"
    case serverCompressedUnary = "server_compressed_unary"
    case clientCompressedStreaming = "client_compressed_streaming"
    case serverCompressedStreaming = "server_compressed_streaming"

    /// Runs the case; throws what does not hold.
    func run(_ client: Client) async throws {
        switch self {
        case .emptyUnary: _ = try await client.unary(TestMethods.emptyCall, Empty())
        case .largeUnary: try await UnaryCases.largeUnary(client)
        case .clientStreaming: try await StreamingCases.clientStreaming(client)
        case .serverStreaming: try await StreamingCases.serverStreaming(client)
        case .pingPong: try await StreamingCases.pingPong(client)
        case .emptyStream: try await StreamingCases.emptyStream(client)
        case .cancelAfterBegin: try await EndingCases.cancelAfterBegin(client)
        case .cancelAfterFirstResponse: try await EndingCases.cancelAfterFirstResponse(client)
        case .timeoutOnSleepingServer: try await EndingCases.timeoutOnSleepingServer(client)
        case .statusCodeAndMessage: try await EndingCases.status(client, "test status message")
        case .specialStatusMessage:
            try await EndingCases.unaryStatus(
                client, "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n")
        case .unimplementedMethod: try await EndingCases.unimplemented(client, TestMethods.unimplementedCall)
        case .unimplementedService: try await EndingCases.unimplemented(client, TestMethods.unimplementedService)
        case .customMetadata: try await UnaryCases.customMetadata(client)
        case .clientCompressedUnary: try await CompressionCases.clientUnary(client)
        case .serverCompressedUnary: try await CompressionCases.serverUnary(client)
        case .clientCompressedStreaming: try await CompressionCases.clientStreaming(client)
        case .serverCompressedStreaming: try await CompressionCases.serverStreaming(client)
        }
    }
}

/// Something that a case asserts and that did not hold.
struct CaseFailure: Error, CustomStringConvertible {
    let description: String
}

/// Throws unless the values are equal.
func expect<Value: Equatable>(_ what: String, _ value: Value, _ expected: Value) throws {
    guard value != expected else { return }
    throw CaseFailure(description: "\(what): \(value), not \(expected)")
}

/// The error that the call ends with; throws when it succeeds.
func failure(_ call: () async throws -> Void) async throws -> RPCError {
    do { try await call() } catch let error as RPCError { return error }
    throw CaseFailure(description: "the call succeeded")
}

/// The payload has so many bytes, all zero.
func expectZeros(_ payload: Payload?, _ count: Int) throws {
    let body = payload?.body ?? []
    try expect("size of the payload", body.count, count)
    guard body.allSatisfy({ $0 == 0 }) else { throw CaseFailure(description: "the payload is not all zeros") }
}
