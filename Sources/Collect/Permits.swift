// SPDX-License-Identifier: Apache-2.0

/// The right to hold a log file in memory. Live files go first; history gets what they leave, and never more than its
/// own share.
package actor Permits {
    /// Whose file it is.
    package enum Lane: Sendable, Hashable {
        case live
        case history
    }

    private struct Waiter {
        let id: UInt64
        let lane: Lane
        let continuation: CheckedContinuation<Bool, Never>
    }

    private let total: Int
    private let share: Int
    private var held: [Lane: Int] = [:]
    private var waiters: [Waiter] = []
    private var nextID: UInt64 = 0

    /// - Parameters:
    ///   - total: How many there are.
    ///   - share: How many of them history may hold.
    package init(total: Int = CollectLimits.filesInFlight, share: Int = CollectLimits.historicalFilesInFlight) {
        self.total = max(1, total)
        self.share = max(1, min(share, total))
    }

    /// Runs `body` with a permit.
    ///
    /// - Throws: `CancellationError` where the task is cancelled while it waits, and what `body` throws.
    package func with<Result: Sendable>(
        _ lane: Lane, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await acquire(lane)
        defer { release(lane) }
        return try await body()
    }

    /// Waits for a permit; each is given back by `release`.
    package func acquire(_ lane: Lane) async throws {
        try Task.checkCancellation()
        if isFree(lane), !waiters.contains(where: { $0.lane == lane || $0.lane == .live }) {
            held[lane, default: 0] += 1
            return
        }
        nextID += 1
        let id = nextID
        let isGranted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: false)
                } else {
                    waiters.append(Waiter(id: id, lane: lane, continuation: continuation))
                }
            }
        } onCancel: {
            Task { await self.cancel(id) }
        }
        guard isGranted else { throw CancellationError() }
    }

    /// Gives a permit back.
    package func release(_ lane: Lane) {
        held[lane, default: 1] -= 1
        grant()
    }

    private func isFree(_ lane: Lane) -> Bool {
        let all = held.values.reduce(0, +)
        return all < total && (lane == .live || held[.history, default: 0] < share)
    }

    private func grant() {
        for lane in [Lane.live, .history] {
            while isFree(lane), let index = waiters.firstIndex(where: { $0.lane == lane }) {
                held[lane, default: 0] += 1
                waiters.remove(at: index).continuation.resume(returning: true)
            }
            // History does not pass by live files that wait.
            if waiters.contains(where: { $0.lane == .live }) { return }
        }
    }

    private func cancel(_ id: UInt64) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).continuation.resume(returning: false)
        grant()
    }
}
