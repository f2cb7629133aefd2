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
        return try await pipeline.queries.run(caller, pipeline.journal.reader) { try query.run($0, $1) }
    }

    func getLineage(_ request: GetLineageRequest, _ context: CallContext) async throws -> GetLineageResponse {
        let caller = try access.caller(context)
        guard !request.value.isEmpty else { throw Validation.failure("value", "is empty") }
        let value = try Validation.text(request.value, field: "value", bytes: Limits.lookupBytes)
        let query = LineageQuery(value: value, accounts: caller.accounts)
        let found = try await pipeline.queries.run(
            caller, pipeline.journal.reader, { ReadBudget(time: Limits.lineageTime, bytes: Limits.lineageBytes) }
        ) { try query.run($0, $1) }
        guard let answer = found else {
            throw RPCError(.notFound, "no stored event carries '\(value)' as its id, key or session")
        }
        return answer
    }

    func getStatus(_ request: GetStatusRequest, _ context: CallContext) async throws -> GetStatusResponse {
        let caller = try access.caller(context)
        let scope = caller.accounts
        let (damage, log) = (pipeline.counters.damage, pipeline.log)
        let stored = try await pipeline.lookups.run(caller, pipeline.journal.reader) { reader, _ in
            try StoredStatus(reader, scope) { error in
                // What is damaged is counted, and leaves the others to be told.
                guard StoreFailure.isDamage(error) else { throw error }
                if damage.note(error) { log.error("the status is not whole: \(error)") }
            }
        }
        let freeze = Messages.Freeze(book.freeze)
        let inactive = pipeline.catalog.plan.inactive.map { detection, needs in
            InactiveDetection(detectionID: detection.id, title: detection.title, needs: needs.rawValue)
        }
        var status = GetStatusResponse(
            version: ServiceVersion.text, startedAt: Timestamp(milliseconds: pipeline.counters.startedAt),
            storedRecords: UInt64(clamping: stored.records), alerts: UInt64(clamping: stored.alerts),
            detectionsEnabled: UInt32(clamping: pipeline.catalog.enabledCount),
            accounts: UInt32(clamping: pipeline.accounts.count(within: scope)),
            subscribers: UInt32(clamping: pipeline.subscribers.count(within: scope)),
            inactiveDetections: inactive, remediationsFrozen: freeze.frozen,
            frozenSince: freeze.frozen ? freeze.changedAt : nil,
            detections: UInt32(clamping: pipeline.catalog.catalog.all.count),
            rulesLeftOut: UInt32(clamping: pipeline.catalog.catalog.leftOut),
            damage: scope == nil ? DamageStatus(pipeline.counters.damage.summary) : nil,
            retention: RetentionStatus(pipeline.retention, pruned: stored.pruned, cut: stored.cut),
            problems: scope == nil
                ? pipeline.problems.all.map { ServiceProblem(name: $0.name.rawValue, message: $0.message) } : [],
            transport: scope == nil ? pipeline.transport.statistics.map { TransportStatus($0) } : nil)
        count(scope, stored, in: &status)
        return status
    }

    /// Fills in what was counted: of a certificate's own accounts, where it covers some, and then nothing that all share.
    private func count(_ scope: Set<AccountID>?, _ stored: StoredStatus, in status: inout GetStatusResponse) {
        let counters = pipeline.counters
        guard let scope else {
            status.storedBytes = UInt64(clamping: stored.bytes)
            status.accepted = counters.accepted.load(ordering: .relaxed)
            status.duplicate = counters.duplicate.load(ordering: .relaxed)
            status.rejected = counters.rejected.load(ordering: .relaxed)
            status.queuedBatches = UInt32(clamping: pipeline.queued)
            status.stream = StreamStatus(counters.stream)
            status.deadLetters = DeadLetterStatus(stored.letters, refused: counters.rejections)
            return
        }
        let activity = counters.activity(within: scope)
        let rejections = counters.rejections(within: scope)
        (status.accepted, status.duplicate) = (activity.accepted, activity.duplicate)
        status.rejected = UInt64(clamping: rejections.values.reduce(0, +))
        status.deadLetters = DeadLetterStatus(stored.letters, refused: rejections)
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

/// The part of the status that is in the store.
private struct StoredStatus: Sendable {
    var records: Int64 = 0
    var bytes: Int64 = 0
    var alerts: Int64 = 0
    var letters = DeadLetterTotals()
    /// Positions of the alert log that are no longer there.
    var pruned: Int64 = 0
    /// Entries of the audit log that are no longer there.
    var cut: Int64 = 0

    /// Reads the parts one by one; one that can't be read stays empty.
    ///
    /// - Parameters:
    ///   - scope: the accounts; nil for all.
    ///   - fail: is told why a part can't be read; what it throws ends the reading.
    init(_ reader: Reader, _ scope: Set<AccountID>?, fail: (any Error) throws -> Void) throws {
        let names = scope.map { $0.map(\.description).sorted() }
        func read(_ body: () throws -> Void) throws {
            do { try body() } catch { try fail(error) }
        }
        try read {
            if let names {
                records = try names.reduce(0) { $0 + (try reader.account($1)?.eventCount ?? 0) }
            } else {
                let statistics = try reader.statistics()
                (records, bytes) = (statistics.records, statistics.databaseBytes)
            }
        }
        try read { alerts = try reader.alertCount(accountIDs: names) }
        try read {
            var filter = DeadLetterQuery()
            filter.visibleAccounts = names
            letters = try reader.deadLetterTotals(filter)
        }
        try read { (pruned, cut) = (try reader.alertLogPruned(), try reader.auditAnchor()?.head.sequence ?? 0) }
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

extension TransportStatus {
    init(_ seen: TransportStatistics) {
        func counts<Name: RawRepresentable<String> & Hashable>(_ counts: [Name: Int]) -> [NamedCount] {
            counts.map { NamedCount(name: ServiceMetrics.snake($0.key.rawValue), count: UInt64(clamping: $0.value)) }
                .sorted { $0.name < $1.name }
        }
        self.init(
            connections: UInt64(clamping: seen.connectionsOpen), handshakes: UInt64(clamping: seen.handshakesOpen),
            reservedBytes: UInt64(clamping: seen.reservedBytes), heldBytes: UInt64(clamping: seen.heldBytes),
            unsentBytes: UInt64(clamping: seen.unsentBytes), handshakeFailures: counts(seen.handshakeFailures),
            refusals: counts(seen.refusals))
    }
}
