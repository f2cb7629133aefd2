// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Messages
import RPC

/// IngestService: requests in, acknowledgements out, in the order of the requests.
///
/// One task reads and hands on, another awaits the acknowledgements; between them at most
/// `Limits.unacknowledgedPerStream` requests are on their way. When the pipeline is full the reading task waits, the
/// stream's flow-control window fills, and the collector waits too.
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
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { pending.finish() }
                try await read(requests, caller, into: pending)
            }
            group.addTask {
                defer { pending.finish() }
                while let ticket = await pending.receive() {
                    switch await ticket.value {
                    case .success(let response): try await responses.write(response)
                    case .failure(.stopping):
                        throw RPCError(.unavailable, "The service is stopping; send what was not acknowledged again.")
                    case .failure(.store):
                        throw RPCError(.unavailable, "The store failed; send what was not acknowledged again.")
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
        try await LogFindings(pipeline: pipeline).report(request, try access.caller(context))
    }

    private func read(
        _ requests: RequestStream<SubmitEventsRequest>, _ caller: Caller, into pending: TaskQueue<Acknowledgement>
    ) async throws {
        var last: UInt64 = 0
        for try await request in requests {
            let ticket = Acknowledgement()
            await pending.send(ticket)
            let refusal = refusal(of: request, after: last)
            last = max(last, request.sequence)
            if let refusal {
                await pipeline.refuse(request, refusal, ticket)
            } else {
                await pipeline.submit(request, scope: caller.accounts, ticket)
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
