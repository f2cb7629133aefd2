// SPDX-License-Identifier: Apache-2.0

import Foundation
import Serve
import Synchronization
import Testing

@Suite struct QueueTests {
    private static func queue<Element>(
        _ capacity: Int, quantum: Int = 10, _ change: (inout FairQueue<Element>.Bounds) -> Void = { _ in }
    ) -> FairQueue<Element> {
        var bounds = FairQueue<Element>.Bounds(capacity: capacity)
        change(&bounds)
        return FairQueue(bounds, quantum: quantum)
    }

    @Test func elementsComeInOrderAndProducersWaitForRoom() async {
        let queue: FairQueue<Int> = Self.queue(2)
        #expect(await queue.push(1, of: "a"))
        #expect(await queue.push(2, of: "a"))
        let third = Task { await queue.push(3, of: "a") }
        while queue.count < 3 { await Task.yield() }
        #expect(queue.takeNumbered()?.element == 1)
        // The room that was made is the waiting producer's.
        #expect(await third.value)
        #expect(queue.take(upTo: 10, weight: .max)?.map(\.element) == [2, 3])
    }

    @Test func costsAreBounded() async {
        let queue: FairQueue<String> = Self.queue(10) { $0.cost = 100 }
        #expect(await queue.push("a", of: "x", cost: 60))
        let second = Task { await queue.push("b", of: "x", cost: 60) }
        while queue.count < 2 { await Task.yield() }
        #expect(queue.takeNumbered()?.element == "a")
        #expect(await second.value)
        #expect(queue.takeNumbered()?.element == "b")
        // One that is over the limit alone is taken by an empty queue: it would wait for ever otherwise.
        #expect(await queue.push("huge", of: "x", cost: 1_000))
        #expect(queue.takeNumbered()?.element == "huge")
    }

    @Test func aGroupEndsAtItsWeight() async {
        let queue: FairQueue<Int> = Self.queue(10)
        for number in 1...4 { #expect(await queue.push(number, of: "a", weight: 3)) }
        #expect(queue.take(upTo: 10, weight: 7)?.map(\.element) == [1, 2, 3])
        #expect(queue.take(upTo: 10, weight: 0)?.map(\.element) == [4])
        #expect(queue.take(upTo: 10, weight: 5, blocking: false)?.isEmpty == true)
    }

    @Test func whatIsTakenIsNumberedByItsParty() async {
        let queue: FairQueue<String> = Self.queue(10, quantum: 1)
        for element in ["a", "b"] { #expect(await queue.push(element, of: "x")) }
        for element in ["c", "d"] { #expect(await queue.push(element, of: "y")) }
        let taken = (0..<4).compactMap { _ in queue.takeNumbered() }
        #expect(taken.filter { $0.party == "x" }.map(\.number) == [0, 1])
        #expect(taken.filter { $0.party == "y" }.map(\.element) == ["c", "d"])
        queue.close()
        #expect(queue.takeNumbered() == nil)
    }

    /// A caller with a few light requests is served between the heavy ones of another, however many those are.
    @Test func partiesTakeTurns() async {
        let queue: FairQueue<String> = Self.queue(100, quantum: 100)
        for number in 0..<20 { #expect(await queue.push("heavy \(number)", of: "greedy", weight: 1_000)) }
        for number in 0..<3 { #expect(await queue.push("light \(number)", of: "modest", weight: 10)) }
        let order = (0..<23).compactMap { _ in queue.takeNumbered()?.element }
        #expect(order.firstIndex(of: "light 2") ?? .max <= 4)
        #expect(order.filter { $0.hasPrefix("heavy") } == (0..<20).map { "heavy \($0)" })
    }

    @Test func nobodyFillsTheQueueForOthers() async {
        let queue: FairQueue<Int> = Self.queue(4) {
            $0.cost = 100
            $0.capacityOfParty = 3
            $0.costOfParty = 60
            $0.lightCost = 5
        }
        for number in 0..<3 { #expect(await queue.push(number, of: "greedy", cost: 20)) }
        let waiting = Task { await queue.push(3, of: "greedy", cost: 1) }
        while queue.count < 4 { await Task.yield() }
        #expect(await queue.push(10, of: "other", cost: 40))
        // The queue is full now, and a light element of a newcomer finds its place.
        #expect(await queue.push(20, of: "newcomer", cost: 5))
        let second = Task { await queue.push(21, of: "newcomer", cost: 5) }
        while queue.count < 7 { await Task.yield() }
        queue.close()
        #expect(await waiting.value == false)
        #expect(await second.value == false)
        #expect(queue.take(upTo: 10, weight: .max)?.count == 5)
    }

    /// The thread that is kept for light elements leaves those alone whose party has others at work.
    @Test func lightElementsPassHeavyOnes() async {
        let queue: FairQueue<String> = Self.queue(10) { $0.lightCost = 5 }
        #expect(await queue.push("heavy", of: "a", cost: 50, weight: 50))
        #expect(await queue.push("behind it", of: "a", cost: 1))
        #expect(await queue.push("light", of: "b", cost: 1))
        #expect(queue.takeLight()?.element == "light")
        queue.done("b")
        #expect(queue.takeNumbered()?.element == "heavy")
        #expect(await queue.push("light again", of: "b", cost: 1))
        #expect(queue.takeLight()?.element == "light again")
        queue.done("a")
        #expect(queue.takeLight()?.element == "behind it")
        queue.close()
        #expect(queue.takeLight() == nil)
    }

    @Test func oneGoesFirstButNotAlone() async {
        let queue: FairQueue<Int> = Self.queue(100)
        for number in 0..<6 { #expect(await queue.push(number, of: "a")) }
        for number in 10..<16 { #expect(await queue.push(number, of: "service")) }
        let taken = queue.take(upTo: 8, weight: .max, first: "service")?.map(\.element) ?? []
        #expect(taken.prefix(4) == [10, 11, 12, 13])
        #expect(taken.contains(0) && taken.count == 8)
        let rest = queue.take(upTo: 10, weight: .max, of: { $0 == "service" })?.map(\.party) ?? []
        #expect(rest.allSatisfy { $0 == "service" })
    }

    @Test func closingLetsEverybodyGo() async {
        let queue: FairQueue<Int> = Self.queue(1)
        #expect(await queue.push(1, of: "a"))
        let waiting = Task { await queue.push(2, of: "a") }
        while queue.count < 2 { await Task.yield() }
        queue.close()
        #expect(await waiting.value == false)
        #expect(await queue.push(3, of: "a") == false)
        #expect(queue.pushBlocking(4, of: "a") == false)
        #expect(queue.takeNumbered()?.element == 1)
        #expect(queue.takeNumbered() == nil)
        #expect(queue.take(upTo: 1, weight: 1) == nil)
    }

    @Test func threadsTakeWhatTasksPush() async {
        let queue: FairQueue<Int> = Self.queue(4, quantum: 3) {
            $0.cost = 16
            $0.costOfParty = 10
            $0.lightCost = 1
        }
        let taken = Mutex<[Int]>([])
        let ended = [Ticket<Void>(), Ticket<Void>()]
        Thread {
            while let group = queue.take(upTo: 3, weight: 8) { taken.withLock { $0 += group.map(\.element) } }
            ended[0].answer(())
        }.start()
        Thread {
            // In the order of its party, since nothing else of it is at work.
            while let light = queue.takeLight() {
                taken.withLock { $0.append(light.element) }
                queue.done(light.party)
            }
            ended[1].answer(())
        }.start()
        await withTaskGroup(of: Void.self) { group in
            for producer in 0..<8 {
                group.addTask {
                    for number in 0..<500 {
                        _ = await queue.push(producer * 1_000 + number, of: "\(producer)", cost: number % 5 + 1)
                    }
                }
            }
        }
        queue.close()
        for ticket in ended { await ticket.value }
        #expect(Set(taken.withLock { $0 }).count == 4_000)
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
