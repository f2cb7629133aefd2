// SPDX-License-Identifier: Apache-2.0

import RPC

/// The methods of gRPC's test services.
enum TestMethods {
    static let service = "grpc.testing.TestService"

    static let emptyCall: Method<Empty, Empty> = method("EmptyCall", .unary)
    static let unaryCall: Method<SimpleRequest, SimpleResponse> = method("UnaryCall", .unary)
    static let streamingInputCall: Method<StreamingInputCallRequest, StreamingInputCallResponse> =
        method("StreamingInputCall", .clientStreaming)
    static let streamingOutputCall: Method<StreamingOutputCallRequest, StreamingOutputCallResponse> =
        method("StreamingOutputCall", .serverStreaming)
    static let fullDuplexCall: Method<StreamingOutputCallRequest, StreamingOutputCallResponse> =
        method("FullDuplexCall", .bidirectional)
    static let halfDuplexCall: Method<StreamingOutputCallRequest, StreamingOutputCallResponse> =
        method("HalfDuplexCall", .bidirectional)
    /// Declared by the service, and served by none.
    static let unimplementedCall: Method<Empty, Empty> = method("UnimplementedCall", .unary)
    /// Of a service that nobody serves.
    static let unimplementedService: Method<Empty, Empty> = method(
        "UnimplementedCall", .unary, of: "grpc.testing.UnimplementedService")

    /// Metadata that comes back before the first message.
    static let echoInitial = "x-grpc-test-echo-initial"
    /// Metadata that comes back with the status.
    static let echoTrailing = "x-grpc-test-echo-trailing-bin"

    private static func method<Request: TestMessage, Response: TestMessage>(
        _ name: String, _ shape: CallShape, of service: String = service
    ) -> Method<Request, Response> {
        Method(
            service: service, name: name, shape: shape, request: Request.marshaller, response: Response.marshaller)
    }
}
