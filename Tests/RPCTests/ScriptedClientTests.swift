// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// Our server against clients that no library would be.
@Suite(.timeLimit(.minutes(2))) struct ScriptedClientTests {
    private static let unary = EchoService.unary.path

    /// Runs `body` with a scripted client, and shows that the server still serves others afterwards.
    private static func run(
        server configure: (inout ServerConfiguration) -> Void = { _ in },
        router: (inout Router) -> Void = EchoService.add,
        _ body: (ScriptedPeer, Rig) async throws -> Void
    ) async throws {
        try await Rig.run(.socket, server: configure, router: router) { rig in
            let peer = try ScriptedPeer.connect(port: rig.address?.port ?? 0)
            try await body(peer, rig)
            let response = try await rig.client.unary(
                EchoService.unary, [42], options: CallOptions(waitsForReady: true, retry: RetryPolicy()))
            #expect(response == [42])
        }
    }

    @Test func aConversationFrameByFrame() async throws {
        try await Self.run { peer, _ in
            peer.sendClientPreface()
            peer.sendRequest(stream: 1, path: Self.unary)
            peer.sendMessage(stream: 1, [1, 2, 3], endStream: true)
            let headers = await peer.next(type: 1)
            #expect(headers?.value(":status") == "200")
            #expect(headers?.value("content-type") == "application/grpc")
            #expect(await peer.next(type: 0)?.payload == [0, 0, 0, 0, 3, 1, 2, 3])
            let trailers = await peer.next(type: 1)
            #expect(trailers?.value("grpc-status") == "0")
            #expect(trailers?.endsStream == true)
        }
    }

    /// Sends a request and answers the fields of the response's last header block.
    private static func ending(
        _ peer: ScriptedPeer, stream: Int32, _ send: (Int32) -> Void
    ) async -> ScriptedPeer.Frame? {
        send(stream)
        return await peer.end(ofStream: stream)
    }

    @Test func requestsThatAreNoGRPC() async throws {
        try await Self.run(server: {
            $0.limits.maxHeaderListBytes = 2000
            $0.limits.requestTimeout = .milliseconds(300)
        }) { peer, _ in
            peer.sendClientPreface()
            let get = [
                ScriptedPeer.Field(":method", "GET"), .init(":scheme", "http"), .init(":path", "/"),
                .init(":authority", "x"),
            ]
            peer.sendHeaders(stream: 1, get, endStream: true)
            let wrongMethod = await peer.next(type: 1, stream: 1)
            #expect(wrongMethod?.value(":status") == "405")
            #expect(wrongMethod?.value("allow") == "POST")
            let json = [
                ScriptedPeer.Field(":method", "POST"), .init(":scheme", "http"), .init(":path", Self.unary),
                .init(":authority", "x"), .init("content-type", "application/json"),
            ]
            #expect(await peer.end(ofStream: 1)?.payload.isEmpty == false)
            peer.sendHeaders(stream: 3, json)
            let wrongType = await peer.next(type: 1, stream: 3)
            #expect(wrongType?.value(":status") == "415")
            // One without an end is answered when its time is up.
            peer.sendHeaders(stream: 7, get)
            let unended = await peer.next(type: 1, stream: 7)
            #expect(unended?.value(":status") == "405")
            let long = String(repeating: "x", count: 1000)
            peer.sendRequest(stream: 9, path: Self.unary, extra: [.init("a", long), .init("b", long)])
            let tooLong = await peer.next(type: 1, stream: 9)
            #expect(tooLong?.value(":status") == "431")
        }
    }

    @Test func requestsWithWrongHeaders() async throws {
        try await Self.run { peer, _ in
            peer.sendClientPreface()
            let cases: [(ScriptedPeer.Field, String)] = [
                (.init("grpc-encoding", "br"), "12"), (.init("grpc-timeout", "never"), "3"), (.init("x-bin", "*"), "3"),
            ]
            for (index, (field, status)) in cases.enumerated() {
                let end = await Self.ending(peer, stream: Int32(2 * index + 1)) {
                    peer.sendRequest(stream: $0, path: Self.unary, extra: [field], endStream: true)
                }
                #expect(end?.value("grpc-status") == status)
                if status == "12" { #expect(end?.value("grpc-accept-encoding") == "identity,gzip") }
            }
            let missing = await Self.ending(peer, stream: 7) {
                peer.sendRequest(stream: $0, path: "/no.Such/Method", endStream: true)
            }
            #expect(missing?.value("grpc-status") == "12")
        }
    }

    /// A response is compressed for a client that says it takes that, and for no other.
    @Test func compressionIsNegotiated() async throws {
        try await Self.run(router: { router in
            router.unary(EchoService.unary) { request, context in
                context.compressesResponse = true
                return request
            }
        }) { peer, _ in
            peer.sendClientPreface()
            let accepted: [(String?, Bool)] = [
                (nil, false), ("identity", false), ("br,deflate", false), ("identity, gzip", true),
            ]
            for (index, (list, isCompressed)) in accepted.enumerated() {
                let stream = Int32(2 * index + 1)
                let extra = list.map { [ScriptedPeer.Field("grpc-accept-encoding", $0)] } ?? []
                peer.sendRequest(stream: stream, path: Self.unary, extra: extra)
                peer.sendMessage(stream: stream, [UInt8](repeating: 5, count: 1_000), endStream: true)
                let headers = await peer.next(type: 1, stream: stream)
                #expect(headers?.value("grpc-encoding") == (isCompressed ? "gzip" : nil), "\(list ?? "nothing")")
                let data = await peer.next(type: 0, stream: stream)
                #expect(data?.payload.first == (isCompressed ? 1 : 0))
                #expect((data?.payload.count ?? 0 < 100) == isCompressed)
            }
        }
    }

    @Test func bodiesThatAreWrong() async throws {
        try await Self.run(server: { $0.limits.maxReceiveMessageBytes = 1000 }) { peer, _ in
            peer.sendClientPreface()
            let bodies: [([UInt8], String)] = [
                ([2, 0, 0, 0, 0], "13"), ([1, 0, 0, 0, 1, 0], "13"), ([0, 0, 0, 0, 9, 1], "13"),
                ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "12"), ([], "12"), ([0, 0, 0, 4, 0], "8"),
                ([0, 255, 255, 255, 255], "8"),
            ]
            for (index, (body, status)) in bodies.enumerated() {
                let end = await Self.ending(peer, stream: Int32(2 * index + 1)) {
                    peer.sendRequest(stream: $0, path: Self.unary)
                    peer.send(type: 0, flags: 1, stream: $0, body)
                }
                #expect(end?.value("grpc-status") == status, "\(body)")
            }
            let notGzip = await Self.ending(peer, stream: 99) {
                peer.sendRequest(stream: $0, path: Self.unary, extra: [.init("grpc-encoding", "gzip")])
                peer.sendMessage(stream: $0, [1, 2, 3], flag: 1, endStream: true)
            }
            #expect(notGzip?.value("grpc-status") == "13")
        }
    }

    @Test func theServerKeepsTheDeadline() async throws {
        let cancelled = Signal()
        try await Self.run(router: { router in
            EchoService.add(to: &router)
            router.serverStreaming(EchoService.expand) { _, _, _ in
                do { try await Task.sleep(for: .seconds(3600)) } catch { cancelled.raise() }
            }
        }) { peer, _ in
            peer.sendClientPreface()
            peer.sendRequest(stream: 1, path: EchoService.expand.path, extra: [.init("grpc-timeout", "30m")])
            peer.sendMessage(stream: 1, [], endStream: true)
            #expect(await peer.end(ofStream: 1)?.value("grpc-status") == "4")
            await cancelled.wait()
        }
    }

    @Test func anEarlyEndTellsTheClientToStop() async throws {
        try await Self.run(router: { router in
            EchoService.add(to: &router)
            router.clientStreaming(EchoService.collect) { _, _ in throw RPCError(.aborted, "enough") }
        }) { peer, _ in
            peer.sendClientPreface()
            peer.sendRequest(stream: 1, path: EchoService.collect.path)
            #expect(await peer.end(ofStream: 1)?.value("grpc-status") == "10")
            let reset = await peer.next(type: 3, stream: 1)
            #expect(reset?.code == 0)
        }
    }

    @Test func aResetCancelsTheHandler() async throws {
        let started = Signal()
        let cancelled = Signal()
        try await Self.run(router: { router in
            EchoService.add(to: &router)
            router.bidirectional(EchoService.chat) { requests, _, _ in
                started.raise()
                do { _ = try await requests.next() } catch { cancelled.raise() }
            }
        }) { peer, _ in
            peer.sendClientPreface()
            peer.sendRequest(stream: 1, path: EchoService.chat.path)
            await started.wait()
            peer.send(type: 3, stream: 1, ScriptedPeer.bigEndian(8))
            await cancelled.wait()
        }
    }

    @Test func streamsOverTheLimitAreRefused() async throws {
        try await Self.run(server: { $0.limits.maxConcurrentStreams = 2 }) { peer, _ in
            peer.sendClientPreface()
            for stream: Int32 in [1, 3, 5] { peer.sendRequest(stream: stream, path: EchoService.chat.path) }
            let reset = await peer.next(type: 3)
            #expect(reset?.stream == 5)
            #expect(reset?.code == 7)
        }
    }

    @Test func streamsOverAnAcknowledgedLimitEndTheConnection() async throws {
        try await Self.run(server: { $0.limits.maxConcurrentStreams = 2 }) { peer, _ in
            peer.sendClientPreface()
            _ = await peer.next(type: 4)
            peer.send(type: 4, flags: 1)
            for stream: Int32 in [1, 3, 5] { peer.sendRequest(stream: stream, path: EchoService.chat.path) }
            #expect(await peer.goAwayCodeAtEnd() == 1)
        }
    }

    // MARK: Attacks

    @Test func garbageInsteadOfHTTP2() async throws {
        try await Self.run { peer, rig in
            peer.send(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            while await !peer.nextBytes().isEmpty {}
            #expect(rig.server.statistics.handshakeFailures[.notHTTP2] == 1)
        }
    }

    @Test func slowHandshakesEnd() async throws {
        try await Self.run(server: { $0.limits.handshakeTimeout = .milliseconds(300) }) { peer, rig in
            while await !peer.nextBytes().isEmpty {}
            // Counted in the turn that closes the socket, perhaps after the peer has seen it closed.
            try await eventually { rig.server.statistics.handshakeFailures[.timeout] == 1 }
        }
    }

    @Test func rapidResetsEnd() async throws {
        try await Self.run(server: { $0.limits.maxResetsPerSecond = 50 }) { peer, rig in
            peer.sendClientPreface()
            var attack: [UInt8] = []
            let request = ScriptedPeer.headerBlock([
                .init(":method", "POST"), .init(":scheme", "http"), .init(":path", EchoService.chat.path),
                .init(":authority", "x"), .init("content-type", "application/grpc"),
            ])
            for number in 0..<5000 {
                let stream = Int32(2 * number + 1)
                attack += ScriptedPeer.frame(type: 1, flags: 4, stream: stream, request)
                attack += ScriptedPeer.frame(type: 3, stream: stream, ScriptedPeer.bigEndian(8))
            }
            peer.send(attack)
            let code = await peer.goAwayCodeAtEnd()
            #expect(code == 11 || code == nil, "ENHANCE_YOUR_CALM, unless our own flood broke the connection first")
            #expect(rig.server.statistics.connectionsEndedForFlood == 1)
            #expect(rig.server.statistics.callsStarted < 5000)
        }
    }

    @Test(arguments: [UInt8(0), 4, 6]) func floodsOfEmptyFramesEnd(_ type: UInt8) async throws {
        try await Self.run { peer, rig in
            peer.sendClientPreface()
            peer.sendRequest(stream: 1, path: EchoService.chat.path)
            let payload = type == 6 ? [UInt8](repeating: 0, count: 8) : []
            let frame = ScriptedPeer.frame(type: type, stream: type == 0 ? 1 : 0, payload)
            peer.send(Array(repeatElement(frame, count: 3000).joined()))
            let code = await peer.goAwayCodeAtEnd()
            #expect(code == 11 || code == nil)
            #expect(rig.server.statistics.connectionsEndedForFlood == 1)
        }
    }

    @Test func endlessHeaderBlocksEnd() async throws {
        try await Self.run { peer, _ in
            peer.sendClientPreface()
            let block = ScriptedPeer.headerBlock([.init("a", String(repeating: "x", count: 16_000))])
            peer.send(type: 1, flags: 0, stream: 1, ScriptedPeer.headerBlock([.init(":method", "POST")]))
            for _ in 0..<2000 { peer.send(type: 9, flags: 0, stream: 1, block) }
            // nghttp2 ends the connection; that it ends is the test.
            _ = await peer.goAwayCodeAtEnd()
        }
    }

    @Test func protocolErrorsEndTheConnection() async throws {
        try await Self.run { peer, _ in
            peer.sendClientPreface()
            peer.send(type: 0, stream: 1, [1, 2, 3])
            #expect(await peer.goAwayCodeAtEnd() == 1)
        }
    }
}
