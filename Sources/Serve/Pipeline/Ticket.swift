// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The answer to come to one submitted request: given once, by whichever thread has it, and awaited once.
package final class Ticket<Answer: Sendable>: Sendable {
    private enum State {
        case empty
        case awaited(CheckedContinuation<Answer, Never>)
        case answered(Answer)
        case taken
    }

    private let state = Mutex(State.empty)

    package init() {}

    /// Gives the answer. A second answer is ignored: the first one counts.
    package func answer(_ answer: Answer) {
        let waiting: CheckedContinuation<Answer, Never>? = state.withLock { state in
            switch state {
            case .empty:
                state = .answered(answer)
                return nil
            case .awaited(let continuation):
                state = .taken
                return continuation
            case .answered, .taken:
                return nil
            }
        }
        waiting?.resume(returning: answer)
    }

    /// The answer, as soon as there is one. To be awaited once.
    package var value: Answer {
        get async {
            await withCheckedContinuation { continuation in
                let ready: Answer? = state.withLock { state in
                    if case .answered(let answer) = state {
                        state = .taken
                        return answer
                    }
                    state = .awaited(continuation)
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        }
    }
}

/// A bounded first-in-first-out queue between two tasks, one that sends and one that receives.
package final class TaskQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var sender: CheckedContinuation<Void, Never>?
        var receiver: CheckedContinuation<Void, Never>?
        var isFinished = false
    }

    private let state = Mutex(State())
    private let capacity: Int

    package init(capacity: Int) { self.capacity = capacity }

    /// Appends, then waits until there is room for one more.
    package func send(_ element: Element) async {
        state.withLock { state in
            state.elements.append(element)
            defer { state.receiver = nil }
            return state.receiver
        }?.resume()
        await withCheckedContinuation { continuation in
            let isFull = state.withLock { state in
                guard state.elements.count >= capacity, !state.isFinished else { return false }
                state.sender = continuation
                return true
            }
            if !isFull { continuation.resume() }
        }
    }

    /// The oldest element, as soon as there is one; nil once finished and empty.
    package func receive() async -> Element? {
        while true {
            var sender: CheckedContinuation<Void, Never>?
            let outcome: Element?? = state.withLock { state in
                guard let first = state.elements.first else { return state.isFinished ? .some(nil) : nil }
                state.elements.removeFirst()
                (sender, state.sender) = (state.sender, nil)
                return first
            }
            sender?.resume()
            if let outcome { return outcome }
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.elements.isEmpty, !state.isFinished else { return false }
                    state.receiver = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        }
    }

    /// Nothing more is sent, or nothing more is received: whoever waits goes on.
    package func finish() {
        let waiting = state.withLock { state in
            state.isFinished = true
            defer { (state.sender, state.receiver) = (nil, nil) }
            return [state.sender, state.receiver]
        }
        for continuation in waiting { continuation?.resume() }
    }
}
