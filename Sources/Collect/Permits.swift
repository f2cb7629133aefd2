// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// The right to hold a log file in memory. Live files go first; history gets what they leave, and never more than its
/// own share.
///
/// Of those that wait in a lane the file that was delivered first goes first, and none that was delivered much later than
/// one that the lane has under way: otherwise a slow download would fall behind the others, in a sparse trail by hours of
/// event time, and correlations take its events for late ones.
package actor Permits {
    /// Whose file it is.
    package enum Lane: Sendable, Hashable {
        case live
        case history
    }

    /// What a permit is for.
    private struct Claim: Hashable {
        let lane: Lane
        /// nil where the file's name does not tell: it goes as if it were the first.
        let delivered: Milliseconds?
    }

    private struct Waiter {
        let id: UInt64
        let claim: Claim
        let continuation: CheckedContinuation<Bool, Never>

        var turn: (Milliseconds, UInt64) { (claim.delivered ?? .min, id) }
    }

    private let total: Int
    private let share: Int
    private let span: Milliseconds
    private var held: [Claim] = []
    private var waiters: [Waiter] = []
    private var nextID: UInt64 = 0

    /// - Parameters:
    ///   - total: How many there are.
    ///   - share: How many of them history may hold.
    ///   - span: How much later than the first file under way another may have been delivered, in milliseconds.
    package init(
        total: Int = CollectLimits.filesInFlight, share: Int = CollectLimits.historicalFilesInFlight,
        span: Milliseconds = CollectLimits.span
    ) {
        self.total = max(1, total)
        self.share = max(1, min(share, total))
        self.span = span
    }

    /// Waits for a permit for a file that was delivered at a time; each is given back by `release`.
    ///
    /// - Throws: `CancellationError` where the task is cancelled while it waits.
    package func acquire(_ lane: Lane, delivered: Milliseconds? = nil) async throws {
        try Task.checkCancellation()
        nextID += 1
        let id = nextID
        let isGranted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: false)
                } else {
                    let claim = Claim(lane: lane, delivered: delivered)
                    waiters.append(Waiter(id: id, claim: claim, continuation: continuation))
                    grant()
                }
            }
        } onCancel: {
            Task { await self.cancel(id) }
        }
        guard isGranted else { throw CancellationError() }
    }

    /// Gives a permit back.
    package func release(_ lane: Lane, delivered: Milliseconds? = nil) {
        if let index = held.firstIndex(of: Claim(lane: lane, delivered: delivered)) { held.remove(at: index) }
        grant()
    }

    private func isFree(_ claim: Claim) -> Bool {
        let lane = held.filter { $0.lane == claim.lane }
        guard held.count < total, claim.lane == .live || lane.count < share else { return false }
        guard let time = claim.delivered, let first = lane.compactMap(\.delivered).min() else { return true }
        return time - first <= span
    }

    private func grant() {
        for lane in [Lane.live, .history] {
            while let index = waiters.indices.filter({ waiters[$0].claim.lane == lane })
                .min(by: { waiters[$0].turn < waiters[$1].turn }),
                isFree(waiters[index].claim)
            {
                held.append(waiters[index].claim)
                waiters.remove(at: index).continuation.resume(returning: true)
            }
            // History does not pass by live files that wait.
            if waiters.contains(where: { $0.claim.lane == .live }) { return }
        }
    }

    private func cancel(_ id: UInt64) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).continuation.resume(returning: false)
        grant()
    }
}
