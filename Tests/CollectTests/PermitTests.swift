// SPDX-License-Identifier: Apache-2.0

import Collect
import Testing

@Suite(.timeLimit(.minutes(1))) struct PermitTests {
    @Test func liveFilesGoBeforeHistory() async throws {
        let permits = Permits(total: 2, share: 1)
        try await permits.acquire(.live)
        try await permits.acquire(.history)
        let order = Locked<[String]>([])
        let tasks = [("h1", Permits.Lane.history), ("h2", .history), ("l1", .live), ("l2", .live)].map { name, lane in
            Task {
                try await permits.acquire(lane)
                order.withLock { $0.append(name) }
                try await eventually { order.withLock { $0.count } == 4 || lane == .live }
                await permits.release(lane)
            }
        }
        // All four wait.
        try await Task.sleep(for: .milliseconds(100))
        #expect(order.withLock { $0 }.isEmpty)
        await permits.release(.history)
        try await eventually { order.withLock { $0.count } >= 3 }
        #expect(Set(order.withLock { $0.prefix(2) }) == ["l1", "l2"])
        // One of history runs, and more it may not hold.
        try await Task.sleep(for: .milliseconds(50))
        #expect(order.withLock { $0.count } == 3)
        tasks.forEach { $0.cancel() }
        for task in tasks { _ = await task.result }
    }

    @Test func theFirstDeliveredGoesFirstAndNoneGoesFarAhead() async throws {
        let minute: Int64 = 60_000
        let permits = Permits(total: 3, share: 2, span: 20 * minute)
        try await permits.acquire(.live, delivered: 100 * minute)
        let order = Locked<[Int64]>([])
        let tasks = ([121, 120, 90, 140] as [Int64]).map { time in
            Task {
                try await permits.acquire(.live, delivered: time * minute)
                order.withLock { $0.append(time) }
            }
        }
        // 121 minutes are too far from 100, and 120 from 90 where that came before it.
        try await eventually { order.withLock { $0.contains(90) } }
        try await Task.sleep(for: .milliseconds(50))
        #expect(!order.withLock { $0.contains(121) || $0.contains(140) })
        await permits.release(.live, delivered: 90 * minute)
        try await eventually { order.withLock { $0.contains(120) } }
        await permits.release(.live, delivered: 100 * minute)
        try await eventually { Set(order.withLock { $0 }.suffix(2)) == [121, 140] }
        for task in tasks { try await task.value }
    }

    @Test func aCancelledWaiterIsGone() async throws {
        let permits = Permits(total: 1, share: 1)
        try await permits.acquire(.live)
        let waiter = Task { try await permits.acquire(.live) }
        try await Task.sleep(for: .milliseconds(20))
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        await permits.release(.live)
        try await permits.acquire(.live)
    }

    @Test func heldMessagesAreHiddenAnewInTime() {
        var ledger = MessageLedger(visibility: .seconds(10), custody: .seconds(35))
        let start = ContinuousClock.now
        ledger.take("a", at: start)
        ledger.take("b", at: start + .seconds(3))
        #expect(ledger.due(at: start + .seconds(4)) == [])
        #expect(ledger.due(at: start + .seconds(5)) == ["a"])
        ledger.extended("a", at: start + .seconds(5))
        #expect(ledger.due(at: start + .seconds(9)) == ["b"])
        ledger.settle("b")
        ledger.extended("b", at: start + .seconds(9))
        #expect(ledger.handles == ["a"])
        // What is held nearly as long as SQS allows is given up.
        ledger.extended("a", at: start + .seconds(15))
        #expect(ledger.due(at: start + .seconds(22)) == ["a"])
        #expect(ledger.due(at: start + .seconds(26)) == [])
    }
}
