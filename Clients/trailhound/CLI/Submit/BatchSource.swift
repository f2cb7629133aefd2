// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// The files to submit, cut into batches as the streams ask for them. Reading happens here, one batch at a time, so
/// what is in memory is what the streams have in flight.
///
/// One stream brings the batches in their order, and the service keeps it. Of several streams none gets a batch that is
/// too far ahead of one that another has under way.
package actor BatchSource {
    private var files: ArraySlice<InputFile>
    private var current: FileBatches?
    /// When the file that `current` reads was delivered.
    private var delivered: Milliseconds?
    /// What was read and may not go yet.
    private var held: BatchItem?
    private var number: UInt64 = 0
    private var span: SubmitSpan?
    private var waiters: [CheckedContinuation<Void, Never>] = []

    /// - Parameter span: how far apart batches on their way may be; nil for any distance.
    package init(_ files: [InputFile], span: SubmitSpan? = nil) {
        self.files = files[...]
        self.span = span
    }

    /// The next item, as soon as it may go; nil when every file is done with.
    package func next() async throws(CancellationError) -> BatchItem? {
        while true {
            guard let item = held ?? read() else { return nil }
            held = nil
            guard case .batch(var batch) = item else { return item }
            let place = SubmitSpan.Place(number: number, time: delivered)
            if span?.admits(place) ?? true {
                span?.begin(place)
                batch.number = number
                number += 1
                return .batch(batch)
            }
            held = item
            await pause()
            if Task.isCancelled { throw CancellationError() }
        }
    }

    /// A batch is acknowledged.
    package func settle(_ number: UInt64) {
        guard span != nil else { return }
        span?.settle(number)
        wake()
    }

    private func read() -> BatchItem? {
        while true {
            if let item = current?.next() { return item }
            guard let file = files.popFirst() else {
                current = nil
                return nil
            }
            delivered = file.delivered
            current = FileBatches(file)
        }
    }

    private func pause() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { waiters.append(continuation) }
            }
        } onCancel: {
            Task { await self.wake() }
        }
    }

    private func wake() {
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
