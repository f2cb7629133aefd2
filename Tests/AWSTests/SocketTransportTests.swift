// SPDX-License-Identifier: Apache-2.0

import AWS
import NIOCore
import NIOPosix
import Testing

/// The socket transport against a server that says whatever a test writes down.
@Suite struct SocketTransportTests {
    /// How the server treats a connection after the first bytes of a request.
    enum Behaviour: Sendable {
        case answer(String)
        case close(after: String)
        case reset
        case hang(after: String)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let behaviour: Behaviour
        private var hasAnswered = false

        init(_ behaviour: Behaviour) { self.behaviour = behaviour }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !hasAnswered else { return }
            hasAnswered = true
            let write = { (text: String) in
                context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            }
            switch behaviour {
            case .answer(let text), .hang(let text): write(text)
            case .close(let text):
                write(text)
                context.close(promise: nil)
            case .reset: context.close(promise: nil)
            }
        }
    }

    private func send(
        _ behaviour: Behaviour, timeout: Duration = .seconds(30), limit: Int = 100
    ) async throws -> HTTPResponse {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(behaviour))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let transport = SocketTransport()
        let port = try #require(server.localAddress?.port)
        let request = HTTPRequest(
            method: "POST", url: "http://127.0.0.1:\(port)/", body: [1, 2, 3], timeout: timeout, responseLimit: limit)
        let result: Result<HTTPResponse, any Error>
        do {
            result = .success(try await transport.send(request))
        } catch {
            result = .failure(error)
        }
        await transport.shutdown()
        try await server.close()
        return try result.get()
    }

    private func failure(_ behaviour: Behaviour, timeout: Duration = .seconds(30)) async throws -> TransportError {
        try await #require(throws: TransportError.self) { try await send(behaviour, timeout: timeout) }
    }

    @Test func answers() async throws {
        let response = try await send(.answer("HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello"))
        #expect(response.status == 200)
        #expect(response.header("x-a") == "b")
        #expect(response.body == Array("hello".utf8))
    }

    @Test func redirectsAreNotFollowed() async throws {
        let text = "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        #expect(try await send(.answer(text)).status == 307)
    }

    @Test func brokenConnections() async throws {
        #expect(try await failure(.reset).code == .connection)
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"
        #expect(try await failure(.close(after: half)).code == .connection)
        #expect(try await failure(.answer("SSH-2.0-x\r\n\r\n")).code == .connection)
    }

    @Test func silenceAndTrickles() async throws {
        #expect(try await failure(.hang(after: ""), timeout: .milliseconds(200)).code == .timeout)
        // The head has come: the body must end in time as well.
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nx"
        #expect(try await failure(.hang(after: head), timeout: .milliseconds(200)).code == .timeout)
    }

    @Test func tooLargeBodies() async throws {
        let announced = "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n"
        #expect(try await failure(.hang(after: announced)).code == .tooLarge)
        let chunk = "33\r\n" + String(repeating: "x", count: 0x33) + "\r\n"
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk
        #expect(try await failure(.hang(after: chunked)).code == .tooLarge)
        let fitting = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + String(repeating: "x", count: 100)
        #expect(try await send(.answer(fitting)).body.count == 100)
    }

    @Test func noAddress() async throws {
        let transport = SocketTransport()
        for url in ["", "nonsense", "ftp://x/", "http:///path"] {
            let error = await #expect(throws: TransportError.self) {
                try await transport.send(HTTPRequest(method: "GET", url: url))
            }
            #expect(error?.code == .invalidURL, "\(url)")
        }
        let refused = await #expect(throws: TransportError.self) {
            try await transport.send(HTTPRequest(method: "GET", url: "http://127.0.0.1:1/"))
        }
        #expect(refused?.code == .connection)
        #expect(refused?.message == "can't connect to 127.0.0.1:1: connection refused")
        let nobody = await #expect(throws: TransportError.self) {
            try await transport.send(HTTPRequest(method: "GET", url: "https://no-such-host.invalid/"))
        }
        #expect(nobody?.message == "can't connect to no-such-host.invalid:443: its name can't be resolved")
        await transport.shutdown()
    }

    @Test func aProxyIsAskedAndNamed() async throws {
        let through = { (port: Int) in
            SocketTransport(proxies: ProxySettings(environment: ["HTTPS_PROXY": "http://127.0.0.1:\(port)"]))
        }
        let refusing = through(1)
        let refused = await #expect(throws: TransportError.self) {
            try await refusing.send(HTTPRequest(method: "GET", url: "https://sqs.us-east-1.amazonaws.com/"))
        }
        #expect(refused?.message == "can't connect to the proxy 127.0.0.1:1: connection refused")
        await refusing.shutdown()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
                    try channel.pipeline.syncOperations.addHandler(Handler(.answer(answer)))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let transport = through(port)
        let error = await #expect(throws: TransportError.self) {
            try await transport.send(HTTPRequest(method: "GET", url: "https://sqs.us-east-1.amazonaws.com/"))
        }
        #expect(
            error?.message
                == "the proxy 127.0.0.1:\(port) does not let sqs.us-east-1.amazonaws.com:443 be connected to")
        await transport.shutdown()
        try await server.close()
    }

    @Test func aServerWithoutTLSIsNamed() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(.answer("SSH-2.0-x\r\n\r\n")))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let transport = SocketTransport()
        let error = await #expect(throws: TransportError.self) {
            try await transport.send(HTTPRequest(method: "GET", url: "https://127.0.0.1:\(port)/"))
        }
        #expect(error?.message.hasPrefix("can't connect to 127.0.0.1:\(port): TLS: ") == true, "\(error as Any)")
        await transport.shutdown()
        try await server.close()
    }

    @Test func cancellationEndsAnExchange() async throws {
        let task = Task { try await send(.hang(after: "")) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
