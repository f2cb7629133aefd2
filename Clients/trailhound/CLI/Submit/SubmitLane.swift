// SPDX-License-Identifier: Apache-2.0

/// The sending side and the receiving side of one stream meet here: the one asks for requests, the other reports
/// acknowledgements, and both go on over reconnections.
package actor SubmitLane {
    private let source: BatchSource
    private let onRefusal: @Sendable (SubmitTally.Refusal, UInt64) -> Void
    private var window = SubmitWindow<Batch>()
    private var isExhausted = false
    /// Requests that were acknowledged in all.
    package private(set) var acknowledged: UInt64 = 0
    private var waiter: CheckedContinuation<Void, Never>?

    /// A lane that takes its batches from a source shared with other lanes. `onRefusal` hears of what can't be sent,
    /// with the bytes of input that it stands for.
    package init(_ source: BatchSource, onRefusal: @escaping @Sendable (SubmitTally.Refusal, UInt64) -> Void) {
        self.source = source
        self.onRefusal = onRefusal
    }

    /// True once everything that came from the source is acknowledged.
    package var isDone: Bool { isExhausted && window.unacknowledged == 0 }

    /// The file of the oldest request without an acknowledgement.
    package var oldestSource: String? { window.oldest?.source }

    /// The next request to write, waiting for room in the window; nil when there will be none.
    package func nextRequest() async throws -> SubmitWindow<Batch>.Request? {
        while true {
            try Task.checkCancellation()
            if let request = window.send() { return request }
            if isExhausted { return nil }
            if window.hasRoom {
                switch try await source.next() {
                case .batch(let batch)?: window.admit(batch, bytes: batch.bytes)
                case .refused(let refusal, let inputBytes)?: onRefusal(refusal, inputBytes)
                case nil: isExhausted = true
                }
            } else {
                await waitForRoom()
            }
        }
    }

    /// An acknowledgement came: the batch it is for.
    package func acknowledge(_ sequence: UInt64) async throws(SubmitWindow<Batch>.Violation) -> Batch {
        let batch = try window.acknowledge(sequence)
        acknowledged += 1
        wake()
        await source.settle(batch.number)
        return batch
    }

    /// The connection is gone, and nobody is inside `nextRequest` any more.
    package func connectionLost() { window.connectionLost() }

    private func waitForRoom() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { waiter = continuation }
            }
        } onCancel: {
            Task { await self.wake() }
        }
    }

    private func wake() {
        waiter?.resume()
        waiter = nil
    }
}
