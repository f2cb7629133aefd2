// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Contract
import Detect
import Journal
import Messages
import RPC

/// InvestigationService: reads the archive, and says what the service is doing.
struct InvestigationServer: InvestigationServiceProvider {
    let pipeline: Pipeline
    let access: AccessControl
    let book: PolicyBook

    func getTimeline(_ request: GetTimelineRequest, _ context: CallContext) async throws -> GetTimelineResponse {
        let caller = try access.caller(context)
        let query = try TimelineQuery(request, caller: caller)
        return try await pipeline.queries.run(caller.party, pipeline.journal.reader) { try query.run($0, $1) }
    }

    func getLineage(_ request: GetLineageRequest, _ context: CallContext) async throws -> GetLineageResponse {
        let caller = try access.caller(context)
        guard !request.value.isEmpty else { throw Validation.failure("value", "is empty") }
        let value = try Validation.text(request.value, field: "value", bytes: Limits.lookupBytes)
        let query = LineageQuery(value: value, accounts: caller.accounts)
        let budget = ReadBudget(time: Limits.lineageTime, bytes: Limits.lineageBytes)
        let found = try await pipeline.queries.run(caller.party, pipeline.journal.reader, budget) {
            try query.run($0, $1)
        }
        guard let answer = found else {
            throw RPCError(.notFound, "no stored event carries '\(value)' as its id, key or session")
        }
        return answer
    }

    func getStatus(_ request: GetStatusRequest, _ context: CallContext) async throws -> GetStatusResponse {
        let scope = try access.caller(context).accounts
        let statistics = try await look(or: Statistics.unknown) { try $0.statistics() }
        let alerts = try await look(or: 0) { try $0.alertCount(accountIDs: scope.map { $0.map(\.description) }) }
        var filter = DeadLetterQuery()
        filter.visibleAccounts = scope.map { $0.map(\.description) }
        let visible = filter
        let letters = try await look(or: DeadLetterTotals()) { try $0.deadLetterTotals(visible) }
        let (pruned, cut) = try await look(or: (Int64(0), Int64(0))) {
            (try $0.alertLogPruned(), try $0.auditAnchor()?.head.sequence ?? 0)
        }
        let counters = pipeline.counters
        let freeze = Messages.Freeze(book.freeze)
        let inactive = pipeline.catalog.plan.inactive.map { detection, needs in
            InactiveDetection(detectionID: detection.id, title: detection.title, needs: needs.rawValue)
        }
        return GetStatusResponse(
            version: ServiceVersion.text, startedAt: Timestamp(milliseconds: counters.startedAt),
            storedRecords: UInt64(clamping: statistics.records),
            storedBytes: UInt64(clamping: statistics.databaseBytes),
            accepted: counters.accepted.load(ordering: .relaxed),
            duplicate: counters.duplicate.load(ordering: .relaxed),
            rejected: counters.rejected.load(ordering: .relaxed),
            alerts: UInt64(clamping: alerts),
            detectionsEnabled: UInt32(clamping: pipeline.catalog.enabledCount),
            accounts: UInt32(clamping: pipeline.accounts.count(within: scope)),
            queuedBatches: UInt32(clamping: pipeline.queued),
            subscribers: UInt32(clamping: pipeline.subscribers.count), stream: StreamStatus(counters.stream),
            inactiveDetections: inactive, remediationsFrozen: freeze.frozen,
            frozenSince: freeze.frozen ? freeze.changedAt : nil,
            detections: UInt32(clamping: pipeline.catalog.catalog.all.count),
            rulesLeftOut: UInt32(clamping: pipeline.catalog.catalog.leftOut),
            deadLetters: DeadLetterStatus(letters, refused: scope == nil ? counters.rejections : [:]),
            damage: scope == nil ? DamageStatus(counters.damage.summary) : nil,
            retention: RetentionStatus(pipeline.retention, pruned: pruned, cut: cut))
    }
}

extension InvestigationServer {
    /// Reads a part of the status. One that is damaged is counted, and leaves the others to be told.
    private func look<Part: Sendable>(
        or unknown: Part, _ body: @escaping @Sendable (Reader) throws -> Part
    ) async throws -> Part {
        do { return try await pipeline.journal.reader.detached(body) } catch {
            guard StoreFailure.isDamage(error) else { throw error }
            if pipeline.counters.damage.note(error) { pipeline.log.error("the status is not whole: \(error)") }
            return unknown
        }
    }
}

extension DamageStatus {
    init(_ damage: DamageTally.Summary) {
        self.init(
            met: damage.met, places: UInt32(clamping: damage.places), latest: damage.latest,
            latestAt: damage.met > 0 ? Timestamp(milliseconds: damage.latestAt) : nil)
    }
}

extension RetentionStatus {
    init(_ retention: Retention, pruned: Int64, cut: Int64) {
        func days(_ count: Int) -> UInt32 { UInt32(clamping: count) }
        self.init(
            recordDays: days(retention.records), alertRevisionDays: days(retention.alertRevisions),
            closedAlertDays: days(retention.closedAlerts), auditDays: days(retention.audit),
            alertLogPruned: UInt64(clamping: pruned), auditCut: UInt64(clamping: cut))
    }
}

extension StreamStatus {
    init(_ stream: StreamStatistics) {
        func number(_ count: Int) -> UInt64 { UInt64(clamping: count) }
        let losses = stream.losses
        self.init(
            groups: number(stream.groups), sessions: number(stream.sessions),
            combinations: number(stream.combinations), travellers: number(stream.travellers),
            heldMatches: number(stream.held), bytes: number(stream.bytes), lateEvents: number(losses.lateEvents),
            forgottenEvents: number(losses.forgottenEvents), evictedGroups: number(losses.evictedGroups),
            evictedSessions: number(losses.evictedSessions), evictedCombinations: number(losses.evictedCombinations),
            evictedTravellers: number(losses.evictedTravellers), releasedEarly: number(losses.releasedEarly))
    }
}
