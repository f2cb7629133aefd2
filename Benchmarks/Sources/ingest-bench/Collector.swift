// SPDX-License-Identifier: Apache-2.0

import BenchKit
import Contract
import Messages
import RPC
import ServiceKit

/// Submits log files and waits for their acknowledgements, as a collector does: each stream with a connection of its
/// own, sending as fast as flow control lets it.
struct Collector {
    let service: RunningService
    let streams: Int

    /// What was acknowledged.
    struct Outcome {
        var accepted = 0
        var others = 0
        var seconds = 0.0
        /// Of the service, and of this program.
        var serviceCPU = 0.0
        var clientCPU = 0.0

        var rate: Double { Double(accepted) / seconds }
    }

    /// Submits files; the time runs from the first byte to the last acknowledgement.
    ///
    /// - Parameter file: makes a file, or has made it before.
    func submit(_ files: Range<Int>, _ file: @escaping @Sendable (Int) -> Bytes) async throws -> Outcome {
        var clients: [Client] = []
        var calls: [BidirectionalStream<SubmitEventsRequest, SubmitEventsResponse>] = []
        for _ in 0..<streams {
            let client = try service.connect()
            clients.append(client)
            calls.append(try await client.bidirectional(IngestService.submitEvents))
        }
        let own = ProcessFigures()
        let (serviceBefore, ownBefore) = (service.figures.cpuSeconds, own.cpuSeconds)
        let watch = Watch()
        var outcome = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for (index, call) in calls.enumerated() {
                let share = stride(from: files.lowerBound + index, to: files.upperBound, by: streams)
                group.addTask { try await Self.run(call, share, file) }
            }
            return try await group.reduce(into: Outcome()) { sum, part in
                sum.accepted += part.accepted
                sum.others += part.others
            }
        }
        outcome.seconds = watch.seconds
        outcome.serviceCPU = service.figures.cpuSeconds - serviceBefore
        outcome.clientCPU = own.cpuSeconds - ownBefore
        for client in clients { await client.close() }
        guard outcome.others == 0 else {
            throw BenchFailure("\(outcome.others) records were duplicates or refused")
        }
        return outcome
    }

    private static func run(
        _ call: BidirectionalStream<SubmitEventsRequest, SubmitEventsResponse>, _ files: StrideTo<Int>,
        _ file: @escaping @Sendable (Int) -> Bytes
    ) async throws -> Outcome {
        async let sent: Void = send(call.requests, files, file)
        var outcome = Outcome()
        for try await response in call.responses {
            outcome.accepted += Int(response.accepted)
            outcome.others += Int(response.duplicate) + Int(response.rejected)
        }
        try await sent
        return outcome
    }

    private static func send(
        _ requests: RequestWriter<SubmitEventsRequest>, _ files: StrideTo<Int>,
        _ file: @escaping @Sendable (Int) -> Bytes
    ) async throws {
        for (index, number) in files.enumerated() {
            try await requests.write(
                SubmitEventsRequest(sequence: UInt64(index + 1), source: "bench", payload: .logFile(file(number))))
        }
        try await requests.finish()
    }
}
