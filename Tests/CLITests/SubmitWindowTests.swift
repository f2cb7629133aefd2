// SPDX-License-Identifier: Apache-2.0

import Testing
import TrailhoundCLI

@Suite struct SubmitWindowTests {
    @Test func requestsGoOutInOrderAndAreCounted() throws {
        var window = SubmitWindow<String>(requestLimit: 3, byteLimit: 100)
        #expect(window.send()?.sequence == nil)
        window.admit("a", bytes: 1)
        window.admit("b", bytes: 1)
        #expect(window.send()?.sequence == 1)
        #expect(window.send()?.payload == "b")
        #expect(window.send()?.sequence == nil)
        #expect(window.unacknowledged == 2)
        #expect(try window.acknowledge(1) == "a")
        #expect(try window.acknowledge(2) == "b")
        #expect(window.unacknowledged == 0)
    }

    @Test func whatIsAcknowledgedIsLetGoAtOnce() throws {
        final class Payload: Sendable {}
        var window = SubmitWindow<Payload>()
        weak var first: Payload?
        do {
            let payload = Payload()
            first = payload
            window.admit(payload, bytes: 1)
        }
        window.admit(Payload(), bytes: 1)
        for _ in 1...2 { _ = window.send() }
        #expect(first != nil)
        _ = try window.acknowledge(1)
        #expect(first == nil && window.unacknowledged == 1)
    }

    @Test func theWindowIsBoundedByRequestsAndByBytes() throws {
        var window = SubmitWindow<Int>(requestLimit: 3, byteLimit: 10)
        window.admit(0, bytes: 99)
        #expect(!window.hasRoom, "one payload over the limit is let in alone")
        _ = window.send()
        _ = try window.acknowledge(1)
        for payload in 1...3 {
            #expect(window.hasRoom)
            window.admit(payload, bytes: 1)
        }
        #expect(!window.hasRoom)
    }

    @Test func aLostConnectionSendsAgainWhatWasNotAcknowledged() throws {
        var window = SubmitWindow<String>(requestLimit: 10, byteLimit: 100)
        for payload in ["a", "b", "c", "d"] { window.admit(payload, bytes: 1) }
        for _ in 1...3 { _ = window.send() }
        _ = try window.acknowledge(1)
        window.connectionLost()
        var sent: [String] = []
        while let request = window.send() { sent.append("\(request.sequence)\(request.payload)") }
        #expect(sent == ["1b", "2c", "3d"], "numbered anew, for the new stream")
        #expect(try window.acknowledge(1) == "b")
    }

    @Test func aWrongAcknowledgementIsAViolation() throws {
        var window = SubmitWindow<String>(requestLimit: 10, byteLimit: 100)
        #expect(throws: SubmitWindow<String>.Violation(acknowledged: 1, expected: nil)) { try window.acknowledge(1) }
        window.admit("a", bytes: 1)
        #expect(throws: SubmitWindow<String>.Violation(acknowledged: 1, expected: nil)) { try window.acknowledge(1) }
        _ = window.send()
        #expect(throws: SubmitWindow<String>.Violation(acknowledged: 2, expected: 1)) { try window.acknowledge(2) }
        _ = try window.acknowledge(1)
        #expect(throws: SubmitWindow<String>.Violation(acknowledged: 1, expected: nil)) { try window.acknowledge(1) }
    }

    /// A service that stores what reaches it and loses the connection at random: nothing is lost and nothing is left.
    @Test(arguments: 1...50)
    func nothingIsLostOverManyCuts(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var window = SubmitWindow<Int>(requestLimit: 5, byteLimit: 50)
        var source = Array((0..<200).reversed())
        var onTheWire: [SubmitWindow<Int>.Request] = []
        var stored: Set<Int> = []
        var acknowledged: [Int] = []
        while !source.isEmpty || window.unacknowledged > 0 {
            switch random.next() % 10 {
            case 0:
                window.connectionLost()
                onTheWire = []
            case 1...4:
                while window.hasRoom, let payload = source.popLast() { window.admit(payload, bytes: 3) }
                while let request = window.send() { onTheWire.append(request) }
            case 5 where !onTheWire.isEmpty:
                // Stored, and the acknowledgement is lost with the connection.
                stored.insert(onTheWire.removeFirst().payload)
                window.connectionLost()
                onTheWire = []
            default:
                guard !onTheWire.isEmpty else { continue }
                let request = onTheWire.removeFirst()
                stored.insert(request.payload)
                acknowledged.append(try window.acknowledge(request.sequence))
            }
            #expect(window.unacknowledged <= 5)
        }
        #expect(stored == Set(0..<200))
        #expect(acknowledged == Array(0..<200), "each is acknowledged once, in order")
    }
}

/// A small seeded generator, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
