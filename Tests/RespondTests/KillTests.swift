// SPDX-License-Identifier: Apache-2.0

import AWS
import AWSTestKit
import Foundation
import Respond
import Testing

/// SIGKILL before and after every save of every action, in a process of its own, against moto.
// Skipped where moto is not installed in the repository's .venv.
@Suite(.enabled(if: MotoServer.isInstalled, "needs moto[server] in .venv"))
struct KillTests {
    @Test(arguments: Example.all)
    func aKilledProcessIsFollowedByOneThatEndsTheSame(example: Example) async throws {
        try await eachInstant(example, isRollback: false)
    }

    @Test(arguments: Example.all.filter { $0.rollbackEffect != nil })
    func aKilledRollbackIsFollowedByOneThatEndsTheSame(example: Example) async throws {
        try await eachInstant(example, isRollback: true)
    }

    private func eachInstant(_ example: Example, isRollback: Bool) async throws {
        var instant = 1
        while true {
            let run = try await KilledRun(example)
            defer { run.clean() }
            if isRollback { #expect(try await run.start(isRollback: false, instant: 0) == 0) }
            let wasKilled = try await run.start(isRollback: isRollback, instant: instant) == SIGKILL
            guard wasKilled else { break }
            #expect(try await run.start(isRollback: isRollback, instant: 0) == 0)
            let done = try run.remediation()
            #expect(done.isSettled && done.outcome == (isRollback ? .rolledBack : .succeeded), "instant \(instant)")
            #expect(try await run.scene.look() == (isRollback ? .asBefore : .inEffect), "instant \(instant)")
            // Each change went out once.
            #expect(try await run.scene.writes().count == (isRollback ? 2 : 1), "instant \(instant)")
            instant += 1
        }
        #expect(instant > 10)
    }
}

/// One stage in moto, and the processes that work on it one after the other.
private struct KilledRun {
    let scene: MotoScene
    private let file = FileManager.default.temporaryDirectory.appending(path: "crasher-\(UUID().uuidString).json")

    init(_ example: Example) async throws { scene = try await MotoScene(example) }

    private struct Job: Codable {
        let action: RemediationAction
        let target: RemediationTarget
        let isRollback: Bool
    }

    /// Runs the program to its end, and returns its status or the signal that ended it.
    func start(isRollback: Bool, instant: Int) async throws -> Int32 {
        let process = Process()
        let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        process.executableURL = folder.appending(path: "respond-crasher")
        let job = try JSONEncoder().encode(Job(action: scene.action, target: scene.target, isRollback: isRollback))
        process.arguments = [scene.channel.url, file.path, String(decoding: job, as: UTF8.self), String(instant)]
        process.standardError = FileHandle.nullDevice
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        return process.terminationStatus
    }

    func remediation() throws -> Remediation {
        try JSONDecoder().decode(Remediation.self, from: Data(contentsOf: file))
    }

    func clean() { try? FileManager.default.removeItem(at: file) }
}
