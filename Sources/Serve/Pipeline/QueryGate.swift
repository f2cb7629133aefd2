// SPDX-License-Identifier: Apache-2.0

import Journal

/// Admits callers' reads of one kind to the threads of their lane, in turns. A query under way ends at its next block once
/// its caller leaves.
package final class QueryGate: Sendable {
    private let gate: TurnGate
    private let lane: ReadLane

    package init(_ lane: ReadLane, _ turns: QueryTurns) {
        self.lane = lane
        gate = TurnGate(turns, of: "reads")
    }

    /// Queries over the archive, and lists.
    static func queries() -> QueryGate {
        QueryGate(
            .queries,
            QueryTurns(
                limit: JournalLimits.queryReaders, perParty: Limits.runningQueriesOfCaller,
                waiting: Limits.waitingQueriesOfCaller))
    }

    /// Short look-ups: status, one alert, one account.
    static func lookups() -> QueryGate {
        QueryGate(
            .lookups,
            QueryTurns(
                limit: JournalLimits.lookupReaders, perParty: Limits.runningLookupsOfCaller,
                waiting: Limits.waitingLookupsOfCaller))
    }

    /// Pages for who follows the alert or the audit log.
    static func feed() -> QueryGate {
        QueryGate(
            .feed,
            QueryTurns(
                limit: JournalLimits.feedReaders, perParty: Limits.runningFeedPagesOfCaller,
                waiting: Limits.waitingFeedPagesOfCaller))
    }

    /// Runs a read once it is its turn.
    package func run<T: Sendable>(
        _ caller: Caller, _ reader: Reader, _ budget: (@Sendable () -> ReadBudget)? = nil,
        _ body: @escaping @Sendable (Reader, ReadBudget) throws -> T
    ) async throws -> T {
        try await gate.run(caller.party) {
            // The time for which it waited is not the query's.
            let budget = budget?() ?? ReadBudget(time: Limits.queryTime, bytes: Limits.queryBytes)
            return try await withTaskCancellationHandler {
                try await reader.detached(lane) {
                    // The caller may have left while the read waited for its thread.
                    try budget.check()
                    return try body($0, budget)
                }
            } onCancel: {
                budget.abandon()
            }
        }
    }

    /// Reads that run now, and that wait.
    package var load: (running: Int, waiting: Int) { gate.load }
}

extension AuditActor {
    /// One certificate; without any, one connection.
    var party: QueryTurns.Party { fingerprint.isEmpty ? address : fingerprint }
}

extension Caller {
    /// Who shares turns with this caller's reads.
    var party: QueryTurns.Party {
        guard let accounts else { return actor.party }
        return accounts.map(\.description).sorted().joined(separator: ",")
    }

    /// Who shares turns with this caller's records. Without certificates all are one.
    var ingestParty: String {
        accounts == nil && actor.fingerprint.isEmpty ? "plaintext" : party
    }
}
