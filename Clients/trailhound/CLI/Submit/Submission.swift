// SPDX-License-Identifier: Apache-2.0

import Contract
import Messages
import RPC
import Synchronization

/// Why the writing side of a stream ended early.
private final class WritingSide: Sendable {
    let failure = Mutex<(any Error)?>(nil)
}

/// Sends what a source yields over several streams, each on a connection of its own, until all of it is acknowledged.
package struct Submission: Sendable {
    private let session: Session
    private let source: BatchSource
    private let progress: SubmitProgress
    private let historical: Bool
    private let patience: Double
    private let backoff: Backoff

    /// `patience` is for how many seconds a lost connection is tried again without any acknowledgement, with pauses of
    /// `backoff` between.
    package init(
        session: Session, source: BatchSource, progress: SubmitProgress, historical: Bool, patience: Double,
        backoff: Backoff = Backoff()
    ) {
        self.session = session
        self.source = source
        self.progress = progress
        self.historical = historical
        self.patience = patience
        self.backoff = backoff
    }

    /// Sends everything. Throws a `Failure` when the service can't be reached any more, or refuses a whole stream.
    package func run(streams: Int) async throws {
        do { try await session.probe() } catch { throw session.failure(error) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<streams { group.addTask { try await self.runLane() } }
            try await group.waitForAll()
        }
    }

    private func runLane() async throws {
        let progress = progress
        let lane = SubmitLane(source) { progress.addLocal($0, inputBytes: $1) }
        let client = try session.makeClient()
        do {
            try await runLane(lane, client)
        } catch {
            await client.close(now: true)
            throw error
        }
        await client.close()
    }

    /// Streams one after the other, as connections are lost, until the lane is done.
    private func runLane(_ lane: SubmitLane, _ client: Client) async throws {
        var backoff = backoff
        while true {
            let acknowledgedBefore = await lane.acknowledged
            let failure: any Error
            do {
                try await exchange(lane, client)
                if await lane.isDone { return }
                failure = ServiceError.streamEnded
            } catch {
                failure = error
            }
            try Task.checkCancellation()
            if await lane.acknowledged > acknowledgedBefore { backoff.reset() }
            guard ServiceError.isTransient(failure),
                progress.mayRetry(at: SystemClock.seconds(), patience: patience)
            else { throw await explain(failure, lane) }
            await lane.connectionLost()
            progress.setWaiting(true)
            defer { progress.setWaiting(false) }
            try await Task.sleep(for: backoff.pause(random: .random(in: 0...1)))
        }
    }

    private func explain(_ error: any Error, _ lane: SubmitLane) async -> Failure {
        if error is SubmitWindow<Batch>.Violation {
            return Failure("the service at \(session.endpoint) acknowledged what it was not sent")
        }
        let failure = session.failure(error)
        guard !ServiceError.isTransient(error), let file = await lane.oldestSource else { return failure }
        return Failure("\(failure.message) (while sending \(file))", code: failure.code)
    }

    /// One stream: writes and reads until both sides are done or one fails.
    private func exchange(_ lane: SubmitLane, _ client: Client) async throws {
        let call = try await client.bidirectional(IngestService.submitEvents)
        let writing = WritingSide()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    while let request = try await lane.nextRequest() {
                        try await call.requests.write(message(request))
                    }
                    try await call.requests.finish()
                } catch {
                    // The reading side below is woken up, and finds out why.
                    writing.failure.withLock { $0 = error }
                    call.cancel()
                }
            }
            defer { group.cancelAll() }
            do {
                while let response = try await call.responses.next() {
                    let batch = try await lane.acknowledge(response.sequence)
                    note(response, batch)
                }
            } catch {
                let written = writing.failure.withLock { $0 }
                call.cancel()
                if let written, !(written is CancellationError), (error as? RPCError)?.code == .cancelled {
                    throw written
                }
                throw error
            }
        }
    }

    private func message(_ request: SubmitWindow<Batch>.Request) -> SubmitEventsRequest {
        let payload: SubmitEventsRequest.Payload
        switch request.payload.payload {
        case .logFile(let bytes): payload = .logFile(Bytes(bytes))
        case .records(let slab): payload = .records(RecordBatch(records: slab.records))
        }
        return SubmitEventsRequest(
            sequence: request.sequence, source: Self.label(request.payload.source), payload: payload,
            historical: historical)
    }

    /// The end of a path, where it is longer than a label may be.
    package static func label(_ path: String) -> String {
        guard path.utf8.count > Limits.sourceLabel else { return path }
        var end = path[...]
        while end.utf8.count > Limits.sourceLabel { end.removeFirst() }
        return String(end)
    }

    private func note(_ response: SubmitEventsResponse, _ batch: Batch) {
        let refusals = response.rejections.map { Self.refusal($0, batch) }
        progress.add(
            batch, accepted: response.accepted, duplicate: response.duplicate, rejected: response.rejected,
            refusals: refusals)
        // The response lists the first of them only.
        var unlisted = Dictionary(
            response.rejectedByReason.map { ($0.reason, $0.count) }, uniquingKeysWith: +)
        for rejection in response.rejections {
            if let count = unlisted[rejection.reason], count > 0 { unlisted[rejection.reason] = count - 1 }
        }
        progress.add(unlisted: unlisted)
    }

    /// A refusal with the place of the record in its file.
    private static func refusal(_ rejection: Rejection, _ batch: Batch) -> SubmitTally.Refusal {
        let index = Int(rejection.index)
        if !ofWholePayload.contains(rejection.reason), batch.parts.indices.contains(index) {
            let part = batch.parts[index]
            if let finding = part.finding {
                return SubmitTally.Refusal(
                    file: batch.source, record: nil, reason: finding.reason.rawValue, detail: finding.rejection.detail)
            }
            return SubmitTally.Refusal(
                file: batch.source, record: batch.firstRecord + UInt64(rejection.index) + 1, reason: rejection.reason,
                detail: rejection.detail, offset: part.offset, extent: part.extent)
        }
        return SubmitTally.Refusal(
            file: batch.source,
            record: ofWholePayload.contains(rejection.reason)
                ? nil : batch.firstRecord + UInt64(rejection.index) + 1,
            reason: rejection.reason, detail: rejection.detail)
    }

    /// The reasons that are about a request rather than about a record of it.
    static let ofWholePayload: Set<String> = [
        "empty_batch", "sequence_not_increasing", "source_too_long", "truncated_gzip", "invalid_gzip", "invalid_zstd",
        "decompressed_too_large", "not_a_log_file", "no_payload", "too_many_records",
    ]
}
