// SPDX-License-Identifier: Apache-2.0

import Foundation
import Journal
import Logging
import Respond
import Serve
import Testing

@Suite struct PolicyBookTests {
    private static func withPipeline(_ data: String, _ body: (Pipeline) async throws -> Void) async throws {
        let rules = data + "-rules"
        try FileManager.default.createDirectory(atPath: rules, withIntermediateDirectories: true)
        let pipeline = try await Pipeline(dataDirectory: data, rules: rules, workers: 1, log: Logger(label: "test"))
        do { try await body(pipeline) } catch {
            try await pipeline.stop()
            throw error
        }
        try await pipeline.stop()
    }

    /// A policy that was set by a clock which ran ahead counts for as long as it has stood.
    @Test func aPolicyOfAClockThatRanAheadCounts() async throws {
        let data = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { for path in [data, data + "-rules"] { try? FileManager.default.removeItem(atPath: path) } }
        let (account, now) = ("111122223333", Clock.milliseconds())
        let ahead = now + 4 * 365 * 86_400_000
        let entry = AuditEntry(time: 1, actor: AuditActor(role: "admin"), method: "test", summary: "a change")
        func stored(_ time: Int64) -> StoredPolicy {
            StoredPolicy(policy: RemediationPolicy(mode: .auto), changedAt: time, changedBy: "eve")
        }
        try await Self.withPipeline(data) { pipeline in
            let book = try PolicyBook(pipeline)
            try await book.set(account, action: .denyUser, policy: stored(ahead), access: nil, audit: entry)
            try await book.set(account, action: .restoreLogging, policy: stored(now - 5), access: nil, audit: entry)
            let uptime = Clock.monotonic()
            // Ten minutes later.
            let since = book.since(.denyUser, of: account, now: now, uptime: uptime + 600_000)
            #expect((now - 610_000...now - 600_000).contains(since))
            #expect(book.since(.denyUser, of: account, now: ahead + 7, uptime: uptime) == ahead)
            #expect(book.since(.restoreLogging, of: account, now: now, uptime: uptime + 600_000) == now - 5)
        }
        try await Self.withPipeline(data) { pipeline in
            let book = try PolicyBook(pipeline)
            #expect(book.since(.denyUser, of: account, now: now, uptime: Clock.monotonic()) <= now)
            #expect(try await book.correctClock(now: now, uptime: Clock.monotonic()) == 1)
            #expect(try await book.correctClock(now: now, uptime: Clock.monotonic()) == 0)
            #expect(book.policy(.denyUser, of: account).changedAt <= now)
            #expect(book.policy(.denyUser, of: account).changedBy == "eve")
            #expect(book.policy(.restoreLogging, of: account) == stored(now - 5))
        }
        try await Self.withPipeline(data) { pipeline in
            let book = try PolicyBook(pipeline)
            #expect(book.policy(.denyUser, of: account).changedAt <= now)
        }
    }

    @Test func whatIsSetIsThereAfterARestart() async throws {
        let data = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { for path in [data, data + "-rules"] { try? FileManager.default.removeItem(atPath: path) } }
        let account = "111122223333"
        let policy = StoredPolicy(
            policy: RemediationPolicy(
                mode: .approve, never: [try #require(TargetPattern("user/break-glass"))], hourlyCap: 7),
            changedAt: 5, changedBy: "eve")
        let access = AccountAccess(way: .executor)
        let entry = AuditEntry(time: 1, actor: AuditActor(role: "admin"), method: "test", summary: "a change")
        try await Self.withPipeline(data) { pipeline in
            let book = try PolicyBook(pipeline)
            #expect(book.policy(.denyUser, of: account).policy == RemediationPolicy())
            #expect(book.policy(.denyUser, of: account).policy.mode == .off, "everything is off until it is set")
            #expect(book.liveAccounts.isEmpty && !book.freeze.isFrozen)
            try await book.set(account, action: .denyUser, policy: policy, access: access, audit: entry)
            try await book.set(
                FreezeState(isFrozen: true, changedAt: 6, changedBy: "eve", reason: "drill"), audit: entry)
            #expect(book.liveAccounts == [account])
        }
        try await Self.withPipeline(data) { pipeline in
            let book = try PolicyBook(pipeline)
            #expect(book.policy(.denyUser, of: account) == policy)
            #expect(book.policy(.revokeRoleSessions, of: account) == StoredPolicy())
            #expect(book.access(to: account) == access)
            #expect(book.freeze == FreezeState(isFrozen: true, changedAt: 6, changedBy: "eve", reason: "drill"))
        }
    }
}
