// SPDX-License-Identifier: Apache-2.0

import Contract
import Detect
import Foundation
import Journal
import Messages
import RPC
import Serve
import TestKit
import Testing

/// What grows has an end: superseded revisions, closed alerts and the audit log, as users meet it.
@Suite("Growth with an end", .serialized, .timeLimit(.minutes(2)))
struct GrowthTests {
    private static let day: Int64 = 86_400_000
    private static var later: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) + 400 * day }

    private static func notes(_ count: Int, on alert: String, _ client: Client) async throws {
        for number in 0..<count {
            _ = try await client.unary(
                AlertService.updateAlert, UpdateAlertRequest(alertID: alert, note: "note \(number)"))
        }
    }

    private static func subscribe(_ cursor: String, _ client: Client) async throws -> [SubscribeAlertsResponse] {
        let stream = try await client.serverStreaming(
            AlertService.subscribeAlerts, SubscribeAlertsRequest(cursor: cursor, untilCaughtUp: true))
        var found: [SubscribeAlertsResponse] = []
        for try await response in stream { found.append(response) }
        return found
    }

    @Test func anOldCursorIsRefusedByNameAndTheLastRevisionsAreThere() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let pipeline = rig.service.pipeline
            try await rig.withClient { client in
                let alerts = try await rig.alerts(client)
                let first = try #require(alerts.first)
                try await Self.notes(40, on: first.alertID, client)
                let all = try await Self.subscribe("", client)
                #expect(all.count == alerts.count + 40)
                // Nothing is old enough yet.
                try await pipeline.compactAlertLog(olderThan: 90)
                #expect(try await Self.subscribe("", client).count == all.count)
                try await pipeline.compactAlertLog(olderThan: 90, now: Self.later)
                let status = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
                #expect(status.retention?.alertRevisionDays == 90 && (status.retention?.alertLogPruned ?? 0) > 0)
                do {
                    _ = try await Self.subscribe(try #require(all.first).cursor, client)
                    Issue.record("a cursor of dropped revisions was taken")
                } catch let error as RPCError {
                    #expect(error.code == .invalidArgument)
                    #expect(error.fieldViolations.first?.field == "cursor")
                    #expect(error.fieldViolations.first?.description.contains("alert-revision-days") == true)
                }
                #expect(try await Self.subscribe(try #require(all.last).cursor, client).isEmpty)
            }
        }
    }

    /// What a subscriber gets that begins anew, once the service's memory has no older revisions.
    @Test func everyAlertsLastRevisionOutlivesItsOthers() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let pipeline = rig.service.pipeline
            try await rig.withClient { client in
                for alert in try await rig.alerts(client) { try await Self.notes(10, on: alert.alertID, client) }
                try await pipeline.compactAlertLog(olderThan: 90, now: Self.later)
                let alerts = try await rig.alerts(client)
                let log = try pipeline.journal.reader.alertLog(after: 0, limit: 1_000)
                #expect(log.isCaughtUp && log.entries.count == alerts.count, "one revision of each")
                for entry in log.entries {
                    let alert = try AlertCodec.decode(entry.payload)
                    let current = alerts.first { $0.alertID == alert.id }
                    #expect(current?.revision == alert.revision && current?.note == "note 9")
                }
            }
        }
    }

    @Test func closedAlertsGoAfterTheirDays() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let pipeline = rig.service.pipeline
            try await rig.withClient { client in
                let alerts = try await rig.alerts(client)
                let closed = try #require(alerts.first).alertID
                _ = try await client.unary(
                    AlertService.updateAlert, UpdateAlertRequest(alertID: closed, status: Messages.AlertStatus.closed))
                try await pipeline.dropClosedAlerts(olderThan: 365)
                #expect(try await rig.alerts(client).count == alerts.count)
                try await pipeline.dropClosedAlerts(olderThan: 365, now: Self.later)
                let left = try await rig.alerts(client).map(\.alertID)
                #expect(left.count == alerts.count - 1 && !left.contains(closed))
            }
            let entries = try await rig.auditLog().filter { $0.method == "retention" }
            #expect(entries.map(\.summary) == ["dropped 1 alerts that were closed or merged more than 365 days ago"])
        }
    }

    @Test func theAuditLogIsCutAndTellsWhere() async throws {
        try await ServiceRig.run { rig in
            try await rig.seed()
            let pipeline = rig.service.pipeline
            let before = try await rig.auditLog()
            try await pipeline.cutAudit(olderThan: 730)
            #expect(try await rig.auditLog().count == before.count)
            try await pipeline.cutAudit(olderThan: 1, now: Self.later)
            try await rig.withClient { client in
                let request = TailAuditRequest(untilCaughtUp: true, whole: true)
                let stream = try await client.serverStreaming(AuditService.tailAudit, request)
                var verifier = AuditVerifier()
                var entries = 0
                for try await response in stream {
                    if let cut = response.cut {
                        #expect(entries == 0, "the cut stands before the entries")
                        try verifier.begin(
                            after: AuditAnchor(
                                head: AuditHead(sequence: Int64(cut.sequence), hash: cut.hash.array),
                                entries: Int64(cut.entries), firstTime: 0, lastTime: 0, cutAt: 0))
                    }
                    if response.entry != nil { entries += 1 }
                }
                #expect(verifier.anchor?.entries == verifier.anchor?.head.sequence)
                #expect((verifier.anchor?.head.sequence ?? 0) >= Int64(before.count))
                let status = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
                #expect(status.retention?.auditCut == UInt64(verifier.anchor?.head.sequence ?? 0))
                do {
                    let old = TailAuditRequest(after: 1, untilCaughtUp: true)
                    for try await _ in try await client.serverStreaming(AuditService.tailAudit, old) {}
                    Issue.record("an entry that is gone was taken as a beginning")
                } catch let error as RPCError {
                    #expect(error.fieldViolations.first?.field == "after")
                }
            }
        }
    }
}
