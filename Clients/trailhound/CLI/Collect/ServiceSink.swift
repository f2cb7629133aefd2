// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Collect
import Contract
import Messages
import RPC

/// The service as the place where collected log files go: one stream, made again for as long as it takes.
package final class ServiceSink: EventSink {
    private let session: Session
    private let lane = DeliveryLane()
    private let report: CollectReport

    /// A sink whose stream `run` keeps up.
    package init(session: Session, report: CollectReport) {
        self.session = session
        self.report = report
    }

    package func submit(_ file: CollectedFile) async throws -> Acknowledgement { try await lane.deliver(file) }

    package func backlog() async -> Int? {
        let status = try? await session.call(InvestigationService.getStatus, GetStatusRequest())
        return (status?.queuedBatches).map(Int.init)
    }

    package func newestEvent(_ accounts: Set<String>) async -> Milliseconds? {
        guard !accounts.isEmpty else { return nil }
        let known = try? await session.call(AccountService.listAccounts, ListAccountsRequest()).accounts
        return known?.filter { accounts.contains($0.accountID) }.compactMap { $0.lastEventAt?.milliseconds }.max()
    }

    /// Reports what the verification of digests found; returns once it is durable.
    package func report(_ findings: [LogFileFinding]) async throws {
        for start in stride(from: 0, to: findings.count, by: Limits.findingsPerReport) {
            let part = findings[start..<min(start + Limits.findingsPerReport, findings.count)]
            let request = ReportLogFindingsRequest(findings: part.map(Self.message))
            _ = try await session.call(IngestService.reportLogFindings, request)
        }
    }

    private static func message(_ found: LogFileFinding) -> LogFinding {
        let finding = found.finding
        return LogFinding(
            accountID: found.accountID, region: found.region, kind: finding.kind.rawValue, trail: found.trail ?? "",
            bucket: finding.location?.bucket ?? "", key: finding.location?.key ?? "",
            start: finding.start.map(Timestamp.init(milliseconds:)),
            end: finding.end.map(Timestamp.init(milliseconds:)),
            detail: String(finding.detail.prefix(Limits.findingDetail)))
    }

    /// Keeps the stream up until the task is cancelled.
    ///
    /// - Throws: a `Failure` where the service can't be reached at first, or refuses the stream.
    package func run() async throws {
        do {
            do { try await session.probe() } catch { throw session.failure(error) }
            let client = try session.makeClient()
            do { try await keepUp(client) } catch {
                await client.close(now: true)
                throw error
            }
        } catch {
            await lane.finish(error)
            throw error
        }
    }

    private func keepUp(_ client: Client) async throws {
        var backoff = Backoff()
        var isLost = false
        while true {
            let before = await lane.acknowledged
            let failure: any Error
            do {
                try await exchange(client)
                failure = ServiceError.streamEnded
            } catch {
                failure = error
            }
            try Task.checkCancellation()
            if await lane.acknowledged > before {
                backoff.reset()
                isLost = false
            }
            if failure is SubmitWindow<DeliveryLane.Delivery>.Violation {
                throw Failure("the service at \(session.endpoint) acknowledged what it was not sent")
            }
            guard ServiceError.isTransient(failure) else { throw session.failure(failure) }
            await lane.connectionLost()
            if !isLost { report.trouble("lost the connection to \(session.endpoint), reconnecting") }
            isLost = true
            try await Task.sleep(for: backoff.pause(random: .random(in: 0...1)))
        }
    }

    /// One stream: writes and reads until one of them fails.
    private func exchange(_ client: Client) async throws {
        let call = try await client.bidirectional(IngestService.submitEvents)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [lane] in
                do {
                    while true {
                        let request = try await lane.nextRequest()
                        try await call.requests.write(Self.message(request))
                    }
                } catch {
                    // The reading side below is woken up, and finds out why.
                    call.cancel()
                }
            }
            defer { group.cancelAll() }
            do {
                while let response = try await call.responses.next() {
                    try await lane.acknowledge(response.sequence, Self.acknowledgement(response))
                }
            } catch {
                call.cancel()
                throw error
            }
        }
    }

    private static func message(_ request: SubmitWindow<DeliveryLane.Delivery>.Request) -> SubmitEventsRequest {
        let file = request.payload.file
        return SubmitEventsRequest(
            sequence: request.sequence, source: Submission.label(file.source), payload: .logFile(Bytes(file.bytes)),
            historical: file.isHistorical)
    }

    private static func acknowledgement(_ response: SubmitEventsResponse) -> Acknowledgement {
        // A file of another form is no log file, as one that can't be read is none.
        let isForeign = response.accepted + response.duplicate == 0
        let whole = response.rejections.first {
            Submission.ofWholePayload.contains($0.reason) || isForeign && $0.reason == "not_a_cloudtrail_event"
        }
        let refused = response.rejections.filter { $0.reason != "empty_batch" }
        let rejected = Int(response.rejected) - (response.rejections.count - refused.count)
        return Acknowledgement(
            accepted: Int(response.accepted), duplicate: Int(response.duplicate), rejected: max(0, rejected),
            refusal: whole.map { $0.detail.isEmpty ? $0.reason : "\($0.reason): \($0.detail)" },
            reasons: reasons(refused, of: rejected))
    }

    /// Refused records by reason, with the first detail of each. The service names so many of them one by one.
    private static func reasons(_ rejections: [Messages.Rejection], of rejected: Int) -> [Refusal] {
        var reasons: [Refusal] = []
        for rejection in rejections {
            if let index = reasons.firstIndex(where: { $0.reason == rejection.reason }) {
                reasons[index].count += 1
            } else {
                reasons.append(Refusal(reason: rejection.reason, detail: rejection.detail, count: 1))
            }
        }
        let others = rejected - rejections.count
        if others > 0 {
            if reasons.count == 1 {
                reasons[0].count += others
            } else {
                reasons.append(
                    Refusal(reason: "not_named", detail: "beyond those that one answer names", count: others))
            }
        }
        return reasons
    }
}
