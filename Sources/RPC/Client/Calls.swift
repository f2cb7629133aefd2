// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A response with the metadata around it.
public struct ResponseWithMetadata<Response: Sendable>: Sendable {
    /// The message.
    public let message: Response
    /// What came before it.
    public let initialMetadata: Metadata
    /// What came with the status.
    public let trailingMetadata: Metadata
}

extension Client {
    /// One request, one response. Throws an `RPCError` for a status that is not OK.
    public func unary<Request, Response>(
        _ method: Method<Request, Response>, _ request: Request, options: CallOptions = CallOptions()
    ) async throws -> Response {
        try await unaryWithMetadata(method, request, options: options).message
    }

    /// One request, one response, and the metadata that came with it.
    public func unaryWithMetadata<Request, Response>(
        _ method: Method<Request, Response>, _ request: Request, options: CallOptions = CallOptions()
    ) async throws -> ResponseWithMetadata<Response> {
        do {
            let options = try await prepared(method.descriptor, options)
            let response = try await withTaskExecutorPreference(scheduler) {
                try await self.attempts(method, request, options)
            }
            finished(method.descriptor, nil)
            return response
        } catch {
            let error = RPCError.from(error)
            finished(method.descriptor, error)
            throw error
        }
    }

    /// Many requests, one response: `body` writes the requests; their end is sent when it returns. If it throws, the
    /// call is cancelled.
    public func clientStreaming<Request, Response>(
        _ method: Method<Request, Response>, options: CallOptions = CallOptions(),
        _ body: @Sendable (RequestWriter<Request>) async throws -> Void
    ) async throws -> Response {
        let call = try await open(method, options)
        let writer = RequestWriter(stream: call, encode: method.request.encode)
        do {
            try await body(writer)
            try await writer.finish()
        } catch {
            // A status that came meanwhile is the better answer than the writer's failure.
            await call.cancelled(RPCError.from(error))
        }
        return try await withTaskExecutorPreference(scheduler) { try await Self.single(call) }.message
    }

    /// One request, many responses. Dropping the stream cancels the call.
    public func serverStreaming<Request, Response>(
        _ method: Method<Request, Response>, _ request: Request, options: CallOptions = CallOptions()
    ) async throws -> ResponseStream<Response> {
        let call = try await open(method, options)
        let responses = ResponseStream(call: call)
        try await withTaskExecutorPreference(scheduler) {
            try await Self.send(request, method.request.encode, call)
        }
        return responses
    }

    /// Many of both. Dropping the call's responses and requests cancels it.
    public func bidirectional<Request, Response>(
        _ method: Method<Request, Response>, options: CallOptions = CallOptions()
    ) async throws -> BidirectionalStream<Request, Response> {
        let call = try await open(method, options)
        return BidirectionalStream(
            requests: RequestWriter(stream: call, encode: method.request.encode),
            responses: ResponseStream(call: call))
    }

    private func open<Request, Response>(
        _ method: Method<Request, Response>, _ options: CallOptions
    ) async throws -> ClientCall<Response> {
        do {
            let options = try await prepared(method.descriptor, options)
            return try await withTaskExecutorPreference(scheduler) {
                let call = try await self.start(
                    method, options, deadline: options.timeout.map { NIODeadline.now() + $0.timeAmount })
                if !self.configuration.interceptors.isEmpty {
                    call.whenEnded { self.finished(method.descriptor, $0) }
                }
                return call
            }
        } catch {
            let error = RPCError.from(error)
            finished(method.descriptor, error)
            throw error
        }
    }

    // MARK: On the event loop

    static func send<Request>(
        _ request: Request, _ encode: @Sendable (Request, inout ByteBuffer) throws -> Void, _ call: ClientStream
    ) async throws {
        do { try call.send { try encode(request, &$0) } } catch {
            // The call may have its status already; otherwise the request can't be sent.
            call.cancel(RPCError.from(error))
        }
        call.finishSending()
    }

    static func single<Response>(
        _ call: ClientCall<Response>
    ) async throws -> ResponseWithMetadata<Response> {
        let message: Response?
        do { message = try await call.queue.next() } catch {
            let error = RPCError.from(error)
            call.cancel(error)
            throw error
        }
        let trailing = try await call.waitForEnd()
        let initial = try await call.waitForInitialMetadata()
        guard let message else { throw RPCError(.unimplemented, "The method has one response; none came.") }
        return ResponseWithMetadata(message: message, initialMetadata: initial, trailingMetadata: trailing)
    }
}

extension ClientStream {
    /// Cancels from any task.
    func cancelled(_ error: RPCError) async {
        await withTaskExecutorPreference(scheduler) { await self.cancelOnLoop(error) }
    }

    private func cancelOnLoop(_ error: RPCError) async { cancel(error) }
}

/// Where a client that streams sends its requests. Usable from any task; messages of one task keep their order.
public struct RequestWriter<Request: Sendable>: Sendable {
    let stream: ClientStream
    let encode: @Sendable (Request, inout ByteBuffer) throws -> Void

    /// Sends a request. Suspends while the server, its window or the network takes no more; throws when the call is
    /// over: its status, where that is an error. In a call that compresses, a request can still go as it is.
    public func write(_ request: Request, compresses: Bool = true) async throws {
        if stream.scheduler.eventLoop.inEventLoop {
            try await writeOnLoop(request, compresses)
        } else {
            try await withTaskExecutorPreference(stream.scheduler) { try await self.writeOnLoop(request, compresses) }
        }
    }

    private func writeOnLoop(_ request: Request, _ compresses: Bool) async throws {
        try stream.send(compresses: compresses) { try encode(request, &$0) }
        if stream.mustWaitAfterWriting() { try await stream.waitUntilWritable() }
    }

    /// There are no more requests.
    public func finish() async throws {
        await withTaskExecutorPreference(stream.scheduler) { await self.finishOnLoop() }
    }

    private func finishOnLoop() async { stream.finishSending() }
}

/// The responses of a server that streams. Read it from one task; the server is slowed down while nobody does. When the
/// last copy is gone and the call is not over, the call is cancelled.
public struct ResponseStream<Response: Sendable>: AsyncSequence, Sendable {
    public typealias Element = Response

    private let handle: CallHandle<Response>

    init(call: ClientCall<Response>) { handle = CallHandle(call: call) }

    /// Reads the responses.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let handle: CallHandle<Response>

        /// The next response, or nil after the last. Throws an `RPCError` for a status that is not OK.
        public mutating func next() async throws -> Response? { try await handle.next() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(handle: handle) }

    /// The next response, or nil after the last. Throws an `RPCError` for a status that is not OK.
    public func next() async throws -> Response? { try await handle.next() }

    /// What the server sent before the first response.
    public func initialMetadata() async throws -> Metadata {
        let call = handle.call
        return try await withTaskExecutorPreference(call.scheduler) { try await call.waitForInitialMetadata() }
    }

    /// What the server sent with the status. Read the responses first: the status comes after them.
    public func trailingMetadata() async throws -> Metadata {
        let call = handle.call
        return try await withTaskExecutorPreference(call.scheduler) { try await call.waitForEnd() }
    }

    /// Ends the call; the server is told.
    public func cancel() { handle.cancel() }
}

/// Both halves of a bidirectional call.
public struct BidirectionalStream<Request: Sendable, Response: Sendable>: Sendable {
    /// Where requests go.
    public let requests: RequestWriter<Request>
    /// Where responses come from. The call is cancelled when its last copy is gone.
    public let responses: ResponseStream<Response>

    /// Ends the call; the server is told.
    public func cancel() { responses.cancel() }
}

/// Keeps a call alive; the last one to let go of it cancels the call.
final class CallHandle<Response: Sendable>: Sendable {
    let call: ClientCall<Response>

    init(call: ClientCall<Response>) { self.call = call }

    deinit { cancel() }

    func next() async throws -> Response? {
        do { return try await call.queue.next() } catch {
            let error = RPCError.from(error)
            if error.code == .cancelled { cancel() }
            throw error
        }
    }

    func cancel() {
        let call = call
        call.scheduler.eventLoop.execute { call.cancel(RPCError(.cancelled, "The call was cancelled.")) }
    }
}
