// SPDX-License-Identifier: Apache-2.0

import RPC

/// `grpc.testing.TestService`.
enum TestService {
    /// Serves the methods; UnimplementedCall is left out on purpose.
    static func add(to router: inout Router) {
        router.unary(TestMethods.emptyCall) { _, context in
            echoMetadata(context)
            return Empty()
        }
        router.unary(TestMethods.unaryCall, handler: unaryCall)
        router.clientStreaming(TestMethods.streamingInputCall, handler: streamingInputCall)
        router.serverStreaming(TestMethods.streamingOutputCall) { request, responses, context in
            echoMetadata(context)
            try await respond(to: request, responses, context)
        }
        router.bidirectional(TestMethods.fullDuplexCall) { requests, responses, context in
            echoMetadata(context)
            for try await request in requests { try await respond(to: request, responses, context) }
        }
        router.bidirectional(TestMethods.halfDuplexCall) { requests, responses, context in
            echoMetadata(context)
            var all: [StreamingOutputCallRequest] = []
            for try await request in requests { all.append(request) }
            for request in all { try await respond(to: request, responses, context) }
        }
    }

    private static func unaryCall(_ request: SimpleRequest, _ context: CallContext) async throws -> SimpleResponse {
        echoMetadata(context)
        try check(request.expectCompressed, wasCompressed: request.wasCompressed)
        try request.responseStatus?.raise()
        context.compressesResponse = request.responseCompressed?.value ?? false
        guard request.responseSize != 0 else { return SimpleResponse() }
        return SimpleResponse(payload: try payload(request.responseSize))
    }

    private static func streamingInputCall(
        _ requests: RequestStream<StreamingInputCallRequest>, _ context: CallContext
    ) async throws -> StreamingInputCallResponse {
        echoMetadata(context)
        var total = 0
        for try await request in requests {
            try check(request.expectCompressed, wasCompressed: request.wasCompressed)
            total += request.payload?.body.count ?? 0
        }
        return StreamingInputCallResponse(aggregatedPayloadSize: Int32(clamping: total))
    }

    /// Sends what the request asks for.
    private static func respond(
        to request: StreamingOutputCallRequest, _ responses: ResponseWriter<StreamingOutputCallResponse>,
        _ context: CallContext
    ) async throws {
        try request.responseStatus?.raise()
        if request.responseParameters.contains(where: { $0.compressed?.value == true }) {
            context.compressesResponse = true
        }
        for parameters in request.responseParameters {
            if parameters.intervalMicroseconds > 0 {
                try await Task.sleep(for: .microseconds(parameters.intervalMicroseconds))
            }
            try await responses.write(
                StreamingOutputCallResponse(payload: try payload(parameters.size)),
                compresses: parameters.compressed?.value ?? false)
        }
    }

    private static func payload(_ size: Int32) throws -> Payload {
        guard size >= 0, size <= Limits().maxSendMessageBytes else {
            throw RPCError(.invalidArgument, "A response of \(size) bytes can't be made.")
        }
        return .zeros(Int(size))
    }

    /// The feature CompressedRequest: a request that did not travel as it says is refused.
    private static func check(_ expected: BoolValue?, wasCompressed: Bool) throws {
        guard let expected, expected.value != wasCompressed else { return }
        throw RPCError(
            .invalidArgument,
            expected.value ? "The request was to be compressed, and was not." : "The request was compressed.")
    }

    private static func echoMetadata(_ context: CallContext) {
        if let value = context.metadata[TestMethods.echoInitial] {
            context.initialMetadata.add(TestMethods.echoInitial, value)
        }
        if let value = context.metadata[binary: TestMethods.echoTrailing] {
            context.trailingMetadata.add(TestMethods.echoTrailing, binary: value)
        }
    }
}

extension EchoStatus {
    /// Throws the status, where it is not OK.
    func raise() throws {
        guard code != 0 else { return }
        throw RPCError(StatusCode(rawValue: Int(code)), message)
    }
}
