// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TrailhoundCLI

@Suite(.timeLimit(.minutes(1))) struct SubmitSpanTests {
    private let minute: Int64 = 60_000

    @Test func noBatchIsFarAheadOfTheOldest() {
        var span = SubmitSpan(batches: 3, time: 20 * minute)
        func place(_ number: UInt64, _ minutes: Int64?) -> SubmitSpan.Place {
            SubmitSpan.Place(number: number, time: minutes.map { $0 * minute })
        }
        #expect(span.admits(place(7, 500)))
        span.begin(place(0, 0))
        #expect(span.admits(place(1, 20)))
        #expect(!span.admits(place(1, 21)))
        // Whose name tells no time is bounded by number alone.
        #expect(span.admits(place(2, nil)))
        #expect(!span.admits(place(3, nil)))
        #expect(!span.admits(place(3, 1)))
        span.begin(place(1, 15))
        span.settle(0)
        #expect(span.admits(place(2, 35)))
        span.settle(0)
        #expect(!span.admits(place(2, 36)))
        span.settle(1)
        #expect(span.admits(place(9, 9_000)))
    }

    /// The numbers of batches that were taken.
    private final class Taken: Sendable {
        private let state = Mutex<[UInt64]>([])

        var numbers: [UInt64] { state.withLock { $0 } }

        func add(_ number: UInt64) { state.withLock { $0.append(number) } }
    }

    private static func take(_ source: BatchSource) async throws -> Batch? {
        if case .batch(let batch)? = try await source.next() { return batch }
        return nil
    }

    @Test func aSlowStreamHoldsTheOthersBack() async throws {
        let folder = try TemporaryFolder()
        for hour in 10...13 {
            try folder.write("111122223333_CloudTrail_us-east-1_20260301T\(hour)00Z_x.json", #"{"Records":[]}"#)
        }
        let source = BatchSource(try InputFiles.find([folder.path]), span: SubmitSpan())
        let first = try #require(await Self.take(source))
        let taken = Taken()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    while let batch = try await Self.take(source) {
                        taken.add(batch.number)
                        await source.settle(batch.number)
                    }
                }
            }
            try await Task.sleep(for: .milliseconds(50))
            #expect(taken.numbers.isEmpty)
            await source.settle(first.number)
            try await group.waitForAll()
        }
        #expect(taken.numbers == [1, 2, 3])
    }

    @Test func whoeverIsCancelledWaitsNoMore() async throws {
        let folder = try TemporaryFolder()
        for hour in 10...11 {
            try folder.write("111122223333_CloudTrail_us-east-1_20260301T\(hour)00Z_x.json", #"{"Records":[]}"#)
        }
        let source = BatchSource(try InputFiles.find([folder.path]), span: SubmitSpan())
        guard case .batch(let first)? = try await source.next() else { return #expect(Bool(false)) }
        let waiting = Task { try await source.next() }
        try await Task.sleep(for: .milliseconds(20))
        waiting.cancel()
        await #expect(throws: CancellationError.self) { _ = try await waiting.value }
        // What it waited for is another's.
        await source.settle(first.number)
        guard case .batch(let second)? = try await source.next() else { return #expect(Bool(false)) }
        #expect(second.number == 1)
        #expect(try await source.next() == nil)
    }
}
