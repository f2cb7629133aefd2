// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// A bounded first-in-first-out queue between async producers and a thread that consumes.
///
/// A producer that finds it full is suspended, in its turn, until there is room: pressure goes back to the sender.
/// One lock is taken per element; an element is a batch, never a record.
package final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var costs: [Int] = []
        var cost = 0
        var waiting: [Waiter] = []
        var isClosed = false
        /// How many were taken so far.
        var taken: UInt64 = 0
    }

    private struct Waiter {
        let element: Element
        let cost: Int
        let resume: @Sendable (Bool) -> Void
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)
    private let capacity: Int
    private let costLimit: Int

    /// - Parameters:
    ///   - capacity: elements at most.
    ///   - costLimit: the sum of costs at most; a single element over it is still taken when the queue is empty.
    package init(capacity: Int, costLimit: Int = .max) {
        self.capacity = capacity
        self.costLimit = costLimit
    }

    /// Appends, waiting for room. False once the queue is closed: the element was not taken.
    package func push(_ element: Element, cost: Int = 1) async -> Bool {
        await withCheckedContinuation { continuation in
            push(element, cost: cost) { continuation.resume(returning: $0) }
        }
    }

    /// Appends, blocking the thread until there is room. False once the queue is closed. Never on an event loop.
    package func pushBlocking(_ element: Element, cost: Int = 1) -> Bool {
        let taken = DispatchSemaphore(value: 0)
        let verdict = Mutex(false)
        push(element, cost: cost) { result in
            verdict.withLock { $0 = result }
            taken.signal()
        }
        taken.wait()
        return verdict.withLock { $0 }
    }

    private func push(_ element: Element, cost: Int, then resume: @escaping @Sendable (Bool) -> Void) {
        let verdict: Bool? = state.withLock { state in
            if state.isClosed { return false }
            guard state.waiting.isEmpty, fits(cost, in: state) else {
                state.waiting.append(Waiter(element: element, cost: cost, resume: resume))
                return nil
            }
            append(element, cost, to: &state)
            return true
        }
        guard let verdict else { return }
        if verdict { available.signal() }
        resume(verdict)
    }

    /// Takes the oldest element, blocking the thread until there is one. Nil once closed and empty.
    package func take() -> Element? { takeNumbered()?.1 }

    /// As `take`, with how many were taken before it.
    package func takeNumbered() -> (UInt64, Element)? {
        taking(upTo: 1, cost: .max).flatMap { first, elements in elements.first.map { (first, $0) } }
    }

    /// Takes what is there, blocking the thread until there is something: elements in order until `count` of them or a
    /// sum of costs over `cost`. Nil once closed and empty.
    package func take(upTo count: Int, cost limit: Int) -> [Element]? { taking(upTo: count, cost: limit)?.elements }

    private func taking(upTo count: Int, cost limit: Int) -> (first: UInt64, elements: [Element])? {
        while true {
            var admitted: [Waiter] = []
            let taken: (first: UInt64, elements: [Element])? = state.withLock { state in
                guard !state.elements.isEmpty else { return state.isClosed ? nil : (state.taken, []) }
                var number = 0
                var cost = 0
                while number < state.elements.count, number < count, number == 0 || cost + state.costs[number] <= limit
                {
                    cost += state.costs[number]
                    number += 1
                }
                let taken = (first: state.taken, elements: Array(state.elements[..<number]))
                state.taken += UInt64(number)
                state.elements.removeFirst(number)
                state.costs.removeFirst(number)
                state.cost -= cost
                while let next = state.waiting.first, fits(next.cost, in: state) {
                    append(next.element, next.cost, to: &state)
                    admitted.append(state.waiting.removeFirst())
                }
                return taken
            }
            for waiter in admitted {
                available.signal()
                waiter.resume(true)
            }
            guard let taken else {
                // Hand the closing on to the next consumer.
                available.signal()
                return nil
            }
            if !taken.elements.isEmpty { return taken }
            available.wait()
        }
    }

    /// Elements that wait now.
    package var count: Int { state.withLock { $0.elements.count + $0.waiting.count } }

    /// Whether nothing waits, and nothing is to end.
    package var isEmpty: Bool { state.withLock { $0.elements.isEmpty && $0.waiting.isEmpty && !$0.isClosed } }

    /// Takes no more; what is inside can still be taken. Producers that wait get false.
    package func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.resume(false) }
        available.signal()
    }

    private func fits(_ cost: Int, in state: State) -> Bool {
        state.elements.count < capacity && (state.elements.isEmpty || state.cost + cost <= costLimit)
    }

    private func append(_ element: Element, _ cost: Int, to state: inout State) {
        state.elements.append(element)
        state.costs.append(cost)
        state.cost += cost
    }
}
