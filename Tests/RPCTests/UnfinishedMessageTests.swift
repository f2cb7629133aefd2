// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// Messages that are begun and not ended, over many connections, and large ones of callers that mean well.
@Suite(.timeLimit(.minutes(3))) struct UnfinishedMessageTests {
    private static let mebibyte = 1 << 20

    private static func limit(_ configuration: inout ServerConfiguration) {
        configuration.limits.maxReceiveMessageBytes = 1 << 20
        configuration.limits.maxReceivingBytes = 8 << 20
        configuration.limits.maxReceivingBytesPerCaller = 3 << 20
        configuration.share = { peer in
            CallerShare(name: peer.certificate?.subject ?? "stranger", receivingBytes: 3 << 20)
        }
    }

    /// Sends what the initial window takes of a message that is said to have a mebibyte.
    private static func begin(_ peer: ScriptedPeer, stream: Int32) {
        peer.sendRequest(stream: stream, path: EchoService.collect.path)
        peer.send(type: 0, stream: stream, [0] + ScriptedPeer.bigEndian(UInt32(mebibyte)))
        for _ in 0..<3 { peer.send(type: 0, stream: stream, [UInt8](repeating: 1, count: 16_000)) }
    }

    @Test func unfinishedMessagesShareTheirRoom() async throws {
        try await underAttack(.socket, Self.limit) { port, rig in
            var peers: [ScriptedPeer] = []
            for _ in 0..<20 {
                let peer = try ScriptedPeer.connect(port: port)
                peer.sendClientPreface()
                Self.begin(peer, stream: 1)
                peers.append(peer)
            }
            try await eventually {
                let seen = rig.server.statistics
                return seen.reservedBytes == 3 << 20 && seen.heldBytes == 17 * (5 + 3 * 16_000)
            }
            peers.removeAll()
            try await eventually { rig.server.statistics.reservedBytes == 0 && rig.server.statistics.heldBytes == 0 }
        }
    }

    @Test func bytesThatComeUnaskedEndTheirCall() async throws {
        try await underAttack {
            Self.limit(&$0)
            $0.share = { _ in CallerShare(name: "all", receivingBytes: 1 << 20) }
        } _: { port, rig in
            let peer = try ScriptedPeer.connect(port: port)
            peer.sendClientPreface()
            // One has the room; of those that wait eleven go into half a mebibyte.
            for number in Int32(0)..<12 { Self.begin(peer, stream: 2 * number + 1) }
            #expect(await peer.end(ofStream: 23)?.value("grpc-status") == "8")
            #expect(rig.server.statistics.refusals == [.maxReceivingBytesPerCaller: 1])
        }
    }

    @Test func whoStandsInTheWayIsEnded() async throws {
        try await underAttack {
            Self.limit(&$0)
            $0.limits.receivingPatience = .seconds(1)
            $0.share = { _ in CallerShare(name: "all", receivingBytes: 1 << 20) }
        } _: { port, rig in
            let slow = try ScriptedPeer.connect(port: port)
            slow.sendClientPreface()
            Self.begin(slow, stream: 1)
            try await eventually { rig.server.statistics.reservedBytes == Self.mebibyte }
            // It may stand there for as long as nobody wants the room.
            try await Task.sleep(for: .milliseconds(1_500))
            #expect(rig.server.statistics.reservedBytes == Self.mebibyte)
            let message = [UInt8](repeating: 3, count: Self.mebibyte)
            let response = try await rig.client.unary(EchoService.unary, message)
            #expect(response == message)
            #expect(await slow.end(ofStream: 1)?.value("grpc-status") == "8")
            #expect(rig.server.statistics.refusals == [.receivingPatience: 1])
        }
    }

    /// More large messages at once than there is room for: all arrive, one after the other.
    @Test(arguments: Transport.allCases) func largeMessagesTakeTurns(_ transport: Transport) async throws {
        try await Rig.run(
            transport,
            server: {
                Self.limit(&$0)
                // What streams that wait have sent within their windows fits into half of the caller's room.
                ($0.limits.initialWindowBytes, $0.limits.maxWindowBytes) = (32 << 10, 32 << 10)
            }
        ) { rig in
            let message = [UInt8](repeating: 9, count: Self.mebibyte - 16)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        for _ in 0..<3 {
                            let response = try await rig.client.unary(EchoService.unary, message)
                            #expect(response == message)
                        }
                    }
                    group.addTask {
                        let call = try await rig.client.bidirectional(EchoService.chat)
                        for _ in 0..<3 {
                            try await call.requests.write(message)
                            let response = try await call.responses.next()
                            #expect(response == message)
                        }
                        try await call.requests.finish()
                        let end = try await call.responses.next()
                        #expect(end == nil)
                    }
                }
                try await group.waitForAll()
            }
            try await eventually { rig.server.statistics.reservedBytes == 0 && rig.server.statistics.heldBytes == 0 }
            #expect(rig.server.statistics.refusals.isEmpty)
        }
    }

    /// Compressed messages expand within what was reserved for them.
    @Test func compressedMessagesTakeTurns() async throws {
        try await Rig.run(.tls, server: Self.limit) { rig in
            let message = [UInt8](repeating: 9, count: Self.mebibyte - 16)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        let options = CallOptions(compresses: true)
                        let response = try await rig.client.unary(EchoService.unary, message, options: options)
                        #expect(response == message)
                    }
                }
                try await group.waitForAll()
            }
            try await eventually { rig.server.statistics.reservedBytes == 0 && rig.server.statistics.heldBytes == 0 }
        }
    }

    /// A message that the handler has not let go of keeps its room, also when its call was cut.
    @Test func whatTheHandlerHasIsCounted() async throws {
        let go = Signal()
        try await Rig.run(
            .socket, server: Self.limit,
            router: { router in
                router.clientStreaming(EchoService.collect) { requests, _ in
                    _ = try await requests.next()
                    await go.wait()
                    return []
                }
            }
        ) { rig in
            let port = try #require(rig.address?.port)
            let peer = try ScriptedPeer.connect(port: port)
            peer.sendClientPreface()
            peer.sendRequest(stream: 1, path: EchoService.collect.path)
            let part = [UInt8](repeating: 1, count: 16_000)
            peer.send(type: 0, stream: 1, [0] + ScriptedPeer.bigEndian(UInt32(6 * part.count)))
            for _ in 0..<6 { peer.send(type: 0, stream: 1, part) }
            try await eventually { rig.server.statistics.reservedBytes == 6 * part.count }
            peer.send(type: 3, stream: 1, [0, 0, 0, 8])
            try await eventually { rig.server.statistics.streamsOpen == 0 }
            #expect(rig.server.statistics.reservedBytes == 6 * part.count)
            go.raise()
            try await eventually { rig.server.statistics.reservedBytes == 0 }
        }
    }
}
