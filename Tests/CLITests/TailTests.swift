// SPDX-License-Identifier: Apache-2.0

import Glibc
import Messages
import RPC
import Testing
import TrailhoundCLI

/// Which alerts are asked for.
@Suite struct AlertFilterTests {
    /// Tables show the beginning of a detection's id: no alert bears that.
    @Test func detectionsAreNamedAsTablesShowThem() async throws {
        let service = FakeService()
        let id = "c42c24ad-0000-4000-8000-00000000e70a"
        service.state.withLock { $0.detections = [id, "b37685d0-0000-4000-8000-00000000c377"] }
        let server = try service.makeServer(port: 0)
        let port = try await server.start()[0].port
        let place = ["--server", "127.0.0.1:\(port)", "--plaintext", "-o", "jsonl"]
        for command in [["list"], ["tail", "--until-caught-up"]] {
            for text in ["c42c24ad", id, "a-rule-of-another-service"] {
                #expect(await Program.run(["alerts"] + command + ["--detection", text] + place) == 0)
            }
            #expect(await Program.run(["alerts"] + command + ["--detection", "ffffffff"] + place) == 1)
        }
        let asked = service.state.withLock { $0.asked }
        #expect(asked == Array(repeating: [[id], [id], ["a-rule-of-another-service"]], count: 2).flatMap { $0 })
        await server.shutdown(gracePeriod: .zero)
    }
}

@Suite struct AlertTailTests {
    private func service(alerts: Int, perStream: Int?) -> FakeService {
        let service = FakeService(alertsPerStream: perStream)
        service.state.withLock { state in
            state.alerts = (1...alerts).map { Alert(alertID: "alert-\($0)", title: "Title \($0)", revision: 1) }
        }
        return service
    }

    /// Tails to a file until caught up, and what was printed.
    private func tail(
        _ service: FakeService, format: OutputFormat = .jsonl, cursor: String = "", file: CursorFile? = nil
    ) async throws -> [String] {
        let folder = try TemporaryFolder()
        let printed = try folder.write("out", "")
        let descriptor = open(printed, O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        try await service.serving { session in
            var tail = AlertTail(
                request: SubscribeAlertsRequest(cursor: cursor, untilCaughtUp: true),
                reconnection: Reconnection(patience: 30, backoff: Backoff(first: .milliseconds(1))), file: file)
            try await tail.run(session, Output(format, descriptor: descriptor))
        }
        let bytes = try #require(readAll(printed))
        return text(bytes).split(separator: "\n").map(String.init)
    }

    private func readAll(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(descriptor, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    @Test func everyAlertIsPrintedOnceOverManyCuts() async throws {
        let lines = try await tail(service(alerts: 100, perStream: 7))
        #expect(lines.count == 100)
        for (index, line) in lines.enumerated() {
            #expect(line.hasPrefix("{\"cursor\":\"\(index + 1)\",\"alert_id\":\"alert-\(index + 1)\","))
        }
    }

    @Test func aCursorFileIsKeptAndFollowed() async throws {
        let folder = try TemporaryFolder()
        let file = CursorFile(path: folder.path + "/cursor")
        #expect(try file.read() == nil)
        let first = try await tail(service(alerts: 10, perStream: nil), file: file)
        #expect(first.count == 10)
        #expect(try file.read() == "10")
        let service = service(alerts: 12, perStream: nil)
        let more = try await tail(service, cursor: try file.read() ?? "", file: file)
        #expect(more.count == 2)
        #expect(service.state.withLock { $0.subscriptions } == ["10"])
    }

    @Test func tablesHaveOneHeading() async throws {
        let lines = try await tail(service(alerts: 3, perStream: 1), format: .table)
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix("LAST SEEN (UTC)"))
        #expect(lines[3].hasSuffix("Title 3"))
    }

    @Test func aFileThatIsNoCursorIsRefused() throws {
        let folder = try TemporaryFolder()
        let file = CursorFile(path: try folder.write("cursor", "two words\n"))
        #expect(throws: Failure.self) { try file.read() }
        let large = CursorFile(path: try folder.write("large", String(repeating: "x", count: 5000)))
        #expect(throws: Failure.self) { try large.read() }
        let missing = CursorFile(path: folder.path + "/no/such/folder")
        #expect(throws: Failure.self) { try missing.write("1") }
    }
}

@Suite struct ReconnectionTests {
    @Test func aServiceThatWasNeverReachedIsNotWaitedFor() {
        var reconnection = Reconnection(patience: nil)
        #expect(reconnection.failed(isTransient: true, at: 0, random: 0) == .giveUp)
    }

    @Test func pausesGrowUntilSomethingGoesWell() {
        var reconnection = Reconnection(patience: nil)
        reconnection.succeeded()
        #expect(reconnection.failed(isTransient: true, at: 1, random: 0) == .retry(after: .milliseconds(100)))
        #expect(reconnection.failed(isTransient: true, at: 1e6, random: 0) == .retry(after: .milliseconds(200)))
        reconnection.succeeded()
        #expect(reconnection.failed(isTransient: true, at: 1e6, random: 0) == .retry(after: .milliseconds(100)))
    }

    @Test func patienceEnds() {
        var reconnection = Reconnection(patience: 10)
        reconnection.reached()
        #expect(reconnection.failed(isTransient: true, at: 1000, random: 0) != .giveUp, "silence is no loss")
        #expect(reconnection.failed(isTransient: true, at: 1010, random: 0) != .giveUp)
        #expect(reconnection.failed(isTransient: true, at: 1010.1, random: 0) == .giveUp)
        reconnection.reached()
        #expect(reconnection.failed(isTransient: true, at: 2000, random: 0) != .giveUp)
    }

    @Test func whatCanNotFareBetterIsNotRepeated() {
        var reconnection = Reconnection(patience: nil)
        reconnection.succeeded()
        #expect(reconnection.failed(isTransient: false, at: 1, random: 0) == .giveUp)
        #expect(ServiceError.isTransient(RPCError(.unavailable, "")))
        #expect(!ServiceError.isTransient(RPCError(.invalidArgument, "")))
        #expect(!ServiceError.isTransient(Failure("")))
    }
}
