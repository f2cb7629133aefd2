// SPDX-License-Identifier: Apache-2.0

import Messages
import RPC
import TestKit
import Testing
import TrailhoundCLI

@Suite struct SubmissionTests {
    /// Submits files of lines, and what came of it.
    private func submit(
        _ lines: [[String]], to service: FakeService, streams: Int = 3, historical: Bool = false, patience: Double = 60
    ) async throws -> SubmitTally {
        let folder = try TemporaryFolder()
        for (index, lines) in lines.enumerated() {
            try folder.write("\(index).jsonl", lines.joined(separator: "\n"))
        }
        let source = BatchSource(
            try InputFiles.find([folder.path]), span: streams > 1 ? SubmitSpan(batches: 8) : nil)
        let progress = SubmitProgress()
        try await service.serving { session in
            let submission = Submission(
                session: session, source: source, progress: progress, historical: historical, patience: patience,
                backoff: Backoff(first: .milliseconds(1), longest: .milliseconds(20)))
            try await submission.run(streams: streams)
        }
        return progress.snapshot.tally
    }

    private func numbered(files: Int, lines: Int) -> [[String]] {
        (0..<files).map { file in (0..<lines).map { "{\"id\":\"\(file)-\($0)\"}" } }
    }

    @Test func everythingArrivesOnce() async throws {
        let service = FakeService()
        let tally = try await submit(numbered(files: 40, lines: 30), to: service, historical: true)
        #expect(tally.accepted == 1200)
        #expect(tally.duplicate == 0)
        service.state.withLock { state in
            #expect(state.stored.count == 1200)
            #expect(state.sources.count == 40)
            #expect(state.isHistorical == [true])
        }
    }

    @Test(arguments: [1, 3])
    func lostConnectionsLoseNothing(streams: Int) async throws {
        var mishaps: [Int: FakeService.Mishap] = [:]
        for number in stride(from: 2, to: 400, by: 9) { mishaps[number] = .loseBefore }
        for number in stride(from: 4, to: 400, by: 13) { mishaps[number] = .loseAfter }
        for number in stride(from: 7, to: 400, by: 31) { mishaps[number] = .end }
        let service = FakeService(mishaps: mishaps)
        let tally = try await submit(numbered(files: 90, lines: 5), to: service, streams: streams)
        service.state.withLock { state in
            #expect(Set(state.stored.keys) == Set(numbered(files: 90, lines: 5).joined()))
        }
        #expect(tally.accepted + tally.duplicate == 450, "each record is acknowledged once")
        #expect(tally.rejected == 0)
    }

    @Test func rejectionsNameFileAndRecord() async throws {
        let service = FakeService()
        let tally = try await submit([["{}", "! one", "{\"a\":1}", "! two"]], to: service)
        #expect(tally.accepted == 2)
        #expect(tally.rejected == 2)
        #expect(tally.refusals.map(\.record) == [2, 4])
        #expect(tally.refusals.allSatisfy { $0.file.hasSuffix("/0.jsonl") && $0.reason == "not_json" })
    }

    @Test func aRefusedStreamFailsAndNamesTheFile() async throws {
        let service = FakeService(mishaps: [1: .refuse])
        let failure = await #expect(throws: Failure.self) {
            try await submit([["{}"]], to: service, streams: 1)
        }
        #expect(failure?.message.hasPrefix("the message is too large (while sending ") == true)
        #expect(failure?.code == 1)
    }

    @Test func aWrongAcknowledgementFails() async throws {
        let service = FakeService(mishaps: [1: .acknowledgeWrongly])
        let failure = await #expect(throws: Failure.self) {
            try await submit([["{}"]], to: service, streams: 1)
        }
        #expect(failure?.message.contains("acknowledged what it was not sent") == true)
    }

    @Test func aServiceThatStaysAwayIsGivenUp() async throws {
        let mishaps = Dictionary(uniqueKeysWithValues: (1...10_000).map { ($0, FakeService.Mishap.loseBefore) })
        let service = FakeService(mishaps: mishaps)
        let failure = await #expect(throws: Failure.self) {
            try await submit([["{}"]], to: service, streams: 1, patience: -1)
        }
        #expect(failure?.message.hasPrefix("lost the connection to 127.0.0.1:") == true)
    }

    @Test func aServiceThatIsNotThereIsToldAtOnce() async throws {
        let service = FakeService()
        let server = try service.makeServer(port: 0)
        let address = try await server.start()[0]
        await server.shutdown(gracePeriod: .zero)
        let session = try Session(FakeService.settings(port: address.port))
        let submission = Submission(
            session: session, source: BatchSource([]), progress: SubmitProgress(), historical: false,
            patience: 60)
        let failure = await #expect(throws: Failure.self) { try await submission.run(streams: 3) }
        #expect(failure?.message == "nothing listens at 127.0.0.1:\(address.port): is trailhoundd running there?")
        await session.close()
    }

    /// The service goes away whole and comes back at the same address, as a restart does.
    @Test func aRestartIsSurvived() async throws {
        let folder = try TemporaryFolder()
        let files = numbered(files: 60, lines: 1_000)
        for (index, lines) in files.enumerated() {
            try folder.write("\(index).jsonl", lines.joined(separator: "\n"))
        }
        let lines = files.flatMap { $0 }
        let service = FakeService()
        let port = LoopbackPort.free()
        let first = try service.makeServer(port: port)
        _ = try await first.start()
        let session = try Session(FakeService.settings(port: port))
        let progress = SubmitProgress()
        let submission = Submission(
            session: session, source: BatchSource(try InputFiles.find([folder.path])), progress: progress,
            historical: false, patience: 60)
        async let submitted: Void = submission.run(streams: 2)
        while service.state.withLock({ $0.requests }) < 5 { await Task.yield() }
        await first.shutdown(gracePeriod: .zero)
        let second = try service.makeServer(port: port)
        _ = try await second.start()
        try await submitted
        #expect(service.state.withLock { Set($0.stored.keys) } == Set(lines))
        let tally = progress.snapshot.tally
        #expect(tally.accepted + tally.duplicate == 60_000)
        await session.close()
        await second.shutdown(gracePeriod: .zero)
    }

    @Test func aLabelKeepsTheEndOfAPath() {
        #expect(Submission.label("a/b.json") == "a/b.json")
        let long = String(repeating: "é", count: 1000) + "/end.json"
        #expect(Submission.label(long).utf8.count <= 1024)
        #expect(Submission.label(long).hasSuffix("é/end.json"))
    }
}
