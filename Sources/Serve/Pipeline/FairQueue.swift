// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// A bounded queue between async producers of several parties and threads that consume. Parties take turns (`FairLine`), and
/// none can fill it: each has a part of the room, and a light element of a party that has none waiting is always taken in.
///
/// A producer that finds no room is suspended, in its party's turn, until there is some: pressure goes back to the sender.
/// One lock is taken per element; an element is a batch, never a record.
package final class FairQueue<Element: Sendable>: Sendable {
    package typealias Party = FairLine<Element>.Party

    /// How much waits at most.
    package struct Bounds: Sendable {
        /// Elements, and the sum of their costs.
        package var capacity: Int
        package var cost = Int.max
        /// … of one party.
        package var capacityOfParty = Int.max
        package var costOfParty = Int.max
        /// The cost up to which an element is light.
        package var lightCost = 0

        package init(capacity: Int) { self.capacity = capacity }
    }

    private struct Waiter {
        let entry: FairLine<Element>.Entry
        let resume: @Sendable (Bool) -> Void
    }

    private struct State {
        var line: FairLine<Element>
        var waiting: FairLine<Waiter>
        var isClosed = false
        /// Elements of each party that were taken so far: the number of the next one.
        var taken: [Party: UInt64] = [:]
        /// Elements of each party that were taken and are not done.
        var atWork: [Party: Int] = [:]
    }

    private let state: Mutex<State>
    private let available = DispatchSemaphore(value: 0)
    private let lightAvailable = DispatchSemaphore(value: 0)
    private let bounds: Bounds

    /// An empty queue, in which a turn is so much weight.
    package init(_ bounds: Bounds, quantum: Int) {
        self.bounds = bounds
        state = Mutex(State(line: FairLine(quantum: quantum), waiting: FairLine(quantum: quantum)))
    }

    // MARK: Producers

    /// Appends, waiting for room. False once the queue is closed: the element was not taken.
    package func push(_ element: Element, of party: Party, cost: Int = 1, weight: Int = 1) async -> Bool {
        await withCheckedContinuation { continuation in
            push(element, party, cost, weight) { continuation.resume(returning: $0) }
        }
    }

    /// Appends, blocking the thread until there is room. False once the queue is closed. Never on an event loop.
    package func pushBlocking(_ element: Element, of party: Party, cost: Int = 1, weight: Int = 1) -> Bool {
        let taken = DispatchSemaphore(value: 0)
        let verdict = Mutex(false)
        push(element, party, cost, weight) { result in
            verdict.withLock { $0 = result }
            taken.signal()
        }
        taken.wait()
        return verdict.withLock { $0 }
    }

    private func push(
        _ element: Element, _ party: Party, _ cost: Int, _ weight: Int, then resume: @escaping @Sendable (Bool) -> Void
    ) {
        let entry = FairLine<Element>.Entry(element, cost: cost, weight: weight)
        let verdict: Bool? = state.withLock { state in
            if state.isClosed { return false }
            guard state.waiting.count(of: party) == 0, fits(entry, party, state) else {
                state.waiting.append(.init(Waiter(entry: entry, resume: resume), cost: 0, weight: weight), of: party)
                return nil
            }
            state.line.append(entry, of: party)
            return true
        }
        guard let verdict else { return }
        if verdict { signal(cost) }
        resume(verdict)
    }

    private func fits(_ entry: FairLine<Element>.Entry, _ party: Party, _ state: State) -> Bool {
        let own = state.line.count(of: party)
        if own == 0, entry.cost <= bounds.lightCost || state.line.isEmpty { return true }
        guard state.line.count < bounds.capacity, own < bounds.capacityOfParty else { return false }
        let fitsOwn = own == 0 || state.line.cost(of: party) + entry.cost <= bounds.costOfParty
        return fitsOwn && state.line.cost + entry.cost <= bounds.cost
    }

    private func signal(_ cost: Int) {
        available.signal()
        if cost <= bounds.lightCost { lightAvailable.signal() }
    }

    // MARK: Consumers

    /// Takes the element whose turn it is, blocking the thread until there is one; with its number among those of its party.
    /// Nil once closed and empty. `done` is to be called when the work on it is.
    package func takeNumbered() -> (party: Party, number: UInt64, element: Element)? {
        take(available) { line, _ in line.next() }
    }

    /// As `takeNumbered`, but light elements alone, and of parties that have nothing else at work: for a thread that is kept
    /// free for those that would wait behind others' heavy ones.
    package func takeLight() -> (party: Party, number: UInt64, element: Element)? {
        let limit = bounds.lightCost
        return take(lightAvailable) { line, atWork in
            guard let party = line.party(where: { $1.cost <= limit && (atWork[$0] ?? 0) == 0 }),
                let entry = line.next(of: party)
            else { return nil }
            return (party, entry)
        }
    }

    /// The work on an element of the party is over.
    package func done(_ party: Party) {
        let isLightWaiting = state.withLock { state in
            let left = (state.atWork[party] ?? 1) - 1
            state.atWork[party] = left > 0 ? left : nil
            return left <= 0 && state.line.first(of: party).map { $0.cost <= bounds.lightCost } ?? false
        }
        if isLightWaiting { lightAvailable.signal() }
    }

    private func take(
        _ semaphore: DispatchSemaphore,
        _ choose: (inout FairLine<Element>, [Party: Int]) -> (party: Party, entry: FairLine<Element>.Entry)?
    ) -> (party: Party, number: UInt64, element: Element)? {
        while true {
            var admitted: [Waiter] = []
            var isOver = false
            let taken = state.withLock { state -> (Party, UInt64, Element)? in
                guard let (party, entry) = choose(&state.line, state.atWork) else {
                    isOver = state.isClosed && (state.line.isEmpty || semaphore === lightAvailable)
                    return nil
                }
                let number = state.taken[party] ?? 0
                state.taken[party] = number + 1
                state.atWork[party, default: 0] += 1
                admitted = admitWaiting(&state)
                return (party, number, entry.element)
            }
            tell(admitted)
            if let (party, number, element) = taken { return (party, number, element) }
            if isOver {
                // Hand the closing on to the next consumer.
                semaphore.signal()
                return nil
            }
            semaphore.wait()
        }
    }

    /// Takes what is there in turns: `count` elements at most, up to a sum of weights. Blocks the thread until there is
    /// something, unless told otherwise. Nil once closed and empty.
    ///
    /// - Parameters:
    ///   - first: goes before the others, with half of `count` at most.
    ///   - isWanted: says of which of the other parties.
    package func take(
        upTo count: Int, weight limit: Int, first: Party? = nil, blocking: Bool = true,
        of isWanted: ((Party) -> Bool)? = nil
    ) -> [(party: Party, element: Element)]? {
        while true {
            var admitted: [Waiter] = []
            let taken: [(party: Party, element: Element)]? = state.withLock { state in
                guard !state.line.isEmpty else { return state.isClosed ? nil : [] }
                var taken: [(party: Party, element: Element)] = []
                while let first, taken.count < count / 2, let entry = state.line.next(of: first) {
                    taken.append((first, entry.element))
                }
                var weight = 0
                while taken.count < count, taken.isEmpty || weight < limit,
                    let (party, entry) = Self.next(&state.line, isWanted)
                {
                    weight += entry.weight
                    taken.append((party, entry.element))
                }
                admitted = admitWaiting(&state)
                return taken
            }
            tell(admitted)
            guard let taken else {
                available.signal()
                return nil
            }
            if !taken.isEmpty || !blocking { return taken }
            available.wait()
        }
    }

    private static func next(
        _ line: inout FairLine<Element>, _ isWanted: ((Party) -> Bool)?
    ) -> (party: Party, entry: FairLine<Element>.Entry)? {
        guard let isWanted else { return line.next() }
        guard let party = line.party(where: { party, _ in isWanted(party) }), let entry = line.next(of: party) else {
            return nil
        }
        return (party, entry)
    }

    /// Moves elements of producers that wait into the room there is now, in turns.
    private func admitWaiting(_ state: inout State) -> [Waiter] {
        var admitted: [Waiter] = []
        while let party = state.waiting.party(where: { fits($1.element.entry, $0, state) }),
            let waiter = state.waiting.next(of: party)?.element
        {
            state.line.append(waiter.entry, of: party)
            admitted.append(waiter)
        }
        return admitted
    }

    private func tell(_ admitted: [Waiter]) {
        for waiter in admitted {
            signal(waiter.entry.cost)
            waiter.resume(true)
        }
    }

    // MARK: State

    /// Elements that wait now, those of suspended producers included.
    package var count: Int { state.withLock { $0.line.count + $0.waiting.count } }

    /// Nothing waits, and nothing is to end.
    package var isEmpty: Bool { state.withLock { $0.line.isEmpty && $0.waiting.isEmpty && !$0.isClosed } }

    /// Takes no more; what is inside can still be taken. Producers that wait get false.
    package func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            var waiting: [Waiter] = []
            while let (_, entry) = state.waiting.next() { waiting.append(entry.element) }
            return waiting
        }
        for waiter in waiting { waiter.resume(false) }
        available.signal()
        lightAvailable.signal()
    }
}
