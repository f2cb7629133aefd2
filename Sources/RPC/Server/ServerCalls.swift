// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// How the messages of a method travel, shared by its calls: one reference, where a copy of `Method` would be five. Its
/// functions stand alone, since a `Marshaller` would have its metadata looked up for each call.
final class Coders<Request: Sendable, Response: Sendable>: Sendable {
    private let decode: @Sendable (UnsafeRawBufferPointer) throws -> Request
    private let decodeCompressed: @Sendable (UnsafeRawBufferPointer) throws -> Request
    let encode: @Sendable (Response, inout ByteBuffer) throws -> Void

    init(_ method: Method<Request, Response>) {
        decode = method.request.decode
        decodeCompressed = method.request.decodeCompressed ?? method.request.decode
        encode = method.response.encode
    }

    /// Decodes a request; what is wrong with it is the client's fault.
    func decode(_ message: UnsafeRawBufferPointer, isCompressed: Bool) throws(RPCError) -> Request {
        do { return isCompressed ? try decodeCompressed(message) : try decode(message) } catch let error as RPCError {
            throw error
        } catch {
            throw RPCError(.invalidArgument, "The request can't be decoded.", cause: error)
        }
    }
}

/// A call whose client sends one request: it is decoded as it comes, and the handler starts at the client's end.
class SingleRequestCall<Request: Sendable, Response: Sendable>: ServerStream, @unchecked Sendable {
    @exclusivity(unchecked) private final var request = RequestSlot()
    @exclusivity(unchecked) private final var requestBytes = 0
    final let coders: Coders<Request, Response>

    init(connection: ServerConnection, route: Route, deadline: NIODeadline?, coders: Coders<Request, Response>) {
        self.coders = coders
        super.init(connection: connection, route: route, deadline: deadline)
    }

    deinit {
        request.destroy(Request.self)
    }

    final override func received(message: UnsafeRawBufferPointer, isCompressed: Bool) throws(RPCError) {
        // The stream's machine lets one message through.
        guard request.isEmpty else { return }
        requestBytes = message.count
        request.put(try coders.decode(message, isCompressed: isCompressed))
    }

    final override var largeBytes: Int { requestBytes > FixedLimits.messageReserveBytes ? requestBytes : 0 }
    final override var smallBytes: Int { requestBytes > FixedLimits.messageReserveBytes ? 0 : requestBytes }

    override func receivedAll() { start() }

    /// The request, once.
    final func takeRequest() throws -> Request {
        guard !request.isEmpty else { throw RPCError(.internalError, "The request is missing.") }
        return request.take(Request.self)
    }
}

/// One request, one response.
class UnaryCall<Request: Sendable, Response: Sendable>: SingleRequestCall<Request, Response>,
    @unchecked Sendable
{
    private final let handler: Router.UnaryHandler<Request, Response>

    // Required, and the class not final, so that a route makes calls by the metatype it holds: the type would have its
    // metadata looked up for each.
    required init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?, coders: Coders<Request, Response>,
        handler: @escaping Router.UnaryHandler<Request, Response>
    ) {
        self.handler = handler
        super.init(connection: connection, route: route, deadline: deadline, coders: coders)
    }

    final override func invoke() async throws {
        let response = try await handler(try takeRequest(), context)
        try send { try coders.encode(response, &$0) }
    }
}

/// One request, one response, by a handler that does not wait: it runs without a task, unless interceptors stand around.
class ImmediateCall<Request: Sendable, Response: Sendable>: SingleRequestCall<Request, Response>,
    @unchecked Sendable
{
    private final let handler: Router.ImmediateHandler<Request, Response>

    // As in `UnaryCall`.
    required init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?, coders: Coders<Request, Response>,
        handler: @escaping Router.ImmediateHandler<Request, Response>
    ) {
        self.handler = handler
        super.init(connection: connection, route: route, deadline: deadline, coders: coders)
    }

    final override func receivedAll() {
        if connection.interceptors.isEmpty { scheduler.ready(self) } else { start() }
    }

    final override func runNow() { runImmediately(answer) }

    final override func invoke() async throws { try answer() }

    private final func answer() throws {
        let response = try handler(try takeRequest(), context)
        try send { try coders.encode(response, &$0) }
    }
}

/// One request, many responses.
final class ServerStreamingCall<Request: Sendable, Response: Sendable>: SingleRequestCall<Request, Response>,
    @unchecked Sendable
{
    private let handler: Router.ServerStreamingHandler<Request, Response>

    init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?, coders: Coders<Request, Response>,
        handler: @escaping Router.ServerStreamingHandler<Request, Response>
    ) {
        self.handler = handler
        super.init(connection: connection, route: route, deadline: deadline, coders: coders)
    }

    override func invoke() async throws {
        try await handler(try takeRequest(), ResponseWriter(stream: self, encode: coders.encode), context)
    }
}

/// A call whose client sends many requests: the handler starts at once and reads them from a queue.
class ManyRequestsCall<Request: Sendable, Response: Sendable>: ServerStream, @unchecked Sendable {
    private final let queue: InboundQueue<Request>
    final let coders: Coders<Request, Response>

    init(connection: ServerConnection, route: Route, deadline: NIODeadline?, coders: Coders<Request, Response>) {
        queue = InboundQueue(scheduler: connection.core.scheduler)
        self.coders = coders
        super.init(connection: connection, route: route, deadline: deadline)
        queue.owner = self
    }

    /// What the handler reads.
    final var requests: RequestStream<Request> { RequestStream(queue: queue) }

    final override var hasUnreadMessages: Bool { !queue.isEmpty }

    final override func received(message: UnsafeRawBufferPointer, isCompressed: Bool) throws(RPCError) {
        let decoded = try coders.decode(message, isCompressed: isCompressed)
        queue.push(decoded, bytes: message.count > FixedLimits.messageReserveBytes ? message.count : 0)
    }

    final override var largeBytes: Int { queue.largeBytes }

    final override func receivedAll() { queue.finish(.success(())) }

    final override func abandoned() { queue.abandon(Self.closedError) }
}

/// Many requests, one response.
final class ClientStreamingCall<Request: Sendable, Response: Sendable>: ManyRequestsCall<Request, Response>,
    @unchecked Sendable
{
    private let handler: Router.ClientStreamingHandler<Request, Response>

    init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?, coders: Coders<Request, Response>,
        handler: @escaping Router.ClientStreamingHandler<Request, Response>
    ) {
        self.handler = handler
        super.init(connection: connection, route: route, deadline: deadline, coders: coders)
    }

    override func invoke() async throws {
        let response = try await handler(requests, context)
        try send { try coders.encode(response, &$0) }
    }
}

/// Many of both.
final class BidirectionalCall<Request: Sendable, Response: Sendable>: ManyRequestsCall<Request, Response>,
    @unchecked Sendable
{
    private let handler: Router.BidirectionalHandler<Request, Response>

    init(
        connection: ServerConnection, route: Route, deadline: NIODeadline?, coders: Coders<Request, Response>,
        handler: @escaping Router.BidirectionalHandler<Request, Response>
    ) {
        self.handler = handler
        super.init(connection: connection, route: route, deadline: deadline, coders: coders)
    }

    override func invoke() async throws {
        try await handler(requests, ResponseWriter(stream: self, encode: coders.encode), context)
    }
}

extension Marshaller {
    /// Decodes a response; what is wrong with it is the server's fault.
    func decodeResponse(_ message: UnsafeRawBufferPointer, isCompressed: Bool) throws(RPCError) -> Value {
        do { return try decoder(isCompressed: isCompressed)(message) } catch let error as RPCError { throw error } catch
        {
            throw RPCError(.internalError, "The response can't be decoded.", cause: error)
        }
    }
}
