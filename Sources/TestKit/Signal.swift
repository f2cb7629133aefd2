// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Something that happens once and that tests wait for, rather than for time to pass.
public final class Signal: Sendable {
    private struct State {
        var isRaised = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Not raised yet.
    public init() {}

    /// It happened.
    public func raise() {
        let waiters = state.withLock { state in
            state.isRaised = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// It has happened.
    public var isRaised: Bool { state.withLock { $0.isRaised } }

    /// Returns when it has happened.
    public func wait() async {
        await withCheckedContinuation { continuation in
            let isRaised = state.withLock { state in
                if !state.isRaised { state.waiters.append(continuation) }
                return state.isRaised
            }
            if isRaised { continuation.resume() }
        }
    }
}

/// A number that several tasks change.
public final class Counter: Sendable {
    private let number = Atomic<Int>(0)

    /// Zero.
    public init() {}

    /// Adds to it and answers the sum.
    @discardableResult public func add(_ amount: Int = 1) -> Int {
        number.add(amount, ordering: .sequentiallyConsistent).newValue
    }

    /// What it is now.
    public var value: Int { number.load(ordering: .sequentiallyConsistent) }
}

/// Returns when the condition holds. For states that have no signal; the test's own time limit ends a wait in vain.
public func eventually(_ condition: @Sendable () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
}
