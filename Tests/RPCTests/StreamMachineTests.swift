// SPDX-License-Identifier: Apache-2.0

import RPC
import Testing

/// The server's call, event by event.
@Suite struct ServerStreamMachineTests {
    @Test func unaryCall() {
        var machine = ServerStreamMachine(shape: .unary)
        #expect(machine.receivedMessage() == .deliver)
        #expect(machine.receivedEnd() == .deliver)
        #expect(machine.send() == .sendAfterHeaders)
        #expect(machine.finish() == .trailers)
        #expect(machine.sentEnd() == false)
        #expect(machine.closed() == false)
    }

    @Test func oneRequestMeansOne() {
        var twice = ServerStreamMachine(shape: .serverStreaming)
        #expect(twice.receivedMessage() == .deliver)
        #expect(twice.receivedMessage() == .refuse)
        var none = ServerStreamMachine(shape: .unary)
        #expect(none.receivedEnd() == .refuse)
        var many = ServerStreamMachine(shape: .clientStreaming)
        #expect(many.receivedMessage() == .deliver)
        #expect(many.receivedMessage() == .deliver)
        #expect(many.receivedEnd() == .deliver)
        var noneOfMany = ServerStreamMachine(shape: .bidirectional)
        #expect(noneOfMany.receivedEnd() == .deliver)
    }

    @Test func endingEarlyTellsTheClientToStop() {
        var machine = ServerStreamMachine(shape: .bidirectional)
        #expect(machine.finish() == .trailersOnly)
        #expect(machine.receivedMessage() == .ignore)
        #expect(machine.send() == .refuse)
        #expect(machine.finish() == .ignore)
        #expect(machine.sentEnd() == true)
        #expect(machine.closed() == false)
    }

    @Test func aResetCancels() {
        var machine = ServerStreamMachine(shape: .unary)
        #expect(machine.closed() == true)
        #expect(machine.closed() == false)
        #expect(machine.finish() == .ignore)
        #expect(machine.send() == .refuse)
        #expect(machine.receivedMessage() == .ignore)
        #expect(machine.receivedEnd() == .ignore)
    }

    @Test func aResetWhileTrailersWaitCancels() {
        var machine = ServerStreamMachine(shape: .serverStreaming)
        #expect(machine.send() == .sendAfterHeaders)
        #expect(machine.send() == .send)
        #expect(machine.finish() == .trailers)
        #expect(machine.closed() == true)
    }
}

/// The client's call, event by event.
@Suite struct ClientStreamMachineTests {
    private static let headers = [(":status", "200"), ("content-type", "application/grpc")]

    private static func text(_ action: ClientStreamMachine.HeadersAction) -> String {
        switch action {
        case .ignore: "ignore"
        case .begin: "begin"
        case .end(.success, let reset): "OK\(reset ? " reset" : "")"
        case .end(.failure(let error), let reset): "\(error.code)\(reset ? " reset" : "")"
        }
    }

    private static func first(_ fields: [(String, String)], endStream: Bool) -> String {
        var machine = ClientStreamMachine(shape: .unary)
        return text(machine.receivedHeaders(HeadTests.response(fields), endStream: endStream))
    }

    @Test func unaryCall() {
        var machine = ClientStreamMachine(shape: .unary)
        #expect(machine.finishSending() == true)
        #expect(machine.finishSending() == false)
        #expect(Self.text(machine.receivedHeaders(HeadTests.response(Self.headers), endStream: false)) == "begin")
        #expect(machine.receivedMessage() == .deliver)
        let trailers = HeadTests.response([("grpc-status", "0")])
        #expect(Self.text(machine.receivedHeaders(trailers, endStream: true)) == "OK")
        #expect(machine.isEnded)
        #expect(machine.endLocally() == false)
        #expect(machine.receivedMessage() == .ignore)
        #expect(Self.text(machine.receivedHeaders(trailers, endStream: true)) == "ignore")
    }

    @Test func startsOfResponses() {
        #expect(Self.first(Self.headers + [("grpc-status", "5")], endStream: true) == "NOT_FOUND")
        #expect(Self.first([(":status", "404")], endStream: true) == "UNIMPLEMENTED")
        #expect(Self.first([(":status", "503")], endStream: false) == "UNAVAILABLE reset")
        #expect(Self.first([(":status", "200"), ("content-type", "text/html")], endStream: false) == "UNKNOWN reset")
        #expect(Self.first(Self.headers, endStream: true) == "INTERNAL")
        #expect(Self.first(Self.headers + [("grpc-encoding", "br")], endStream: false) == "INTERNAL reset")
        #expect(Self.first([(":status", "103")], endStream: false) == "ignore")
    }

    @Test func successNeedsItsResponse() {
        var machine = ClientStreamMachine(shape: .clientStreaming)
        _ = machine.receivedHeaders(HeadTests.response(Self.headers), endStream: false)
        let trailers = HeadTests.response([("grpc-status", "0")])
        #expect(Self.text(machine.receivedHeaders(trailers, endStream: true)) == "UNIMPLEMENTED")
        var many = ClientStreamMachine(shape: .serverStreaming)
        _ = many.receivedHeaders(HeadTests.response(Self.headers), endStream: false)
        #expect(Self.text(many.receivedHeaders(trailers, endStream: true)) == "OK")
    }

    @Test func oneResponseMeansOne() {
        var machine = ClientStreamMachine(shape: .unary)
        #expect(machine.receivedMessage() == .ignore)
        _ = machine.receivedHeaders(HeadTests.response(Self.headers), endStream: false)
        #expect(machine.receivedMessage() == .deliver)
        #expect(machine.receivedMessage() == .refuse)
        #expect(machine.endLocally() == true)
        #expect(!machine.isSending)
    }

    @Test func mappings() {
        #expect(StatusMapping.code(httpStatus: 401) == .unauthenticated)
        #expect(StatusMapping.code(httpStatus: 429) == .unavailable)
        #expect(StatusMapping.code(httpStatus: 500) == .unknown)
        #expect(StatusMapping.code(.refusedStream) == .unavailable)
        #expect(StatusMapping.code(.cancel) == .cancelled)
        #expect(StatusMapping.code(.enhanceYourCalm) == .resourceExhausted)
        #expect(StatusMapping.code(.inadequateSecurity) == .permissionDenied)
        #expect(StatusMapping.code(.protocolError) == .internalError)
    }
}
