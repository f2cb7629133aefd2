// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

/// docs/operate/backup.md: its commands, as they stand there.
@Suite(.timeLimit(.minutes(5))) struct BackupTests {
    /// The commands of the page's blocks under a heading.
    private static func commands(under heading: String) throws -> String {
        let page = try String(
            contentsOf: Programs.root.appendingPathComponent("docs/operate/backup.md"), encoding: .utf8)
        var isInside = false
        var isBlock = false
        var commands: [Substring] = []
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("## ") { isInside = line == "## " + heading }
            if line.hasPrefix("```") { isBlock = line == "```sh" } else if isInside, isBlock { commands.append(line) }
        }
        return "set -eu\n" + commands.joined(separator: "\n")
    }

    private func shell(_ text: String, _ service: Service, backups: URL) async throws -> Outcome {
        let path = Programs.folder.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        return try await run(
            URL(fileURLWithPath: "/bin/sh"), ["-c", text],
            environment: ["PATH": path, "DATA": service.data.path, "BACKUPS": backups.path])
    }

    @Test func theCommandsOfThePageBackUpARunningServiceAndRestoreIt() async throws {
        let backups = try TemporaryFolder()
        let trail = SyntheticTrail(attackEvery: 50)
        let service = try await Service(accounts: [trail.account])
        func submit(_ records: Range<Int>) async throws {
            let file = backups.url.appendingPathComponent("trail.json")
            try Data(trail.logFile(records)).write(to: file)
            let outcome = try await service.client("submit", file.path)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        try await submit(0..<500)
        let backup = try Self.commands(under: "Back up")
        let made = try await shell(backup, service, backups: backups.url)
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.text.contains("500 records"))
        let again = try await shell(backup, service, backups: backups.url)
        #expect(again.status == 1)
        #expect(again.errors.contains("--force"))
        try await submit(500..<800)
        #expect(try await service.status().storedRecords == 800)
        let restore = try Self.commands(under: "Restore")
        let refused = try await shell(restore, service, backups: backups.url)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("another process is using the data directory"))
        try await service.stop()
        let restored = try await shell(restore, service, backups: backups.url)
        #expect(restored.status == 0, "\(restored.errors)")
        try await service.start()
        #expect(try await service.status().storedRecords == 500)
        // The store has what it has once, and takes the rest again.
        try await submit(0..<800)
        #expect(try await service.status().storedRecords == 800)
        let beyond = try await service.client("alerts", "tail", "--cursor", "1000000", "--until-caught-up")
        #expect(beyond.status != 0)
        #expect(beyond.errors.contains("restored from a backup"))
    }

    @Test func aStoppedServiceLeavesOneCompleteFile() async throws {
        let copy = try TemporaryFolder()
        let trail = SyntheticTrail()
        let service = try await Service(accounts: [trail.account])
        let file = copy.url.appendingPathComponent("trail.json")
        try Data(trail.logFile(0..<300)).write(to: file)
        #expect(try await service.client("submit", file.path).status == 0)
        try await service.stop()
        let single = copy.url.appendingPathComponent("copy.sqlite")
        try FileManager.default.copyItem(at: service.data.appendingPathComponent("journal.sqlite"), to: single)
        let outcome = try await run(
            Programs.folder.appendingPathComponent("trailhoundd"),
            ["restore", "--from", single.path, "--data-dir", copy.url.appendingPathComponent("data").path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.text.contains("300 records"))
    }
}
