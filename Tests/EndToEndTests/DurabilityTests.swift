// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import Synchronization
import TestKit
import Testing

/// Acknowledged means durable: SIGKILL at random instants of a submission loses nothing and doubles nothing.
@Suite(.serialized) struct DurabilityTests {
    private static let recordsPerBatch = 100
    private static let batches = 1_020
    private static let streams = 3
    private static let kills = 25

    @Test(.timeLimit(.minutes(10)))
    func killedTwentyFiveTimes() async throws {
        let trail = SyntheticTrail(attackEvery: 400)
        let service = try await Service(accounts: [trail.account])
        let acknowledged = Acknowledged()
        for round in 0...Self.kills {
            // The last round goes to the end.
            let killAfter = round == Self.kills ? Int.max : Int.random(in: 5...45)
            acknowledged.startRound()
            await withTaskGroup(of: Void.self) { group in
                for stream in 0..<Self.streams {
                    group.addTask {
                        let open = (0..<Self.batches).filter { batch in
                            batch % Self.streams == stream && !acknowledged.contains(batch)
                        }
                        // The service is killed under the stream: an error is how that looks.
                        try? await Self.submit(open, trail, to: service) { batch in
                            if acknowledged.insert(batch) == killAfter {
                                try? await Task.sleep(for: .microseconds(Int.random(in: 0...20_000)))
                                try? await service.killNow()
                            }
                        }
                    }
                }
            }
            if round < Self.kills {
                #expect(acknowledged.count < Self.batches, "the submission ended before the last kill")
                try await service.killNow()
                try await service.start()
            }
        }
        #expect(acknowledged.count == Self.batches)
        let total = Self.batches * Self.recordsPerBatch

        // Stored once each: the count is right, and every record is known.
        #expect(try await service.status().storedRecords == UInt64(total))
        let again = try await service.submit((0..<Self.batches).map { Self.payload($0, trail) })
        #expect(again.reduce(0) { $0 + Int($1.duplicate) } == total)
        #expect(again.reduce(0) { $0 + Int($1.accepted) + Int($1.rejected) } == 0)
        for index in stride(from: 0, to: total, by: 4_999) {
            let found = try await service.timeline(trail.eventID(index))
            #expect(found.map(\.record.array) == [trail.record(index)])
        }
        let disturbed = AlertOutcome.of(try await service.alertLog())
        try await service.stop()
        try await expectIntegrity(of: service)

        let undisturbed = try await Service(accounts: [trail.account])
        _ = try await undisturbed.submit((0..<Self.batches).map { Self.payload($0, trail) })
        let expected = AlertOutcome.of(try await undisturbed.alertLog())
        #expect(!expected.isEmpty)
        #expect(disturbed == expected)
    }

    private static func payload(_ batch: Int, _ trail: SyntheticTrail) -> SubmitEventsRequest.Payload {
        let first = batch * recordsPerBatch
        return .records(RecordBatch(records: (first..<first + recordsPerBatch).map { Bytes(trail.record($0)) }))
    }

    /// Sends batches, several at a time, and tells of each acknowledgement.
    private static func submit(
        _ batches: [Int], _ trail: SyntheticTrail, to service: Service,
        acknowledged: @escaping @Sendable (Int) async -> Void
    ) async throws {
        guard !batches.isEmpty else { return }
        let client = try service.connect()
        let stream = try await client.bidirectional(IngestService.submitEvents)
        async let sending: Void = {
            for (index, batch) in batches.enumerated() {
                try await stream.requests.write(
                    SubmitEventsRequest(sequence: UInt64(index + 1), source: "crash", payload: payload(batch, trail)))
            }
            try await stream.requests.finish()
        }()
        do {
            for try await response in stream.responses {
                #expect(response.rejected == 0)
                await acknowledged(batches[Int(response.sequence) - 1])
            }
        } catch {
            stream.cancel()
            _ = try? await sending
            await client.close(now: true)
            throw error
        }
        try await sending
        await client.close()
    }
}

/// The batches that were acknowledged, and how many of them in this round.
private final class Acknowledged: Sendable {
    private let state = Mutex((batches: Set<Int>(), inRound: 0))

    var count: Int { state.withLock { $0.batches.count } }

    func contains(_ batch: Int) -> Bool { state.withLock { $0.batches.contains(batch) } }

    func startRound() { state.withLock { $0.inRound = 0 } }

    /// Adds a batch and returns how many came in this round.
    func insert(_ batch: Int) -> Int {
        state.withLock { state in
            state.batches.insert(batch)
            state.inRound += 1
            return state.inRound
        }
    }
}

/// The database of a stopped service passes SQLite's own check.
func expectIntegrity(of service: Service) async throws {
    let check = """
        import sqlite3, sys
        print(sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check").fetchone()[0])
        """
    let python = URL(fileURLWithPath: "/usr/bin/env")
    let database = service.data.appendingPathComponent("journal.sqlite").path
    let outcome = try await run(python, ["python3", "-c", check, database])
    #expect(outcome.text == "ok\n", "\(outcome.errors)")
}
