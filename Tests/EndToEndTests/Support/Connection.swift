// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC

extension Service {
    /// A client with the admin's certificate, or with another one of some folder.
    func connect(pki folder: URL? = nil, name: String = "admin") throws -> Client {
        let folder = folder ?? pki
        var configuration = ClientConfiguration(
            target: .tcp(host: "127.0.0.1", port: port),
            tls: .client(
                trustRoots: .file(pki.appendingPathComponent("ca.pem").path),
                certificateChainFile: folder.appendingPathComponent("\(name).pem").path,
                privateKeyFile: folder.appendingPathComponent("\(name)-key.pem").path))
        configuration.backoff.initial = .milliseconds(20)
        configuration.backoff.maximum = .milliseconds(200)
        configuration.limits.maxReceiveMessageBytes = 16 << 20
        return try Client(configuration: configuration)
    }

    /// Submits payloads on one stream, a window of them at a time, and returns the acknowledgements.
    func submit(_ payloads: [SubmitEventsRequest.Payload], source: String = "test") async throws
        -> [SubmitEventsResponse]
    {
        let client = try connect()
        var answers: [SubmitEventsResponse] = []
        let stream = try await client.bidirectional(IngestService.submitEvents)
        async let sending: Void = {
            for (index, payload) in payloads.enumerated() {
                try await stream.requests.write(
                    SubmitEventsRequest(sequence: UInt64(index + 1), source: source, payload: payload))
            }
            try await stream.requests.finish()
        }()
        for try await response in stream.responses { answers.append(response) }
        try await sending
        await client.close()
        return answers
    }

    /// The whole alert log, as far as it goes now.
    func alertLog(after cursor: String = "") async throws -> [SubscribeAlertsResponse] {
        let client = try connect()
        let stream = try await client.serverStreaming(
            AlertService.subscribeAlerts, SubscribeAlertsRequest(cursor: cursor, untilCaughtUp: true))
        var log: [SubscribeAlertsResponse] = []
        for try await response in stream { log.append(response) }
        await client.close()
        return log
    }

    /// Reads alerts as a subscriber does, all there are and then live, until one has come for which `isLast` holds.
    func hear(until isLast: ([Alert]) -> Bool) async throws -> [Alert] {
        let client = try connect()
        var heard: [Alert] = []
        do {
            let options = CallOptions(timeout: .seconds(90))
            let stream = try await client.serverStreaming(
                AlertService.subscribeAlerts, SubscribeAlertsRequest(), options: options)
            while let response = try await stream.next() {
                if let alert = response.alert { heard.append(alert) }
                if isLast(heard) { break }
            }
        } catch {
            throw ServiceFailure(message: "heard \(heard.map(\.title)): \(error)")
        }
        await client.close(now: true)
        return heard
    }

    /// What the service says of itself.
    func status() async throws -> GetStatusResponse {
        let client = try connect()
        let status = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
        await client.close()
        return status
    }

    /// The stored records that carry a value.
    func timeline(_ value: String, pageSize: UInt32 = 1_000) async throws -> [TimelineEntry] {
        let client = try connect()
        var entries: [TimelineEntry] = []
        var token = ""
        repeat {
            let page = try await client.unary(
                InvestigationService.getTimeline,
                GetTimelineRequest(value: value, pageSize: pageSize, pageToken: token))
            entries += page.entries
            token = page.nextPageToken
        } while !token.isEmpty
        await client.close()
        return entries
    }
}

/// What stands of an alert at the end, whatever the order in which its events came.
struct AlertOutcome: Hashable, CustomStringConvertible {
    let detection: String
    let account: String
    let principal: String
    let firstSeen: Int64
    let lastSeen: Int64
    let count: UInt64

    init(_ alert: Alert) {
        detection = alert.detectionID
        account = alert.accountID
        principal = alert.actor?.principal ?? ""
        firstSeen = alert.firstSeen?.milliseconds ?? 0
        lastSeen = alert.lastSeen?.milliseconds ?? 0
        count = alert.matchCount
    }

    var description: String { "\(detection) \(account) \(principal) \(firstSeen)…\(lastSeen) ×\(count)" }

    /// The outcome of a whole log: each alert by its latest revision, those merged into others left out.
    static func of(_ log: [SubscribeAlertsResponse]) -> Set<AlertOutcome> {
        var latest: [String: Alert] = [:]
        for alert in log.compactMap(\.alert) { latest[alert.alertID] = alert }
        return Set(latest.values.filter { $0.status != .merged }.map(AlertOutcome.init))
    }
}
