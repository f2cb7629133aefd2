// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Foundation
import Synchronization
import TestKit
import Testing

/// The built collector between moto's S3 and SQS and the built service.
@Suite(.serialized, .enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"))
struct CollectorTests {
    private static let files = 1_000
    private static let recordsPerFile = 5
    private static let kills = 10

    @Test(.timeLimit(.minutes(8)))
    func killedTenTimesItStoresEveryRecordOnceAndEmptiesTheQueue() async throws {
        let trail = SyntheticTrail()
        let service = try await Service(accounts: [trail.account])
        let aws = try MotoServer()
        let client = aws.client()
        let stage = MotoStage(client)
        try await stage.put("trail")
        let queue = try await stage.makeQueue("trail")
        try await Self.deliver(trail, TrailDelivery(stage: stage, bucket: "trail"), queue, client)
        let state = try TemporaryFolder()
        let arguments = [
            "collect", "--queue", queue, "--bucket", "trail", "--visibility", "3", "--state", state.url.path,
            "--role-arn", "arn:aws:iam::123456789012:role/TrailhoundRead", "--external-id", "x", "--server",
            service.server, "--pki", service.pki.path,
        ]
        let total = UInt64(Self.files * Self.recordsPerFile)
        for _ in 0..<Self.kills {
            let before = try await service.status().storedRecords
            let collector = try Collector(arguments, aws)
            // Killed while it works: some files are stored, and more are under way.
            while try await service.status().storedRecords < before + 40 * UInt64(Self.recordsPerFile) {
                try #require(collector.isRunning, "\(collector.errors)")
                try await Task.sleep(for: .milliseconds(1))
            }
            try await Task.sleep(for: .microseconds(Int.random(in: 0...20_000)))
            try await collector.kill()
        }
        #expect(try await service.status().storedRecords < total, "the work ended before the last kill")
        let last = try await run(Programs.client, arguments + ["--once"], environment: Collector.environment(aws))
        #expect(last.status == 0, "\(last.errors)")

        #expect(try await service.status().storedRecords == total)
        let attributes = try await SQS(client, queueURL: queue).attributes()
        #expect(attributes["ApproximateNumberOfMessages"] == "0")
        #expect(attributes["ApproximateNumberOfMessagesNotVisible"] == "0")
        for index in stride(from: 0, to: Int(total), by: 997) {
            #expect(try await service.timeline(trail.eventID(index)).map(\.record.array) == [trail.record(index)])
        }
        let aside = state.url.appendingPathComponent("aside")
        #expect(try FileManager.default.contentsOfDirectory(atPath: aside.path).isEmpty)
        try await service.stop()
    }

    @Test(.timeLimit(.minutes(2)))
    func whatCannotBeReadNowStaysInTheQueue() async throws {
        let service = try await Service()
        let aws = try MotoServer()
        let client = aws.client()
        let stage = MotoStage(client)
        let queue = try await stage.makeQueue("trail")
        let delivery = TrailDelivery(stage: stage, bucket: "not-made-yet")
        let now = Int64(Date().timeIntervalSince1970) * 1_000
        try await stage.sendMessage(queue, try delivery.message([delivery.key(time: now, suffix: "x")], .storage))
        let state = try TemporaryFolder()
        let collector = try Collector(
            [
                "collect", "--queue", queue, "--state", state.url.path, "--role-arn",
                "arn:aws:iam::123456789012:role/TrailhoundRead", "--server", service.server, "--pki", service.pki.path,
            ], aws)
        while !collector.errors.contains("NoSuchBucket") {
            try #require(collector.isRunning, "\(collector.errors)")
            try await Task.sleep(for: .milliseconds(10))
        }
        try await collector.stop()
        #expect(collector.status == 143)
        let attributes = try await SQS(client, queueURL: queue).attributes()
        #expect(attributes["ApproximateNumberOfMessagesNotVisible"] == "1")
        try await service.stop()
    }

    /// Puts the files, and the messages for them out of order: some twice, some for several files at once.
    private static func deliver(
        _ trail: SyntheticTrail, _ delivery: TrailDelivery, _ queue: String, _ client: AWSClient
    ) async throws {
        let now = Int64(Date().timeIntervalSince1970) * 1_000
        let keys = (0..<files).map { delivery.key(time: now, suffix: String($0)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<8 {
                group.addTask {
                    for index in stride(from: lane, to: files, by: 8) {
                        let records = index * recordsPerFile..<(index + 1) * recordsPerFile
                        try await delivery.put(keys[index], trail.logFile(records))
                    }
                }
            }
            try await group.waitForAll()
        }
        let forms = TrailDelivery.Envelope.allCases
        var messages: [String] = []
        for (index, key) in keys.shuffled().enumerated() {
            let message = try delivery.message([key], forms[index % forms.count])
            messages.append(message)
            if index % 10 == 0 { messages.append(message) }
        }
        try await TrailDelivery.send(messages, to: queue, with: client)
    }
}

/// A running `trailhound collect` that can be killed.
private final class Collector {
    private let process = Process()
    private let scratch: TemporaryFolder

    /// What the collector needs to find moto.
    static func environment(_ aws: MotoServer) -> [String: String] {
        TestCaller.service.environment(aws.url)
    }

    init(_ arguments: [String], _ aws: MotoServer) throws {
        scratch = try TemporaryFolder()
        let log = scratch.url.appendingPathComponent("log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        process.executableURL = Programs.client
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(Self.environment(aws)) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
    }

    var isRunning: Bool { process.isRunning }

    var errors: String {
        (try? String(contentsOf: scratch.url.appendingPathComponent("log"), encoding: .utf8)) ?? ""
    }

    /// SIGKILL: nothing of the process gets a chance to tidy up.
    func kill() async throws {
        Glibc.kill(process.processIdentifier, SIGKILL)
        while process.isRunning { try await Task.sleep(for: .milliseconds(2)) }
    }

    /// SIGTERM: it gives back what it holds, and says how far it came.
    func stop() async throws {
        Glibc.kill(process.processIdentifier, SIGTERM)
        while process.isRunning { try await Task.sleep(for: .milliseconds(2)) }
    }

    var status: Int32 { process.terminationStatus }

    deinit { if process.isRunning { process.terminate() } }
}
