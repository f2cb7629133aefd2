// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Who is at the other end of a call.
public struct Peer: Sendable, Hashable {
    /// `host:port`, `[host]:port`, or `in-process`.
    public let address: String
    /// What it proved to be; nil without TLS, or without a client certificate.
    public let certificate: PeerCertificate?
}

/// What a handler knows of its call beside the messages, and what it adds to the response. Usable from any thread.
public struct CallContext: Sendable {
    let stream: ServerStream

    /// `/package.Service/Name`.
    public var path: String { stream.route.descriptor.path }
    /// The method's name and shape.
    public var method: MethodDescriptor { stream.route.descriptor }
    /// The client's custom metadata.
    public var metadata: Metadata { stream.metadata }
    /// What the client program calls itself; empty where it does not.
    public var userAgent: String { stream.userAgent }
    /// Who calls.
    public var peer: Peer { stream.connection.peer }
    /// When the call ends with DEADLINE_EXCEEDED whatever the handler does; it is cancelled then.
    public var deadline: NIODeadline? { stream.deadline }

    /// What is left until the deadline: zero after it, nil without one.
    public var timeRemaining: Duration? {
        guard let deadline = stream.deadline else { return nil }
        return .nanoseconds(max(0, (deadline - .now()).nanoseconds))
    }

    /// Sent before the first message.
    public var initialMetadata: Metadata {
        get { stream.readResponseMetadata { $0.initial } }
        nonmutating set { stream.changeResponseMetadata { $0.initial = newValue } }
    }

    /// Sent with the status.
    public var trailingMetadata: Metadata {
        get { stream.readResponseMetadata { $0.trailing } }
        nonmutating set { stream.changeResponseMetadata { $0.trailing = newValue } }
    }

    /// Compress the response's messages, if the client takes gzip. Decided before the first message.
    public var compressesResponse: Bool {
        get { stream.readResponseMetadata { $0.compresses } }
        nonmutating set { stream.changeResponseMetadata { $0.compresses = newValue } }
    }

    /// The event loop of the call's connection, where the handler runs.
    public var eventLoop: any EventLoop { stream.scheduler.eventLoop }
    /// Runs tasks on that event loop: a child task with this preference costs no thread hop.
    public var taskExecutor: any TaskExecutor { stream.scheduler }
}

/// The requests of a client that streams. Read it from one task; the client is slowed down while nobody does.
public struct RequestStream<Request: Sendable>: AsyncSequence, Sendable {
    public typealias Element = Request

    let queue: InboundQueue<Request>

    /// Reads the requests.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let queue: InboundQueue<Request>

        /// The next request, or nil after the last. Throws CANCELLED when the call is over.
        public mutating func next() async throws -> Request? { try await queue.next() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(queue: queue) }

    /// The next request, or nil after the last. Throws CANCELLED when the call is over.
    public func next() async throws -> Request? { try await queue.next() }
}

/// Where a handler that streams sends its responses. Usable from any task; messages of one task keep their order.
public struct ResponseWriter<Response: Sendable>: Sendable {
    let stream: ServerStream
    let encode: @Sendable (Response, inout ByteBuffer) throws -> Void

    /// Sends a response. Suspends while the client, its window or the network takes no more; throws when the call
    /// is over. In a call that compresses, a response can still go as it is.
    public func write(_ response: Response, compresses: Bool = true) async throws {
        if stream.scheduler.eventLoop.inEventLoop {
            try stream.send(compresses: compresses) { try encode(response, &$0) }
            if stream.mustWaitAfterWriting() { try await stream.waitUntilWritable() }
        } else {
            try await withTaskExecutorPreference(stream.scheduler) {
                try await self.writeOnLoop(compresses) { response }
            }
        }
    }

    /// Sends a response that is made at the moment it is encoded, as `write(_:compresses:)` does. A task that waits keeps
    /// every value it may still send in its frame; one that makes large responses this way stays small.
    public func write(compresses: Bool = true, making response: () throws -> Response) async throws {
        if stream.scheduler.eventLoop.inEventLoop {
            try stream.send(compresses: compresses) { try encode(response(), &$0) }
            if stream.mustWaitAfterWriting() { try await stream.waitUntilWritable() }
        } else {
            try await withTaskExecutorPreference(stream.scheduler) { try await self.writeOnLoop(compresses, response) }
        }
    }

    /// A response as `write(encoded:)` takes it: many calls of one method that send the same encode it once.
    public func encoded(_ response: Response) throws -> ByteBuffer {
        var bytes = ByteBuffer()
        try encode(response, &bytes)
        return bytes
    }

    /// Sends a response by the bytes that `encoded` made of it, as `write(_:compresses:)` does.
    public func write(encoded bytes: ByteBuffer, compresses: Bool = true) async throws {
        if stream.scheduler.eventLoop.inEventLoop {
            try stream.send(compresses: compresses) { $0.writeImmutableBuffer(bytes) }
            if stream.mustWaitAfterWriting() { try await stream.waitUntilWritable() }
        } else {
            try await withTaskExecutorPreference(stream.scheduler) {
                try await self.writeOnLoop(encoded: bytes, compresses)
            }
        }
    }

    private func writeOnLoop(encoded bytes: ByteBuffer, _ compresses: Bool) async throws {
        try stream.send(compresses: compresses) { $0.writeImmutableBuffer(bytes) }
        if stream.mustWaitAfterWriting() { try await stream.waitUntilWritable() }
    }

    private func writeOnLoop(_ compresses: Bool, _ response: () throws -> Response) async throws {
        try stream.send(compresses: compresses) { try encode(response(), &$0) }
        if stream.mustWaitAfterWriting() { try await stream.waitUntilWritable() }
    }

    /// Sends the initial metadata now rather than with the first message.
    public func sendInitialMetadata() async throws {
        try await withTaskExecutorPreference(stream.scheduler) { try await self.sendHeadersOnLoop() }
    }

    private func sendHeadersOnLoop() async throws { try stream.sendHeaders() }
}

/// Something that stands around every call of a server: who may call, what is counted, what is logged.
public protocol ServerInterceptor: Sendable {
    /// Calls `next` to go on, or throws to end the call with a status. For calls with one request it has come already.
    /// What `next` throws is what the handler threw.
    func intercept(_ context: CallContext, next: @Sendable () async throws -> Void) async throws
}
