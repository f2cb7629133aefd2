// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Who fills a queue and wants to know when its reader has caught up.
protocol InboundQueueOwner: AnyObject {
    /// The reader took the last message: the peer may send more.
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
    @exclusivity(unchecked) private var messages = CircularBuffer<Element>()
    @exclusivity(unchecked) private var end: Result<Void, RPCError>?
    @exclusivity(unchecked) private var waiter: Waiter?

    init(scheduler: LoopScheduler) { self.scheduler = scheduler }

    /// No message waits for the reader. On the event loop.
    var isEmpty: Bool { messages.isEmpty }

    /// Hands a message to the reader. On the event loop.
    func push(_ message: Element) {
        guard end == nil else { return }
        if let waiter {
            self.waiter = nil
            waiter.resume(returning: message)
        } else {
            messages.append(message)
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
        guard let message = messages.popFirst() else { return nil }
        if messages.isEmpty { owner?.queueDrained() }
        return message
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
