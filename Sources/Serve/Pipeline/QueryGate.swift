// SPDX-License-Identifier: Apache-2.0

import Journal
import RPC
import Synchronization

/// Admits queries over the archive to a few of the store's readers, so that the others are free for the response, for
/// alerts and for status. Callers take turns: the next one is of the caller who was served longest ago.
///
/// A query waits as a suspended task and holds no thread. Whoever leaves gives up the place, and the query under way ends at
/// its next block.
final class QueryGate: Sendable {
    /// Who shares a turn: the certificates of the same accounts, or one certificate of all accounts.
    typealias Party = String

    private struct Waiter {
        let number: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var running: [Party: Int] = [:]
        var runningCount = 0
        var waiting: [Party: [Waiter]] = [:]
        /// Parties that wait, the next first.
        var turns: [Party] = []
        var next: UInt64 = 0
    }

    private let state = Mutex(State())
    private let limit: Int
    private let limitOfParty: Int
    private let waitingOfParty: Int

    init(
        limit: Int = Limits.runningQueries, perParty: Int = Limits.runningQueriesOfCaller,
        waiting: Int = Limits.waitingQueriesOfCaller
    ) {
        self.limit = limit
        limitOfParty = perParty
        waitingOfParty = waiting
    }

    /// Runs a query on a reader once it is its turn.
    func run<T: Sendable>(
        _ party: Party, _ reader: Reader, _ budget: ReadBudget? = nil,
        _ body: @escaping @Sendable (Reader, ReadBudget) throws -> T
    ) async throws -> T {
        try await enter(party)
        defer { leave(party) }
        let budget = budget ?? ReadBudget(time: Limits.queryTime, bytes: Limits.queryBytes)
        return try await withTaskCancellationHandler {
            try await reader.detached { try body($0, budget) }
        } onCancel: {
            budget.abandon()
        }
    }

    private func enter(_ party: Party) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if admits(party, state) {
                        start(party, &state)
                        return .success(())
                    }
                    let count = state.waiting[party]?.count ?? 0
                    guard count < waitingOfParty else {
                        return .failure(
                            RPCError(
                                .resourceExhausted, "\(count) queries of this certificate's accounts wait already."))
                    }
                    if count == 0 { state.turns.append(party) }
                    state.waiting[party, default: []].append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            abandon(party, number)
        }
    }

    private func admits(_ party: Party, _ state: State) -> Bool {
        state.runningCount < limit && (state.running[party] ?? 0) < limitOfParty
    }

    private func start(_ party: Party, _ state: inout State) {
        state.runningCount += 1
        state.running[party, default: 0] += 1
    }

    private func leave(_ party: Party) {
        let next: Waiter? = state.withLock { state in
            state.runningCount -= 1
            let left = (state.running[party] ?? 1) - 1
            state.running[party] = left == 0 ? nil : left
            guard let place = state.turns.firstIndex(where: { admits($0, state) }) else { return nil }
            let chosen = state.turns.remove(at: place)
            guard let waiter = state.waiting[chosen]?.first else { return nil }
            state.waiting[chosen]?.removeFirst()
            if state.waiting[chosen]?.isEmpty ?? true {
                state.waiting[chosen] = nil
            } else {
                state.turns.append(chosen)
            }
            start(chosen, &state)
            return waiter
        }
        next?.continuation.resume()
    }

    private func abandon(_ party: Party, _ number: UInt64) {
        let waiter: Waiter? = state.withLock { state in
            guard let place = state.waiting[party]?.firstIndex(where: { $0.number == number }) else { return nil }
            let waiter = state.waiting[party]?.remove(at: place)
            if state.waiting[party]?.isEmpty ?? true {
                state.waiting[party] = nil
                state.turns.removeAll { $0 == party }
            }
            return waiter
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }
}

extension Caller {
    /// Who shares turns with this caller's queries.
    var party: QueryGate.Party {
        guard let accounts else { return actor.fingerprint.isEmpty ? actor.address : actor.fingerprint }
        return accounts.map(\.description).sorted().joined(separator: ",")
    }
}
