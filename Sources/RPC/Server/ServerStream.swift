// SPDX-License-Identifier: Apache-2.0

import CTransport
import NIOCore
import Synchronization

/// What a handler sets for its response beside messages.
struct ResponseMetadata: Sendable {
    var initial = Metadata()
    var trailing = Metadata()
    /// Compress the messages where the client takes it.
    var compresses = false
}

/// A call on a server, without its types: the stream's bytes, its state, and the task of its handler.
///
/// Sendable because everything that changes is touched on the connection's event loop only, except `responseMetadata`,
/// which has a lock; what a handler may read from elsewhere is constant.
class ServerStream: HTTP2Stream, HasDeadline, InboundQueueOwner, TimedRequest, @unchecked Sendable {
    final let connection: ServerConnection
    final let route: Route
    final let metadata: Metadata
    final let userAgent: String
    final let deadline: NIODeadline?
    /// When its headers came.
    final let started: NIODeadline
    private final let responseMetadata = Mutex<ResponseMetadata?>(nil)
    /// Saves nearly every call the lock.
    private final let hasResponseMetadata = Atomic<Bool>(false)
    @exclusivity(unchecked) final var deadlineIndex = -1

    // Unchecked: no access of these overlaps another, since nothing that runs within one calls back into the stream.
    @exclusivity(unchecked) private final var machine: ServerStreamMachine
    @exclusivity(unchecked) private final var deframer: MessageDeframer
    @exclusivity(unchecked) private final var outbound: OutboundBuffer
    @exclusivity(unchecked) private final var codec: MessageCodec
    @exclusivity(unchecked) private final var queuedBytes = 0
    @exclusivity(unchecked) private final var isDeferred = false
    @exclusivity(unchecked) private final var trailers: HeaderBlock?
    @exclusivity(unchecked) private final var heldBytes = 0
    /// Nobody needs window on a stream that has ended.
    @exclusivity(unchecked) private final var takesWindow = true
    @exclusivity(unchecked) private final var accountedBytes = 0
    /// The room of the message on its way in.
    @exclusivity(unchecked) private final var claim = Claim.none
    @exclusivity(unchecked) private final var claimedBytes = 0
    /// Room that delivered messages keep, and bytes that came without room, as the books have them.
    @exclusivity(unchecked) private final var keptBytes = 0
    @exclusivity(unchecked) private final var looseBytes = 0
    /// The client's end came behind a message that waits for room.
    @exclusivity(unchecked) private final var endWaits = false
    @exclusivity(unchecked) private final var isHandlerDone = false
    @exclusivity(unchecked) private final var task: Task<Void, Never>?
    @exclusivity(unchecked) private final var hasEnded = false

    /// A call of the request whose headers the connection has just received.
    init(connection: ServerConnection, route: Route, deadline: NIODeadline?) {
        self.connection = connection
        self.route = route
        self.deadline = deadline
        started = connection.lastReceived
        let session = connection.core.session
        metadata = session.requestHead.metadata
        userAgent = session.requestHead.userAgent
        let limits = connection.limits
        machine = ServerStreamMachine(shape: route.descriptor.shape)
        deframer = MessageDeframer(maxMessageBytes: limits.maxReceiveMessageBytes)
        outbound = OutboundBuffer(buffer: connection.core.takeBuffer(), limits: limits)
        codec = MessageCodec(
            inbound: session.requestHead.encoding, peerTakesGzip: session.requestHead.acceptsGzip, limits: limits)
        super.init()
    }

    private enum Claim {
        case none
        case waiting(ReceiveLedger.Ticket)
        case granted(ReceiveLedger.Ticket, bytes: Int)
    }

    final var scheduler: LoopScheduler { connection.core.scheduler }
    final var context: CallContext { CallContext(stream: self) }

    /// What the handler has set so far. From any thread.
    final func readResponseMetadata<Result>(_ body: (ResponseMetadata) -> Result) -> Result {
        responseMetadata.withLock { body($0 ?? ResponseMetadata()) }
    }

    /// Changes what the handler sets. From any thread.
    final func changeResponseMetadata(_ body: (inout ResponseMetadata) -> Void) {
        responseMetadata.withLock { metadata in
            var changed = metadata ?? ResponseMetadata()
            body(&changed)
            metadata = changed
        }
        hasResponseMetadata.store(true, ordering: .releasing)
    }

    // MARK: For the call's typed half

    /// A message came, valid during the call only.
    func received(message: UnsafeRawBufferPointer, isCompressed: Bool) throws(RPCError) {}
    /// The client has sent everything.
    func receivedAll() {}
    /// True while messages wait for the handler: the client gets no window.
    var hasUnreadMessages: Bool { false }
    /// Bytes of large messages that the handler has or that wait for it.
    var largeBytes: Int { 0 }
    /// Bytes of a small request, which waits for the client's end.
    var smallBytes: Int { 0 }
    /// The stream is over: whoever reads is told.
    func abandoned() {}
    /// Calls the handler and sends what it returns. In the call's task.
    func invoke() async throws {}

    /// Starts the handler's task; it runs at the end of this turn.
    final func start() {
        guard task == nil, !hasEnded else { return }
        connection.handlerStarted()
        task = Task(executorPreference: scheduler) { await self.run() }
    }

    /// Runs a handler that does not wait, without a task. On the event loop, at the end of a turn.
    final func runImmediately(_ body: () throws -> Void) {
        guard !hasEnded else { return }
        do {
            try body()
            finish(nil)
        } catch {
            finish(.from(error))
        }
        handlerDone()
    }

    /// Runs the handler of a call that was put in the scheduler's line.
    func runNow() {}

    private final func run() async {
        do {
            if connection.interceptors.isEmpty {
                try await invoke()
            } else {
                try await intercepted(0)
            }
            finish(nil)
        } catch {
            finish(.from(error))
        }
        task = nil
        handlerDone()
        connection.handlerEnded()
    }

    /// Nobody has the messages any more.
    private final func handlerDone() {
        isHandlerDone = true
        if keptBytes > 0 { account() }
    }

    private final func intercepted(_ index: Int) async throws {
        guard index < connection.interceptors.count else { return try await invoke() }
        try await connection.interceptors[index].intercept(context) { try await self.intercepted(index + 1) }
    }

    // MARK: In

    final override func receivedData(_ bytes: UnsafeRawBufferPointer, isLast: Bool) {
        heldBytes += bytes.count
        takesWindow = !isLast
        guard !hasEnded else { return giveWindow() }
        deframe { () throws(RPCError) in try deframer.receive(bytes, announce: hasRoom, deliver) }
        account()
        giveWindow()
    }

    private final func deframe(_ body: () throws(RPCError) -> Void) {
        do throws(RPCError) { try body() } catch {
            finish(error)
            // Where there is no memory for a message there is little for anything else of its peer.
            if (error.cause as? LimitExceeded)?.limit == .memory { connection.cut() }
        }
    }

    /// Takes a message, and turns its reservation into what is kept of it.
    private final func deliver(_ isCompressed: Bool, _ message: UnsafeRawBufferPointer) throws(RPCError) {
        guard case .granted(let ticket, let bytes) = claim else {
            return try handOn(isCompressed, message, limit: .max)
        }
        claim = .none
        defer {
            let kept = max(0, largeBytes - keptBytes)
            keptBytes += kept
            connection.receiving.deliver(ticket, keeping: kept)
        }
        try handOn(isCompressed, message, limit: bytes)
    }

    private final func handOn(
        _ isCompressed: Bool, _ message: UnsafeRawBufferPointer, limit: Int
    ) throws(RPCError) {
        switch machine.receivedMessage() {
        case .ignore: return
        case .refuse: throw RPCError(.unimplemented, "The method takes one request; more came.")
        case .deliver:
            try codec.withDecoded(message, isCompressed: isCompressed, limit: limit) { decoded throws(RPCError) in
                try received(message: decoded, isCompressed: isCompressed)
            }
        }
    }

    /// Reserves room for a message of this length. What a compressed one becomes is not known before.
    private final func hasRoom(_ isCompressed: Bool, _ length: Int) throws(RPCError) -> Bool {
        guard let caller = connection.caller else { return true }
        let most = isCompressed ? max(length, connection.limits.maxReceiveMessageBytes) : length
        let bytes = length <= connection.receivingLimit ? min(most, connection.receivingLimit) : length
        switch connection.receiving.reserve(caller, bytes: bytes, for: self) {
        case .granted(let ticket):
            claim = .granted(ticket, bytes: bytes)
            return true
        case .waits(let ticket):
            claim = .waiting(ticket)
            claimedBytes = bytes
            connection.waitForRoom()
            return false
        case .refused(let limit):
            throw RPCError(
                .resourceExhausted, "A message of \(length) bytes is more than its caller may have on its way.",
                cause: LimitExceeded(limit: limit))
        }
    }

    /// The message that waited has its room.
    final func roomGranted(_ ticket: ReceiveLedger.Ticket) {
        guard case .waiting(ticket) = claim else { return }
        connection.waitedForRoom()
        claim = .granted(ticket, bytes: claimedBytes)
        deframe { () throws(RPCError) in try deframer.resume(announce: hasRoom, deliver) }
        if endWaits, !deframer.isPaused {
            endWaits = false
            receivedEnd()
        }
        account()
        giveWindow()
        connection.core.markDirty()
    }

    /// Others wait for the room that the unfinished message has, and its time is up.
    final func messageTookTooLong(_ ticket: ReceiveLedger.Ticket) {
        guard case .granted(ticket, _) = claim else { return }
        let limit = connection.limits.receivingPatience
        finish(
            RPCError(
                .resourceExhausted, "A message took longer than \(limit) to come, and others wait for its room.",
                cause: LimitExceeded(limit: .receivingPatience)))
        account()
        connection.core.markDirty()
    }

    /// Gives up the room of an unfinished message, and what came of it.
    private final func dropMessage() {
        deframer.drop()
        switch claim {
        case .none: return
        case .waiting(let ticket):
            connection.waitedForRoom()
            connection.receiving.cancel(ticket)
        case .granted(let ticket, _): connection.receiving.cancel(ticket)
        }
        claim = .none
    }

    /// Keeps the sums of undelivered bytes, and ends the call that goes over a limit.
    private final func account() {
        let kept = isHandlerDone ? 0 : largeBytes
        if kept < keptBytes, let caller = connection.caller {
            connection.receiving.release(caller, bytes: keptBytes - kept)
            keptBytes = kept
        }
        let unread = hasUnreadMessages ? heldBytes : 0
        let now = deframer.pendingBytes + unread
        connection.pendingBytes += now - accountedBytes
        accountedBytes = now
        countLoose(unread)
        if connection.pendingBytes > connection.limits.maxConnectionPendingBytes {
            finish(
                RPCError(
                    .resourceExhausted, "The connection holds too much undelivered data.",
                    cause: LimitExceeded(limit: .maxConnectionPendingBytes)))
        }
    }

    /// Counts bytes that came without room.
    private final func countLoose(_ unread: Int) {
        var loose = unread
        if case .granted = claim {} else { loose = max(loose, deframer.pendingBytes) }
        if takesWindow, machine.awaitsRequest, !hasEnded { loose += smallBytes }
        guard loose != looseBytes, let caller = connection.caller else { return }
        let change = loose - looseBytes
        looseBytes = loose
        guard let limit = connection.receiving.hold(caller, by: change) else { return }
        finish(
            RPCError(
                .resourceExhausted, "Messages on their way in take more than \(limit.rawValue) allows.",
                cause: LimitExceeded(limit: limit)))
    }

    /// Gives the client window for what was taken off its hands: everything, unless messages wait for the handler.
    private final func giveWindow() {
        guard heldBytes > 0, hasEnded || !(hasUnreadMessages || deframer.isPaused) else { return }
        if takesWindow && !machine.isClosed { connection.core.session.consume(self, heldBytes) }
        heldBytes = 0
    }

    final func queueDrained() {
        giveWindow()
        account()
        connection.core.markDirty()
    }

    final override func receivedHeaders(endStream: Bool) {
        // Trailers of a request carry nothing in gRPC; their end counts.
        if endStream { receivedEnd() }
    }

    final override func receivedEnd() {
        takesWindow = false
        guard !deframer.isPaused else { return endWaits = true }
        if deframer.pendingBytes > 0 {
            finish(RPCError(.internalError, "The request ended within a message."))
        }
        switch machine.receivedEnd() {
        case .deliver: receivedAll()
        case .ignore: break
        case .refuse: finish(RPCError(.unimplemented, "The method takes one request; none came."))
        }
        if looseBytes > 0 { account() }
    }

    // MARK: Out

    /// Sends the response's headers now, if they have not gone.
    final func sendHeaders() throws {
        switch machine.send() {
        case .send: break
        case .refuse: throw Self.closedError
        case .sendAfterHeaders: try submitHeaders()
        }
        connection.core.markDirty()
    }

    /// Queues a message, compressed where the call is unless `compresses` says no. On the event loop.
    final func send(compresses: Bool = true, _ encode: (inout ByteBuffer) throws -> Void) throws {
        switch machine.send() {
        case .send: break
        case .refuse: throw Self.closedError
        case .sendAfterHeaders: try submitHeaders()
        }
        let limit = connection.limits.maxSendMessageBytes
        if codec.compressesOutput && compresses {
            try codec.writeCompressed(to: &outbound, limit: limit, encode)
        } else {
            try outbound.write(limit: limit, encode)
        }
        countQueued()
        resume()
    }

    /// Counts what a writer has queued. True when it has to wait with its next message. On the event loop.
    final func mustWaitAfterWriting() -> Bool {
        connection.core.unsentChanged(by: outbound.count())
        return outbound.isFull(connection.core.unsent) && !machine.isClosed
    }

    final override func connectionHasRoom() { outbound.resumeWriters(connection.core.unsent) }

    /// Suspends until the client has taken enough. On the event loop.
    final func waitUntilWritable() async throws {
        let ticket = outbound.ticket()
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
                if machine.isClosed {
                    continuation.resume(throwing: Self.closedError)
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

    private final func submitHeaders() throws {
        guard hasResponseMetadata.load(ordering: .acquiring) else {
            return connection.core.session.submitResponse(self, headers: .response)
        }
        let (initial, compresses) = readResponseMetadata { ($0.initial, $0.compresses) }
        codec.enableOutput(compresses)
        if initial.isEmpty && !codec.compressesOutput {
            connection.core.session.submitResponse(self, headers: .response)
            return
        }
        var block = HeaderBlock()
        block.add(":status", "200")
        block.add("content-type", "application/grpc")
        block.add("grpc-accept-encoding", "identity,gzip")
        if codec.compressesOutput { block.add("grpc-encoding", "gzip") }
        do { try block.add(initial) } catch {
            connection.core.session.submitResponse(self, headers: block)
            throw error
        }
        connection.core.session.submitResponse(self, headers: block)
    }

    /// There is something to send: nghttp2 asks for it in the flush of this turn.
    private final func resume() {
        if isDeferred {
            isDeferred = false
            connection.core.session.resume(self)
        }
        connection.core.markDirty()
    }

    /// Ends the call with a status. The first end counts. On the event loop.
    final func finish(_ error: RPCError?) {
        guard !hasEnded else { return }
        hasEnded = true
        connection.callEnded(self, error)
        if error != nil { abandoned() }
        dropMessage()
        let trailing =
            hasResponseMetadata.load(ordering: .acquiring) ? readResponseMetadata { $0.trailing } : Metadata()
        switch machine.finish() {
        case .ignore: break
        case .trailersOnly:
            let block = StatusTrailers.block(error, metadata: trailing, isTrailersOnly: true)
            connection.core.session.submitResponse(id, only: block)
            connection.core.markDirty()
        case .trailers:
            if error != nil || !trailing.isEmpty {
                trailers = StatusTrailers.block(error, metadata: trailing, isTrailersOnly: false)
            }
            resume()
        }
        giveWindow()
        // What the message took is free at once, also where the peer never takes the status.
        if accountedBytes > 0 || looseBytes > 0 || keptBytes > 0 { account() }
    }

    /// The deadline has come: the handler is cancelled and the client told.
    final func deadlinePassed() {
        // What the client has not taken by now would only delay the status.
        outbound.discard()
        uncount()
        finish(RPCError(.deadlineExceeded, "The deadline passed."))
        task?.cancel()
    }

    /// The method takes one request, and it has not all come.
    final var awaitsRequest: Bool { !hasEnded && machine.awaitsRequest }

    /// … and time is up.
    final func requestTookTooLong() {
        finish(
            RPCError(
                .deadlineExceeded, "The request took too long to come.", cause: LimitExceeded(limit: .requestTimeout)))
    }

    /// Tells the connection what waits in this stream's buffer.
    private final func countQueued() {
        let bytes = outbound.bytes.readableBytes
        connection.core.queuedBytes += bytes - queuedBytes
        queuedBytes = bytes
    }

    /// Tells the connection what has gone of that which writers left.
    private final func uncount() {
        countQueued()
        let gone = outbound.recount()
        if gone != 0 { connection.core.unsentChanged(by: gone) }
    }

    final override func provideData(into target: UnsafeMutableRawBufferPointer) -> OutboundData {
        let count = outbound.read(into: target, connection.core.unsent)
        uncount()
        if hasEnded && outbound.isEmpty { return .trailers(count) }
        if count > 0 { return .bytes(count) }
        isDeferred = true
        return .nothing
    }

    final override func submitTrailers(to session: HTTP2Session) {
        if let trailers {
            session.submitTrailers(self, trailers)
        } else {
            session.submitTrailers(self, ConstantHeaders.okTrailers)
        }
    }

    final override func sentEnd() {
        if machine.sentEnd() { connection.core.session.reset(id, .noError) }
    }

    final override func closed(_ code: HTTP2ErrorCode) {
        let wasCut = machine.closed()
        dropMessage()
        heldBytes = 0
        connection.core.recycle(outbound.close(Self.closedError))
        uncount()
        abandoned()
        if !hasEnded {
            hasEnded = true
            connection.callEnded(self, Self.closedError)
        }
        // A handler that runs on has what it took.
        isHandlerDone = isHandlerDone || task == nil
        account()
        if wasCut { task?.cancel() }
    }

    static let closedError = RPCError(.cancelled, "The call is over.")
}
