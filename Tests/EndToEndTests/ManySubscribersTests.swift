// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import TestKit
import Testing

/// Many idle subscribers, each on a TLS connection of its own: what they cost, and that an alert reaches all of them.
/// `make bench-subscribers` does the same with ten thousand.
@Suite(.serialized) struct ManySubscribersTests {
    private static let count = 500
    #if DEBUG
        /// The frames of suspended tasks are larger.
        private static let bytesEach = 100_000
    #else
        private static let bytesEach = 60_000
    #endif

    @Test(.timeLimit(.minutes(3)))
    func fiveHundredCostLittleAndAllHearOfAnAlert() async throws {
        let trail = SyntheticTrail(attackEvery: 10)
        let service = try await Service(accounts: [trail.account])
        // The service's own buffers reach their size first.
        _ = try await service.submit([.logFile(Bytes(trail.logFile(0..<2_000)))])
        let warm = try await subscribe(20, to: service)
        for client in warm.clients { await client.close(now: true) }
        let before = service.residentBytes

        let crowd = try await subscribe(Self.count, to: service)
        while try await service.status().subscribers < UInt32(Self.count) {
            try await Task.sleep(for: .milliseconds(20))
        }
        let each = (service.residentBytes - before) / Self.count
        #expect(each < Self.bytesEach, "\(each) bytes each")

        let answers = try await service.submit([.logFile(Bytes(trail.logFile(2_000..<2_010)))])
        #expect(answers.first?.accepted == 10)
        var cursors: Set<String> = []
        for stream in crowd.streams {
            let response = try await stream.next()
            #expect(response?.alert != nil)
            cursors.insert(response?.cursor ?? "")
        }
        #expect(cursors.count == 1, "all hear of the same revision")
        for client in crowd.clients { await client.close(now: true) }
        // Who is gone costs nothing.
        while try await service.status().subscribers > 0 { try await Task.sleep(for: .milliseconds(20)) }
    }

    private func subscribe(
        _ count: Int, to service: Service
    ) async throws -> (clients: [Client], streams: [ResponseStream<SubscribeAlertsResponse>]) {
        var clients: [Client] = []
        var streams: [ResponseStream<SubscribeAlertsResponse>] = []
        for _ in 0..<count {
            let client = try service.connect()
            clients.append(client)
            streams.append(
                try await client.serverStreaming(
                    AlertService.subscribeAlerts, SubscribeAlertsRequest(cursor: "latest")))
        }
        return (clients, streams)
    }
}
