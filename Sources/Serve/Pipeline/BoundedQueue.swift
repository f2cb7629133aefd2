// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// A bounded queue between async producers and threads that consume: first in, first out within a party, and parties take
/// turns, so that one party's large elements hold up another's by one of them and not by all.
///
/// A producer that finds it full is suspended, in its turn, until there is room: pressure goes back to the sender.
/// One lock is taken per element; an element is a batch, never a record.
package final class BoundedQueue<Element: Sendable>: Sendable {
    /// Who shares a turn.
    package typealias Party = String

    private struct Item {
        let element: Element
        let cost: Int
        /// Tells its producer, who waits for room; nil where it does not.
        var resume: (@Sendable (Bool) -> Void)?
    }

    private struct State {
        var lanes: [Party: [Item]] = [:]
        /// Parties that have elements, the next first.
        var turns: [Party] = []
        /// Elements whose producers went on, and their cost.
        var count = 0
        var cost = 0
        /// Elements whose producers wait.
        var waiting = 0
        var isClosed = false
        /// How many were taken so far.
        var taken: UInt64 = 0

        var next: Item? { turns.first.flatMap { lanes[$0]?.first } }

        mutating func append(_ item: Item, _ party: Party) {
            if lanes[party] == nil { turns.append(party) }
            lanes[party, default: []].append(item)
        }

        mutating func takeNext() -> Item? {
            guard let party = turns.first, let item = lanes[party]?.removeFirst() else { return nil }
            turns.removeFirst()
            if lanes[party]?.isEmpty == true { lanes[party] = nil } else { turns.append(party) }
            if item.resume == nil {
                count -= 1
                cost -= item.cost
            } else {
                waiting -= 1
            }
            taken += 1
            return item
        }
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
    package func push(_ element: Element, cost: Int = 1, of party: Party = "") async -> Bool {
        await withCheckedContinuation { continuation in
            push(element, cost: cost, party) { continuation.resume(returning: $0) }
        }
    }

    /// Appends, blocking the thread until there is room. False once the queue is closed. Never on an event loop.
    package func pushBlocking(_ element: Element, cost: Int = 1) -> Bool {
        let taken = DispatchSemaphore(value: 0)
        let verdict = Mutex(false)
        push(element, cost: cost, "") { result in
            verdict.withLock { $0 = result }
            taken.signal()
        }
        taken.wait()
        return verdict.withLock { $0 }
    }

    private func push(
        _ element: Element, cost: Int, _ party: Party, then resume: @escaping @Sendable (Bool) -> Void
    ) {
        let verdict: Bool? = state.withLock { state in
            if state.isClosed { return false }
            guard state.waiting == 0, fits(cost, in: state) else {
                state.append(Item(element: element, cost: cost, resume: resume), party)
                state.waiting += 1
                return nil
            }
            state.append(Item(element: element, cost: cost), party)
            state.count += 1
            state.cost += cost
            return true
        }
        // What waits for room can be taken as well, once it is its party's turn.
        if verdict != false { available.signal() }
        if let verdict { resume(verdict) }
    }

    /// Takes the next element, blocking the thread until there is one. Nil once closed and empty.
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
            var admitted: [@Sendable (Bool) -> Void] = []
            let taken: (first: UInt64, elements: [Element])? = state.withLock { state in
                guard state.next != nil else { return state.isClosed ? nil : (state.taken, []) }
                let first = state.taken
                var elements: [Element] = []
                var cost = 0
                while elements.count < count, let next = state.next {
                    // One is taken in any case, though its producer still waits for room.
                    guard elements.isEmpty || next.resume == nil && cost + next.cost <= limit else { break }
                    guard let item = state.takeNext() else { break }
                    cost += item.cost
                    elements.append(item.element)
                    if let resume = item.resume { admitted.append(resume) }
                }
                admitted += admit(&state)
                return (first, elements)
            }
            for resume in admitted { resume(true) }
            guard let taken else {
                // Hand the closing on to the next consumer.
                available.signal()
                return nil
            }
            if !taken.elements.isEmpty { return taken }
            available.wait()
        }
    }

    /// Lets producers go on for whose elements there is room, the first of each party in turn.
    private func admit(_ state: inout State) -> [@Sendable (Bool) -> Void] {
        var admitted: [@Sendable (Bool) -> Void] = []
        var isFull = false
        while state.waiting > 0, !isFull {
            for party in state.turns {
                guard let place = state.lanes[party]?.firstIndex(where: { $0.resume != nil }),
                    let item = state.lanes[party]?[place], let resume = item.resume
                else { continue }
                guard fits(item.cost, in: state) else {
                    isFull = true
                    break
                }
                state.lanes[party]?[place].resume = nil
                state.count += 1
                state.cost += item.cost
                state.waiting -= 1
                admitted.append(resume)
            }
        }
        return admitted
    }

    /// Elements that wait now.
    package var count: Int { state.withLock { $0.count + $0.waiting } }

    /// Whether nothing waits, and nothing is to end.
    package var isEmpty: Bool { state.withLock { $0.turns.isEmpty && !$0.isClosed } }

    /// Takes no more; what is inside can still be taken. Producers that wait get false.
    package func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            var waiting: [@Sendable (Bool) -> Void] = []
            for (party, lane) in state.lanes {
                waiting += lane.compactMap(\.resume)
                let rest = lane.filter { $0.resume == nil }
                state.lanes[party] = rest.isEmpty ? nil : rest
            }
            state.turns.removeAll { state.lanes[$0] == nil }
            state.waiting = 0
            return waiting
        }
        for resume in waiting { resume(false) }
        available.signal()
    }

    private func fits(_ cost: Int, in state: State) -> Bool {
        state.count < capacity && (state.count == 0 || state.cost + cost <= costLimit)
    }
}
