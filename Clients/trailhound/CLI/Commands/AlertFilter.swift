// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contract
import Messages

/// Which alerts to show.
struct AlertFilter: ParsableArguments {
    @Option(
        name: .customLong("account"),
        help: .init("Only alerts of this account. Give it several times for several accounts.", valueName: "account-id")
    )
    var accounts: [String] = []

    @Option(help: "Only alerts of at least this severity.")
    var severity: SeverityChoice?

    @Option(
        name: .customLong("detection"),
        help: .init(
            "Only alerts of this detection: its id or the id's beginning. Give it several times for several.",
            valueName: "detection-id"))
    var detections: [String] = []

    @Option(help: "Only alerts for this audience.")
    var audience: AudienceChoice?

    /// The same with whole ids in place of their beginnings.
    func resolved(_ session: Session) async throws -> AlertFilter {
        var filter = self
        for place in detections.indices {
            filter.detections[place] = try await session.detectionID(detections[place])
        }
        return filter
    }

    /// The filter of a subscription.
    func subscription(cursor: String, untilCaughtUp: Bool) -> SubscribeAlertsRequest {
        SubscribeAlertsRequest(
            cursor: cursor, accountIDs: accounts, minSeverity: severity?.value ?? .unspecified,
            detectionIDs: detections, audience: audience?.value ?? .unspecified, untilCaughtUp: untilCaughtUp)
    }

    /// The filter of a list.
    func list(status: AlertStatus) -> ListAlertsRequest {
        ListAlertsRequest(
            accountIDs: accounts, minSeverity: severity?.value ?? .unspecified, detectionIDs: detections,
            audience: audience?.value ?? .unspecified, status: status)
    }
}

extension Session {
    /// The newest alerts, page by page until there are `limit` that `isWanted`.
    func alerts(
        _ request: ListAlertsRequest, limit: Int, where isWanted: (Alert) -> Bool = { _ in true }
    ) async throws -> [Alert] {
        var request = request
        var found: [Alert] = []
        repeat {
            request.pageSize = UInt32(clamping: min(Int(Limits.pageSize), limit - found.count))
            let page = try await call(AlertService.listAlerts, request)
            found += page.alerts.filter(isWanted)
            request.pageToken = page.nextPageToken
        } while !request.pageToken.isEmpty && found.count < limit
        return Array(found.prefix(limit))
    }

    /// The whole id of an alert that a person gave by its end, as tables show it.
    func alertID(_ text: String) async throws -> String {
        guard ShortID.isPart(text) else { return text }
        let ids = try await alerts(ListAlertsRequest(), limit: Limits.resolvedAlerts).map(\.alertID)
        return try ShortID.resolve(text, among: ids, kind: "alert") { $0.hasSuffix($1) }
    }

    /// The whole id of a detection that a person gave by its beginning, as tables show it.
    func detectionID(_ text: String) async throws -> String {
        guard ShortID.isPart(text) else { return text }
        let detections = try await call(DetectionService.listDetections, ListDetectionsRequest()).detections
        return try ShortID.resolve(text, among: detections.map(\.detectionID), kind: "detection") { $0.hasPrefix($1) }
    }
}
