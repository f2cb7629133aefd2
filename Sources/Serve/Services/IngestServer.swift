// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Journal
import Messages
import RPC
import Synchronization

/// IngestService: requests in, acknowledgements out, in the order of the requests.
///
/// One task reads and hands on, another awaits the acknowledgements; between them at most
/// `Limits.unacknowledgedPerStream` requests are on their way. When the pipeline is full the reading task waits, the
/// stream's flow-control window fills, and the collector waits too.
///
/// The audit log tells of each stream twice: before its first request, and with the counts at its end.
struct IngestServer: IngestServiceProvider {
    let pipeline: Pipeline
    let access: AccessControl

    private typealias Acknowledgement = Ticket<Result<SubmitEventsResponse, SubmissionFailure>>

    func submitEvents(
        _ requests: RequestStream<SubmitEventsRequest>, _ responses: ResponseWriter<SubmitEventsResponse>,
        _ context: CallContext
    ) async throws {
        let caller = try access.caller(context)
        let pending = TaskQueue<Acknowledgement>(capacity: Limits.unacknowledgedPerStream)
        let tally = StreamTally()
        do {
            try await serve(requests, responses, caller, context, pending, tally)
            if tally.counts.isCut { throw Self.stopping }
        } catch {
            await tell(tally, caller, context, outcome: RPCError.from(error).code.description)
            throw error
        }
        await tell(tally, caller, context, outcome: AuditEntry.succeeded)
    }

    private static let stopping = RPCError(
        .unavailable, "The service is stopping; send what was not acknowledged again.")

    /// Tells what came of a stream that had a request.
    private func tell(_ tally: StreamTally, _ caller: Caller, _ context: CallContext, outcome: String) async {
        let counts = tally.counts
        guard counts.requests > 0 else { return }
        var entry = caller.entry(
            context,
            "submitted \(counts.requests) requests: \(counts.accepted) records accepted, \(counts.duplicate) duplicate, "
                + "\(counts.rejected) rejected")
        entry.outcome = outcome
        await pipeline.audit.enqueue(entry)
    }

    private func serve(
        _ requests: RequestStream<SubmitEventsRequest>, _ responses: ResponseWriter<SubmitEventsResponse>,
        _ caller: Caller, _ context: CallContext, _ pending: TaskQueue<Acknowledgement>, _ tally: StreamTally
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { pending.finish() }
                try await read(requests, caller, context, into: pending, tally)
            }
            group.addTask {
                defer { pending.finish() }
                while let ticket = await pending.receive() {
                    switch await ticket.value {
                    case .success(let response):
                        tally.add(response)
                        try await responses.write(response)
                    case .failure(.stopping):
                        throw Self.stopping
                    case .failure(.store(let error)):
                        throw StoreFailure.ingest(error)
                    }
                }
            }
            do { try await group.waitForAll() } catch {
                group.cancelAll()
                throw error
            }
        }
    }

    func reportLogFindings(
        _ request: ReportLogFindingsRequest, _ context: CallContext
    ) async throws -> ReportLogFindingsResponse {
        let caller = try access.caller(context)
        let entry = caller.entry(context, "reported \(request.findings.count) findings in log files and digests")
        return try await LogFindings(pipeline: pipeline).report(request, caller, audit: entry)
    }

    private func read(
        _ requests: RequestStream<SubmitEventsRequest>, _ caller: Caller, _ context: CallContext,
        into pending: TaskQueue<Acknowledgement>, _ tally: StreamTally
    ) async throws {
        var last: UInt64 = 0
        let party = caller.ingestParty
        for try await request in requests {
            // The request goes unanswered; what came before it is acknowledged.
            if pipeline.isStopping { return tally.cut() }
            if tally.addRequest() {
                let source = request.source.prefix(Limits.auditedSourceLetters)
                await pipeline.audit.enqueue(caller.entry(context, "submits records of source \"\(source)\""))
            }
            let ticket = Acknowledgement()
            await pending.send(ticket)
            let refusal = refusal(of: request, after: last)
            last = max(last, request.sequence)
            if let refusal {
                await pipeline.refuse(
                    request, refusal, scope: caller.accounts, submitter: caller.submitter,
                    party: party, ticket)
            } else {
                await pipeline.submit(
                    request, scope: caller.accounts, submitter: caller.submitter,
                    party: party, ticket)
            }
        }
    }

    /// Why a request is refused before its records are looked at.
    private func refusal(of request: SubmitEventsRequest, after last: UInt64) -> CloudTrail.Rejection? {
        if request.sequence <= last {
            return CloudTrail.Rejection(
                .sequenceNotIncreasing, "sequence \(request.sequence) does not rise above \(last)")
        }
        if request.source.utf8.count > Limits.sourceBytes {
            return CloudTrail.Rejection(
                .sourceTooLong, "source has \(request.source.utf8.count) bytes; the limit is \(Limits.sourceBytes)")
        }
        if request.payload == nil {
            return CloudTrail.Rejection(.noPayload, "payload has to be records or log_file")
        }
        return nil
    }
}

/// What came of the requests of one stream.
private final class StreamTally: Sendable {
    struct Counts {
        var requests: UInt64 = 0
        var accepted: UInt64 = 0
        var duplicate: UInt64 = 0
        var rejected: UInt64 = 0
        /// Whether requests were left unanswered because the service stops.
        var isCut = false
    }

    private let state = Mutex(Counts())

    var counts: Counts { state.withLock { $0 } }

    /// Counts a request; whether it is the first.
    func addRequest() -> Bool {
        state.withLock { counts in
            counts.requests += 1
            return counts.requests == 1
        }
    }

    func cut() { state.withLock { $0.isCut = true } }

    func add(_ response: SubmitEventsResponse) {
        state.withLock { counts in
            counts.accepted += UInt64(response.accepted)
            counts.duplicate += UInt64(response.duplicate)
            counts.rejected += UInt64(response.rejected)
        }
    }
}
