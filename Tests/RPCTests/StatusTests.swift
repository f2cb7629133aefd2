// SPDX-License-Identifier: Apache-2.0

import RPC
import TestKit
import Testing

/// The error that `body` throws, which must be an `RPCError`.
func rpcError(_ body: () async throws -> Void) async -> RPCError {
    do {
        try await body()
        Issue.record("The call succeeded.")
        return RPCError(.ok, "")
    } catch let error as RPCError { return error } catch {
        Issue.record("\(error)")
        return RPCError(.ok, "")
    }
}

/// How calls end, over every transport.
@Suite(.timeLimit(.minutes(2))) struct StatusTests {
    @Test(arguments: Transport.allCases) func errorsTravelWhole(_ transport: Transport) async throws {
        let thrown = RPCError(
            .failedPrecondition, "Änderung: 50% \n fertig",
            metadata: ["why": "because"], details: [8, 3, 18, 2, 104, 105])
        try await Rig.run(transport, router: { router in
            router.unary(EchoService.unary) { _, context in
                context.trailingMetadata.add("also", "this")
                throw thrown
            }
        }) { rig in
            let error = await rpcError { _ = try await rig.client.unary(EchoService.unary, [1]) }
            #expect(error.code == thrown.code)
            #expect(error.message == thrown.message)
            #expect(error.details == thrown.details)
            #expect(error.metadata["why"] == "because")
            #expect(error.metadata["also"] == "this")
        }
    }

    private struct Secret: Error {}

    @Test(arguments: Transport.allCases) func otherErrorsTellNothing(_ transport: Transport) async throws {
        try await Rig.run(transport, router: { router in
            router.unary(EchoService.unary) { _, _ in throw Secret() }
        }) { rig in
            let error = await rpcError { _ = try await rig.client.unary(EchoService.unary, [1]) }
            #expect(error.code == .unknown)
            #expect(!error.message.contains("Secret"))
        }
    }

    @Test(arguments: Transport.allCases) func anErrorComesAfterTheMessages(_ transport: Transport) async throws {
        try await Rig.run(transport, router: { router in
            router.serverStreaming(EchoService.expand) { _, responses, _ in
                for byte in UInt8(0)..<3 { try await responses.write([byte]) }
                throw RPCError(.dataLoss, "no more")
            }
        }) { rig in
            let responses = try await rig.client.serverStreaming(EchoService.expand, [])
            var seen: [UInt8] = []
            let error = await rpcError { for try await response in responses { seen += response } }
            #expect(seen == [0, 1, 2])
            #expect(error.code == .dataLoss)
        }
    }

    @Test(arguments: Transport.allCases) func everyCode(_ transport: Transport) async throws {
        try await Rig.run(transport, router: { router in
            router.unary(EchoService.unary) { request, _ in
                throw RPCError(StatusCode(rawValue: Int(request.first ?? 0)), "as asked")
            }
        }) { rig in
            for code in (1...16).map({ UInt8($0) }) + [99] {
                let error = await rpcError { _ = try await rig.client.unary(EchoService.unary, [code]) }
                #expect(error.code.rawValue == Int(code))
            }
        }
    }

    @Test(arguments: Transport.allCases) func unknownMethods(_ transport: Transport) async throws {
        try await Rig.run(transport) { rig in
            let missing = EchoService.method("Missing", .bidirectional)
            let call = try await rig.client.bidirectional(missing)
            let error = await rpcError { _ = try await call.responses.next() }
            #expect(error.code == .unimplemented)
        }
    }

    @Test(arguments: Transport.allCases) func metadataBothWays(_ transport: Transport) async throws {
        try await Rig.run(transport, router: { router in
            router.unary(EchoService.unary) { request, context in
                context.initialMetadata = ["initial": context.metadata["ask"] ?? "nothing"]
                context.initialMetadata.add("i-bin", binary: context.metadata[binary: "ask-bin"] ?? [])
                for value in context.metadata.values("many") {
                    if case .ascii(let text) = value { context.trailingMetadata.add("many", text) }
                }
                context.trailingMetadata.add("t-bin", binary: [])
                return request
            }
        }) { rig in
            var metadata: Metadata = ["ask": "a b c", "many": "1", "many": "2"]
            metadata.add("ask-bin", binary: Array(0...255))
            let response = try await rig.client.unaryWithMetadata(
                EchoService.unary, [1], options: CallOptions(metadata: metadata))
            #expect(response.initialMetadata["initial"] == "a b c")
            #expect(response.initialMetadata[binary: "i-bin"] == Array(0...255))
            #expect(response.trailingMetadata.values("many") == [.ascii("1"), .ascii("2")])
            #expect(response.trailingMetadata[binary: "t-bin"] == [])
        }
    }

    @Test(arguments: Transport.allCases) func metadataThatCannotTravel(_ transport: Transport) async throws {
        try await Rig.run(transport, router: { router in
            router.unary(EchoService.unary) { request, context in
                context.initialMetadata = ["bad name": "x"]
                return request
            }
        }) { rig in
            for metadata: Metadata in [["a b": "x"], ["grpc-x": "y"], ["x": "a\u{1}b"], ["y-bin": "text"]] {
                let error = await rpcError {
                    _ = try await rig.client.unary(EchoService.unary, [], options: CallOptions(metadata: metadata))
                }
                #expect(error.code == .internalError)
            }
            let error = await rpcError { _ = try await rig.client.unary(EchoService.unary, []) }
            #expect(error.code == .internalError)
        }
    }

    @Test(arguments: Transport.allCases) func messageLimits(_ transport: Transport) async throws {
        try await Rig.run(transport, server: { $0.limits.maxReceiveMessageBytes = 1000 }) { rig in
            let fits = try await rig.client.unary(EchoService.unary, [UInt8](repeating: 1, count: 1000))
            #expect(fits.count == 1000)
            let error = await rpcError {
                _ = try await rig.client.unary(EchoService.unary, [UInt8](repeating: 1, count: 1001))
            }
            #expect(error.code == .resourceExhausted)
        }
        try await Rig.run(transport, client: { $0.limits.maxReceiveMessageBytes = 10 }) { rig in
            let error = await rpcError {
                _ = try await rig.client.unary(EchoService.unary, [UInt8](repeating: 1, count: 11))
            }
            #expect(error.code == .resourceExhausted)
        }
        try await Rig.run(transport, client: { $0.limits.maxSendMessageBytes = 10 }) { rig in
            let error = await rpcError {
                _ = try await rig.client.unary(EchoService.unary, [UInt8](repeating: 1, count: 11))
            }
            #expect(error.code == .resourceExhausted)
            let next = try await rig.client.unary(EchoService.unary, [5])
            #expect(next == [5])
        }
    }

    @Test(arguments: Transport.allCases) func compressedBothWays(_ transport: Transport) async throws {
        let text = [UInt8](repeating: 65, count: 100_000)
        try await Rig.run(transport, router: { router in
            router.bidirectional(EchoService.chat) { requests, responses, context in
                context.compressesResponse = true
                for try await request in requests { try await responses.write(request) }
            }
        }) { rig in
            let call = try await rig.client.bidirectional(EchoService.chat, options: CallOptions(compresses: true))
            for _ in 0..<3 {
                try await call.requests.write(text)
                #expect(try await call.responses.next() == text)
            }
            try await call.requests.finish()
            #expect(try await call.responses.next() == nil)
        }
    }

    @Test(arguments: Transport.allCases) func undecodableRequests(_ transport: Transport) async throws {
        let picky = Method<[UInt8], [UInt8]>(
            path: EchoService.unary.path, shape: .unary,
            request: Marshaller(decode: { _ in throw Secret() }, encode: { value, buffer in buffer.writeBytes(value) }),
            response: .bytes)
        try await Rig.run(transport, router: { router in
            router.unary(picky) { request, _ in request }
        }) { rig in
            let error = await rpcError { _ = try await rig.client.unary(EchoService.unary, [1]) }
            #expect(error.code == .invalidArgument)
        }
    }
}
