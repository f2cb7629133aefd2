// SPDX-License-Identifier: Apache-2.0

import BenchKit
import Contract
import Foundation
import Messages
import RPC
import ServiceKit
import Synchronization
import TestKit

/// A collector that keeps a rate, and remembers when each step of the attack left.
final class Submitter: Sendable {
    private let trail: SyntheticTrail
    private let client: Client
    private let stream: BidirectionalStream<SubmitEventsRequest, SubmitEventsResponse>
    private let state = Mutex(State())

    private struct State {
        var next = 0
        var sequence: UInt64 = 0
        /// When the requests with a step of the attack were handed over, in their order.
        var departures: [Double] = []
    }

    init(service: RunningService, trail: SyntheticTrail) async throws {
        self.trail = trail
        client = try service.connect()
        stream = try await client.bidirectional(IngestService.submitEvents)
    }

    /// Attacks since they were forgotten.
    var attacks: Int { state.withLock { $0.departures.count } }

    /// When the n-th attack left, by the monotonic clock in seconds.
    func departure(_ number: Int) -> Double? {
        state.withLock { $0.departures.indices.contains(number) ? $0.departures[number] : nil }
    }

    /// Counts attacks from 0 again.
    func forget() async { state.withLock { $0.departures = [] } }

    /// Submits requests at even distances, or one after the other; returns when all are acknowledged.
    func submit(requests: Int, of size: Int, every interval: Duration?) async throws {
        let start = ContinuousClock.now
        async let acknowledged: Void = acknowledge(requests)
        for number in 0..<requests {
            if let interval { try await Task.sleep(until: start + interval * number, clock: .continuous) }
            let (first, sequence) = state.withLock { state in
                defer { state.next += size }
                state.sequence += 1
                return (state.next, state.sequence)
            }
            let records = (first..<first + size).map { Bytes(trail.record($0)) }
            if (first..<first + size).contains(where: trail.isAttack) {
                state.withLock { $0.departures.append(Moment.now) }
            }
            try await stream.requests.write(
                SubmitEventsRequest(
                    sequence: sequence, source: "bench", payload: .records(RecordBatch(records: records))))
        }
        try await acknowledged
    }

    /// Submits one step of the attack.
    func attack() async throws {
        await forget()
        state.withLock { state in
            while !trail.isAttack(state.next) { state.next += 1 }
        }
        try await submit(requests: 1, of: 1, every: nil)
    }

    private func acknowledge(_ count: Int) async throws {
        for _ in 0..<count {
            guard let response = try await stream.responses.next(), response.rejected == 0 else {
                throw BenchFailure("a request was not accepted")
            }
        }
    }
}

/// The monotonic clock.
enum Moment {
    /// Seconds since some start.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
