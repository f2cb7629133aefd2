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
    func list(statuses: [AlertStatus]) -> ListAlertsRequest {
        ListAlertsRequest(
            accountIDs: accounts, minSeverity: severity?.value ?? .unspecified, detectionIDs: detections,
            audience: audience?.value ?? .unspecified, statuses: statuses)
    }
}

extension Session {
    /// The newest alerts by when they were raised, page by page until there are `limit` that `isWanted`.
    func alerts(
        _ request: ListAlertsRequest, limit: Int, where isWanted: (Alert) -> Bool = { _ in true }
    ) async throws -> [Alert] {
        var request = request
        var found: [Alert] = []
        repeat {
            // Where some are left out, pages as small as what is missing would be many.
            request.pageSize = UInt32(clamping: min(Int(Limits.pageSize), max(limit - found.count, Limits.listed)))
            let page = try await call(AlertService.listAlerts, request)
            found += page.alerts.filter(isWanted)
            request.pageToken = page.nextPageToken
        } while !request.pageToken.isEmpty && found.count < limit
        return Array(found.prefix(limit))
    }

    /// The alerts that were last seen latest, and how many there are.
    ///
    /// A page of up to `Limits.pageSize` is one moment's. Beyond that the order that never changes is paged through, since
    /// an alert that matches in the meantime would move past the page that is asked for.
    func lastSeenAlerts(
        _ request: ListAlertsRequest, _ list: ListOptions
    ) async throws -> (alerts: [Alert], total: UInt64) {
        var request = request
        if list.most <= Int(Limits.pageSize) {
            request.order = .lastSeen
            request.pageSize = UInt32(clamping: list.most)
            let page = try await call(AlertService.listAlerts, request)
            return (page.alerts, page.total)
        }
        let all = try await alerts(request, limit: .max)
        return (Array(all.newestFirst.prefix(list.most)), UInt64(all.count))
    }
}

extension [Alert] {
    /// By when they were last seen, the latest first, and by id where that is equal.
    var newestFirst: [Alert] {
        sorted {
            let (one, other) = ($0.lastSeen?.milliseconds ?? 0, $1.lastSeen?.milliseconds ?? 0)
            return one == other ? $0.alertID > $1.alertID : one > other
        }
    }
}

extension Session {
    /// The whole id of an alert that a person gave by its end, as tables show it.
    func alertID(_ text: String) async throws -> String {
        guard ShortID.isPart(text) else { return text }
        let ids = try await alerts(ListAlertsRequest(), limit: Limits.resolvedAlerts).map(\.alertID)
        return try ShortID.resolve(text, among: ids, kind: "alert")
    }

    /// The whole id of a detection that a person gave by its beginning, as tables show it.
    func detectionID(_ text: String) async throws -> String {
        guard ShortID.isPart(text) else { return text }
        let detections = try await call(DetectionService.listDetections, ListDetectionsRequest()).detections
        return try ShortID.resolve(text, among: detections.map(\.detectionID), kind: "detection")
    }
}
