// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPC
import Testing

/// The four call shapes, over every transport.
@Suite struct ShapesTests {
    @Test(arguments: Transport.allCases) func unary(_ transport: Transport) async throws {
        try await Rig.run(transport) { rig in
            let echoed = try await rig.client.unary(EchoService.unary, [1, 2, 3])
            #expect(echoed == [1, 2, 3])
            let empty = try await rig.client.unary(EchoService.unary, [])
            #expect(empty == [])
        }
    }

    @Test(arguments: Transport.allCases) func clientStreaming(_ transport: Transport) async throws {
        try await Rig.run(transport) { rig in
            let all = try await rig.client.clientStreaming(EchoService.collect) { requests in
                for byte in UInt8(0)..<100 { try await requests.write([byte]) }
            }
            #expect(all == Array(0..<100))
        }
    }

    @Test(arguments: Transport.allCases) func serverStreaming(_ transport: Transport) async throws {
        try await Rig.run(transport) { rig in
            let responses = try await rig.client.serverStreaming(EchoService.expand, Array(0..<200))
            var seen: [UInt8] = []
            for try await response in responses { seen += response }
            #expect(seen == Array(0..<200))
        }
    }

    /// One encoding of a response for several calls, of which some compress.
    @Test(arguments: Transport.allCases) func responsesThatAreEncodedAlready(_ transport: Transport) async throws {
        let shared = ByteBuffer(repeating: 7, count: 100_000)
        try await Rig.run(
            transport,
            router: { router in
                router.serverStreaming(EchoService.expand) { request, responses, context in
                    context.compressesResponse = request == [1]
                    try await responses.write(encoded: shared)
                    // Off the event loop as well.
                    try await Task.detached { try await responses.write(encoded: shared) }.value
                    try await responses.write(encoded: try responses.encoded([1, 2]), compresses: false)
                }
            }
        ) { rig in
            for request in [[UInt8(0)], [1], [0]] {
                let options = CallOptions(compresses: request == [1])
                let responses = try await rig.client.serverStreaming(EchoService.expand, request, options: options)
                var seen: [[UInt8]] = []
                for try await response in responses { seen.append(response) }
                #expect(seen == [Array(shared.readableBytesView), Array(shared.readableBytesView), [1, 2]])
            }
        }
    }

    @Test(arguments: Transport.allCases) func bidirectional(_ transport: Transport) async throws {
        try await Rig.run(transport) { rig in
            let call = try await rig.client.bidirectional(EchoService.chat)
            for byte in UInt8(0)..<50 {
                try await call.requests.write([byte])
                #expect(try await call.responses.next() == [byte])
            }
            try await call.requests.finish()
            #expect(try await call.responses.next() == nil)
        }
    }

    @Test(arguments: Transport.allCases) func largeMessages(_ transport: Transport) async throws {
        try await Rig.run(transport) { rig in
            let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let echoed = try await rig.client.unary(EchoService.unary, large)
            #expect(echoed == large)
        }
    }

    @Test(arguments: Transport.allCases) func manyAtOnce(_ transport: Transport) async throws {
        try await Rig.run(transport) { rig in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let request = [UInt8](repeating: UInt8(number), count: number * 100)
                        let echoed = try await rig.client.unary(EchoService.unary, request)
                        #expect(echoed == request)
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
