// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Foundation
import Journal
import PKI
import RPC
import Serve
import Synchronization
import TestKit
import Testing

/// Whose turn it is to read, and that whoever leaves holds nobody up.
@Suite("Turns of queries") struct QueryGateTests {
    @Test func aFewRunAndOfEachPartyFewer() {
        var turns = QueryTurns(limit: 3, perParty: 2, waiting: 10)
        #expect((1...3).map { turns.enter("a", $0) } == [.run, .run, .wait])
        #expect(turns.enter("b", 4) == .run)
        #expect(turns.enter("b", 5) == .wait && turns.enter("c", 6) == .wait)
        #expect(turns.runningCount == 3 && turns.waitingCount == 3)
    }

    @Test func partiesTakeTurns() {
        var turns = QueryTurns(limit: 1, perParty: 1, waiting: 10)
        #expect(turns.enter("a", 0) == .run)
        for number in 1...4 { #expect(turns.enter("a", UInt64(number)) == .wait) }
        for number in 5...6 { #expect(turns.enter("b", UInt64(number)) == .wait) }
        #expect(turns.enter("c", 7) == .wait)
        var order: [UInt64] = []
        var running = "a"
        while let next = turns.leave(running) {
            order.append(next)
            running = next <= 4 ? "a" : next <= 6 ? "b" : "c"
        }
        // The flood of one is served between the others, not before them.
        #expect(order == [1, 5, 7, 2, 6, 3, 4])
        #expect(turns.runningCount == 0 && turns.waitingCount == 0)
    }

    @Test func aPartyOverItsShareDoesNotHoldUpTheNext() {
        var turns = QueryTurns(limit: 3, perParty: 2, waiting: 10)
        for number in 1...4 { _ = turns.enter("a", UInt64(number)) }
        _ = turns.enter("b", 5)
        _ = turns.enter("c", 6)
        // b ends: a waits longer than c, but has its two already.
        #expect(turns.leave("b") == 6)
    }

    @Test func tooManyOfAPartyAreRefusedAndOthersNot() {
        var turns = QueryTurns(limit: 1, perParty: 1, waiting: 2)
        #expect((1...4).map { turns.enter("a", $0) } == [.run, .wait, .wait, .refuse(waiting: 2)])
        #expect(turns.enter("b", 5) == .wait)
    }

    @Test func whoLeavesGivesUpThePlace() {
        var turns = QueryTurns(limit: 1, perParty: 1, waiting: 2)
        for number in 1...3 { _ = turns.enter("a", UInt64(number)) }
        let left = [("a", 2), ("a", 2), ("b", 3)].map { turns.abandon($0, UInt64($1)) }
        #expect(left == [true, false, false])
        #expect(turns.enter("a", 4) == .wait)
        #expect(turns.leave("a") == 3)
        let isLast = turns.abandon("a", 4)
        #expect(isLast)
        #expect(turns.leave("a") == nil && turns.leave("a") == nil)
        #expect(turns.enter("a", 5) == .run)
    }

    /// However parties come, leave and give up: no more run than may, none is forgotten, and none waits while it could run.
    @Test(arguments: 1...30) func theBoundsHold(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let (limit, perParty) = (Int.random(in: 1...4, using: &random), Int.random(in: 1...3, using: &random))
        var turns = QueryTurns(limit: limit, perParty: perParty, waiting: 5)
        var running: [(party: String, number: UInt64)] = []
        var waiting: [(party: String, number: UInt64)] = []
        for number in 0..<400 {
            let party = "p\(Int.random(in: 0..<4, using: &random))"
            switch Int.random(in: 0..<5, using: &random) {
            case 0...2:
                switch turns.enter(party, UInt64(number)) {
                case .run: running.append((party, UInt64(number)))
                case .wait: waiting.append((party, UInt64(number)))
                case .refuse(let count): #expect(count == 5 && waiting.count { $0.party == party } == 5)
                }
            case 3 where !running.isEmpty:
                let one = running.remove(at: Int.random(in: running.indices, using: &random))
                guard let next = turns.leave(one.party) else { break }
                guard let place = waiting.firstIndex(where: { $0.number == next }) else {
                    Issue.record("\(next) does not wait")
                    break
                }
                running.append(waiting.remove(at: place))
            case 4 where !waiting.isEmpty:
                let one = waiting.remove(at: Int.random(in: waiting.indices, using: &random))
                let hasLeft = turns.abandon(one.party, one.number)
                #expect(hasLeft)
            default: break
            }
            #expect(running.count <= limit && running.count == turns.runningCount)
            #expect(waiting.count == turns.waitingCount)
            for (party, own) in Dictionary(grouping: running, by: \.party) {
                #expect(own.count <= perParty, "\(party)")
            }
            let isFull = running.count == limit
            #expect(isFull || waiting.allSatisfy { one in running.count { $0.party == one.party } == perParty })
        }
    }

    private static func caller(_ name: String) -> Caller {
        Caller(role: .analyst, accounts: nil, actor: AuditActor(role: "analyst", fingerprint: name, address: ""))
    }

    @Test(.timeLimit(.minutes(1))) func aQueryEndsWhenItsCallerLeaves() async throws {
        let folder = TemporaryFolder()
        let journal = try Journal(directory: folder.path)
        let gate = QueryGate(.queries, QueryTurns(limit: 1, perParty: 1, waiting: 4))
        let hasBegun = Flag()
        let long = Task {
            try await gate.run(Self.caller("a"), journal.reader) { _, budget in
                hasBegun.set()
                while true { try budget.check() }
            }
        }
        while !hasBegun.isSet { await Task.yield() }
        let waiting = Task { try await gate.run(Self.caller("b"), journal.reader) { _, _ in true } }
        let patient = Task { try await gate.run(Self.caller("c"), journal.reader) { _, _ in true } }
        while gate.load.waiting < 2 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(gate.load.waiting == 1)
        long.cancel()
        await #expect(throws: CancellationError.self) { try await long.value }
        #expect(try await patient.value)
        #expect(gate.load == (0, 0))
        // One that left before its turn never begins.
        let late = Task { try await gate.run(Self.caller("d"), journal.reader) { _, _ in true } }
        late.cancel()
        _ = await late.result
        #expect(gate.load == (0, 0))
    }

    @Test(.timeLimit(.minutes(1))) func lookUpsDoNotWaitForQueries() async throws {
        let folder = TemporaryFolder()
        let journal = try Journal(directory: folder.path)
        let queries = QueryGate(.queries, QueryTurns(limit: 100, perParty: 100, waiting: 1))
        let isEnding = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            // More of them than there are cores, threads and readers of the lane.
            for number in 0..<12 {
                group.addTask {
                    try await queries.run(Self.caller("q\(number)"), journal.reader) { _, _ in
                        while !isEnding.isSet {}
                    }
                }
            }
            while queries.load.running < 12 { await Task.yield() }
            let lookups = QueryGate(.lookups, QueryTurns(limit: 2, perParty: 1, waiting: 8))
            let begun = ContinuousClock.now
            for _ in 0..<20 {
                _ = try await lookups.run(Self.caller("a"), journal.reader) { reader, _ in try reader.statistics() }
            }
            _ = try await journal.reader.detached(.response) { try $0.statistics() }
            #expect(ContinuousClock.now - begun < .seconds(5))
            isEnding.set()
            try await group.waitForAll()
        }
    }
}

private final class Flag: Sendable {
    private let state = Atomic(false)

    var isSet: Bool { state.load(ordering: .relaxed) }

    func set() { state.store(true, ordering: .relaxed) }
}

/// A folder that goes with its owner.
private final class TemporaryFolder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("trailhound-\(UUID().uuidString)").path

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

private struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
