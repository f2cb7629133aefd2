// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Who fills a queue and wants to know when its reader has caught up.
protocol InboundQueueOwner: AnyObject {
    /// The reader took the last message, so that the peer may send more, or is done with a large one.
    func queueDrained()
}

/// Received messages on their way to the one task that reads them. Its length is bounded by the flow-control window,
/// which the owner gives back when the queue is drained.
///
/// Sendable because its state is touched on the event loop only: `next` hops there when it is called elsewhere.
final class InboundQueue<Element: Sendable>: @unchecked Sendable {
    private typealias Waiter = UnsafeContinuation<Element?, any Error>

    let scheduler: LoopScheduler
    /// Let go of when the queue ends, which breaks the circle.
    @exclusivity(unchecked) var owner: (any InboundQueueOwner)?
    // Unchecked: no access of these overlaps another, since nothing is called within one.
    @exclusivity(unchecked) private var messages = CircularBuffer<(message: Element, bytes: Int)>()
    /// Bytes of the large messages that wait, and of the one that the reader has at hand.
    @exclusivity(unchecked) private var waitingBytes = 0
    @exclusivity(unchecked) private var takenBytes = 0
    @exclusivity(unchecked) private var end: Result<Void, RPCError>?
    @exclusivity(unchecked) private var waiter: Waiter?

    init(scheduler: LoopScheduler) { self.scheduler = scheduler }

    /// No message waits for the reader. On the event loop.
    var isEmpty: Bool { messages.isEmpty }

    /// What large messages take: those that wait, and one that the reader took and has not come back from. On the event
    /// loop.
    var largeBytes: Int { waitingBytes + takenBytes }

    /// Hands a message to the reader; `bytes` is what it takes where that is much. On the event loop.
    func push(_ message: Element, bytes: Int = 0) {
        guard end == nil else { return }
        if let waiter {
            self.waiter = nil
            takenBytes = bytes
            waiter.resume(returning: message)
        } else {
            messages.append((message, bytes))
            waitingBytes += bytes
        }
    }

    /// No more messages come; an error is thrown to the reader after those that have come. On the event loop.
    func finish(_ result: Result<Void, RPCError>) {
        guard end == nil else { return }
        end = result
        guard let waiter else { return }
        self.waiter = nil
        switch result {
        case .success: waiter.resume(returning: nil)
        case .failure(let error): waiter.resume(throwing: error)
        }
    }

    /// Ends the queue at once: what the reader has not taken is dropped. On the event loop.
    func abandon(_ error: RPCError) {
        messages.removeAll()
        waitingBytes = 0
        if end != nil {
            end = .failure(error)
        } else {
            finish(.failure(error))
        }
        owner = nil
    }

    /// The next message, or nil after the last. From any thread, one call at a time.
    func next() async throws -> Element? {
        if scheduler.eventLoop.inEventLoop {
            // Most messages are there already.
            if let message = popFirst() { return message }
            return try await nextOnLoop()
        }
        return try await withTaskExecutorPreference(scheduler) { try await self.nextOnLoop() }
    }

    private func nextOnLoop() async throws -> Element? {
        giveBack()
        if let message = popFirst() { return message }
        if let end {
            try end.get()
            return nil
        }
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (continuation: Waiter) in wait(continuation) }
        } onCancel: {
            scheduler.eventLoop.execute { self.cancelWaiter() }
        }
    }

    private func popFirst() -> Element? {
        giveBack()
        guard let (message, bytes) = messages.popFirst() else { return nil }
        waitingBytes -= bytes
        takenBytes = bytes
        if messages.isEmpty { owner?.queueDrained() }
        return message
    }

    /// Who asks for the next message is done with the one before.
    private func giveBack() {
        guard takenBytes > 0 else { return }
        takenBytes = 0
        owner?.queueDrained()
    }

    private func wait(_ continuation: Waiter) {
        if waiter != nil {
            continuation.resume(throwing: RPCError(.internalError, "A stream is read by two tasks at once."))
        } else if Task.isCancelled {
            continuation.resume(throwing: CancellationError())
        } else {
            waiter = continuation
        }
    }

    private func cancelWaiter() {
        guard let waiter else { return }
        self.waiter = nil
        waiter.resume(throwing: CancellationError())
    }
}
