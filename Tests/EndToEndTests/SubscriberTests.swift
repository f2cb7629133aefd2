// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import TestKit
import Testing

/// Every revision once and in order, whatever happens to the subscriber; and it never costs memory.
@Suite(.serialized) struct SubscriberTests {
    @Test(.timeLimit(.minutes(5)))
    func cutOffAHundredTimes() async throws {
        let trail = SyntheticTrail(attackEvery: 40)
        let service = try await Service(accounts: [trail.account])
        let submitting = Task {
            for batch in 0..<400 {
                let payload = SubmitEventsRequest.Payload.logFile(Bytes(trail.logFile(batch * 80..<(batch + 1) * 80)))
                _ = try await service.submit([payload])
            }
        }
        var seen: [SubscribeAlertsResponse] = []
        for _ in 0..<100 {
            let client = try service.connect()
            let stream = try await client.serverStreaming(
                AlertService.subscribeAlerts, SubscribeAlertsRequest(cursor: seen.last?.cursor ?? ""))
            let wanted = Int.random(in: 1...6)
            var got = 0
            for try await response in stream {
                seen.append(response)
                got += 1
                if got == wanted { break }
            }
            // Half of them hang up in good order, half vanish.
            if Bool.random() { stream.cancel() }
            await client.close(now: true)
        }
        try await submitting.value
        seen += try await service.alertLog(after: seen.last?.cursor ?? "")
        let whole = try await service.alertLog()
        #expect(seen.map(\.cursor) == whole.map(\.cursor))
        #expect(seen == whole)
        var revisions: [String: UInt64] = [:]
        for alert in seen.compactMap(\.alert) {
            #expect(alert.revision == revisions[alert.alertID, default: 0] + 1)
            revisions[alert.alertID] = alert.revision
        }
        #expect(revisions.count >= 3)
    }

    @Test(.timeLimit(.minutes(5)))
    func historyThenLiveAcrossARestart() async throws {
        let trail = SyntheticTrail(attackEvery: 40)
        let service = try await Service(accounts: [trail.account])
        _ = try await service.submit([.logFile(Bytes(trail.logFile(0..<200)))])
        let history = try await service.alertLog()
        #expect(!history.isEmpty)
        try await service.killNow()
        try await service.start()

        let client = try service.connect()
        let stream = try await client.serverStreaming(AlertService.subscribeAlerts, SubscribeAlertsRequest())
        var seen: [SubscribeAlertsResponse] = []
        for try await response in stream {
            seen.append(response)
            if seen.count == history.count { break }
        }
        #expect(seen == history)
        _ = try await service.submit([.logFile(Bytes(trail.logFile(200..<400)))])
        let live = try await stream.next()
        #expect(live?.alert?.revision == 2)
        stream.cancel()
        await client.close()
    }

    @Test(.timeLimit(.minutes(10)))
    func oneThatStopsReadingCostsNoMemory() async throws {
        let trail = SyntheticTrail(perSecond: 500, attackEvery: 200)
        let service = try await Service(accounts: [trail.account])
        // Few files at a time: what the collectors have in flight is not what is measured here.
        func submit(_ files: Range<Int>) async throws {
            for start in stride(from: files.lowerBound, to: files.upperBound, by: 5) {
                let answers = try await service.submit((start..<start + 5).map { file(trail, $0, 2_000) })
                #expect(answers.reduce(0) { $0 + Int($1.accepted) } == 10_000)
            }
        }
        // Buffers, parsers and caches reach their size before anything is compared.
        try await submit(0..<100)
        let before = service.residentBytes

        let client = try service.connect()
        let stalled = try await client.serverStreaming(AlertService.subscribeAlerts, SubscribeAlertsRequest())
        _ = try await stalled.next()
        try await submit(100..<600)
        let growth = service.residentBytes - before
        #expect(growth < 50 << 20, "the service grew by \(growth >> 20) MiB")
        // It is not forgotten: it reads on where it stopped.
        #expect(try await stalled.next() != nil)
        stalled.cancel()
        await client.close(now: true)
    }

    private func file(_ trail: SyntheticTrail, _ number: Int, _ size: Int) -> SubmitEventsRequest.Payload {
        .logFile(Bytes(trail.logFile(number * size..<(number + 1) * size)))
    }
}
