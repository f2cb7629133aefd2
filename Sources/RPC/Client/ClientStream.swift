// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A call on a client, without its types.
///
/// Sendable because everything that changes is touched on the connection's event loop only.
class ClientStream: HTTP2Stream, HasDeadline, InboundQueueOwner, @unchecked Sendable {
    private typealias EndWaiter = UnsafeContinuation<Result<Metadata, RPCError>, Never>

    final let connection: ClientConnection
    final let deadline: NIODeadline?
    final var deadlineIndex = -1
    private final var machine: ClientStreamMachine
    private final var deframer: MessageDeframer
    private final var outbound: OutboundBuffer
    private final var codec: MessageCodec
    private final var head: ResponseHead
    private final var isDeferred = false
    private final var isClosed = false
    private final var heldBytes = 0
    private final var initialMetadata: Result<Metadata, RPCError>?
    private final var outcome: Result<Metadata, RPCError>?
    private final var initialWaiters: [EndWaiter] = []
    private final var endWaiters: [EndWaiter] = []
    private final var endObserver: ((RPCError?) -> Void)?
    /// The server never saw the call: it may be sent again whatever it does.
    private(set) final var wasRefused = false

    /// The response's headers have come: the call is not sent again.
    private(set) final var isCommitted = false

    init(connection: ClientConnection, shape: CallShape, deadline: NIODeadline?, compresses: Bool) {
        self.connection = connection
        self.deadline = deadline
        let limits = connection.limits
        machine = ClientStreamMachine(shape: shape)
        deframer = MessageDeframer(maxMessageBytes: limits.maxReceiveMessageBytes)
        outbound = OutboundBuffer(buffer: connection.core.takeBuffer(), limits: limits)
        codec = MessageCodec(inbound: .identity, peerTakesGzip: compresses, limits: limits)
        codec.enableOutput(compresses)
        head = ResponseHead(limit: limits.maxHeaderListBytes)
        super.init()
    }

    final var scheduler: LoopScheduler { connection.core.scheduler }

    // MARK: For the call's typed half

    /// A message came, valid during the call only.
    func received(message: UnsafeRawBufferPointer, isCompressed: Bool) throws(RPCError) {}
    /// True while messages wait for the reader.
    var hasUnreadMessages: Bool { false }
    /// The call has its status; ended on this side, what is not read yet is dropped.
    func ended(_ result: Result<Void, RPCError>, isLocal: Bool) {}

    // MARK: In

    final override func receivedHeader(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        head.add(name: name, value: value)
    }

    final override func receivedHeaders(endStream: Bool) {
        let block = head
        head = ResponseHead(limit: connection.limits.maxHeaderListBytes)
        switch machine.receivedHeaders(block, endStream: endStream) {
        case .ignore: break
        case .begin:
            isCommitted = true
            codec.setInbound(block.encoding ?? .identity)
            setInitialMetadata(.success(block.metadata))
        case .end(var status, let reset):
            if deframer.pendingBytes > 0, case .success = status {
                status = .failure(RPCError(.internalError, "The response ended within a message."))
            }
            conclude(status)
            if reset { connection.core.session.reset(id, .cancel) }
        }
    }

    final override func receivedData(_ bytes: UnsafeRawBufferPointer, isLast: Bool) {
        heldBytes += bytes.count
        do throws(RPCError) {
            try deframer.receive(bytes) { isCompressed, message throws(RPCError) in
                switch machine.receivedMessage() {
                case .ignore: return
                case .refuse: throw RPCError(.unimplemented, "The method has one response; more came.")
                case .deliver:
                    try codec.withDecoded(message, isCompressed: isCompressed) { decoded throws(RPCError) in
                        try received(message: decoded, isCompressed: isCompressed)
                    }
                }
            }
        } catch { cancel(error) }
        giveWindow()
    }

    final override func receivedEnd() {
        cancel(RPCError(.internalError, "The response ended without a status."))
    }

    private final func giveWindow() {
        guard heldBytes > 0, machine.isEnded || !hasUnreadMessages else { return }
        if !isClosed { connection.core.session.consume(self, heldBytes) }
        heldBytes = 0
    }

    final func queueDrained() {
        giveWindow()
        connection.core.markDirty()
    }

    // MARK: Out

    /// Queues a message, compressed where the call is unless `compresses` says no. On the event loop.
    final func send(compresses: Bool = true, _ encode: (inout ByteBuffer) throws -> Void) throws {
        guard machine.isSending, !isClosed else { throw overError }
        let limit = connection.limits.maxSendMessageBytes
        if codec.compressesOutput && compresses {
            try codec.writeCompressed(to: &outbound, limit: limit, encode)
        } else {
            try outbound.write(limit: limit, encode)
        }
        resume()
    }

    /// The client has sent everything. On the event loop.
    final func finishSending() {
        if machine.finishSending() { resume() }
    }

    /// Counts what a writer has queued. True when it has to wait with its next message. On the event loop.
    final func mustWaitAfterWriting() -> Bool {
        connection.core.unsentChanged(by: outbound.count())
        return outbound.isFull(connection.core.unsent) && !isClosed && !machine.isEnded
    }

    final override func connectionHasRoom() { outbound.resumeWriters(connection.core.unsent) }

    /// Suspends until the server has taken enough. On the event loop.
    final func waitUntilWritable() async throws {
        let ticket = outbound.ticket()
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
                if isClosed || machine.isEnded {
                    continuation.resume(throwing: overError)
                } else if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else if !outbound.isFull(connection.core.unsent) {
                    continuation.resume()
                } else {
                    outbound.wait(ticket, continuation)
                }
            }
        } onCancel: {
            scheduler.eventLoop.execute { self.outbound.cancel(ticket) }
        }
    }

    private final func resume() {
        if isDeferred && !isClosed {
            isDeferred = false
            connection.core.session.resume(self)
        }
        connection.core.markDirty()
    }

    /// Tells the connection what has gone of that which writers left.
    private final func uncount() {
        let gone = outbound.recount()
        if gone != 0 { connection.core.unsentChanged(by: gone) }
    }

    final override func provideData(into target: UnsafeMutableRawBufferPointer) -> OutboundData {
        let count = outbound.read(into: target, connection.core.unsent)
        uncount()
        if outbound.isEmpty && !machine.isSending { return .end(count) }
        if count > 0 { return .bytes(count) }
        isDeferred = true
        return .nothing
    }

    // MARK: End

    /// Ends the call here, and tells the server. On the event loop.
    final func cancel(_ error: RPCError) {
        guard machine.endLocally() else { return }
        conclude(.failure(error), isLocal: true)
        guard !isClosed, id != 0 else { return }
        connection.core.session.reset(id, .cancel)
        connection.core.markDirty()
    }

    final func deadlinePassed() { cancel(RPCError(.deadlineExceeded, "The deadline passed.")) }

    final override func closed(_ code: HTTP2ErrorCode) {
        isClosed = true
        if machine.endLocally() {
            wasRefused = code == .refusedStream
            let isLost = connection.core.phase == .closed
            let error =
                isLost
                ? RPCError(.unavailable, "The connection was lost.")
                : RPCError(StatusMapping.code(code), "The server reset the call (HTTP/2 code \(code.rawValue)).")
            conclude(.failure(error))
        }
        heldBytes = 0
        connection.core.recycle(outbound.close(overError))
        uncount()
    }

    /// The call has its status.
    private final func conclude(_ result: Result<Metadata, RPCError>, isLocal: Bool = false) {
        guard outcome == nil else { return }
        outcome = result
        connection.callEnded(self)
        setInitialMetadata(result.map { _ in Metadata() })
        for waiter in endWaiters { waiter.resume(returning: result) }
        endWaiters = []
        endObserver?(Self.failure(result))
        endObserver = nil
        ended(result.map { _ in () }, isLocal: isLocal)
        if !outbound.isEmpty {
            outbound.discard()
            uncount()
        }
        giveWindow()
    }

    /// Calls the observer once the call has its status. On the event loop.
    final func whenEnded(_ observer: @escaping (RPCError?) -> Void) {
        if let outcome { observer(Self.failure(outcome)) } else { endObserver = observer }
    }

    private static func failure(_ result: Result<Metadata, RPCError>) -> RPCError? {
        if case .failure(let error) = result { error } else { nil }
    }

    private final func setInitialMetadata(_ result: Result<Metadata, RPCError>) {
        guard initialMetadata == nil else { return }
        initialMetadata = result
        for waiter in initialWaiters { waiter.resume(returning: result) }
        initialWaiters = []
    }

    private final var overError: RPCError {
        if case .failure(let error) = outcome { return error }
        return RPCError(.cancelled, "The call is over.")
    }

    /// What came before the first message. On the event loop.
    final func waitForInitialMetadata() async throws -> Metadata {
        if let initialMetadata { return try initialMetadata.get() }
        return try await cancellable { self.initialWaiters.append($0) }
    }

    /// What came with the status; throws a status that is not OK. On the event loop.
    final func waitForEnd() async throws -> Metadata {
        if let outcome { return try outcome.get() }
        return try await cancellable { self.endWaiters.append($0) }
    }

    private final func cancellable(_ body: (EndWaiter) -> Void) async throws -> Metadata {
        try await withTaskCancellationHandler {
            await withUnsafeContinuation { body($0) }
        } onCancel: {
            scheduler.eventLoop.execute { self.cancel(RPCError(.cancelled, "The call was cancelled.")) }
        }.get()
    }
}

/// A call on a client with the type of its responses.
final class ClientCall<Response: Sendable>: ClientStream, @unchecked Sendable {
    let queue: InboundQueue<Response>
    private let marshaller: Marshaller<Response>

    init(
        connection: ClientConnection, method: MethodDescriptor, marshaller: Marshaller<Response>,
        deadline: NIODeadline?, compresses: Bool
    ) {
        queue = InboundQueue(scheduler: connection.core.scheduler)
        self.marshaller = marshaller
        super.init(connection: connection, shape: method.shape, deadline: deadline, compresses: compresses)
        queue.owner = self
    }

    override var hasUnreadMessages: Bool { !queue.isEmpty }

    override func received(message: UnsafeRawBufferPointer, isCompressed: Bool) throws(RPCError) {
        queue.push(try marshaller.decodeResponse(message, isCompressed: isCompressed))
    }

    override func ended(_ result: Result<Void, RPCError>, isLocal: Bool) {
        queue.owner = nil
        if isLocal, case .failure(let error) = result {
            queue.abandon(error)
        } else {
            queue.finish(result)
        }
    }
}
