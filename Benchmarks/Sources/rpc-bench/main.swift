// SPDX-License-Identifier: Apache-2.0

// The echo service of the transport's benchmark, on one event loop, over TLS:
//     rpc-bench CERTIFICATE KEY
// Prints its port and serves until it is killed.

import Foundation
import RPC

guard CommandLine.arguments.count == 3 else {
    FileHandle.standardError.write(Data("usage: rpc-bench CERTIFICATE KEY\n".utf8))
    exit(2)
}

func method(_ name: String, _ shape: CallShape) -> RPC.Method<[UInt8], [UInt8]> {
    RPC.Method(service: "bench.Echo", name: name, shape: shape, request: .bytes, response: .bytes)
}

var router = Router()
router.unary(method("Unary", .unary), immediate: { request, _ in request })
router.unary(method("UnaryInTask", .unary)) { request, _ in request }
router.bidirectional(method("Chat", .bidirectional)) { requests, responses, _ in
    for try await request in requests { try await responses.write(request) }
}

var configuration = ServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: 0)])
configuration.tls = .server(
    certificateChainFile: CommandLine.arguments[1], privateKeyFile: CommandLine.arguments[2])
configuration.eventLoops = 1
let server = try Server(configuration: configuration, router: router)
for address in try await server.start() { print(address.port) }
fflush(nil)
while true { try await Task.sleep(for: .seconds(3600)) }
