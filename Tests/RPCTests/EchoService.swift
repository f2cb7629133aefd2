// SPDX-License-Identifier: Apache-2.0

import RPC

/// The service that the tests call: every shape, messages are bytes.
enum EchoService {
    typealias Bytes = [UInt8]

    static func method(_ name: String, _ shape: CallShape) -> Method<Bytes, Bytes> {
        Method(service: "test.Echo", name: name, shape: shape, request: .bytes, response: .bytes)
    }

    static let unary = method("Unary", .unary)
    static let collect = method("Collect", .clientStreaming)
    static let expand = method("Expand", .serverStreaming)
    static let chat = method("Chat", .bidirectional)

    static func add(to router: inout Router) {
        router.unary(unary) { request, _ in request }
        router.clientStreaming(collect) { requests, _ in
            var all: Bytes = []
            for try await request in requests { all += request }
            return all
        }
        router.serverStreaming(expand) { request, responses, _ in
            for byte in request { try await responses.write([byte]) }
        }
        router.bidirectional(chat) { requests, responses, _ in
            for try await request in requests { try await responses.write(request) }
        }
    }
}
