// SPDX-License-Identifier: Apache-2.0

import Contract
import Foundation
import Messages
import RPC
import Synchronization
import TestKit
import Testing

/// The service is restarted on the same data folder and port while 500 streams of submissions are in flight, and people's
/// calls beside them: SIGTERM to the old process, and the new one started at once. What was accepted is answered, and
/// what was answered stays.
@Suite(.serialized) struct RollingRestartTests {
    private static let streams = 500
    private static let workers = 50
    private static let clients = 25
    private static let recordsPerRequest = 5

    @Test(.timeLimit(.minutes(3)))
    func nothingAcceptedIsLost() async throws {
        let trail = SyntheticTrail(attackEvery: 100)
        let service = try await Service(accounts: [trail.account])
        let clients = try (0..<Self.clients).map { _ in try service.connect() }
        let load = Load(trail)
        let restarts = 2
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Self.streams {
                group.addTask { try await load.submit(stream: number, clients[number % clients.count]) }
            }
            for number in 0..<Self.workers {
                group.addTask { try await load.onboard(clients[number % clients.count]) }
            }
            for _ in 0..<restarts {
                try await load.moveOn()
                try await service.restart()
            }
            try await load.moveOn()
            load.finish()
            try await group.waitForAll()
        }
        for client in clients { await client.close() }

        let outcome = load.outcome
        #expect(outcome.interrupted > 0, "no call met the restart")
        #expect(outcome.lostAnswers == [], "these were done, and the caller was told that they were not")
        let listed = try await service.client("account", "list", "-o", "jsonl")
        #expect(listed.lines.count == outcome.onboarded + 1)
        // Stored once each, whether the acknowledgement came before, during or after a restart.
        let status = try await service.status()
        #expect(status.storedRecords == UInt64(outcome.acknowledged.count * Self.recordsPerRequest))
        for request in outcome.acknowledged.shuffled().prefix(50) {
            let index = request * Self.recordsPerRequest
            #expect(try await service.timeline(trail.eventID(index)).map(\.record.array) == [trail.record(index)])
        }
        let verified = try await service.client("audit", "verify")
        #expect(verified.status == 0, "\(verified.errors)")
    }

    /// What the calls do and what came of them.
    private final class Load: Sendable {
        struct Outcome {
            var acknowledged: Set<Int> = []
            var onboarded = 0
            /// Calls that failed because of a restart.
            var interrupted = 0
            /// Accounts that were onboarded by a call that failed.
            var lostAnswers: [String] = []
        }

        private struct State {
            var outcome = Outcome()
            var nextRequest = 0
            var nextAccount = 0
            var progress = 0
            var open = 0
            var isFinished = false
        }

        private let trail: SyntheticTrail
        private let state = Mutex(State())

        init(_ trail: SyntheticTrail) { self.trail = trail }

        /// Returns when every stream is open and there were as many answers as there are calls.
        func moveOn() async throws {
            let mark = state.withLock { $0.progress }
            let calls = RollingRestartTests.streams + RollingRestartTests.workers
            while true {
                let isDone = state.withLock { $0.progress >= mark + calls && $0.open >= RollingRestartTests.streams }
                if isDone { return }
                try await Task.sleep(for: .milliseconds(10))
            }
        }

        var outcome: Outcome { state.withLock { $0.outcome } }

        func finish() { state.withLock { $0.isFinished = true } }

        private var isFinished: Bool { state.withLock { $0.isFinished } }

        /// Sends request after request on a stream, each once the one before was acknowledged; what was not is sent
        /// again on the next stream.
        func submit(stream number: Int, _ client: Client) async throws {
            var pending: Int?
            while pending != nil || !isFinished {
                do { try await submit(&pending, client) } catch { try await interrupted(error) }
            }
        }

        private func submit(_ pending: inout Int?, _ client: Client) async throws {
            let stream = try await client.bidirectional(
                IngestService.submitEvents, options: CallOptions(waitsForReady: true))
            state.withLock { $0.open += 1 }
            defer {
                state.withLock { $0.open -= 1 }
                stream.cancel()
            }
            var sequence: UInt64 = 0
            while pending != nil || !isFinished {
                let request = pending ?? take(\.nextRequest)
                pending = request
                sequence += 1
                let first = request * RollingRestartTests.recordsPerRequest
                let records = (first..<first + RollingRestartTests.recordsPerRequest).map { Bytes(trail.record($0)) }
                try await stream.requests.write(
                    SubmitEventsRequest(
                        sequence: sequence, source: "restart", payload: .records(RecordBatch(records: records))))
                guard let response = try await stream.responses.next() else {
                    throw RPCError(.unavailable, "the stream ended")
                }
                #expect(response.rejected == 0)
                pending = nil
                state.withLock { state in
                    state.progress += 1
                    state.outcome.acknowledged.insert(request)
                }
            }
            try await stream.requests.finish()
            while try await stream.responses.next() != nil {}
        }

        /// Onboards account after account, each until it is told that it is done.
        func onboard(_ client: Client) async throws {
            while !isFinished {
                let digits = String(take(\.nextAccount))
                let account = "9" + String(repeating: "0", count: 11 - digits.utf8.count) + digits
                try await onboard(account, client)
                // The table of accounts is bounded.
                try await Task.sleep(for: .milliseconds(200))
            }
        }

        private func onboard(_ account: String, _ client: Client) async throws {
            while true {
                state.withLock { $0.open += 1 }
                do {
                    _ = try await client.unary(
                        AccountService.onboardAccount, OnboardAccountRequest(accountID: account),
                        options: CallOptions(waitsForReady: true))
                    return state.withLock { state in
                        state.open -= 1
                        state.progress += 1
                        state.outcome.onboarded += 1
                    }
                } catch {
                    state.withLock { $0.open -= 1 }
                    guard RPCError.from(error).code != .alreadyExists else {
                        return state.withLock { state in
                            state.outcome.onboarded += 1
                            state.outcome.lostAnswers.append(account)
                        }
                    }
                    try await interrupted(error)
                }
            }
        }

        private func take(_ counter: WritableKeyPath<State, Int>) -> Int {
            state.withLock { state in
                defer { state[keyPath: counter] += 1 }
                return state[keyPath: counter]
            }
        }

        private func interrupted(_ error: any Error) async throws {
            guard RPCError.from(error).code == .unavailable else { throw error }
            state.withLock { $0.outcome.interrupted += 1 }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
