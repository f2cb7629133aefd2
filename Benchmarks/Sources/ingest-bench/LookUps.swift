// SPDX-License-Identifier: Apache-2.0

import BenchKit
import Contract
import Messages
import RPC
import ServiceKit

/// Look-ups by eventID and by access key, through GetTimeline as a client sees it.
struct LookUps {
    let service: RunningService
    let corpus: Corpus
    /// The files that are stored.
    let files: Int

    private static let eventIDs = 200
    private static let accessKeys = 50
    private static let pageSize: UInt32 = 100

    func run() async throws {
        let client = try service.connect()
        _ = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
        let places = (0..<Self.eventIDs).map { corpus.identity(ofFile: files * $0 / Self.eventIDs) }
        try await measure("eventID", places.map(\.eventID), client)
        let keys = places.compactMap(\.accessKey)
        let some = stride(from: 0, to: keys.count, by: max(1, keys.count / Self.accessKeys)).map { keys[$0] }
        try await measure("access key", some, client)
        try await measure("a name that every block has", ["DescribeInstances", "GetBucketAcl"], client)
        await client.close()
    }

    private func measure(_ name: String, _ values: [String], _ client: Client) async throws {
        var times: [Double] = []
        var entries = 0
        for value in values {
            let watch = Watch()
            let page = try await client.unary(
                InvestigationService.getTimeline, GetTimelineRequest(value: value, pageSize: Self.pageSize))
            times.append(watch.seconds * 1_000)
            entries += page.entries.count
        }
        guard entries >= values.count || name.hasPrefix("a name") else {
            throw BenchFailure("\(values.count) look-ups by \(name) found \(entries) records")
        }
        report(
            "look-up by \(name): \(values.count) of them, median \(decimal(median(times))) ms, worst",
            "\(decimal(times.max() ?? 0)) ms; \(entries) records found")
    }
}
