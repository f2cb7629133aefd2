// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// Our client against servers that no library would be.
@Suite(.timeLimit(.minutes(2))) struct ScriptedServerTests {
    private static func client(
        _ listener: ScriptedListener, _ configure: (inout ClientConfiguration) -> Void = { _ in }
    ) throws -> Client {
        var settings = ClientConfiguration(target: .tcp(host: "127.0.0.1", port: listener.port))
        settings.backoff.initial = .milliseconds(1)
        settings.backoff.maximum = .milliseconds(5)
        configure(&settings)
        return try Client(configuration: settings)
    }

    private static let headers = [
        ScriptedPeer.Field(":status", "200"), .init("content-type", "application/grpc"),
    ]

    private static func answer(_ peer: ScriptedPeer, stream: Int32, _ message: [UInt8]) {
        peer.sendHeaders(stream: stream, headers)
        peer.sendMessage(stream: stream, message)
        peer.sendHeaders(stream: stream, [.init("grpc-status", "0")], endStream: true)
    }

    @Test func whatAClientSends() async throws {
        let listener = try ScriptedListener()
        let client = try Self.client(listener)
        async let response = client.unary(
            EchoService.unary, [7],
            options: CallOptions(metadata: ["x-one": "1"], timeout: .seconds(100)))
        let peer = try await listener.accept()
        let request = try #require(await peer.next(type: 1))
        #expect(request.value(":method") == "POST")
        #expect(request.value(":scheme") == "http")
        #expect(request.value(":path") == EchoService.unary.path)
        #expect(request.value(":authority") == "127.0.0.1:\(listener.port)")
        #expect(request.value("te") == "trailers")
        #expect(request.value("content-type") == "application/grpc")
        #expect(request.value("x-one") == "1")
        #expect(request.value("grpc-timeout")?.isEmpty == false)
        let data = try #require(await peer.next(type: 0))
        #expect(data.payload == [0, 0, 0, 0, 1, 7])
        #expect(data.endsStream)
        Self.answer(peer, stream: request.stream, [8])
        #expect(try await response == [8])
        await client.close(now: true)
    }

    /// What the client makes of the frames that `script` answers its request with.
    private static func outcome(_ script: (ScriptedPeer, Int32) -> Void) async throws -> StatusCode {
        let listener = try ScriptedListener()
        let client = try client(listener) { $0.limits.maxHeaderListBytes = 2_000 }
        let call = Task { await rpcError { _ = try await client.unary(EchoService.unary, [7]) } }
        let peer = try await listener.accept()
        let request = try #require(await peer.next(type: 1))
        script(peer, request.stream)
        let code = await call.value.code
        await client.close(now: true)
        return code
    }

    @Test func answersThatAreNoGRPC() async throws {
        #expect(
            try await Self.outcome { peer, stream in
                peer.sendHeaders(stream: stream, [.init(":status", "503")], endStream: true)
            } == .unavailable)
        #expect(
            try await Self.outcome { peer, stream in
                peer.sendHeaders(stream: stream, [.init(":status", "200"), .init("content-type", "text/html")])
                peer.send(type: 0, stream: stream, Array("<html>".utf8))
            } == .unknown)
    }

    @Test func answersWithoutAStatus() async throws {
        #expect(
            try await Self.outcome { peer, stream in
                peer.sendHeaders(stream: stream, Self.headers)
                peer.send(type: 0, flags: 1, stream: stream)
            } == .internalError)
        #expect(
            try await Self.outcome { peer, stream in
                peer.sendHeaders(stream: stream, Self.headers)
                peer.sendHeaders(stream: stream, [.init("x", "y")], endStream: true)
            } == .internalError)
        #expect(
            try await Self.outcome { peer, stream in
                peer.sendHeaders(stream: stream, Self.headers)
                peer.sendHeaders(stream: stream, [.init("grpc-status", "0")], endStream: true)
            } == .unimplemented)
    }

    /// Encodings and flags that are not known, and headers beyond the client's limit.
    @Test func answersThatCanNotBeRead() async throws {
        for (encoding, flag) in [("br", UInt8(0)), ("identity", 1), ("identity", 2), ("gzip", 3)] {
            #expect(
                try await Self.outcome { peer, stream in
                    peer.sendHeaders(stream: stream, Self.headers + [.init("grpc-encoding", encoding)])
                    peer.sendMessage(stream: stream, [1, 2, 3], flag: flag)
                    peer.sendHeaders(stream: stream, [.init("grpc-status", "0")], endStream: true)
                } == .internalError, "\(encoding) \(flag)")
        }
        let long = ScriptedPeer.Field("x", String(repeating: "y", count: 3_000))
        let ending = [long, .init("grpc-status", "0")]
        #expect(
            try await Self.outcome { peer, stream in
                peer.sendHeaders(stream: stream, Self.headers + [long])
            } == .resourceExhausted)
        #expect(
            try await Self.outcome { peer, stream in
                peer.sendHeaders(stream: stream, Self.headers + ending, endStream: true)
            } == .resourceExhausted)
        #expect(
            try await Self.outcome { peer, stream in
                peer.sendHeaders(stream: stream, Self.headers)
                peer.sendMessage(stream: stream, [1])
                peer.sendHeaders(stream: stream, ending, endStream: true)
            } == .resourceExhausted)
    }

    @Test func trailersOnly() async throws {
        #expect(
            try await Self.outcome { peer, stream in
                peer.sendHeaders(stream: stream, Self.headers + [.init("grpc-status", "16")], endStream: true)
            } == .unauthenticated)
    }

    @Test(arguments: [
        (UInt32(8), StatusCode.cancelled), (11, .resourceExhausted), (12, .permissionDenied), (2, .internalError),
    ])
    func resets(_ code: UInt32, _ expected: StatusCode) async throws {
        #expect(
            try await Self.outcome { peer, stream in
                peer.send(type: 3, stream: stream, ScriptedPeer.bigEndian(code))
            } == expected)
    }

    @Test func whatTheServerNeverSawIsSentAgain() async throws {
        let listener = try ScriptedListener()
        let client = try Self.client(listener)
        async let response = client.unary(EchoService.unary, [7])
        let first = try await listener.accept()
        let refused = try #require(await first.next(type: 1))
        first.send(type: 3, stream: refused.stream, ScriptedPeer.bigEndian(7))
        let again = try #require(await first.next(type: 1))
        #expect(again.value("grpc-previous-rpc-attempts") == nil)
        Self.answer(first, stream: again.stream, [1])
        #expect(try await response == [1])
        // A GOAWAY that names an earlier stream says the same of the ones after it.
        async let next = client.unary(EchoService.unary, [8])
        _ = try #require(await first.next(type: 1))
        first.send(type: 7, ScriptedPeer.bigEndian(UInt32(again.stream)) + ScriptedPeer.bigEndian(0))
        let second = try await listener.accept()
        let moved = try #require(await second.next(type: 1))
        Self.answer(second, stream: moved.stream, [2])
        #expect(try await next == [2])
        await client.close(now: true)
    }

    /// Headers of a response commit a call to its attempt (gRPC's proposal A6).
    @Test func aCallIsNotSentAgainOnceItsResponseBegan() async throws {
        let listener = try ScriptedListener()
        let client = try Self.client(listener)
        let call = Task {
            await rpcError {
                _ = try await client.unary(EchoService.unary, [7], options: CallOptions(retry: RetryPolicy()))
            }
        }
        let peer = try await listener.accept()
        let request = try #require(await peer.next(type: 1))
        peer.sendHeaders(stream: request.stream, [.init(":status", "200"), .init("content-type", "application/grpc")])
        peer.sendHeaders(stream: request.stream, [.init("grpc-status", "14")], endStream: true)
        #expect(await call.value.code == .unavailable)
        await client.close(now: true)
    }

    @Test func aSilentServerIsNoticed() async throws {
        let listener = try ScriptedListener()
        let client = try Self.client(listener) {
            $0.keepalive = KeepaliveConfiguration(interval: .milliseconds(20), timeout: .milliseconds(20))
        }
        let call = Task { await rpcError { _ = try await client.unary(EchoService.unary, [7]) } }
        let peer = try await listener.accept()
        #expect(await peer.next(type: 6) != nil)
        #expect(await call.value.code == .unavailable)
        await client.close(now: true)
    }

    /// gRPC's proposal A8: who is told that it asks too often asks half as often from then on.
    @Test func aServerThatCallsForCalmIsAskedHalfAsOften() async throws {
        let interval = Duration.milliseconds(150)
        let listener = try ScriptedListener()
        let client = try Self.client(listener) { $0.keepalive = KeepaliveConfiguration(interval: interval) }
        let call = Task { await rpcError { _ = try await client.unary(EchoService.unary, [7]) } }
        let first = try await listener.accept()
        #expect(await first.next(type: 6) != nil)
        // The next connection begins after this, and its PING comes so long after its beginning at the soonest.
        let start = ContinuousClock.now
        first.send(
            type: 7, ScriptedPeer.bigEndian(0) + ScriptedPeer.bigEndian(11) + Array("too_many_pings".utf8))
        let second = try await listener.accept()
        #expect(await second.next(type: 6) != nil)
        #expect(ContinuousClock.now - start >= interval * 2)
        await client.close(now: true)
        #expect(await call.value.code == .unavailable)
    }

    /// A client that can't connect tries again after waits that grow.
    @Test func attemptsToConnectAreFurtherAndFurtherApart() async throws {
        let listener = try ScriptedListener()
        let client = try Self.client(listener) {
            $0.backoff.initial = .milliseconds(40)
            $0.backoff.maximum = .milliseconds(150)
            $0.backoff.multiplier = 2
            $0.backoff.jitter = 0
        }
        async let response = client.unary(EchoService.unary, [7], options: CallOptions(waitsForReady: true))
        var attempt: ScriptedPeer? = try await listener.acceptSilently()
        for wait in [40, 80, 150] {
            let start = ContinuousClock.now
            // It is closed when it is let go of, and the client's wait begins after that.
            withExtendedLifetime(attempt) {}
            attempt = nil
            attempt = try await listener.acceptSilently()
            #expect(ContinuousClock.now - start >= .milliseconds(wait))
        }
        attempt = nil
        let peer = try await listener.accept()
        let request = try #require(await peer.next(type: 1))
        Self.answer(peer, stream: request.stream, [8])
        #expect(try await response == [8])
        await client.close(now: true)
    }

    @Test func aCancelledCallIsReset() async throws {
        let listener = try ScriptedListener()
        let client = try Self.client(listener)
        let call = Task { await rpcError { _ = try await client.unary(EchoService.unary, [7]) } }
        let peer = try await listener.accept()
        let request = try #require(await peer.next(type: 1))
        call.cancel()
        #expect(await call.value.code == .cancelled)
        let reset = await peer.next(type: 3, stream: request.stream)
        #expect(reset?.code == 8)
        await client.close(now: true)
    }
}
