// SPDX-License-Identifier: Apache-2.0

import Foundation
import Serve
import Synchronization
import Testing

@Suite struct QueueTests {
    @Test func elementsComeInOrderAndProducersWaitForRoom() async {
        let queue = BoundedQueue<Int>(capacity: 2)
        #expect(await queue.push(1))
        #expect(await queue.push(2))
        let third = Task { await queue.push(3) }
        while queue.count < 3 { await Task.yield() }
        #expect(queue.take() == 1)
        // The room that was made is the waiting producer's.
        #expect(await third.value)
        #expect(queue.take(upTo: 10, cost: .max) == [2, 3])
    }

    @Test func costsAreBounded() async {
        let queue = BoundedQueue<String>(capacity: 10, costLimit: 100)
        #expect(await queue.push("a", cost: 60))
        let second = Task { await queue.push("b", cost: 60) }
        while queue.count < 2 { await Task.yield() }
        #expect(queue.take(upTo: 10, cost: .max) == ["a"])
        #expect(await second.value)
        #expect(queue.take() == "b")
        // One that is over the limit alone is taken by an empty queue: it would wait for ever otherwise.
        #expect(await queue.push("huge", cost: 1_000))
        #expect(queue.take() == "huge")
    }

    @Test func aGroupEndsAtItsCost() async {
        let queue = BoundedQueue<Int>(capacity: 10)
        for number in 1...4 { #expect(await queue.push(number, cost: 3)) }
        #expect(queue.take(upTo: 10, cost: 7) == [1, 2])
        #expect(queue.take(upTo: 1, cost: 100) == [3])
        #expect(queue.take(upTo: 10, cost: 0) == [4])
    }

    @Test func whatIsTakenIsNumbered() async {
        let queue = BoundedQueue<String>(capacity: 10)
        for element in ["a", "b", "c", "d"] { #expect(await queue.push(element)) }
        #expect(queue.takeNumbered()?.0 == 0)
        #expect(queue.take(upTo: 2, cost: .max) == ["b", "c"])
        let last = queue.takeNumbered()
        #expect(last?.0 == 3 && last?.1 == "d")
        queue.close()
        #expect(queue.takeNumbered() == nil)
    }

    /// Eight streams of one collector with large batches delay another's small one by one batch, not by all that wait.
    @Test func partiesTakeTurnsAlsoWhereTheQueueIsFull() async {
        let queue = BoundedQueue<String>(capacity: 100, costLimit: 30)
        let done = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 { group.addTask { await queue.push("a\(number)", cost: 15, of: "a") } }
            while queue.count < 8 { await Task.yield() }
            for number in 0..<3 { group.addTask { await queue.push("b\(number)", cost: 1, of: "b") } }
            while queue.count < 11 { await Task.yield() }
            let order = (0..<11).compactMap { _ in queue.take()?.prefix(1) }
            #expect(order == ["a", "b", "a", "b", "a", "b", "a", "a", "a", "a", "a"])
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(done && queue.isEmpty)
        // Those who wait for room when it is closed are told, whatever their party.
        let closing = BoundedQueue<String>(capacity: 1)
        #expect(await closing.push("a", of: "a"))
        let waiting = [Task { await closing.push("b", of: "b") }, Task { await closing.push("c", of: "a") }]
        while closing.count < 3 { await Task.yield() }
        closing.close()
        for one in waiting { #expect(await !one.value) }
        #expect(closing.take() == "a" && closing.take() == nil)
    }

    @Test func closingLetsEverybodyGo() async {
        let queue = BoundedQueue<Int>(capacity: 1)
        #expect(await queue.push(1))
        let waiting = Task { await queue.push(2) }
        while queue.count < 2 { await Task.yield() }
        queue.close()
        #expect(await waiting.value == false)
        #expect(await queue.push(3) == false)
        #expect(queue.pushBlocking(4) == false)
        #expect(queue.take() == 1)
        #expect(queue.take() == nil)
        #expect(queue.take() == nil)
    }

    @Test func aThreadTakesWhatTasksPush() async {
        let queue = BoundedQueue<Int>(capacity: 4, costLimit: 16)
        let taken = Mutex<[Int]>([])
        let ended = Ticket<Void>()
        let thread = Thread {
            while let group = queue.take(upTo: 3, cost: 8) { taken.withLock { $0 += group } }
            ended.answer(())
        }
        thread.start()
        await withTaskGroup(of: Void.self) { group in
            for producer in 0..<8 {
                group.addTask {
                    for number in 0..<500 { _ = await queue.push(producer * 1_000 + number, cost: number % 5 + 1) }
                }
            }
        }
        queue.close()
        await ended.value
        let all = taken.withLock { $0 }
        #expect(all.count == 4_000)
        for producer in 0..<8 {
            let own = all.filter { $0 / 1_000 == producer }
            #expect(own == own.sorted())
        }
    }

    @Test func tasksHandOnInOrder() async {
        let queue = TaskQueue<Int>(capacity: 3)
        async let received: [Int] = {
            var received: [Int] = []
            while let next = await queue.receive() { received.append(next) }
            return received
        }()
        for number in 0..<1_000 { await queue.send(number) }
        queue.finish()
        #expect(await received == Array(0..<1_000))
    }

    @Test func aTicketAnswersOnce() async {
        let early = Ticket<Int>()
        early.answer(1)
        early.answer(2)
        #expect(await early.value == 1)
        let late = Ticket<Int>()
        async let value = late.value
        await Task.yield()
        late.answer(3)
        #expect(await value == 3)
    }
}

@Suite struct ResequencerTests {
    /// Gives what comes on in which order.
    private func order(_ arrivals: [(UInt64, String?)], limit: Int = 64) -> [[String]] {
        var resequencer = Resequencer<String>(limit: limit)
        var groups: [[String]] = []
        for (number, element) in arrivals {
            var ready: [String] = []
            resequencer.admit(element, number: number, to: &ready)
            groups.append(ready)
        }
        return groups + [resequencer.finish()]
    }

    @Test func whatIsPassedIsWaitedFor() {
        #expect(
            order([(0, "a"), (2, "c"), (3, "d"), (1, "b"), (4, "e")]) == [["a"], [], [], ["b", "c", "d"], ["e"], []])
        #expect(order([(1, "b"), (0, "a")]) == [[], ["a", "b"], []])
    }

    @Test func whatFailedIsNotWaitedFor() {
        #expect(order([(1, "b"), (0, nil), (2, nil), (3, "d")]) == [[], ["b"], [], ["d"], []])
    }

    @Test func noMoreWaitThanMay() {
        let arrivals: [(UInt64, String?)] = [(1, "b"), (2, "c"), (5, "f"), (0, "a"), (3, "d"), (4, "e"), (6, "g")]
        #expect(order(arrivals, limit: 2) == [[], [], ["b", "c"], ["a"], ["d"], ["e", "f"], ["g"], []])
        #expect(order([(2, "c"), (1, "b")]).last == ["b", "c"])
    }
}
