// SPDX-License-Identifier: Apache-2.0

import Collect

/// Log files on their way over one stream: each waits here until it is written, then until it is acknowledged, over as
/// many connections as that takes.
package actor DeliveryLane {
    /// A log file and whoever waits for its acknowledgement.
    package struct Delivery: Sendable {
        let id: UInt64
        /// What is sent.
        package let file: CollectedFile
    }

    private var window = SubmitWindow<Delivery>()
    private var waiting: [Delivery] = []
    private var tickets: [UInt64: CheckedContinuation<Acknowledgement, any Error>] = [:]
    private var nextID: UInt64 = 0
    private var writer: CheckedContinuation<Void, Never>?
    private var end: (any Error)?
    /// Acknowledgements that have come in all.
    package private(set) var acknowledged: UInt64 = 0

    package init() {}

    /// Sends a file, and returns what the service says of it.
    ///
    /// - Throws: what ended the lane, and `CancellationError`; the file may be stored all the same then.
    package func deliver(_ file: CollectedFile) async throws -> Acknowledgement {
        if let end { throw end }
        nextID += 1
        let id = nextID
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { ticket in
                if Task.isCancelled { return ticket.resume(throwing: CancellationError()) }
                tickets[id] = ticket
                waiting.append(Delivery(id: id, file: file))
                wake()
            }
        } onCancel: {
            Task { await self.cancel(id) }
        }
    }

    /// The next request to write, as soon as there is one and room for it.
    package func nextRequest() async throws -> SubmitWindow<Delivery>.Request {
        while true {
            try Task.checkCancellation()
            if let request = window.send() { return request }
            if window.hasRoom, !waiting.isEmpty {
                let delivery = waiting.removeFirst()
                window.admit(delivery, bytes: delivery.file.bytes.count)
            } else {
                await pause()
            }
        }
    }

    /// An acknowledgement came.
    package func acknowledge(
        _ sequence: UInt64, _ acknowledgement: Acknowledgement
    ) throws(SubmitWindow<Delivery>.Violation) {
        let delivery = try window.acknowledge(sequence)
        acknowledged += 1
        tickets.removeValue(forKey: delivery.id)?.resume(returning: acknowledgement)
        wake()
    }

    /// The connection is gone, and nobody is inside `nextRequest` any more.
    package func connectionLost() { window.connectionLost() }

    /// Nothing is sent any more: whoever waits, and whoever comes, gets this error.
    package func finish(_ error: any Error) {
        end = end ?? error
        for ticket in tickets.values { ticket.resume(throwing: error) }
        tickets = [:]
        waiting = []
    }

    private func cancel(_ id: UInt64) {
        waiting.removeAll { $0.id == id }
        tickets.removeValue(forKey: id)?.resume(throwing: CancellationError())
    }

    private func pause() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { writer = continuation }
            }
        } onCancel: {
            Task { await self.wake() }
        }
    }

    private func wake() {
        writer?.resume()
        writer = nil
    }
}
