// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A registered method: its descriptor, and how a call of it is made.
final class Route: Sendable {
    let descriptor: MethodDescriptor
    let path: [UInt8]
    /// Its place in the counters of its server.
    let index: Int
    let makeCall: @Sendable (ServerConnection, Route, NIODeadline?) -> ServerStream

    init(
        _ descriptor: MethodDescriptor,
        makeCall: @escaping @Sendable (ServerConnection, Route, NIODeadline?) -> ServerStream
    ) {
        self.descriptor = descriptor
        path = Array(descriptor.path.utf8)
        index = 0
        self.makeCall = makeCall
    }

    /// The same route in a server, where it has a place.
    init(_ route: Route, index: Int) {
        descriptor = route.descriptor
        path = route.path
        makeCall = route.makeCall
        self.index = index
    }
}

/// The methods that a server serves, and what stands around them.
///
/// Handlers run on the event loop of their connection: one that computes for long, or blocks, belongs on an executor
/// of its own.
public struct Router: Sendable {
    /// One request in, one response out.
    public typealias UnaryHandler<Request, Response> =
        @Sendable (Request, CallContext) async throws -> Response
    /// One request in, one response out, at once.
    public typealias ImmediateHandler<Request, Response> =
        @Sendable (Request, CallContext) throws -> Response
    /// Many requests in, one response out.
    public typealias ClientStreamingHandler<Request: Sendable, Response> =
        @Sendable (RequestStream<Request>, CallContext) async throws -> Response
    /// One request in, many responses out.
    public typealias ServerStreamingHandler<Request, Response: Sendable> =
        @Sendable (Request, ResponseWriter<Response>, CallContext) async throws -> Void
    /// Many of both.
    public typealias BidirectionalHandler<Request: Sendable, Response: Sendable> =
        @Sendable (RequestStream<Request>, ResponseWriter<Response>, CallContext) async throws -> Void

    private(set) var routes: [String: Route] = [:]
    /// Around every call, the first one outermost.
    public var interceptors: [any ServerInterceptor] = []

    /// Serves nothing yet.
    public init() {}

    /// The registered methods, by path.
    public var methods: [MethodDescriptor] { routes.values.map(\.descriptor).sorted { $0.path < $1.path } }

    /// The full names of the registered services, in order.
    public var services: [String] { Set(methods.map(\.service)).sorted() }

    /// Serves a unary method; a second registration of a path replaces the first.
    public mutating func unary<Request, Response>(
        _ method: Method<Request, Response>, handler: @escaping UnaryHandler<Request, Response>
    ) {
        let call = UnaryCall<Request, Response>.self
        let coders = Coders(method)
        add(method, as: .unary) { connection, route, deadline in
            call.init(connection: connection, route: route, deadline: deadline, coders: coders, handler: handler)
        }
    }

    /// Serves a unary method by a handler that never waits. It costs no task, and must be quick: nothing else happens on
    /// the event loop meanwhile.
    public mutating func unary<Request, Response>(
        _ method: Method<Request, Response>, immediate handler: @escaping ImmediateHandler<Request, Response>
    ) {
        let call = ImmediateCall<Request, Response>.self
        let coders = Coders(method)
        add(method, as: .unary) { connection, route, deadline in
            call.init(connection: connection, route: route, deadline: deadline, coders: coders, handler: handler)
        }
    }

    /// Serves a client-streaming method.
    public mutating func clientStreaming<Request, Response>(
        _ method: Method<Request, Response>, handler: @escaping ClientStreamingHandler<Request, Response>
    ) {
        let coders = Coders(method)
        add(method, as: .clientStreaming) { connection, route, deadline in
            ClientStreamingCall(
                connection: connection, route: route, deadline: deadline, coders: coders, handler: handler)
        }
    }

    /// Serves a server-streaming method.
    public mutating func serverStreaming<Request, Response>(
        _ method: Method<Request, Response>, handler: @escaping ServerStreamingHandler<Request, Response>
    ) {
        let coders = Coders(method)
        add(method, as: .serverStreaming) { connection, route, deadline in
            ServerStreamingCall(
                connection: connection, route: route, deadline: deadline, coders: coders, handler: handler)
        }
    }

    /// Serves a bidirectional method.
    public mutating func bidirectional<Request, Response>(
        _ method: Method<Request, Response>, handler: @escaping BidirectionalHandler<Request, Response>
    ) {
        let coders = Coders(method)
        add(method, as: .bidirectional) { connection, route, deadline in
            BidirectionalCall(
                connection: connection, route: route, deadline: deadline, coders: coders, handler: handler)
        }
    }

    private mutating func add<Request, Response>(
        _ method: Method<Request, Response>, as shape: CallShape,
        makeCall: @escaping @Sendable (ServerConnection, Route, NIODeadline?) -> ServerStream
    ) {
        precondition(method.shape == shape, "\(method.path) is \(method.shape), and was registered as \(shape).")
        routes[method.path] = Route(method.descriptor, makeCall: makeCall)
    }
}

/// The routes by the bytes of their paths, as they come off the wire: an open-addressed table that never changes.
struct RouteTable: Sendable {
    private let slots: [Route?]
    private let mask: Int

    init(_ routes: some Collection<Route>) {
        var capacity = 16
        while capacity < routes.count * 4 { capacity *= 2 }
        let mask = capacity - 1
        var slots = [Route?](repeating: nil, count: capacity)
        for route in routes {
            var index = Self.hash(route.path) & mask
            while slots[index] != nil { index = (index + 1) & mask }
            slots[index] = route
        }
        self.slots = slots
        self.mask = mask
    }

    func route(_ path: [UInt8]) -> Route? {
        var index = Self.hash(path) & mask
        while let route = slots[index] {
            if route.path == path { return route }
            index = (index + 1) & mask
        }
        return nil
    }

    /// FNV-1a. The table is fixed and sparse, so a client can't make it slow.
    private static func hash(_ bytes: [UInt8]) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: hash >> 1)
    }
}
