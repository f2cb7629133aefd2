// SPDX-License-Identifier: Apache-2.0

import BenchKit
import Contract
import Messages
import NIOPosix
import RPC
import ServiceKit
import Synchronization

/// Subscribers, each on a connection of its own, that note when alerts come.
final class Crowd: Sendable {
    private let clients: [Client]
    private let readers: [Task<Void, Never>]
    private let arrivals: Arrivals

    /// When messages came, by the subscriber.
    private final class Arrivals: Sendable {
        private let moments: Mutex<[[Double]]>

        init(_ count: Int) { moments = Mutex([[Double]](repeating: [], count: count)) }

        func add(_ subscriber: Int) {
            let now = Moment.now
            moments.withLock { $0[subscriber].append(now) }
        }

        /// The fewest messages that any subscriber has.
        var least: Int { moments.withLock { $0.reduce(Int.max) { min($0, $1.count) } } }

        var all: [[Double]] { moments.withLock { $0 } }
    }

    /// Connections made at the same time.
    private static let lanes = 100
    /// How long the last message may take to come.
    private static let patience = Duration.seconds(120)

    private init(_ clients: [Client], _ readers: [Task<Void, Never>], _ arrivals: Arrivals) {
        self.clients = clients
        self.readers = readers
        self.arrivals = arrivals
    }

    /// Connects so many, who want what comes from now on.
    static func connect(_ count: Int, to service: RunningService) async throws -> Crowd {
        let arrivals = Arrivals(count)
        // One loop: this process is to leave the machine to the service.
        let group = MultiThreadedEventLoopGroup.singleton
        let clients = try (0..<count).map { _ in try service.connect(group: group) }
        let readers = try await withThrowingTaskGroup(of: [Task<Void, Never>].self) { lanes in
            for lane in 0..<min(Self.lanes, count) {
                lanes.addTask {
                    var readers: [Task<Void, Never>] = []
                    for number in stride(from: lane, to: count, by: Self.lanes) {
                        let stream = try await clients[number].serverStreaming(
                            AlertService.subscribeAlerts, SubscribeAlertsRequest(cursor: "latest"))
                        readers.append(
                            Task {
                                do { for try await _ in stream { arrivals.add(number) } } catch {}
                            })
                    }
                    return readers
                }
            }
            return try await lanes.reduce(into: []) { $0 += $1 }
        }
        return Crowd(clients, readers, arrivals)
    }

    /// Waits until every subscriber has so many messages after those known before, and returns how many milliseconds
    /// each took.
    func wait(for count: Int, from submitter: Submitter, after known: Int = 0) async throws -> [Double] {
        let end = ContinuousClock.now + Self.patience
        while arrivals.least < known + count {
            guard ContinuousClock.now < end else {
                throw BenchFailure("a subscriber has \(arrivals.least) of \(known + count) messages")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        var times: [Double] = []
        for moments in arrivals.all {
            for (number, moment) in moments.dropFirst(known).prefix(count).enumerated() {
                guard let departure = submitter.departure(number) else { continue }
                times.append((moment - departure) * 1_000)
            }
        }
        return times
    }

    func close() async {
        for reader in readers { reader.cancel() }
        for client in clients { await client.close(now: true) }
    }
}
