// SPDX-License-Identifier: Apache-2.0

import BenchKit
import Contract
import Foundation
import Messages
import RPC
import ServiceKit
import TestKit

/// The measurements.
struct SubscribersBench {
    private let options: Options
    private let subscribers: Int
    private let rate: Int
    private let seconds: Int

    /// Records of one request while the rate is kept.
    private static let recordsPerRequest = 100
    /// Subscribers of the run without a crowd.
    private static let few = 10
    /// File descriptors beside the connections.
    private static let spareDescriptors = 500

    init(_ options: Options) {
        self.options = options
        subscribers = max(1, options.number("--subscribers"))
        rate = max(Self.recordsPerRequest, options.number("--rate"))
        seconds = max(1, options.number("--seconds"))
    }

    func run() async throws {
        try raiseDescriptors()
        let service = try await RunningService(
            program: options["--service"], rules: options["--rules"],
            options: options["--server-args"].split(separator: " ").map(String.init), parent: options["--data-dir"])
        let trail = SyntheticTrail(perSecond: rate, attackEvery: rate)
        try await service.onboard([trail.account])
        let submitter = try await Submitter(service: service, trail: trail)
        // Parsers, buffers and caches reach their size before anything is compared.
        try await submitter.submit(requests: 100, of: Self.recordsPerRequest, every: nil)

        let few = try await Crowd.connect(Self.few, to: service)
        let quiet = try await measure(submitter, few)
        report("\(grouped(rate)) records/s, \(Self.few) subscribers: submission to subscriber \(quiet)")
        await few.close()

        let before = service.figures.residentBytes
        let watch = Watch()
        let crowd = try await Crowd.connect(subscribers, to: service)
        try await service.waitFor(subscribers: subscribers)
        let each = Double(service.figures.residentBytes - before) / Double(subscribers)
        report(
            "\(grouped(subscribers)) idle subscribers over TLS, connected in \(decimal(watch.seconds, 1)) s:",
            "\(decimal(each / 1_000, 1)) kB of the service's memory each")

        try await submitter.attack()
        let arrival = try await crowd.wait(for: 1, from: submitter)
        report("a new alert reaches all \(grouped(subscribers)): \(Times(arrival))")
        let loud = try await measure(submitter, crowd, after: 1)
        report("\(grouped(rate)) records/s, \(grouped(subscribers)) subscribers: submission to subscriber \(loud)")
        report(
            "service: peak \(service.figures.peakMiB) MiB; the machine's load over the last minute was \(load())")
        await crowd.close()
        try await service.stop()
    }

    /// Keeps the rate for a while, with an attack each second, and returns how long the alerts took to each subscriber.
    private func measure(_ submitter: Submitter, _ crowd: Crowd, after known: Int = 0) async throws -> Times {
        let perSecond = rate / Self.recordsPerRequest
        await submitter.forget()
        try await submitter.submit(
            requests: perSecond * seconds, of: Self.recordsPerRequest,
            every: .nanoseconds(1_000_000_000 / perSecond))
        return Times(try await crowd.wait(for: submitter.attacks, from: submitter, after: known))
    }

    /// Raises this process's limit to what is allowed; the service does the same for itself.
    private func raiseDescriptors() throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur >= UInt(subscribers + Self.spareDescriptors) else {
            throw BenchFailure("\(subscribers) connections need more file descriptors: ulimit -Hn is \(limit.rlim_max)")
        }
    }
}

/// Durations in milliseconds, as they are printed.
struct Times: CustomStringConvertible {
    private let sorted: [Double]

    init(_ milliseconds: [Double]) { sorted = milliseconds.sorted() }

    private func quantile(_ part: Double) -> Double {
        sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int((Double(sorted.count) * part).rounded(.down)))]
    }

    var description: String {
        "p50 \(decimal(quantile(0.5), 1)) ms, p99 \(decimal(quantile(0.99), 1)) ms, "
            + "most \(decimal(quantile(1), 1)) ms (\(grouped(sorted.count)) deliveries)"
    }
}

extension RunningService {
    /// Returns once the service counts so many subscribers.
    func waitFor(subscribers: Int) async throws {
        let client = try connect()
        while true {
            let status = try await client.unary(InvestigationService.getStatus, GetStatusRequest())
            if status.subscribers >= UInt32(subscribers) { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        await client.close()
    }
}
