// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A call whose client sends one request: it is decoded as it comes, and the handler starts at the client's end.
class SingleRequestCall<Request: Sendable>: ServerStream, @unchecked Sendable {
    /// Memory of its own: an optional of a generic type would have its metadata looked up at every touch.
    @exclusivity(unchecked) private final var request: UnsafeMutablePointer<Request>?
    private final let marshaller: Marshaller<Request>

    init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?,
        marshaller: Marshaller<Request>
    ) {
        self.marshaller = marshaller
        super.init(connection: connection, route: route, deadline: deadline)
    }

    deinit {
        request?.deinitialize(count: 1)
        request?.deallocate()
    }

    final override func received(message: UnsafeRawBufferPointer, isCompressed: Bool) throws(RPCError) {
        let decoded = try marshaller.decodeRequest(message, isCompressed: isCompressed)
        // The stream's machine lets one message through.
        guard request == nil else { return }
        let memory = UnsafeMutablePointer<Request>.allocate(capacity: 1)
        memory.initialize(to: decoded)
        request = memory
    }

    override func receivedAll() { start() }

    /// The request, once.
    final func takeRequest() throws -> Request {
        guard let memory = request else { throw RPCError(.internalError, "The request is missing.") }
        request = nil
        defer { memory.deallocate() }
        return memory.move()
    }
}

/// One request, one response.
final class UnaryCall<Request: Sendable, Response: Sendable>: SingleRequestCall<Request>, @unchecked Sendable {
    private let handler: Router.UnaryHandler<Request, Response>
    private let encode: @Sendable (Response, inout ByteBuffer) throws -> Void

    init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?,
        method: Method<Request, Response>, handler: @escaping Router.UnaryHandler<Request, Response>
    ) {
        self.handler = handler
        encode = method.response.encode
        super.init(connection: connection, route: route, deadline: deadline, marshaller: method.request)
    }

    override func invoke() async throws {
        let response = try await handler(try takeRequest(), context)
        try send { try encode(response, &$0) }
    }
}

/// One request, one response, by a handler that does not wait: it runs without a task, unless interceptors stand around.
final class ImmediateCall<Request: Sendable, Response: Sendable>: SingleRequestCall<Request>, @unchecked Sendable {
    private let handler: Router.ImmediateHandler<Request, Response>
    private let encode: @Sendable (Response, inout ByteBuffer) throws -> Void

    init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?,
        method: Method<Request, Response>, handler: @escaping Router.ImmediateHandler<Request, Response>
    ) {
        self.handler = handler
        encode = method.response.encode
        super.init(connection: connection, route: route, deadline: deadline, marshaller: method.request)
    }

    override func receivedAll() {
        if connection.interceptors.isEmpty { scheduler.ready(self) } else { start() }
    }

    override func runNow() { runImmediately(answer) }

    override func invoke() async throws { try answer() }

    private func answer() throws {
        let response = try handler(try takeRequest(), context)
        try send { try encode(response, &$0) }
    }
}

/// One request, many responses.
final class ServerStreamingCall<Request: Sendable, Response: Sendable>: SingleRequestCall<Request>,
    @unchecked Sendable
{
    private let handler: Router.ServerStreamingHandler<Request, Response>
    private let encode: @Sendable (Response, inout ByteBuffer) throws -> Void

    init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?,
        method: Method<Request, Response>, handler: @escaping Router.ServerStreamingHandler<Request, Response>
    ) {
        self.handler = handler
        encode = method.response.encode
        super.init(connection: connection, route: route, deadline: deadline, marshaller: method.request)
    }

    override func invoke() async throws {
        try await handler(try takeRequest(), ResponseWriter(stream: self, encode: encode), context)
    }
}

/// A call whose client sends many requests: the handler starts at once and reads them from a queue.
class ManyRequestsCall<Request: Sendable>: ServerStream, @unchecked Sendable {
    private final let queue: InboundQueue<Request>
    private final let marshaller: Marshaller<Request>

    init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?,
        marshaller: Marshaller<Request>
    ) {
        queue = InboundQueue(scheduler: connection.core.scheduler)
        self.marshaller = marshaller
        super.init(connection: connection, route: route, deadline: deadline)
        queue.owner = self
    }

    /// What the handler reads.
    final var requests: RequestStream<Request> { RequestStream(queue: queue) }

    final override var hasUnreadMessages: Bool { !queue.isEmpty }

    final override func received(message: UnsafeRawBufferPointer, isCompressed: Bool) throws(RPCError) {
        queue.push(try marshaller.decodeRequest(message, isCompressed: isCompressed))
    }

    final override func receivedAll() { queue.finish(.success(())) }

    final override func abandoned(_ error: RPCError) { queue.abandon(error) }
}

/// Many requests, one response.
final class ClientStreamingCall<Request: Sendable, Response: Sendable>: ManyRequestsCall<Request>,
    @unchecked Sendable
{
    private let handler: Router.ClientStreamingHandler<Request, Response>
    private let encode: @Sendable (Response, inout ByteBuffer) throws -> Void

    init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?,
        method: Method<Request, Response>, handler: @escaping Router.ClientStreamingHandler<Request, Response>
    ) {
        self.handler = handler
        encode = method.response.encode
        super.init(connection: connection, route: route, deadline: deadline, marshaller: method.request)
    }

    override func invoke() async throws {
        let response = try await handler(requests, context)
        try send { try encode(response, &$0) }
    }
}

/// Many of both.
final class BidirectionalCall<Request: Sendable, Response: Sendable>: ManyRequestsCall<Request>,
    @unchecked Sendable
{
    private let handler: Router.BidirectionalHandler<Request, Response>
    private let encode: @Sendable (Response, inout ByteBuffer) throws -> Void

    init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?,
        method: Method<Request, Response>, handler: @escaping Router.BidirectionalHandler<Request, Response>
    ) {
        self.handler = handler
        encode = method.response.encode
        super.init(connection: connection, route: route, deadline: deadline, marshaller: method.request)
    }

    override func invoke() async throws {
        try await handler(requests, ResponseWriter(stream: self, encode: encode), context)
    }
}

extension Marshaller {
    /// Decodes a request; what is wrong with it is the client's fault.
    func decodeRequest(_ message: UnsafeRawBufferPointer, isCompressed: Bool) throws(RPCError) -> Value {
        do { return try decoder(isCompressed: isCompressed)(message) } catch let error as RPCError { throw error } catch
        {
            throw RPCError(.invalidArgument, "The request can't be decoded.", cause: error)
        }
    }

    /// Decodes a response; what is wrong with it is the server's fault.
    func decodeResponse(_ message: UnsafeRawBufferPointer, isCompressed: Bool) throws(RPCError) -> Value {
        do { return try decoder(isCompressed: isCompressed)(message) } catch let error as RPCError { throw error } catch
        {
            throw RPCError(.internalError, "The response can't be decoded.", cause: error)
        }
    }
}
