// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Detect
import NIOCore
import Serve
import Testing

@Suite struct AlertTailTests {
    private func entries(_ positions: ClosedRange<Int64>) -> [AlertTail.Entry] {
        positions.map { position in
            let event = MatchedEvent(
                reference: EventReference(time: position, id: EventID(high: 1, low: UInt64(position))),
                accountID: .zero, actor: Actor(principal: "p"), region: "", eventSource: "", eventName: "")
            var merger = AlertMerger()
            let detection = Detection(id: "d", title: "t", severity: .low)
            merger.add(Match(detection: detection, event: event), historical: false, now: position)
            return AlertTail.Entry(position: position, alert: merger.takeChanges()[0])
        }
    }

    @Test func readersBehindTheTailAreSentToTheJournal() {
        let tail = AlertTail(last: 10)
        #expect(tail.entries(after: 9) == nil)
        #expect(tail.entries(after: 10)?.isEmpty == true)
        tail.publish(entries(11...13))
        #expect(tail.entries(after: 11)?.map(\.position) == [12, 13])
        #expect(tail.last == 13)
        let many = Int64(Limits.alertTail)
        tail.publish(entries(14...13 + many))
        #expect(tail.entries(after: 12) == nil)
        #expect(tail.entries(after: 13)?.count == Limits.alertTail)
    }

    @Test func aRevisionIsEncodedOnceForEachRoleAndNotKeptForEver() throws {
        let tail = AlertTail(last: 0)
        tail.publish(entries(1...1))
        let first = try #require(tail.entries(after: 0)?.first).encoded
        #expect(first.bytes(consoleRole: "") == nil)
        first.keep(ByteBuffer(bytes: [1]), consoleRole: "")
        // Every subscriber has the same entry.
        #expect(tail.entries(after: 0)?.first?.encoded.bytes(consoleRole: "") == ByteBuffer(bytes: [1]))
        #expect(first.bytes(consoleRole: "reader") == nil, "the account's role has changed since")
        first.keep(ByteBuffer(bytes: [2]), consoleRole: "reader")
        #expect(first.bytes(consoleRole: "reader") == ByteBuffer(bytes: [2]))
        // The last one that still is among the newest, and the one that is not.
        tail.publish(entries(2...Int64(Limits.encodedAlerts)))
        #expect(first.bytes(consoleRole: "reader") != nil)
        let next = Int64(Limits.encodedAlerts) + 1
        tail.publish(entries(next...next))
        #expect(first.bytes(consoleRole: "reader") == nil)
        first.keep(ByteBuffer(bytes: [3]), consoleRole: "reader")
        #expect(first.bytes(consoleRole: "reader") == nil, "what is old is not kept again")
        // More than are kept, at once.
        tail.publish(entries(next + 1...3 * next))
        let all = try #require(tail.entries(after: 0))
        for entry in all { entry.encoded.keep(ByteBuffer(bytes: [4]), consoleRole: "") }
        #expect(all.filter { $0.encoded.bytes(consoleRole: "") != nil }.count == Limits.encodedAlerts)
    }

    @Test func waitersWakeAtNewsAtCancellationAndAtTheEnd() async {
        let tail = AlertTail(last: 0)
        let first = Task { await tail.wait(beyond: 0) }
        while tail.waiting < 1 { await Task.yield() }
        tail.publish(entries(1...1))
        await first.value
        // What is there already needs no waiting.
        await tail.wait(beyond: 0)
        let second = Task { await tail.wait(beyond: 1) }
        while tail.waiting < 1 { await Task.yield() }
        second.cancel()
        await second.value
        #expect(tail.waiting == 0)
        let third = Task { await tail.wait(beyond: 1) }
        while tail.waiting < 1 { await Task.yield() }
        tail.close()
        await third.value
        await tail.wait(beyond: 100)
        #expect(tail.isClosed)
    }
}
