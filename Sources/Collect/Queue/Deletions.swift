// SPDX-License-Identifier: Apache-2.0

import AWS

/// Deletes messages in batches: those that are done with within a moment go in one call.
///
/// A message whose deletion fails comes again when it is no longer hidden; the service recognises its events, and it is
/// deleted then. So nothing depends on a deletion's success.
actor Deletions {
    private let queue: SQS
    private let report: CollectReport
    private var waiting: [(handle: String, done: CheckedContinuation<Void, Never>)] = []
    private var flush: Task<Void, Never>?

    init(queue: SQS, report: CollectReport) {
        self.queue = queue
        self.report = report
    }

    /// Deletes a message; returns when the call that holds it is over.
    func delete(_ handle: String) async {
        await withCheckedContinuation { done in
            waiting.append((handle, done))
            if waiting.count >= CollectLimits.deletionsPerCall {
                start(waiting)
                waiting = []
                flush?.cancel()
                flush = nil
            } else if flush == nil {
                flush = Task {
                    try? await Task.sleep(for: CollectLimits.deletionLinger)
                    if !Task.isCancelled { self.flushNow() }
                }
            }
        }
    }

    private func flushNow() {
        flush = nil
        if !waiting.isEmpty { start(waiting) }
        waiting = []
    }

    private func start(_ batch: [(handle: String, done: CheckedContinuation<Void, Never>)]) {
        Task {
            do {
                let failures = try await queue.deleteMessages(batch.map(\.handle))
                report.count { $0.deleted += batch.count - failures.count }
                for failure in failures { report.trouble("a message could not be deleted: \(failure.code)") }
            } catch {
                report.trouble("messages could not be deleted: \(error)")
            }
            for item in batch { item.done.resume() }
        }
    }
}
